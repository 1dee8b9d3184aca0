//! Batches and what callers do with cases, as a test says them.

use statuscheck_proto::v1::check_batch_response::Result as Outcome;
use statuscheck_proto::v1::{
    Case, CheckBatchRequest, CheckBatchResponse, CheckRequest, DisputeAnswerRequest, GiveFeedbackRequest,
    ProvideInformationRequest, Use, WithdrawCaseRequest,
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Status, Streaming};

use crate::house::House;

/// A row.
pub fn row(request: CheckRequest) -> CheckBatchRequest {
    CheckBatchRequest { check: Some(request) }
}

/// The stable reason of a row that was not taken, with its gRPC code; or the case of one that was.
pub fn row_outcome(response: &CheckBatchResponse) -> Result<&str, (i32, &str)> {
    match response.result.as_ref().expect("every row has a result") {
        Outcome::Response(response) => Ok(&response.case_id),
        Outcome::Error(error) => Err((error.code, &error.reason)),
    }
}

impl House {
    /// Opens a batch as `who`, with `rows` to come.
    pub async fn open_batch(
        &self,
        who: &str,
        rows: impl Stream<Item = CheckBatchRequest> + Send + 'static,
    ) -> Streaming<CheckBatchResponse> {
        let opened = self.client(who).check_batch(rows).await;
        opened.expect("a batch can be opened").into_inner()
    }

    /// Asks `rows` as `who`, and waits for all that comes back.
    ///
    /// # Errors
    /// The stream broke off.
    pub async fn batch(
        &self,
        who: &str,
        rows: Vec<CheckBatchRequest>,
    ) -> Result<Vec<CheckBatchResponse>, Status> {
        let answers = self.open_batch(who, tokio_stream::iter(rows)).await;
        answers.collect::<Vec<_>>().await.into_iter().collect()
    }

    /// Withdraws a case as `who`.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn withdraw(&self, who: &str, case_id: &str) -> Result<Case, Status> {
        let case_id = case_id.to_owned();
        let told = self
            .client(who)
            .withdraw_case(WithdrawCaseRequest { case_id })
            .await?;
        Ok(told.into_inner().case.expect("a case"))
    }

    /// Disputes an answer as `who`.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn dispute(&self, who: &str, case_id: &str, reason: &str) -> Result<Case, Status> {
        let request = DisputeAnswerRequest {
            case_id: case_id.to_owned(),
            reason: reason.to_owned(),
        };
        let told = self.client(who).dispute_answer(request).await?;
        Ok(told.into_inner().case.expect("a case"))
    }

    /// Provides what a case asked for as `who`.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn provide(&self, who: &str, request: ProvideInformationRequest) -> Result<Case, Status> {
        let told = self.client(who).provide_information(request).await?;
        Ok(told.into_inner().case.expect("a case"))
    }

    /// Tells as `who` what came of an answer.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn feedback(&self, who: &str, case_id: &str, usage: Use) -> Result<(), Status> {
        let request = GiveFeedbackRequest {
            case_id: case_id.to_owned(),
            r#use: usage.into(),
        };
        self.client(who).give_feedback(request).await.map(|_| ())
    }
}

/// The names of what happened to a case, oldest first, without what its clock went through.
pub fn happened(case: &Case) -> Vec<&str> {
    let kinds = case.history.iter().map(|event| event.kind.as_str());
    kinds.filter(|kind| !kind.starts_with("clock_")).collect()
}
