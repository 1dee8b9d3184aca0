//! What earlier referrals of a person mean for a case whose answer is to be held back: none is opened that is not needed, and
//! nothing adverse is released that the taskforce has not seen.

use jiff::{SignedDuration, Timestamp};

use super::{Held, Referral, ReferralState, same_person};
use crate::answer::Facts;
use crate::case::Case;
use crate::check::{Check, CheckKind};
use crate::clock::london_day;
use crate::ids::{CaseId, ReferralId};
use crate::sla::SlaClock;
use crate::subject::Identity;
use crate::windrush::Ground;

/// How long "not confirmed" is remembered for the same facts.
const NOT_CONFIRMED_KEPT: SignedDuration = SignedDuration::from_hours(365 * 24);

/// What is held back, and why.
#[derive(Clone, PartialEq, Eq)]
pub struct Hold {
    /// The answer.
    pub held: Held,
    /// Why the person has a profile.
    pub grounds: Vec<Ground>,
}

/// What is known of the person already.
#[derive(Clone, PartialEq, Eq)]
pub enum Recall {
    /// The taskforce confirmed a status: it is the answer.
    Confirmed {
        /// By which referral.
        id: ReferralId,
        /// Of which case.
        case_id: CaseId,
        /// What the confirmed facts say in this check.
        facts: Facts,
        /// When it was found.
        at: Timestamp,
    },
    /// The taskforce is looking into it: this case joins.
    Open {
        /// Which referral.
        id: ReferralId,
        /// The case that opened it.
        case_id: CaseId,
        /// When its finding is due.
        due: SlaClock,
    },
    /// The taskforce has seen the same facts and did not confirm a status: what is held may go.
    NotConfirmed {
        /// By which referral.
        id: ReferralId,
        /// Of which case.
        case_id: CaseId,
    },
    /// Nothing: a referral is opened.
    Nothing,
}

/// Whom was looked for among those who are referred, and what was found. What is held back by it alone must not be recorded once
/// there is more to be found: of two checks about one person that come to a hold at one moment, in whichever gateways, the second
/// has to see the referral of the first.
///
/// It identifies a person: no `Debug`.
#[derive(Clone)]
pub struct Lookup {
    /// All by which the person of the check is found.
    pub person: Vec<Identity>,
    /// The open referrals that were found, whether the case may join them or not: each by the case that opened it.
    pub open: Vec<ReferralId>,
}

impl Lookup {
    /// The look for the person of `check` that found `known`.
    pub fn of(check: &Check, known: &[Case]) -> Self {
        let open = known.iter().filter_map(|case| case.referrals.open());
        Self {
            person: check.identities(),
            open: open
                .filter(|open| open.joined.is_none())
                .map(|open| open.id)
                .collect(),
        }
    }
}

impl Recall {
    /// It says that there is no open referral to join: what is recorded by it must not be once there is.
    pub const fn rests_on_none_open(&self) -> bool {
        matches!(self, Self::NotConfirmed { .. } | Self::Nothing)
    }

    /// What `known`, cases that were referred, mean for `case` whose answer `hold` says at `now`. Of several confirmations the
    /// newest counts.
    pub fn of(case: &Case, hold: &Hold, known: &[Case], now: Timestamp) -> Self {
        let check = &case.receipt.check;
        let others = known.iter().filter(|other| other.id != case.id);
        let about = others.filter(|other| same_person(&check.subject, &other.receipt.check.subject));
        let mut referrals: Vec<_> = std::iter::once(case)
            .chain(about)
            .flat_map(|other| other.referrals.iter().map(move |referral| (other, referral)))
            .collect();
        referrals.sort_unstable_by_key(|(_, referral)| std::cmp::Reverse((referral.opened_at, referral.id)));
        let find = |what: &dyn Fn(&Case, &Referral) -> Option<Self>| {
            referrals
                .iter()
                .find_map(|(other, referral)| what(other, referral))
        };
        find(&|other, referral| confirmed(check, other, referral, now))
            .or_else(|| find(&|other, referral| open(case, other, referral)))
            .or_else(|| find(&|other, referral| not_confirmed(case, hold, other, referral, now)))
            .unwrap_or(Self::Nothing)
    }
}

fn origin(case: &Case, referral: &Referral) -> CaseId {
    referral.joined.unwrap_or(case.id)
}

fn confirmed(check: &Check, other: &Case, referral: &Referral, now: Timestamp) -> Option<Recall> {
    let resolution = referral.resolution()?;
    let super::Finding::Confirmed(facts) = &resolution.finding else {
        return None;
    };
    let facts = facts.in_check(check.kind())?;
    let day = check.day_that_counts(london_day(now));
    // What has ended since says nothing about today.
    let is_in_force = facts.valid_until().is_none_or(|last| last >= day);
    is_in_force.then(|| Recall::Confirmed {
        id: referral.id,
        case_id: origin(other, referral),
        facts,
        at: resolution.at,
    })
}

fn open(case: &Case, other: &Case, referral: &Referral) -> Option<Recall> {
    // By the case that opened it: one that joined may still wait for a referral that is closed.
    let joins = other.id != case.id
        && referral.joined.is_none()
        && referral.is_open()
        && may_join(case.receipt.check.kind(), other.receipt.check.kind());
    joins.then(|| Recall::Open {
        id: referral.id,
        case_id: other.id,
        due: referral.due.clone(),
    })
}

/// A finding about status settles every check of status, and none of support.
fn may_join(one: CheckKind, other: CheckKind) -> bool {
    (one == CheckKind::Section95) == (other == CheckKind::Section95)
}

/// The taskforce saw all that is known now: the same check, the same answer on the same grounds, no particulars beside those that
/// it had, and nobody says that the answer was wrong.
fn not_confirmed(
    case: &Case,
    hold: &Hold,
    other: &Case,
    referral: &Referral,
    now: Timestamp,
) -> Option<Recall> {
    let resolution = referral.resolution()?;
    let (check, seen) = (&case.receipt.check, &other.receipt.check);
    let is_same = referral.state == ReferralState::NotConfirmed
        && check.kind() == seen.kind()
        && referral.held == hold.held
        && referral.grounds == hold.grounds
        && hold.held != Held::Silence
        && brings_nothing_new(check, seen)
        && case.dispute.is_none()
        && now.duration_since(resolution.at) <= NOT_CONFIRMED_KEPT;
    is_same.then(|| Recall::NotConfirmed {
        id: referral.id,
        case_id: origin(other, referral),
    })
}

fn brings_nothing_new(check: &Check, seen: &Check) -> bool {
    let seen = seen.subject.identities();
    check
        .subject
        .identities()
        .iter()
        .all(|identity| seen.contains(identity))
}
