//! A clock from its start to its end: examples, and laws against a model that walks minute by minute.

#[path = "case_clock_tests/calendars.rs"]
mod calendars;
#[path = "case_clock_tests/laws.rs"]
mod laws;
#[path = "case_clock_tests/steps.rs"]
mod steps;
#[path = "case_clock_tests/turns.rs"]
mod turns;

use std::sync::LazyLock;
use std::time::Duration;

use super::*;
use crate::ids::DueOrderId;
use crate::sla::SlaPolicy;
use crate::working_time::Calendars;
use crate::working_time::tests::{at, local};

const HOUR: Duration = Duration::from_hours(1);
const NANO: Duration = Duration::from_nanos(1);

static CALENDARS: LazyLock<Calendars> = LazyLock::new(Calendars::default);

fn policy(usual: &str, vulnerable: &str) -> SlaPolicy {
    policy_of(usual, vulnerable, Division::EnglandAndWales)
}

fn policy_of(usual: &str, vulnerable: &str, division: Division) -> SlaPolicy {
    let (usual, vulnerable) = (usual.parse().unwrap(), vulnerable.parse().unwrap());
    let version = "2026-1".parse().unwrap();
    SlaPolicy::new(version, usual, vulnerable, division, Thresholds::USUAL).unwrap()
}

const ORDER: DueOrderId = DueOrderId(uuid::Uuid::from_u128(7));

fn reason(text: &str) -> Reason {
    text.parse().unwrap()
}

/// A clock with the events that made it. Times are in London.
#[derive(Clone)]
struct Course {
    clock: CaseClock,
    events: Vec<(Timestamp, ClockEvent)>,
}

impl Course {
    fn new(policy: &SlaPolicy, ground: Ground, start: Timestamp) -> Self {
        let terms = policy.terms(start, ground, CALENDARS.current().version());
        let event = CaseClock::start(terms, &CALENDARS).unwrap();
        Self {
            clock: CaseClock::open(start, event.clone()).unwrap(),
            events: vec![(start, event)],
        }
    }

    /// Under a promise to everyone alike.
    fn promised(promise: &str, start: &str) -> Self {
        Self::new(&policy(promise, promise), Ground::Usual, at(start))
    }

    fn take(&mut self, now: Timestamp, events: impl IntoIterator<Item = ClockEvent>) -> Vec<&'static str> {
        let mut names = Vec::new();
        for event in events {
            names.push(event.as_str());
            self.clock.apply(now, event.clone()).unwrap();
            self.events.push((now, event));
        }
        names
    }

    fn pause(&mut self, now: &str) -> Vec<&'static str> {
        let events = self.clock.pause(at(now), &CALENDARS).unwrap();
        self.take(at(now), events)
    }

    fn resume(&mut self, now: &str) -> Vec<&'static str> {
        let events = self.clock.resume(at(now), &CALENDARS).unwrap();
        self.take(at(now), events)
    }

    fn extend(&mut self, now: &str, by: Extension) -> Vec<&'static str> {
        let why = reason("DWP was closed");
        let events = self.clock.extend(at(now), by, why, ORDER, &CALENDARS).unwrap();
        self.take(at(now), events)
    }

    fn hasten(&mut self, now: &str) -> Vec<&'static str> {
        let events = self.clock.hasten(at(now), Ground::Leave, &CALENDARS).unwrap();
        self.take(at(now), events)
    }

    fn stop(&mut self, now: &str) -> Vec<&'static str> {
        let events = self.clock.stop(at(now)).unwrap();
        self.take(at(now), events)
    }

    fn step(&mut self, now: Timestamp) -> Vec<&'static str> {
        let events = self.clock.step(now);
        self.take(now, events)
    }

    fn due(&self) -> String {
        local(self.clock.due_at())
    }
}

fn working(count: u16) -> Extension {
    Extension::Working(crate::sla::WorkingDays::new(count).unwrap())
}
