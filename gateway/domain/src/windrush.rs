//! Who may be of the Windrush generation (report 3.21–3.25; casework guidance): an adverse or empty answer about such a
//! person is never released before a referral.

use jiff::civil::{Date, date};

use crate::check::Check;
use crate::ids::RulesVersion;
use crate::reply::Facts;
use crate::route::Replies;

/// The last day of arrival that counts: anyone of any nationality who came by then and is settled.
pub const LAST_ARRIVAL: Date = date(1988, 12, 31);

/// The last day before the Immigration Act 1971 came into force: a Commonwealth citizen who was settled by then is.
pub const LAST_SETTLEMENT: Date = date(1972, 12, 31);

/// Why a person may be of the Windrush generation. What is not known counts as "may be".
///
/// No department states a nationality or whose child a person is, so rights through either cannot be seen from here: a known
/// gap, which these grounds are wide enough for where the person was born or seen by the last day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ground {
    /// A department saw the person in the country by the last day of settlement.
    SettledBefore1973,
    /// An arrival, or another sign of residence, is recorded by the last day of arrival.
    ArrivedBefore1989,
    /// Born by the last day of arrival, with no arrival recorded, and no sign of residence by then.
    CouldHaveArrived,
}

impl Ground {
    /// Every ground, the strongest first.
    pub const ALL: [Self; 3] = [
        Self::SettledBefore1973,
        Self::ArrivedBefore1989,
        Self::CouldHaveArrived,
    ];

    /// The stable name in the contract and the register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SettledBefore1973 => "SETTLED_BEFORE_1973",
            Self::ArrivedBefore1989 => "ARRIVED_BEFORE_1989",
            Self::CouldHaveArrived => "COULD_HAVE_ARRIVED",
        }
    }

    /// The ground of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.as_str() == name)
    }

    /// The ground in plain words.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::SettledBefore1973 => "a department saw the person here before 1973",
            Self::ArrivedBefore1989 => "an arrival, or another sign of residence, is recorded before 1989",
            Self::CouldHaveArrived => "born before 1989, and no arrival is recorded",
        }
    }
}

/// The rules by which a person has a profile, as somebody answers for them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Names them; they change under another name only.
    pub version: RulesVersion,
    /// The post that answers for them.
    pub owner: String,
    /// The last day of arrival that counts.
    pub last_arrival: Date,
    /// The last day of settlement that counts; not after the last day of arrival.
    pub last_settlement: Date,
    /// The grounds that count. With none nobody has a profile.
    pub grounds: Vec<Ground>,
}

impl Default for Rules {
    /// Current casework guidance, on its wider reading: some public pages say "before 1988".
    fn default() -> Self {
        Self {
            version: RulesVersion::casework_guidance(),
            owner: "Head of the Windrush Taskforce".to_owned(),
            last_arrival: LAST_ARRIVAL,
            last_settlement: LAST_SETTLEMENT,
            grounds: Ground::ALL.to_vec(),
        }
    }
}

impl Rules {
    /// The grounds on which the person of `check` may be of the Windrush generation, by what is known of them; none where a
    /// first arrival after the last day is recorded and no earlier sign of residence.
    pub fn grounds(&self, check: &Check, replies: &Replies) -> Vec<Ground> {
        let (first_arrival, first_sign) = seen(replies);
        let by = |last: Date| first_sign.is_some_and(|day| day <= last);
        let too_late = first_arrival.is_some_and(|day| day > self.last_arrival) && !by(self.last_arrival);
        let born_in_time = check.subject.date_of_birth.date() <= self.last_arrival;
        let holds = |ground: &Ground| match ground {
            Ground::SettledBefore1973 => by(self.last_settlement),
            Ground::ArrivedBefore1989 => by(self.last_arrival),
            Ground::CouldHaveArrived => born_in_time && !too_late,
        };
        let counts = |ground: &Ground| self.grounds.contains(ground) && holds(ground);
        let mut grounds: Vec<_> = Ground::ALL.into_iter().filter(counts).collect();
        // Who was seen in time did not only have the time to come.
        if grounds.len() > 1 {
            grounds.retain(|ground| *ground != Ground::CouldHaveArrived);
        }
        grounds
    }

    /// The person of `check` may be of the Windrush generation.
    pub fn has_profile(&self, check: &Check, replies: &Replies) -> bool {
        !self.grounds(check, replies).is_empty()
    }
}

/// The first arrival that is recorded, and the first sign of residence, which an arrival is too.
fn seen(replies: &Replies) -> (Option<Date>, Option<Date>) {
    let mut first_arrival: Option<Date> = None;
    let mut first_sign: Option<Date> = None;
    let earliest = |first: Option<Date>, day: Date| Some(first.map_or(day, |first| first.min(day)));
    let mut sign = |day: Date| first_sign = earliest(first_sign, day);
    for facts in replies.facts() {
        match facts {
            Facts::ImmigrationStatus(status) => {
                sign(status.valid_from);
                if let Some(arrived) = status.arrived_on {
                    first_arrival = earliest(first_arrival, arrived);
                    sign(arrived);
                }
            }
            Facts::Residence(periods) => periods.iter().for_each(|period| sign(period.from)),
            Facts::Section95Support(support) => support.since.into_iter().for_each(&mut sign),
            Facts::NinoTrace { .. } | Facts::EducationEligibility(_) => {}
        }
    }
    (first_arrival, first_sign)
}

#[cfg(test)]
#[path = "windrush_tests.rs"]
mod tests;
