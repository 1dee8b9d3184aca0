//! `UploadFeed`: rows in, one answer out. The next row is read when the one before was judged, and nothing of a row is kept, so a feed
//! is held back by HTTP/2's windows.

use futures_util::{Stream, StreamExt as _};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_proto::adapter::v1::{HeldBackRow, RejectedRow, UploadFeedRequest, UploadFeedResponse};
use tonic::Status;

use crate::desk::Desk;
use crate::error::Error;
use crate::rpc::convert::desk as convert;

/// What became of the feed `rows` of the department `from`. Where the stream breaks off, nothing was recorded.
///
/// # Errors
/// The feed may not be uploaded, is too long, or cannot be recorded.
pub(crate) async fn upload(
    desk: &Desk,
    from: DepartmentId,
    mut rows: impl Stream<Item = Result<UploadFeedRequest, Status>> + Unpin,
) -> Result<UploadFeedResponse, Status> {
    let first = rows.next().await.transpose()?;
    let first = first.ok_or_else(|| Error::field("feed", "is missing: a feed has one row at least"))?;
    let agreement = convert::feed_agreement(&first)?;
    let mut upload = desk.upload(from, &agreement, &first.feed)?;
    let (today, named_max) = (desk.today(), desk.feed_named_max());
    let mut answer = UploadFeedResponse::default();
    let mut next = Some(first);
    while let Some(row) = next {
        let place = upload.next_row().map_err(Error::from)?;
        let born = if upload.is_of(&row.agreement_id, &row.feed) {
            convert::feed_row(&row, today)
        } else {
            Err("feed and agreement_id must be those of the first row".to_owned())
        };
        match born {
            Ok(born) => {
                let order = upload.row(born).map(ToString::to_string);
                if let Some(order_id) = order.filter(|_| answer.held_back_rows.len() < named_max) {
                    answer.held_back_rows.push(HeldBackRow { row: place, order_id });
                }
            }
            Err(reason) => {
                upload.reject();
                if answer.rejected.len() < named_max {
                    answer.rejected.push(RejectedRow { row: place, reason });
                }
            }
        }
        next = rows.next().await.transpose()?;
    }
    let uploaded = desk.uploaded(upload).await?;
    answer.accepted = uploaded.tally.cleared;
    answer.held_back = uploaded.tally.held_back.values().sum();
    answer.rejected_rows = uploaded.rejected;
    Ok(answer)
}
