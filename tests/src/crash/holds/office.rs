//! The taskforce's people, and their own notes of what they said: outside of the process that is killed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use jiff::SignedDuration;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use statuscheck_domain::clock::{SystemClock, london_day};
use statuscheck_proto::referral::v1::resolve_request::Finding as Found;
use statuscheck_proto::referral::v1::{NeedsLonger, NotConfirmed, Referral, ResolveRequest};
use statuscheck_proto::v1::established::Facts;
use statuscheck_proto::v1::{
    CheckKind, Entitlement, Established, IecasFacts, RightToRentFacts, RightToWorkFacts,
};

/// How much later than now a finding is due that takes longer: later than any is promised at first.
const LONGER: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What is said about a referral.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// A status without end, which answers every check about the person.
    Confirmed,
    /// A status with an end, which answers no other check than the one that was referred.
    Limited,
    NotConfirmed,
    Longer,
}

impl What {
    pub(super) fn is_final(self) -> bool {
        self != Self::Longer
    }

    /// It answers a check of `kind` about the person of a check of `origin` that was referred.
    pub(super) fn establishes(self, origin: CheckKind, kind: CheckKind) -> bool {
        match self {
            Self::Confirmed => true,
            Self::Limited => origin == kind,
            Self::NotConfirmed | Self::Longer => false,
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// The program was killed before it answered.
    Unanswered,
    Taken,
    /// Something else was found before.
    Refused,
}

/// One thing that was said, under a note of its own.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) what: What,
    pub(super) request: ResolveRequest,
    pub(super) end: End,
    /// It was looked for after the kill that left it unanswered.
    is_looked_for: bool,
}

impl Said {
    pub(super) fn new(what: What, request: ResolveRequest, end: End) -> Self {
        Self {
            what,
            request,
            end,
            is_looked_for: false,
        }
    }
}

/// All that was said about one referral.
#[derive(Clone)]
pub(super) struct File {
    /// The check that was referred.
    pub(super) check: CheckKind,
    pub(super) said: Vec<Said>,
    /// The note that was read last; none where there was none.
    pub(super) found: Option<String>,
    /// Something was said since it was read.
    is_touched: bool,
}

impl File {
    /// One of which `found` was read last, for tests of what is made of it.
    #[cfg(test)]
    pub(super) fn of(check: CheckKind, said: Vec<Said>, found: &str) -> Self {
        Self {
            check,
            said,
            found: Some(found.to_owned()),
            is_touched: false,
        }
    }

    /// What stands: what was said last, by what was read.
    pub(super) fn finding(&self) -> Option<What> {
        let found = self.found.as_ref()?;
        let said = self.said.iter().find(|said| said.request.note == *found)?;
        Some(said.what)
    }

    pub(super) fn is_taken(&self) -> bool {
        let mut said = self.said.iter();
        said.any(|said| said.what.is_final() && said.end == End::Taken)
    }

    fn is_awaited(&self) -> bool {
        self.said.iter().any(|said| said.end == End::Unanswered)
    }

    /// Of those that were unanswered at a kill, how many stand in `notes` and how many do not; each counts once.
    pub(super) fn look_for(&mut self, notes: &[String]) -> (usize, usize) {
        let (mut there, mut absent) = (0, 0);
        let left = |said: &&mut Said| said.end == End::Unanswered && !said.is_looked_for;
        for said in self.said.iter_mut().filter(left) {
            said.is_looked_for = true;
            *(if notes.contains(&said.request.note) {
                &mut there
            } else {
                &mut absent
            }) += 1;
        }
        (there, absent)
    }
}

/// Everything that was said, by referral.
pub(super) type Files = BTreeMap<String, File>;

/// What the people of the taskforce share.
#[derive(Default)]
pub(super) struct Office {
    files: Mutex<Files>,
}

impl Office {
    /// Decides about a referral that was read, and writes that down before it is said: one thing, or two that differ and are said at
    /// once. Nothing while it waits to be told what became of something, or where something was found.
    pub(super) fn begin(&self, referral: &Referral, dice: &mut ChaCha8Rng) -> Vec<ResolveRequest> {
        let what = match dice.random_range(0..6) {
            0 => What::Confirmed,
            1 => What::Limited,
            2 => What::Longer,
            _ => What::NotConfirmed,
        };
        let mut all = vec![what];
        if what.is_final() && dice.random_ratio(1, 6) {
            all.push(match what {
                What::NotConfirmed => What::Confirmed,
                _ => What::NotConfirmed,
            });
        }
        let mut files = self.files();
        let known = files.get(&referral.referral_id);
        if known.is_some_and(|file| file.is_taken() || file.is_awaited()) {
            return Vec::new();
        }
        let ids = std::iter::repeat_n(&referral.referral_id, all.len());
        ids.zip(all)
            .map(|(id, what)| write_down(&mut files, id, referral.check(), what))
            .collect()
    }

    /// Another finding than the one that was taken, to be refused.
    pub(super) fn contradict(&self, id: &str) -> Option<ResolveRequest> {
        let mut files = self.files();
        let file = files.get(id)?;
        let mut taken = file.said.iter().filter(|said| said.end == End::Taken);
        // The same finding under another note is another.
        let (check, what) = (file.check, taken.find(|said| said.what.is_final())?.what);
        Some(write_down(&mut files, id, check, what))
    }

    /// What became of something.
    pub(super) fn end(&self, request: &ResolveRequest, end: End) {
        let mut files = self.files();
        let file = files.get_mut(&request.referral_id).expect("it was written down");
        file.is_touched = true;
        let mut said = file.said.iter_mut();
        let said = said.find(|said| said.request.note == request.note);
        said.expect("it was written down").end = end;
    }

    /// Everything whose answer was lost, to be said again.
    pub(super) fn unanswered(&self) -> Vec<ResolveRequest> {
        let files = self.files();
        let said = files.values().flat_map(|file| &file.said);
        said.filter(|said| said.end == End::Unanswered)
            .map(|said| said.request.clone())
            .collect()
    }

    /// Referrals about which something was said since they were read last.
    pub(super) fn touched(&self) -> Vec<String> {
        let files = self.files();
        let touched = files.iter().filter(|(_, file)| file.is_touched);
        touched.map(|(id, _)| id.clone()).collect()
    }

    /// Writes down what was read.
    pub(super) fn read(&self, id: &str, found: Option<String>) {
        if let Some(file) = self.files().get_mut(id) {
            file.found = found;
            file.is_touched = false;
        }
    }

    pub(super) fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().expect("nobody panics with the files")
    }
}

fn write_down(files: &mut Files, id: &str, check: CheckKind, what: What) -> ResolveRequest {
    let number = files.values().map(|file| file.said.len()).sum::<usize>() + 1;
    let request = ResolveRequest {
        referral_id: id.to_owned(),
        finding: Some(found(what, check, number)),
        note: format!("note {number}"),
    };
    let file = files.entry(id.to_owned()).or_insert_with(|| File {
        check,
        said: Vec::new(),
        found: None,
        is_touched: true,
    });
    file.is_touched = true;
    file.said.push(Said::new(what, request.clone(), End::Unanswered));
    request
}

fn found(what: What, check: CheckKind, number: usize) -> Found {
    let now = SystemClock::shared().now();
    match what {
        What::NotConfirmed => Found::NotConfirmed(NotConfirmed {}),
        What::Longer => {
            // Each is later than the one before.
            let number = i64::try_from(number).expect("fewer than there are seconds");
            let until = now + LONGER + SignedDuration::from_secs(number);
            Found::NeedsLonger(NeedsLonger {
                until: Some(prost_types::Timestamp {
                    seconds: until.as_second(),
                    nanos: 0,
                }),
            })
        }
        What::Confirmed => confirmed(check, None),
        What::Limited => confirmed(check, Some(london_day(now + LONGER * 10).to_string())),
    }
}

fn confirmed(check: CheckKind, valid_until: Option<String>) -> Found {
    let entitlement = match valid_until {
        None => Entitlement::Unlimited,
        Some(_) => Entitlement::TimeLimited,
    };
    let facts = match check {
        CheckKind::RightToWork => Facts::RightToWork(RightToWorkFacts {
            entitlement: entitlement.into(),
            valid_until,
            ..RightToWorkFacts::default()
        }),
        CheckKind::RightToRent => Facts::RightToRent(RightToRentFacts {
            entitlement: entitlement.into(),
            valid_until,
            ..RightToRentFacts::default()
        }),
        _ => Facts::Iecas(IecasFacts {
            immigration_status: "leave to remain".to_owned(),
            valid_until,
            ..IecasFacts::default()
        }),
    };
    Found::Confirmed(Established {
        facts: Some(facts),
        withheld_fields: Vec::new(),
    })
}
