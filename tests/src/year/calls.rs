//! The calls of callers in the year, and what they were told.

use statuscheck::rpc::works::Works;
use statuscheck_proto::v1::status_check_service_server::StatusCheckService as _;
use statuscheck_proto::v1::{DisputeAnswerRequest, GiveFeedbackRequest, Use, WithdrawCaseRequest};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::people::{Act, Person};

/// A call of a caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Call {
    Ask,
    Then(Act),
}

/// What the caller of one person was told.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) case_id: Option<String>,
    /// Every call, those without an answer too.
    pub(super) calls: Vec<Call>,
    /// What was done, as the gateway said.
    pub(super) done: Vec<Act>,
    /// What the case could not take as it stood.
    pub(super) refused: u32,
    /// What must never be said.
    pub(super) wrong: Vec<String>,
}

impl Told {
    /// The caller of `person` was told `said` to `call`.
    pub(super) fn take(&mut self, person: &Person, call: Call, said: Result<Option<String>, Status>) {
        match said {
            Ok(Some(case_id)) => {
                let known = self.case_id.get_or_insert_with(|| case_id.clone());
                if *known != case_id {
                    let number = person.number;
                    self.wrong
                        .push(format!("request {number} has the cases {known} and {case_id}"));
                }
            }
            Ok(None) => {}
            Err(status) => return self.refused(person, call, &status),
        }
        if let Call::Then(act) = call {
            self.done.push(act);
        }
    }

    fn refused(&mut self, person: &Person, call: Call, status: &Status) {
        let is_asking = matches!(call, Call::Ask | Call::Then(Act::Repeat));
        if status.code() == Code::FailedPrecondition && !is_asking {
            self.refused += 1;
            return;
        }
        let details = status.get_error_details();
        let reason = details.error_info().map_or("", |info| &info.reason);
        let number = person.number;
        self.wrong.push(format!(
            "{call:?} about {number} was refused: {:?} {reason}",
            status.code()
        ));
    }
}

/// Calls the gateway. A case's id where the call tells it.
pub(super) async fn call(
    works: &Works,
    person: &Person,
    call: Call,
    known: &Told,
    asked_on: jiff::civil::Date,
) -> Result<Option<String>, Status> {
    let organisation = || person.caller().parse().expect("a caller of the register");
    let case_id = known.case_id.clone().unwrap_or_default();
    let checks = works.checks();
    match call {
        Call::Ask | Call::Then(Act::Repeat) => {
            let request = Works::call(organisation(), person.request(asked_on));
            let told = checks.check(request).await?.into_inner();
            return Ok(Some(told.case_id));
        }
        Call::Then(Act::Provide) => {
            let request = Works::call(organisation(), person.provided(&case_id));
            checks.provide_information(request).await?;
        }
        Call::Then(Act::Withdraw) => {
            let request = Works::call(organisation(), WithdrawCaseRequest { case_id });
            checks.withdraw_case(request).await?;
        }
        Call::Then(Act::Dispute) => {
            let reason = "The person says that the record is wrong.".to_owned();
            let request = Works::call(organisation(), DisputeAnswerRequest { case_id, reason });
            checks.dispute_answer(request).await?;
        }
        Call::Then(Act::GiveFeedback) => {
            let request = GiveFeedbackRequest {
                case_id,
                r#use: Use::Accepted.into(),
            };
            checks.give_feedback(Works::call(organisation(), request)).await?;
        }
    }
    Ok(None)
}
