//! The laws of the year, looked for in the ledger at its end.

use std::collections::{HashMap, HashSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use statuscheck::audit::{self, Subject};
use statuscheck::store::embedded::{Settings, rebuild};
use statuscheck::store::seal::Kek;
use statuscheck::store::{CaseQuery, Store};
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::event::{Event, EventKind};
use statuscheck_domain::ids::CaseId;

use super::Year;
use super::calls::{Call, Told};
use super::life::{database, open};
use super::model::{Clock, Course, Holidays, PERCENTS, SILENCE, course};
use super::people::{Act, Person};
use super::reckoned::Reckoned;

/// More are not read by anybody.
const FINDINGS_MAX: usize = 50;

/// What the laws go by.
pub(super) struct Judge<'a> {
    looks: &'a [Timestamp],
    holidays: Holidays,
    /// Ids of all notices that came to owners, each as often as it did.
    pub(super) came: HashMap<String, u64>,
    pub(super) reckoned: Reckoned,
}

/// Reads the whole ledger and compares.
///
/// # Errors
/// It cannot be read.
pub(super) async fn reckon(year: &mut Year) -> anyhow::Result<Reckoned> {
    year.fate.next_life();
    let store = open(year).await?;
    let findings = std::mem::take(&mut year.findings);
    let mut judge = Judge {
        looks: &year.looks,
        holidays: Holidays::shipped(),
        came: year.owner.came(),
        reckoned: Reckoned {
            findings,
            ..Reckoned::default()
        },
    };
    let mut known = HashSet::new();
    for (person, told) in year.people.iter().zip(&year.told) {
        let Some(id) = told.case_id.as_ref().and_then(|id| id.parse::<CaseId>().ok()) else {
            judge.finding(person, "was never received");
            told.wrong.iter().for_each(|wrong| judge.found(wrong.clone()));
            continue;
        };
        let Some(history) = store.history(id).await? else {
            judge.finding(person, "is not there");
            continue;
        };
        if !known.insert(id) {
            judge.finding(person, "shares a case with somebody");
        }
        let history: Vec<_> = history.into_iter().map(|placed| placed.event).collect();
        let before = judge.reckoned.findings.len();
        judge.case(person, told, id, &history);
        if judge.reckoned.findings.len() > before {
            judge.found(course_of(&history));
        }
    }
    judge.strays();
    judge.all(&*store, known.len() as u64).await?;
    store.close().await;
    drop(store);
    judge.ledger(year)?;
    Ok(judge.reckoned)
}

/// What happened to a case, so that a finding about it can be understood.
fn course_of(history: &[Event]) -> String {
    let steps = history
        .iter()
        .map(|event| format!("{} {}", event.time, event.kind.as_str()));
    format!("  to which happened: {}", steps.collect::<Vec<_>>().join(", "))
}

impl Judge<'_> {
    pub(super) fn finding(&mut self, person: &Person, what: impl fmt::Display) {
        let number = person.number;
        self.found(format!(
            "the case of {number} ({:?} {:?}) {what}",
            person.asker, person.manner
        ));
    }

    pub(super) fn found(&mut self, what: String) {
        if self.reckoned.findings.len() < FINDINGS_MAX {
            self.reckoned.findings.push(what);
        }
    }

    /// Nothing is left to do, and nothing is there that nobody asked.
    async fn all(&mut self, store: &dyn Store, asked: u64) -> anyhow::Result<()> {
        let end = self.looks.last().copied().unwrap_or_default();
        let due = store.lease_due(end, 10).await?;
        if !due.is_empty() {
            self.found(format!("{} cases are due and are not done", due.len()));
        }
        let mut listed = 0;
        for organisation in ["employer", "landlord", "council", "trust"] {
            let mut after = None;
            loop {
                let query = CaseQuery {
                    organisation: organisation.parse()?,
                    states: Vec::new(),
                    after,
                    limit: 500,
                };
                let page = store.cases(query).await?;
                listed += page.cases.len() as u64;
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        if listed != asked {
            self.found(format!("{asked} cases were asked, and {listed} are there"));
        }
        Ok(())
    }

    /// The chain is whole, and the tables beside it are what it says.
    fn ledger(&mut self, year: &Year) -> anyhow::Result<()> {
        let subject = Subject {
            store: database(year).into(),
            ..Subject::default()
        };
        let report = audit::verify(&subject, |_done, _of| {})?;
        // No notary signs in the simulation, so that there is no checkpoint is no fault.
        for finding in &report.findings {
            self.found(format!("the ledger: {finding}"));
        }
        let kek = Kek::load(&year.folder.path().join("store.key"))?;
        let rebuilt = rebuild(
            &Settings::at(database(year)),
            kek,
            true,
            "ops/simulation",
            year.now(),
        )?;
        for difference in rebuilt.differences {
            self.found(format!("the tables are not what the ledger says: {difference:?}"));
        }
        Ok(())
    }

    fn case(&mut self, person: &Person, told: &Told, id: CaseId, history: &[Event]) {
        self.reckoned.cases += 1;
        self.reckoned.events += history.len() as u64;
        for wrong in &told.wrong {
            self.found(wrong.clone());
        }
        let numbered = history
            .iter()
            .zip(1..)
            .all(|(event, version)| event.version == version);
        if !numbered || !history.is_sorted_by_key(|event| event.time) {
            self.finding(person, "has events out of their order");
        }
        let Ok(case) = Case::fold(id, history.iter().cloned()) else {
            self.finding(person, "is no history of a case");
            return;
        };
        self.steps_of_callers(person, told, history);
        self.questions(person, history);
        self.notices(person, history);
        let Some(course) = course(history) else {
            self.finding(person, "does not begin with its receipt");
            return;
        };
        for (place, clock) in course.clocks.iter().enumerate() {
            self.clock(person, place, clock);
        }
        self.silence(person, &course);
        self.end(person, &case, &course);
    }

    /// What a caller was told is done is there once.
    fn steps_of_callers(&mut self, person: &Person, told: &Told, history: &[Event]) {
        // Whoever had no answer calls again. That is the same step, unless the case was decided in between: then it is another one.
        let steps = |kind: &str| {
            let (mut times, mut is_doubled, mut is_open) = (0_usize, false, false);
            for event in history {
                if event.kind.as_str() == kind {
                    is_doubled |= is_open;
                    (times, is_open) = (times + 1, true);
                } else if matches!(event.kind, EventKind::Decided(_)) {
                    is_open = false;
                }
            }
            (times, is_doubled)
        };
        for (act, kind) in [
            (Act::Provide, "information_provided"),
            (Act::Dispute, "disputed"),
            (Act::GiveFeedback, "feedback_given"),
            (Act::Withdraw, "withdrawn"),
        ] {
            let is_done = told.done.contains(&act);
            let (times, is_doubled) = steps(kind);
            let calls = told.calls.iter().filter(|call| **call == Call::Then(act)).count();
            // Whoever withdraws what has lapsed is told that it is withdrawn.
            let lapsed = act == Act::Withdraw
                && history
                    .iter()
                    .any(|event| matches!(event.kind, EventKind::Lapsed));
            if is_doubled || times > calls || (is_done && times == 0 && !lapsed) {
                self.finding(
                    person,
                    format_args!("has {times} times {kind}; its caller was told {is_done}"),
                );
            }
        }
    }

    /// Every reply has its question, and nobody is asked about a case that is over.
    fn questions(&mut self, person: &Person, history: &[Event]) {
        let mut asked = HashSet::new();
        let mut is_over = false;
        for event in history {
            match &event.kind {
                EventKind::Asked { question_id, .. } => {
                    if is_over {
                        self.finding(person, "was asked about after it was over");
                    }
                    asked.insert(*question_id);
                }
                EventKind::Replied { question_id, .. } if !asked.contains(question_id) => {
                    self.finding(person, "has a reply that nobody asked for");
                }
                kind => {
                    is_over = kind
                        .state()
                        .map_or(is_over, |state| CaseState::CLOSED.contains(&state))
                }
            }
        }
    }

    /// Every step once, in order, never early, and at the first look after it.
    fn clock(&mut self, person: &Person, place: usize, clock: &Clock) {
        self.reckoned.clocks += 1;
        let percents: Vec<_> = clock.fired.iter().map(|(percent, _)| *percent).collect();
        if !percents.is_sorted_by(|one, other| one < other) {
            self.finding(person, format_args!("fired {percents:?} with clock {place}"));
        }
        let end = self.looks.last().copied().unwrap_or_default();
        for (percent, count) in PERCENTS.into_iter().zip(0..) {
            let fired = clock
                .fired
                .iter()
                .find(|(fired, _)| *fired == percent)
                .map(|(_, at)| *at);
            self.reckoned.fired[count] += u64::from(fired.is_some());
            let from = clock
                .step_from(percent, &self.holidays)
                .filter(|from| *from <= end);
            match (from, fired) {
                (Some(from), Some(at)) if at < from => {
                    self.finding(
                        person,
                        format_args!("fired {percent} of clock {place} at {at}, before {from}"),
                    );
                }
                (Some(from), Some(at)) if self.was_looked_at(from, at) => {
                    self.finding(
                        person,
                        format_args!("fired {percent} of clock {place} at {at}, late for {from}"),
                    );
                }
                (Some(from), None) => {
                    self.finding(
                        person,
                        format_args!("never fired {percent} of clock {place}, due from {from}"),
                    );
                }
                (None, Some(at)) => {
                    self.finding(
                        person,
                        format_args!("fired {percent} of clock {place} at {at}, never due"),
                    );
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
    }

    /// Everything due was done at a moment from `from` on and before `at`.
    fn was_looked_at(&self, from: Timestamp, at: Timestamp) -> bool {
        let place = self.looks.partition_point(|look| *look < from);
        self.looks.get(place).is_some_and(|look| *look < at)
    }

    /// Who is silent for four weeks loses the case, then and not before; unless the person may be of the Windrush generation.
    fn silence(&mut self, person: &Person, course: &Course) {
        let silence = SignedDuration::try_from(SILENCE).unwrap_or(SignedDuration::MAX);
        let end = self.looks.last().copied().unwrap_or_default();
        let mut expected = None;
        for waited in &course.waited {
            let from = waited.from + silence;
            if !person.is_elder && waited.to.is_none_or(|to| from <= to) && from <= end {
                expected = Some(from);
            }
        }
        match (expected, course.lapsed) {
            (Some(from), Some(at)) if at < from || self.was_looked_at(from, at) => {
                self.finding(person, format_args!("lapsed at {at}, and was to at {from}"));
            }
            (Some(from), None) if self.looks.iter().any(|look| *look >= from) && !course.is_over => {
                self.finding(person, format_args!("was to lapse at {from}"));
            }
            (None, Some(at)) => self.finding(person, format_args!("lapsed at {at} for no reason")),
            _ => {}
        }
        self.reckoned.lapsed += u64::from(course.lapsed.is_some());
    }

    /// Every case ends, or is late and known to be.
    fn end(&mut self, person: &Person, case: &Case, course: &Course) {
        let last = course.clocks.last();
        if let Some(clock) = last
            && let Some(due) = clock.due_at(&self.holidays)
            && case.promise().due_at != due
        {
            let told = case.promise().due_at;
            self.finding(person, format_args!("is due at {due}, and says {told}"));
        }
        let is_breached = last.is_some_and(|clock| clock.fired.iter().any(|(percent, _)| *percent == 100));
        match case.state {
            CaseState::Answered => self.reckoned.answered += 1,
            CaseState::Withdrawn if course.lapsed.is_some() => {}
            CaseState::Withdrawn => self.reckoned.withdrawn += 1,
            CaseState::Open | CaseState::Referred if is_breached => self.reckoned.late += 1,
            CaseState::AwaitingInformation if person.is_elder => self.reckoned.waiting += 1,
            state => self.finding(
                person,
                format_args!("is {} at the end, and not late", state.as_str()),
            ),
        }
    }
}

#[cfg(test)]
#[path = "laws_tests.rs"]
mod tests;
