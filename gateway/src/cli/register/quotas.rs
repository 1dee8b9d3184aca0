//! How quotas stand, as a running gateway counts them.

use jiff::Timestamp;
use statuscheck_domain::agreement::{Due, DueKind, Register};
use statuscheck_domain::clock::london_day;
use statuscheck_proto::register::v1::{GetAgreementRequest, QuotaUse};
use tonic::Status;

use super::super::client::Connection;
use super::super::output::waiting;
use crate::quota::is_near_end;

/// Such as "8200 of 10000 questions to hmrc in 2026-03".
pub(super) fn in_words(quota: &QuotaUse) -> String {
    let QuotaUse {
        department,
        month,
        used,
        limit,
        ..
    } = quota;
    format!("{used} of {limit} questions to {department} in {month}")
}

/// The agreements of `known` that the gateway says have a quota near its end, each quota as something that falls due when the
/// next month begins.
pub(super) async fn near_end(
    connection: &Connection,
    known: &Register,
) -> anyhow::Result<Result<Vec<Due>, Status>> {
    let mut client = connection.register()?;
    let mut due = Vec::new();
    let metered = known
        .agreements()
        .filter(|agreement| !agreement.quotas.is_empty());
    for agreement in metered.filter(|agreement| !agreement.listed_only) {
        let request = GetAgreementRequest {
            agreement_id: agreement.id.to_string(),
        };
        let told = match waiting("reading", client.get_agreement(request)).await {
            Ok(told) => told.into_inner(),
            Err(status) => return Ok(Err(status)),
        };
        let near = told
            .quotas
            .iter()
            .filter(|quota| is_near_end(quota.used, quota.limit));
        due.extend(near.map(|quota| {
            Due {
                id: agreement.id.to_string(),
                kind: DueKind::QuotaReset,
                on: quota
                    .reset_time
                    .and_then(|time| Timestamp::from_second(time.seconds).ok())
                    .map(london_day),
                is_overdue: false,
                contact: agreement.contact().to_owned(),
            }
        }));
    }
    Ok(Ok(due))
}
