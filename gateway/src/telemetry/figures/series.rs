//! The series on a call's way, each bound to its labels: what notes are given to.

use std::time::Duration;

use opentelemetry::metrics::{BoundHistogram, Histogram, Meter};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::DepartmentId;
use tonic::Code;

use super::Stage;
use super::calls::{Calls, Method, is_our_fault};
use crate::telemetry::catalogue::{
    CALLS, DEPARTMENT_DURATION, DEPARTMENT_PARTS, LEDGER_BATCH, PART_DURATION, RESULTS, STAGE_DURATION,
    STAGES, TIME_LEFT,
};
use crate::telemetry::hour::{Hour, Load};
use crate::telemetry::under::{Agreements, Under};
use crate::telemetry::watched::whole;

/// Of a series, that something took so long, or happened so many times.
#[derive(Clone, Copy)]
pub(super) struct Note {
    of: Of,
    /// Nanoseconds, or times.
    value: u64,
}

// Four to a line of memory.
const _: () = assert!(size_of::<Note>() == 16);

/// Which series.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Call(Method, Code),
    Stage(Stage),
    /// With the place of the result in [`RESULTS`], and whether that is a failure.
    Question(DepartmentId, u8, bool),
    /// With its place in [`DEPARTMENT_PARTS`].
    Part(DepartmentId, u8),
    TimeLeft(CheckKind),
    /// With the place of the answer in [`OUTCOMES`](crate::telemetry::catalogue::OUTCOMES).
    Check(Under, CheckKind, u8),
    Promise(Under, CheckKind, bool),
    /// Changes in one commit.
    Batch,
}

pub(super) struct Series {
    pub(super) calls: Calls,
    pub(super) agreements: Agreements,
    pub(super) hour: Hour,
    stages: [BoundHistogram<f64>; STAGES.len()],
    questions: [[BoundHistogram<f64>; RESULTS.len()]; DepartmentId::ALL.len()],
    parts: [[BoundHistogram<f64>; DEPARTMENT_PARTS.len()]; DepartmentId::ALL.len()],
    time_left: [BoundHistogram<f64>; CheckKind::ALL.len()],
    batch: Histogram<f64>,
}

impl Of {
    /// That it took so long.
    pub(super) fn took(self, took: Duration) -> Note {
        Note {
            of: self,
            value: u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    /// That it happened so many times.
    pub(super) const fn times(self, value: u64) -> Note {
        Note { of: self, value }
    }
}

impl Series {
    /// Nothing yet, at that time of the clock's `elapsed`.
    pub(super) fn new(meter: &Meter, now: Duration) -> Self {
        let stage = STAGE_DURATION.histogram(meter);
        let question = DEPARTMENT_DURATION.histogram(meter);
        let part = PART_DURATION.histogram(meter);
        let time_left = TIME_LEFT.histogram(meter);
        let questions = |id: DepartmentId| {
            RESULTS
                .map(|result| question.bind(&DEPARTMENT_DURATION.with([id.as_str().into(), result.into()])))
        };
        let parts = |id: DepartmentId| {
            DEPARTMENT_PARTS.map(|name| part.bind(&PART_DURATION.with([id.as_str().into(), name.into()])))
        };
        Self {
            calls: Calls::new(CALLS.histogram(meter)),
            agreements: Agreements::new(meter),
            hour: Hour::new(now),
            stages: STAGES.map(|name| stage.bind(&STAGE_DURATION.with([name.into()]))),
            questions: DepartmentId::ALL.map(questions),
            parts: DepartmentId::ALL.map(parts),
            time_left: CheckKind::ALL.map(|kind| time_left.bind(&TIME_LEFT.with([kind.as_str().into()]))),
            batch: LEDGER_BATCH.histogram(meter),
        }
    }

    /// Gives each note to its series.
    pub(super) fn give(&self, notes: &[Note]) {
        for Note { of, value } in notes {
            let took = Duration::from_nanos(*value);
            let seconds = took.as_secs_f64();
            match *of {
                Of::Call(method, code) => {
                    if self.calls.record(method, code, seconds) {
                        self.hour.count(Load::Checks, took, is_our_fault(code));
                    }
                }
                Of::Stage(stage) => self.stages[stage as usize].record(seconds),
                Of::Question(department, result, failed) => {
                    self.questions[department as usize][usize::from(result)].record(seconds);
                    self.hour.count(Load::Questions(department), took, failed);
                }
                Of::Part(department, part) => {
                    self.parts[department as usize][usize::from(part)].record(seconds);
                }
                Of::TimeLeft(kind) => self.time_left[kind as usize].record(seconds),
                Of::Check(under, kind, outcome) => self.agreements.answered(under, kind, outcome, *value),
                Of::Promise(under, kind, kept) => self.agreements.promised(under, kind, kept, *value),
                Of::Batch => self.batch.record(whole(*value), &[]),
            }
        }
    }
}
