//! The canaries: people all of whose data is unmistakable.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_tests::prelude::*;

/// One person, each field a word that is nowhere else.
#[derive(Clone)]
pub(crate) struct Canary {
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) alias: String,
    pub(crate) born: String,
    pub(crate) nino: String,
    pub(crate) reference: String,
    pub(crate) nass: String,
    pub(crate) work_code: String,
    pub(crate) rent_code: String,
    pub(crate) postcode: String,
    pub(crate) employer: String,
    pub(crate) caller_reference: String,
    behaviour: Option<(&'static str, &'static str)>,
}

/// All of them, one for each way in which departments answer.
pub(crate) struct Flock {
    pub(crate) canaries: Vec<Canary>,
}

/// The way of one whose leave has ended.
const ENDED: (&str, &str) = ("home-office", "answer");

const WAYS: [Option<(&str, &str)>; 10] = [
    None,
    Some(ENDED),
    Some(("home-office", "no_record")),
    Some(("home-office", "ambiguous")),
    Some(("home-office", "fail")),
    Some(("home-office", "garbage")),
    Some(("home-office", "slow:5s")),
    Some(("home-office", "defer:2h")),
    Some(("dwp", "fail")),
    Some(("dfe", "garbage")),
];

impl Flock {
    pub(crate) fn hatch(seed: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let canaries = WAYS.into_iter().map(|way| Canary::hatch(&mut dice, way));
        Self {
            canaries: canaries.collect(),
        }
    }

    /// The canaries as the mock departments know them.
    pub(crate) fn residents(&self) -> Vec<Resident> {
        self.canaries.iter().map(Canary::resident).collect()
    }

    /// Every word that must not turn up, with what it is.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.canaries.iter().flat_map(Canary::words)
    }
}

impl Canary {
    fn hatch(dice: &mut ChaCha8Rng, behaviour: Option<(&'static str, &'static str)>) -> Self {
        let mut drawn = |from: &str, count: usize| -> String {
            let from: Vec<char> = from.chars().collect();
            (0..count)
                .map(|_| from[dice.random_range(0..from.len())])
                .collect()
        };
        let mut name = |first: &str| format!("{first}{}", drawn("bcdfghjklmnpqrstvwxz", 9));
        let (given, family) = (name("Q"), name("X"));
        // One name with letters beyond ASCII, which many encodings treat in their own ways.
        let alias = format!("{} {}", name("Ž"), name("Ŵ"));
        let (employer, caller_reference) = (name("K"), name("J"));
        let code = |drawn: &mut dyn FnMut(&str, usize) -> String, first: &str| {
            format!("{first}{}", drawn("ABCDEFGHJKLMNPQRSTVWXYZ23456789", 8))
        };
        Self {
            given,
            family,
            alias,
            employer,
            caller_reference,
            born: format!(
                "19{}{}-0{}-1{}",
                drawn("789", 1),
                drawn("123456789", 1),
                drawn("123456789", 1),
                drawn("0123456789", 1)
            ),
            nino: format!("PX{}C", drawn("0123456789", 6)),
            reference: format!("{}{}", drawn("GHJKLMNPQRSTVWXYZ", 5), drawn("123456789", 5)),
            nass: format!("2404{}", drawn("0123456789", 6)),
            work_code: code(&mut drawn, "W"),
            rent_code: code(&mut drawn, "R"),
            postcode: format!(
                "ZE{} {}{}",
                drawn("123456789", 2),
                drawn("123456789", 1),
                drawn("GHJKLNPQRSTUWXYZ", 2)
            ),
            behaviour,
        }
    }

    fn resident(&self) -> Resident {
        let today =
            statuscheck_domain::clock::london_day(statuscheck_domain::clock::SystemClock::shared().now());
        let mut resident = person(&self.family)
            .named(&self.given, &self.family)
            .also_known_as(&self.alias)
            .born(&self.born)
            .nino(&self.nino)
            .reference(&self.reference)
            .nass(&self.nass)
            .codes(&[&self.work_code, &self.rent_code], &today.to_string())
            .settled("2021-03-01")
            .arrived("2021-02-01")
            .supported(true, "2024-04-01", "Part VI, section 95")
            .employed(&self.employer, "2022-01-01");
        if self.behaviour == Some(ENDED) {
            resident = resident.leave("Skilled Worker", "2021-03-01", "2024-02-28");
        }
        if let Some((department, how)) = self.behaviour {
            resident = resident.behaves(department, how);
        }
        resident
    }

    /// As a caller would write down all of it.
    pub(crate) fn whole(&self) -> v1::Person {
        v1::Person {
            given_names: self.given.clone(),
            family_name: self.family.clone(),
            also_known_as: vec![self.alias.clone()],
            date_of_birth: self.born.clone(),
            national_insurance_number: self.nino.clone(),
            home_office_reference: self.reference.clone(),
            asylum_support_reference: self.nass.clone(),
            postcode: self.postcode.clone(),
        }
    }

    fn words(&self) -> Vec<(&'static str, String)> {
        let spaced = |text: &str, group: usize| {
            let letters: Vec<char> = text.chars().collect();
            let groups: Vec<String> = letters.chunks(group).map(String::from_iter).collect();
            groups.join(" ")
        };
        let (year, month, day) = (&self.born[..4], &self.born[5..7], &self.born[8..]);
        let mut words = vec![
            ("given name", self.given.clone()),
            ("family name", self.family.clone()),
            ("date of birth", self.born.clone()),
            ("date of birth", format!("{day}/{month}/{year}")),
            ("date of birth", format!("{year}{month}{day}")),
            ("number", self.nino.clone()),
            ("number", spaced(&self.nino, 2)),
            // Without its suffix it names the same person.
            ("number", self.nino[..8].to_owned()),
            ("reference", self.reference.clone()),
            ("asylum support reference", self.nass.clone()),
            ("share code", self.work_code.clone()),
            ("share code", spaced(&self.work_code, 3)),
            ("share code", self.rent_code.clone()),
            ("share code", spaced(&self.rent_code, 3)),
            ("postcode", self.postcode.clone()),
            ("postcode", self.postcode.replace(' ', "")),
            ("employer", self.employer.clone()),
            ("caller reference", self.caller_reference.clone()),
        ];
        for name in self.alias.split(' ') {
            words.push(("alias", name.to_owned()));
            // As a program writes it that knows ASCII alone.
            words.push(("alias", name.replace('Ž', "Z").replace('Ŵ', "W")));
        }
        words
    }
}
