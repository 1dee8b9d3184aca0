//! Who is asked about in the year, by whom, and how the departments take it.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use statuscheck_proto::v1::check_request::Check;
use statuscheck_proto::v1::{CheckRequest, Person as Asked, ProvideInformationRequest};

use crate::asking::{COUNCIL, EMPLOYER, LANDLORD, Subject, TRUST, by_name, by_nass};

const HOUR: Duration = Duration::from_hours(1);

/// Who asks, and so what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asker {
    Employer,
    Landlord,
    Council,
    Trust,
}

/// How the department that the check needs takes a question, from when it is asked first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    Finds,
    HasNoRecord,
    Defers(Duration),
    Fails(Duration),
    Asks,
    DefersAndAsks(Duration),
    /// Finds leave as a refugee, and a number that is another's.
    FindsARefugee,
    NeverSays,
}

/// Somebody who is asked about once.
pub(super) struct Person {
    pub(super) number: u32,
    pub(super) asker: Asker,
    /// May be of the Windrush generation.
    pub(super) is_elder: bool,
    pub(super) has_number: bool,
    pub(super) manner: Manner,
    /// Once the caller has provided something, or disputed the answer.
    pub(super) then: Manner,
    request_id: uuid::Uuid,
}

impl Manner {
    /// A check by names, or a reference: DWP's figures have most within 48 hours and under one in a hundred past five days
    /// (report 6.41); here more are late, for late ones are what is looked at.
    fn draw(asker: Asker, dice: &mut ChaCha8Rng) -> Self {
        let hours = |dice: &mut ChaCha8Rng, from: u64, to: u64| HOUR + seconds(dice, from, to);
        match dice.random_range(0..200) {
            0..66 => Self::Finds,
            66..80 => Self::HasNoRecord,
            80..120 => Self::Defers(hours(dice, 0, 48)),
            120..136 => Self::Defers(hours(dice, 48, 240)),
            136..152 => Self::Fails(hours(dice, 0, 150)),
            152..153 => Self::NeverSays,
            153..158 if asker == Asker::Employer => Self::FindsARefugee,
            158..166 if asker != Asker::Council => Self::DefersAndAsks(hours(dice, 0, 130)),
            166..200 if asker != Asker::Council => Self::Asks,
            _ => Self::Finds,
        }
    }

    /// The caller is asked for something, sooner or later.
    fn asks(self) -> bool {
        matches!(self, Self::Asks | Self::DefersAndAsks(_) | Self::FindsARefugee)
    }
}

/// So many hours, to the second.
fn seconds(dice: &mut ChaCha8Rng, from: u64, to: u64) -> Duration {
    Duration::from_secs(dice.random_range(from * 3_600..to * 3_600))
}

/// What its caller does after asking, and how long after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Repeat,
    Provide,
    Withdraw,
    Dispute,
    GiveFeedback,
}

impl Person {
    pub(super) fn draw(number: u32, dice: &mut ChaCha8Rng) -> Self {
        let asker = match dice.random_range(0..10) {
            0..5 => Asker::Employer,
            5..6 => Asker::Landlord,
            6..8 => Asker::Council,
            _ => Asker::Trust,
        };
        let manner = Manner::draw(asker, dice);
        let then = match dice.random_range(0..10) {
            0..7 => Manner::Finds,
            7 => Manner::HasNoRecord,
            8 => Manner::Defers(seconds(dice, 1, 150)),
            _ if asker == Asker::Council => Manner::Finds,
            _ => Manner::Asks,
        };
        Self {
            number,
            asker,
            is_elder: asker != Asker::Council && dice.random_range(0..25) == 0,
            has_number: manner == Manner::FindsARefugee || dice.random_range(0..4) == 0,
            manner,
            then,
            request_id: uuid::Builder::from_random_bytes(dice.random()).into_uuid(),
        }
    }

    /// What its caller does later. Some of it comes when the case cannot take it any more.
    pub(super) fn acts(&self, dice: &mut ChaCha8Rng) -> Vec<(Duration, Act)> {
        let mut acts = Vec::new();
        if self.manner.asks() {
            let begins = match self.manner {
                Manner::DefersAndAsks(by) => by,
                _ => Duration::ZERO,
            };
            match dice.random_range(0..20) {
                0..12 => acts.push((begins + seconds(dice, 1, 24 * 24), Act::Provide)),
                12..14 => acts.push((begins + seconds(dice, 24 * 26, 24 * 34), Act::Provide)),
                14..16 => acts.push((seconds(dice, 1, 24 * 33), Act::Withdraw)),
                // Silent.
                _ => {}
            }
        } else if dice.random_range(0..16) == 0 {
            acts.push((seconds(dice, 0, 24 * 6), Act::Withdraw));
        }
        if dice.random_range(0..16) == 0 {
            acts.push((seconds(dice, 1, 24 * 45), Act::Dispute));
        }
        if dice.random_range(0..6) == 0 {
            acts.push((seconds(dice, 1, 24 * 40), Act::GiveFeedback));
        }
        if dice.random_range(0..30) == 0 {
            acts.push((seconds(dice, 0, 24 * 60), Act::Repeat));
        }
        acts
    }

    pub(super) fn caller(&self) -> &'static str {
        let name = match self.asker {
            Asker::Employer => EMPLOYER,
            Asker::Landlord => LANDLORD,
            Asker::Council => COUNCIL,
            Asker::Trust => TRUST,
        };
        name.strip_prefix("organisation/").unwrap_or(name)
    }

    /// The check, asked for on a day: a tenancy begins ten days after it.
    pub(super) fn request(&self, day: jiff::civil::Date) -> CheckRequest {
        CheckRequest {
            request_id: self.request_id.to_string(),
            check: Some(self.check(day)),
            agreement_id: String::new(),
            caller_reference: String::new(),
        }
    }

    fn check(&self, day: jiff::civil::Date) -> Check {
        let subject = self.subject();
        match self.asker {
            Asker::Employer => subject.work(),
            Asker::Landlord => {
                let start = day.saturating_add(DAY_TEN);
                subject.rent(&start.to_string())
            }
            Asker::Council => subject.support(),
            Asker::Trust => subject.status(),
        }
    }

    fn subject(&self) -> Subject {
        let born = if self.is_elder { "1955-06-07" } else { "1991-02-03" };
        let family = family_name(self.number);
        if self.asker == Asker::Council {
            return by_nass(&format!("2401{:06}", self.number), &family, born);
        }
        let subject = by_name("Sam", &family, born);
        if self.has_number && self.asker != Asker::Trust {
            subject.and_nino(&format!("AB{:06}C", self.number))
        } else {
            subject
        }
    }

    /// What the caller provides when it is asked for more.
    pub(super) fn provided(&self, case_id: &str) -> ProvideInformationRequest {
        let person = match self.manner {
            Manner::FindsARefugee => Asked {
                national_insurance_number: format!("{CORRECTED}{:06}C", self.number),
                ..Asked::default()
            },
            _ => Asked {
                home_office_reference: format!("HO{:08}", self.number),
                ..Asked::default()
            },
        };
        ProvideInformationRequest {
            case_id: case_id.to_owned(),
            person: Some(person),
            ..ProvideInformationRequest::default()
        }
    }
}

/// What a number begins with that was put right.
pub(super) const CORRECTED: &str = "AC";

const DAY_TEN: jiff::SignedDuration = jiff::SignedDuration::from_hours(10 * 24);

/// Letters alone: names have no digits.
fn family_name(number: u32) -> String {
    let letter = |place: u32| char::from(b'a' + u8::try_from(number / 26_u32.pow(place) % 26).unwrap_or(0));
    let letters: String = (0..5).rev().map(letter).collect();
    format!("Q{letters}")
}

/// The number behind a name.
pub(super) fn number_of(family: &str) -> Option<u32> {
    let letters = family.strip_prefix('Q')?;
    let digit = |letter: char| {
        letter
            .is_ascii_lowercase()
            .then(|| u32::from(letter) - u32::from('a'))
    };
    letters
        .chars()
        .try_fold(0, |number, letter| Some(number * 26 + digit(letter)?))
}
