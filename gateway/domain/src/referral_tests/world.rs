//! A world of cases without a store: every change is one step, and whoever works on a case may die after any of them. The
//! deciding is the domain's own, or one of three that are wrong on purpose.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::told::{check, outcome, unlimited};
use crate::agreement::tests::sample;
use crate::agreement::{Agreement, Safeguard};
use crate::case::{Case, Silence};
use crate::check::CheckKind;
use crate::decide::{Verdict, decide};
use crate::event::{Change, Event, EventKind, Receipt};
use crate::ids::{CaseId, QuestionId, ReferralId, RequestId};
use crate::question::Operation;
use crate::referral::{
    Conclusion, Found, Held, Hold, NewReferral, Recall, ReferralEvent, ReferralState, Resolution,
};
use crate::reply::Reply;
use crate::sla::Target;
use crate::windrush::Rules;

/// Who decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decider {
    /// As it should be.
    Right,
    /// The hold is gone: what would be held is told.
    WithoutHold,
    /// The referral is opened in a change after the one that tells.
    AfterRelease,
    /// The hold is skipped for trusts.
    SkippingTrusts,
}

/// What the Home Office says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Said {
    Nothing,
    Ended,
    Settled,
    Later,
    /// Several records fit: the caller is asked for more.
    Several,
}

/// One thing that happens. Cases and persons count around.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// A check about a person, and what is said at once.
    Ask(CheckKind, bool, Said),
    /// The Home Office replies to a case after all.
    Reply(usize, Said),
    /// The caller gives what it gave before, and departments are asked anew.
    Provide(usize, Said),
    Dispute(usize, Said),
    Withdraw(usize),
    /// The caller of a case stays silent for four weeks.
    Silence(usize),
    /// The taskforce resolves the referral that a case opened; `dies` before those who joined are released.
    Confirm(usize, bool),
    Deny(usize, bool),
    /// What is due is done.
    Tick,
}

/// A change that was recorded.
pub(super) struct Recorded {
    pub(super) case: usize,
    pub(super) events: Vec<Event>,
}

pub(super) struct World {
    decider: Decider,
    pub(super) agreement: Agreement,
    pub(super) rules: Rules,
    now: Timestamp,
    pub(super) cases: Vec<Case>,
    pub(super) log: Vec<Recorded>,
    ids: u128,
}

impl World {
    pub(super) fn new(decider: Decider) -> Self {
        Self {
            decider,
            agreement: sample("everything"),
            rules: Rules::default(),
            now: "2026-06-10T11:00:00Z".parse().unwrap(),
            cases: Vec::new(),
            log: Vec::new(),
            ids: 0,
        }
    }

    /// The same, under an agreement that withholds referrals.
    pub(super) fn discreet() -> Self {
        let mut world = Self::new(Decider::Right);
        world.agreement.withholds_referrals = true;
        world
    }

    fn id(&mut self) -> u128 {
        self.ids += 1;
        self.ids
    }

    pub(super) fn run(&mut self, op: Op) {
        self.now += SignedDuration::from_mins(2);
        let at = |world: &Self, n: usize| (!world.cases.is_empty()).then(|| n % world.cases.len());
        match op {
            Op::Ask(kind, in_time, said) => {
                let case = self.receive(kind, in_time);
                self.reply(case, said);
            }
            Op::Reply(n, said) => {
                if let Some(case) = at(self, n).filter(|case| !self.cases[*case].is_over()) {
                    self.reply(case, said);
                }
            }
            Op::Provide(n, said) => {
                if let Some(case) = at(self, n).filter(|case| !self.cases[*case].is_over()) {
                    let check = self.cases[case].receipt.check.clone();
                    self.record(case, vec![EventKind::Provided(Box::new(check))]);
                    self.ask(case);
                    self.reply(case, said);
                }
            }
            Op::Dispute(n, said) => {
                let reason = Zeroizing::new("it is wrong".to_owned());
                let Some(case) = at(self, n) else { return };
                if let Ok(Some(disputed)) = self.cases[case].disputed(&reason, u64::MAX) {
                    self.record(case, vec![disputed]);
                    self.ask(case);
                    self.reply(case, said);
                }
            }
            Op::Withdraw(n) => {
                let Some(case) = at(self, n) else { return };
                if let Ok(Some(withdrawn)) = self.cases[case].withdrawn() {
                    self.record(case, vec![withdrawn]);
                }
            }
            Op::Silence(n) => {
                self.now += SignedDuration::from_hours(28 * 24);
                let Some(case) = at(self, n) else { return };
                match self.cases[case].silenced(self.now, &self.rules) {
                    Some(Silence::Lapses) => self.record(case, vec![EventKind::Lapsed]),
                    Some(Silence::Refers(hold)) => self.hold(case, &hold, Vec::new()),
                    None => {}
                }
            }
            Op::Confirm(n, dies) => {
                let Some(case) = at(self, n) else { return };
                let facts = unlimited(self.cases[case].receipt.check.kind());
                self.resolve(case, &Found::Confirmed(facts), dies);
            }
            Op::Deny(n, dies) => {
                let Some(case) = at(self, n) else { return };
                self.resolve(case, &Found::NotConfirmed, dies);
            }
            Op::Tick => self.tick(),
        }
    }

    fn receive(&mut self, kind: CheckKind, in_time: bool) -> usize {
        let id = CaseId(Uuid::from_u128(self.id()));
        let receipt = Receipt {
            organisation: "caller".parse().unwrap(),
            request_id: RequestId(Uuid::from_u128(self.id())),
            check: check(kind, in_time),
            caller_reference: Zeroizing::default(),
            agreement_id: self.agreement.id.clone(),
            legal_basis: self.agreement.legal_basis.clone(),
            clock: Target::DEFAULT.start(self.now),
            is_discreet: self.agreement.withholds_referrals,
        };
        let change = Change::new(id, self.now, [EventKind::Received(Box::new(receipt))]);
        let Ok(case) = Case::fold(id, change.events.clone()) else {
            panic!("a receipt is a case")
        };
        self.cases.push(case);
        let case = self.cases.len() - 1;
        self.log.push(Recorded {
            case,
            events: change.events,
        });
        self.ask(case);
        case
    }

    /// The first event of a case.
    pub(super) fn receipt(&self, id: CaseId) -> Option<Event> {
        let mut of = self
            .log
            .iter()
            .filter(|recorded| self.cases[recorded.case].id == id);
        of.next()?.events.first().cloned()
    }

    /// The Home Office is asked, as a question of its own each time.
    fn ask(&mut self, case: usize) {
        let question_id = QuestionId(Uuid::from_u128(self.id()));
        self.record(
            case,
            vec![EventKind::Asked {
                question_id,
                operation: Operation::ImmigrationStatus,
                charged: None,
            }],
        );
    }

    fn record(&mut self, case: usize, kinds: Vec<EventKind>) {
        if kinds.is_empty() {
            return;
        }
        match self.cases[case].change(self.now, kinds) {
            Ok((change, after)) => {
                self.cases[case] = after;
                let events = change.events;
                self.log.push(Recorded { case, events });
            }
            Err(fault) => panic!("{fault}"),
        }
    }

    fn reply(&mut self, case: usize, said: Said) {
        let question = self.log.iter().rev().filter(|recorded| recorded.case == case);
        let mut asked = question.flat_map(|recorded| recorded.events.iter().rev());
        let question_id = asked.find_map(|event| match event.kind {
            EventKind::Asked { question_id, .. } => Some(question_id),
            _ => None,
        });
        let Some(question_id) = question_id else { return };
        self.record(
            case,
            vec![EventKind::Replied {
                question_id,
                operation: Operation::ImmigrationStatus,
                reply: Reply::of(outcome(said)),
                refunded: None,
                again: None,
                timing: None,
            }],
        );
        self.conclude(case, false);
    }

    /// As a gateway does it: decide, look for what is known, record all of it in one change, and see to those who joined.
    fn conclude(&mut self, at: usize, moved: bool) {
        let case = self.cases[at].clone();
        if case.is_over() {
            return;
        }
        let replies = case.questions.replies();
        let check = &case.receipt.check;
        let interval = SignedDuration::from_hours(168);
        let verdict = decide(check, &replies, &self.rules, interval, self.now).verdict;
        let verdict = self.spoiled(verdict, check.kind());
        let under = (&self.agreement, &self.rules);
        let mut steps = if moved {
            vec![EventKind::Referral(ReferralEvent::Superseded)]
        } else {
            Vec::new()
        };
        match case.concluded(verdict, &replies, under, moved, self.now) {
            Conclusion::Told(told) | Conclusion::HeldOn(told) => steps.extend(told),
            Conclusion::Superseded(ended) => steps.extend(ended),
            Conclusion::ToHold(hold) => return self.hold(at, &hold, steps),
        }
        self.record(at, steps);
    }

    /// Holds the case back after `steps`, in the same change.
    fn hold(&mut self, at: usize, hold: &Hold, mut steps: Vec<EventKind>) {
        let case = self.cases[at].clone();
        let replies = case.questions.replies();
        let recall = Recall::of(&case, hold, &self.cases, self.now);
        let id = ReferralId(Uuid::from_u128(self.id()));
        let safeguard = Safeguard {
            rules: self.rules.clone(),
            ..Safeguard::guidance()
        };
        let new = NewReferral {
            id,
            due: Target::DEFAULT.start(self.now),
            safeguard: &safeguard,
        };
        let held = case.held(hold, recall, new, (&self.agreement, &replies), self.now);
        if self.decider == Decider::AfterRelease {
            let released = case.release_held(&hold.held, &self.agreement);
            self.record(at, released.into_iter().collect());
            let only = |kind: &EventKind| matches!(kind, EventKind::Referral(_));
            self.record(at, held.into_iter().filter(only).collect());
            return;
        }
        steps.extend(held);
        self.record(at, steps);
    }

    /// The verdict as a wrong decider has it.
    fn spoiled(&self, verdict: Verdict, kind: CheckKind) -> Verdict {
        let spoils = match self.decider {
            Decider::WithoutHold => true,
            Decider::SkippingTrusts => kind == CheckKind::Iecas,
            Decider::Right | Decider::AfterRelease => false,
        };
        match verdict {
            Verdict::Hold { held } if spoils => match held {
                Held::Negative(negative) => Verdict::NotEstablished(negative),
                Held::EndedLeave { facts, as_of } => Verdict::Established { facts, as_of },
                held @ Held::Silence => Verdict::Hold { held },
            },
            verdict => verdict,
        }
    }

    fn resolve(&mut self, at: usize, found: &Found, dies: bool) {
        let open = self.cases[at].referrals.open();
        let Some(id) = open.filter(|open| open.joined.is_none()).map(|open| open.id) else {
            return;
        };
        let note = Zeroizing::new("seen".to_owned());
        let by = "taskforce/one";
        match self.cases[at].resolved(id, found, (&note, by), &self.agreement, self.now) {
            Ok(steps) => self.record(at, steps),
            Err(fault) => panic!("{fault}"),
        }
        if !dies {
            self.tick();
        }
    }

    /// What is due is done, until nothing is.
    pub(super) fn tick(&mut self) {
        self.now += SignedDuration::from_mins(2);
        for _ in 0..64 {
            let Some(at) = (0..self.cases.len()).find(|at| self.is_behind(*at)) else {
                return;
            };
            self.look_after(at);
        }
        panic!("it never comes to rest");
    }

    fn is_behind(&self, at: usize) -> bool {
        let case = &self.cases[at];
        case.referrals.to_release().is_some() || case.referrals.to_look_after().is_some()
    }

    fn look_after(&mut self, at: usize) {
        if let Some(id) = self.cases[at].referrals.to_release().map(|closed| closed.id) {
            for other in 0..self.cases.len() {
                let open = self.cases[other].referrals.open();
                if open.is_some_and(|open| open.id == id && open.joined.is_some()) {
                    self.follow(other);
                }
            }
            self.record(at, vec![EventKind::Referral(ReferralEvent::Released { id })]);
        } else {
            self.follow(at);
        }
    }

    fn follow(&mut self, at: usize) {
        let case = self.cases[at].clone();
        let Some(own) = case.referrals.open() else { return };
        let origin = self.cases.iter().find(|other| Some(other.id) == own.joined);
        let of = origin.and_then(|origin| origin.referrals.of(own.id)).cloned();
        let resolution: Option<Resolution> = of.as_ref().and_then(|of| of.resolution().cloned());
        let steps = match (of.map(|of| of.state), resolution) {
            (Some(ReferralState::Open), _) => {
                return self.record(at, vec![EventKind::Referral(ReferralEvent::Looked)]);
            }
            (_, Some(resolution)) => case.resolved_with(own, &resolution, &self.agreement),
            (_, None) => None,
        };
        match steps {
            Some(steps) => self.record(at, steps),
            None if case.is_over() => {
                self.record(at, vec![EventKind::Referral(ReferralEvent::Superseded)]);
            }
            None => self.conclude(at, true),
        }
    }
}
