//! `CheckBatch`: rows in, outcomes out.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, future, stream};
use statuscheck_domain::ids::OrganisationId;
use statuscheck_proto::v1::check_batch_response::Result as Outcome;
use statuscheck_proto::v1::{CheckBatchRequest, CheckBatchResponse, CheckResponse};
use tonic::{Code, Status};

use crate::batch;
use crate::error::Error;
use crate::rpc::convert;
use crate::rpc::way::{Row, Way};

/// What becomes of `rows`, all of which may take `time`. Where the stream of rows breaks off, what was read of it is answered
/// before it says so.
pub(crate) fn answers(
    way: Arc<Way>,
    organisation: OrganisationId,
    time: Duration,
    rows: impl Stream<Item = Result<CheckBatchRequest, Status>> + Send + 'static,
) -> impl Stream<Item = Result<CheckBatchResponse, Status>> + Send + 'static {
    let broken = Arc::new(OnceLock::new());
    let breaks = Arc::clone(&broken);
    // There is nothing to read behind the first fault.
    let rows = rows.scan((), move |(), row| {
        let read = row.map_err(|status| breaks.set(status).unwrap_or_default());
        future::ready(read.ok())
    });
    let at_once = way.batch.rows_in_flight_max;
    let started = way.clock.elapsed();
    let ends = Arc::clone(&way);
    let begin = move |row: CheckBatchRequest| begin(Arc::clone(&way), organisation.clone(), row);
    let end = move |(request_id, row)| {
        let spent = ends.clock.elapsed().saturating_sub(started);
        end(Arc::clone(&ends), request_id, row, time.saturating_sub(spent))
    };
    let farewell = stream::once(async move { broken.get().cloned().map(in_our_words) });
    batch::outcomes(rows, begin, end, at_once)
        .map(Ok)
        .chain(farewell.filter_map(|broken| future::ready(broken.map(Err))))
}

/// A row before it is asked, by its request id as it was sent.
type Begun = (String, Result<Row, Error>);

async fn begin(way: Arc<Way>, organisation: OrganisationId, row: CheckBatchRequest) -> Begun {
    let request = row.check.unwrap_or_default();
    let begun = way.begin_row(&organisation, &request).await;
    (request.request_id, begun)
}

async fn end(
    way: Arc<Way>,
    request_id: String,
    row: Result<Row, Error>,
    time: Duration,
) -> CheckBatchResponse {
    let result = match answered(&way, row, time).await {
        Ok(response) => Outcome::Response(response),
        Err(error) => Outcome::Error(convert::row_error(error)),
    };
    CheckBatchResponse {
        request_id,
        result: Some(result),
    }
}

async fn answered(way: &Way, row: Result<Row, Error>, time: Duration) -> Result<CheckResponse, Error> {
    let row = row?;
    if time.is_zero() {
        return Err(Error::DeadlineTooShort);
    }
    let case = way.end_row(row, way.budget.min(time)).await?;
    Ok(convert::check_response(&case, way.clock.now()))
}

/// As `access` has it for a call that ends with its headers alone.
fn in_our_words(status: Status) -> Status {
    match status.code() {
        Code::OutOfRange => Error::MessageTooLarge.into(),
        Code::Internal => Error::NotAMessage.into(),
        _ => status,
    }
}
