//! What happens by itself once a call has ended: departments are asked on, clocks run, and what is late is known.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod asked_on;
mod extended;
mod lapsed;
mod recounted;
mod steps;

use statuscheck_proto::v1::{Case, CaseState};
use statuscheck_tests::house::until_some;
use statuscheck_tests::prelude::*;

const HOUR: Duration = Duration::from_hours(1);

/// The employer's case once `is_so`.
async fn case_when(house: &House, id: &str, is_so: impl Fn(&Case) -> bool) -> Case {
    until_some(async || {
        let case = house.case(EMPLOYER, id).await.unwrap();
        Some(case).filter(|case| is_so(case))
    })
    .await
}

async fn answered(house: &House, id: &str) -> Case {
    case_when(house, id, |case| case.state() == CaseState::Answered).await
}

/// The names of the case's steps.
fn steps(case: &Case) -> Vec<&str> {
    case.history.iter().map(|event| event.kind.as_str()).collect()
}

fn times(case: &Case, kind: &str) -> usize {
    steps(case).iter().filter(|step| **step == kind).count()
}

/// The name of what the caller is told now.
fn told_of(case: &Case) -> &'static str {
    outcome(&v1::CheckResponse {
        answer: case.answer.clone(),
        ..v1::CheckResponse::default()
    })
}

fn is_late(case: &Case) -> bool {
    case.sla.as_ref().unwrap().breached
}
