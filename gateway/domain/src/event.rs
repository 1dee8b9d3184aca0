//! What happens to a case. State is the fold over these.

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::answer::{Answer, Outcome};
use crate::case::{Case, CaseState, Standing, Use};
use crate::case_clock::{CaseClock, ClockEvent};
use crate::check::{Check, CheckKind};
use crate::ids::{AgreementId, CaseId, DepartmentId, OrganisationId, QuestionId, RequestId};
use crate::outbox::{NoticeEvent, Posted};
use crate::question::Operation;
use crate::questions::Listed;
use crate::quota::{self, Month, Spent};
use crate::referral::{Lookup, ReferralEvent, ReferralMark};
use crate::reply::Reply;
use crate::route;
use crate::sla::SlaClock;
use crate::subject::Field;
use crate::timing::Timing;

/// One step of a case.
#[derive(Clone)]
pub struct Event {
    /// 1 for the first, growing by one.
    pub version: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of step.
#[derive(Clone)]
pub enum EventKind {
    /// The check was taken in.
    Received(Box<Receipt>),
    /// A department is about to be asked.
    Asked {
        /// Which question.
        question_id: QuestionId,
        /// What is asked.
        operation: Operation,
        /// The month whose quota it is charged to; none where it is under no quota.
        charged: Option<Month>,
    },
    /// A department replied, or did not in time.
    Replied {
        /// To which question.
        question_id: QuestionId,
        /// What was asked.
        operation: Operation,
        /// What it said.
        reply: Reply,
        /// The month whose quota gets it back, that of the charge, where the question was charged and then not sent;
        /// none otherwise.
        refunded: Option<Month>,
        /// When it is to be asked again, unless the case ends before; none where the reply settles it.
        again: Option<Timestamp>,
        /// Where the time of the call went; none where the department replied by itself, or none was called.
        timing: Option<Timing>,
    },
    /// A department's desk needs something from the caller before it can reply.
    InformationRequested {
        /// To which question.
        question_id: QuestionId,
        /// What was asked.
        operation: Operation,
        /// Which fields.
        fields: Vec<Field>,
    },
    /// What is to be asked again by now waits longer, because others are being asked about, or nobody may be.
    Postponed {
        /// When it is asked again.
        until: Timestamp,
    },
    /// What the caller is told from here on.
    Decided(Answer),
    /// The caller added what was asked for: the check as it is from here on.
    Provided(Box<Check>),
    /// The caller said that the answer is wrong.
    Disputed {
        /// In the caller's words, which may be about a person.
        reason: Zeroizing<String>,
    },
    /// The caller said what came of the answer.
    Feedback(Use),
    /// The caller needs the case no longer.
    Withdrawn,
    /// The caller did not provide what was asked for in time: the case is over without an answer.
    Lapsed,
    /// Something happened to the case's clock.
    Clock(ClockEvent),
    /// Somebody is to be told of the case by a webhook, or what became of that.
    Outbox(NoticeEvent),
    /// Something happened to a referral of the case.
    Referral(ReferralEvent),
}

impl EventKind {
    /// The stable name in a case's history.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Received(_) => "received",
            Self::Asked { .. } => "asked",
            Self::Replied { .. } => "replied",
            Self::InformationRequested { .. } => "information_requested",
            Self::Postponed { .. } => "postponed",
            Self::Decided(answer) => match answer.outcome {
                Outcome::Pending { .. } => "pending",
                Outcome::MoreInformation { .. } => "more_information_needed",
                Outcome::Referred { .. } => "referred",
                Outcome::Established { .. } | Outcome::NotEstablished(_) => "answered",
            },
            Self::Provided(_) => "information_provided",
            Self::Disputed { .. } => "disputed",
            Self::Feedback(_) => "feedback_given",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
            Self::Clock(event) => event.as_str(),
            Self::Outbox(event) => event.as_str(),
            Self::Referral(event) => event.as_str(),
        }
    }

    /// It is the house's own business: it stands in no history, and neither the version nor the time that a caller reads
    /// tells of it.
    ///
    /// So are referrals, and what is asked for one alone in a check of `kind`: what the caller is told of them, an answer says. What
    /// else no caller sees where an agreement withholds that a person is referred, [`Sight`] knows.
    ///
    /// [`Sight`]: crate::case::Sight
    pub const fn is_hidden(&self, kind: CheckKind) -> bool {
        match self {
            Self::Outbox(_) | Self::Referral(_) => true,
            Self::Asked { operation, .. }
            | Self::Replied { operation, .. }
            | Self::InformationRequested { operation, .. } => route::is_for_referrals(kind, *operation),
            _ => false,
        }
    }

    /// The department concerned, where there is one.
    pub const fn department(&self) -> Option<DepartmentId> {
        match self {
            Self::Asked { operation, .. }
            | Self::Replied { operation, .. }
            | Self::InformationRequested { operation, .. } => Some(operation.department()),
            Self::Received(_)
            | Self::Postponed { .. }
            | Self::Decided(_)
            | Self::Provided(_)
            | Self::Disputed { .. }
            | Self::Feedback(_)
            | Self::Withdrawn
            | Self::Lapsed
            | Self::Clock(_)
            | Self::Outbox(_)
            | Self::Referral(_) => None,
        }
    }

    /// The check that it is about from here on, where it says one.
    pub fn check(&self) -> Option<&Check> {
        match self {
            Self::Received(receipt) => Some(&receipt.check),
            Self::Provided(check) => Some(check),
            _ => None,
        }
    }

    /// The state that it leaves its case in, where it says one.
    pub const fn state(&self) -> Option<CaseState> {
        match self {
            Self::Received(_) | Self::Provided(_) | Self::Disputed { .. } => Some(CaseState::Open),
            Self::Decided(answer) => Some(CaseState::told(&answer.outcome)),
            Self::Withdrawn | Self::Lapsed => Some(CaseState::Withdrawn),
            Self::Asked { .. }
            | Self::Replied { .. }
            | Self::InformationRequested { .. }
            | Self::Postponed { .. }
            | Self::Feedback(_)
            | Self::Clock(_)
            | Self::Outbox(_)
            | Self::Referral(_) => None,
        }
    }
}

/// What was taken in, and under what.
#[derive(Clone)]
pub struct Receipt {
    /// Who asks.
    pub organisation: OrganisationId,
    /// What the caller calls the request.
    pub request_id: RequestId,
    /// The check; of a case, with what was provided since.
    pub check: Check,
    /// The caller's own reference; may be empty.
    pub caller_reference: Zeroizing<String>,
    /// The agreement it is asked under.
    pub agreement_id: AgreementId,
    /// The law, in full.
    pub legal_basis: String,
    /// The promise made on receipt. A clock that was started since tells the due time as it is now.
    pub clock: SlaClock,
    /// The agreement withholds that a person is referred: nothing that the caller sees of the case tells why it waits.
    pub is_discreet: bool,
}

/// Events to be recorded together, or not at all, and what follows from them.
///
/// The first is made by [`Change::new`], a later one by [`Case::change`], so that what follows is right.
///
/// [`Case::change`]: crate::case::Case::change
#[derive(Clone)]
pub struct Change {
    /// The case.
    pub case_id: CaseId,
    /// The case's version before the first of the events; 0 for a new case.
    pub expected_version: u64,
    /// The events, in order; their versions follow on.
    pub events: Vec<Event>,
    /// When somebody must look at the case by itself after them: [`Case::wake`].
    ///
    /// [`Case::wake`]: crate::case::Case::wake
    pub wake: Option<Timestamp>,
    /// What they use of quotas, and give back; each quota once.
    pub spent: Vec<Spent>,
    /// The questions that stand otherwise on their departments' worklists after them; each once. None of a case that is
    /// answered in its call.
    pub listed: Vec<Listed>,
    /// How the case stands after them: [`Case::standing`]. None of a case that is answered in its call.
    ///
    /// [`Case::standing`]: crate::case::Case::standing
    pub standing: Option<Standing>,
    /// The notices that stand otherwise after them; each once.
    pub posted: Vec<Posted>,
    /// The referrals that stand otherwise after them; each once.
    pub referred: Vec<ReferralMark>,
    /// What they rest on where they refer somebody, or tell what is held back of somebody else: once there is an open referral that
    /// it did not find, they are not recorded.
    pub lookup: Option<Lookup>,
}

impl Change {
    /// The first steps of a case, `kinds`, all at `time`. They begin with the receipt, and nothing is decided in them that
    /// leaves a question open.
    pub fn new(case_id: CaseId, time: Timestamp, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        let events = numbered(0, time, kinds);
        let clock = events.iter().filter_map(|event| match &event.kind {
            EventKind::Clock(happened) => Some((event.time, happened.clone())),
            _ => None,
        });
        // Steps of a clock that cannot be are refused when the case is folded.
        let wake = CaseClock::fold(clock).ok().and_then(|clock| clock.wake());
        let spent = match events.first().map(|event| &event.kind) {
            Some(EventKind::Received(receipt)) => {
                quota::spent(&receipt.agreement_id, events.iter().map(|event| &event.kind))
            }
            _ => Vec::new(),
        };
        let is_decided = events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Decided(_)));
        // As above: what cannot be is refused when it is folded.
        let standing = is_decided
            .then(|| Case::fold(case_id, events.iter().cloned()).ok()?.standing())
            .flatten();
        Self {
            case_id,
            expected_version: 0,
            events,
            wake,
            spent,
            listed: Vec::new(),
            standing,
            posted: Vec::new(),
            referred: Vec::new(),
            lookup: None,
        }
    }
}

impl Change {
    /// This change and `next`, which follows on it and is about the clock or the outbox alone, as one.
    #[must_use]
    pub fn followed_by(mut self, next: Self) -> Self {
        self.events.extend(next.events);
        self.wake = next.wake;
        self.standing = next.standing;
        let again = |listed: &Listed| next.listed.iter().any(|next| next.id == listed.id);
        self.listed.retain(|listed| !again(listed));
        self.listed.extend(next.listed);
        let again = |posted: &Posted| next.posted.iter().any(|next| next.id == posted.id);
        self.posted.retain(|posted| !again(posted));
        self.posted.extend(next.posted);
        let again = |mark: &ReferralMark| next.referred.iter().any(|next| next.id == mark.id);
        self.referred.retain(|mark| !again(mark));
        self.referred.extend(next.referred);
        self
    }
}

/// The steps `kinds`, all at `time`, after `version`.
pub(crate) fn numbered(
    version: u64,
    time: Timestamp,
    kinds: impl IntoIterator<Item = EventKind>,
) -> Vec<Event> {
    kinds
        .into_iter()
        .zip(version + 1..)
        .map(|(kind, version)| Event { version, time, kind })
        .collect()
}
