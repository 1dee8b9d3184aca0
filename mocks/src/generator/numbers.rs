//! Numbers, codes and postcodes: of valid shape, each person's own, and made so that they meet nobody real.
//!
//! A number is a permutation of the person's place in the population, so that a million people have a million numbers
//! without a list of those given out.

use jiff::civil::Date;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use statuscheck_domain::subject::{AsylumSupportReference, HomeOfficeReference, Nino, Postcode, ShareCode};

use super::Dice;

/// First letters of prefixes; with the second letters they keep every rule of HMRC's NIM39110, and none of the pairs is
/// among the prefixes that HMRC's public validators list as given out.
const NINO_FIRST: &[u8; 9] = b"ABCEHLRYZ";
const NINO_SECOND: &[u8; 4] = b"CGJN";

/// As Home Office codes are printed: without the letters and digits that are read for one another.
const CODE_SYMBOLS: &[u8; 31] = b"23456789ABCDEFGHJKLMNPQRSTUVWXY";

/// Postcode areas of valid shape that Royal Mail has not given out, so that no letter can be delivered.
const AREAS_UNUSED: [&str; 12] = [
    "AY", "BC", "EA", "FA", "GC", "JA", "LB", "MB", "OA", "PB", "SB", "WB",
];

/// What the NHS writes for England with no fixed abode: no letter is delivered there either.
const NO_FIXED_ABODE: &str = "ZZ99 3VZ";

/// Primes greater than any factor of the moduli below.
const NINO_STRIDE: u64 = 2_305_843_009_213_693_951;
const SUPPORT_STRIDE: u64 = 2_147_483_647;
const REFERENCE_STRIDE: u64 = 67_280_421_310_721;
const CODE_STRIDE: u64 = 999_999_000_001;
const SEED_STRIDE: u128 = 1_000_000_007;

/// The numbers of the person in one place of one population.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    pub(super) seed: u64,
    pub(super) place: u64,
}

impl Numbers {
    /// The place, scattered over `0..modulus` by a prime stride: nobody's number meets another's of its kind while there
    /// are fewer people than numbers. Strides differ, so that one number of a person does not give away another.
    fn scattered(self, place: u64, stride: u64, modulus: u64) -> u64 {
        let product = u128::from(place) * u128::from(stride) + u128::from(self.seed) * SEED_STRIDE;
        u64::try_from(product % u128::from(modulus)).unwrap_or(0)
    }

    /// With its suffix, but for one in fifty.
    pub(super) fn nino(self, dice: &mut Dice) -> Nino {
        const PAIRS: u64 = (NINO_FIRST.len() * NINO_SECOND.len()) as u64;
        let number = self.scattered(self.place, NINO_STRIDE, PAIRS * 1_000_000);
        let pair = usize::try_from(number / 1_000_000).unwrap_or(0);
        let first = char::from(NINO_FIRST[pair % NINO_FIRST.len()]);
        let second = match char::from(NINO_SECOND[pair / NINO_FIRST.len()]) {
            // BG was never to be given out; BP keeps the rules.
            'G' if first == 'B' => 'P',
            second => second,
        };
        let suffix = if dice.random_ratio(1, 50) {
            ""
        } else {
            ["A", "B", "C", "D"][dice.random_range(0..4)]
        };
        let text = format!("{first}{second}{:06}{suffix}", number % 1_000_000);
        Nino::parse(&text).expect("the prefixes keep the rules, as a test shows")
    }

    /// Of a person first supported on that day. Six digits, or five for some of the first hundred thousand people.
    pub(super) fn asylum_support_reference(self, supported: Date, dice: &mut Dice) -> AsylumSupportReference {
        let month = supported.strftime("%y%m");
        let text = if self.place < 90_000 && dice.random_ratio(1, 3) {
            format!("{month}{}", 10_000 + self.place)
        } else {
            format!(
                "{month}{:06}",
                self.scattered(self.place, SUPPORT_STRIDE, 1_000_000)
            )
        };
        AsylumSupportReference::parse(&text).expect("year, month and digits are the shape")
    }

    /// In one of the shapes that the Home Office prints: of a visa application, a permit or a case.
    pub(super) fn home_office_reference(self, dice: &mut Dice) -> HomeOfficeReference {
        let digits = |modulus| self.scattered(self.place, REFERENCE_STRIDE, modulus);
        let text = match dice.random_range(0..4) {
            0 => format!("GWF{:09}", digits(1_000_000_000)),
            1 => format!("ZU{:07}", digits(10_000_000)),
            2 => format!("J{:08}", digits(100_000_000)),
            _ => format!("3434{:012}", digits(1_000_000_000_000)),
        };
        HomeOfficeReference::parse(&text).expect("letters and digits are the shape")
    }

    /// The person's code in that order, from 0 to 3, for that purpose: W, R or S.
    pub(super) fn share_code(self, order: u64, purpose: char) -> ShareCode {
        const BASE: u64 = CODE_SYMBOLS.len() as u64;
        let mut number = self.scattered(self.place * 4 + order, CODE_STRIDE, BASE.pow(8));
        let mut text = String::from(purpose);
        for _ in 0..8 {
            let symbol = usize::try_from(number % BASE).unwrap_or(0);
            text.push(char::from(CODE_SYMBOLS[symbol]));
            number /= BASE;
        }
        ShareCode::parse(&text).expect("a purpose and eight symbols are the shape")
    }
}

/// A postcode to which no letter can be delivered.
pub(super) fn postcode(dice: &mut Dice) -> Postcode {
    // Letters of the inward code, which leaves out those that are misread.
    const INWARD: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
    if dice.random_ratio(1, 100) {
        return Postcode::parse(NO_FIXED_ABODE).expect("the NHS keeps to the shape");
    }
    let mut letter = || char::from(*INWARD.choose(dice).unwrap_or(&b'A'));
    let (first, second) = (letter(), letter());
    let area = AREAS_UNUSED.choose(dice).copied().unwrap_or("AY");
    let district = dice.random_range(1..40);
    let sector = dice.random_range(1..10);
    Postcode::parse(&format!("{area}{district} {sector}{first}{second}"))
        .expect("area, district, sector and two letters are the shape")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_hundred_thousand_people_have_as_many_numbers_of_each_kind() {
        let mut dice = Dice::seed_from_u64(3);
        let day = jiff::civil::date(2024, 1, 5);
        let mut seen = HashSet::new();
        let people = 100_000;
        for place in 0..people {
            let own = Numbers { seed: 42, place };
            seen.insert(own.nino(&mut dice).expose()[..8].to_owned());
            seen.insert(own.home_office_reference(&mut dice).expose().to_owned());
            seen.insert(own.asylum_support_reference(day, &mut dice).expose().to_owned());
            for order in 0..4 {
                seen.insert(own.share_code(order, 'W').expose().to_owned());
            }
        }
        assert_eq!(seen.len(), 7 * usize::try_from(people).unwrap());
    }

    #[test]
    fn every_prefix_that_can_be_drawn_keeps_the_rules() {
        let mut dice = Dice::seed_from_u64(4);
        let drawn = (0..5_000).map(|place| Numbers { seed: 5, place }.nino(&mut dice));
        let prefixes: HashSet<String> = drawn.map(|nino| nino.expose()[..2].to_owned()).collect();
        assert_eq!(prefixes.len(), NINO_FIRST.len() * NINO_SECOND.len());
    }
}
