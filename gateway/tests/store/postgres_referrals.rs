//! Referrals over several gateways, each with a writer of its own.

use statuscheck::store::CommitError;
use statuscheck_domain::referral::{Finding, ReferralState};

use crate::conformance::{Place as _, goes_on, ids, looking};
use crate::postgres::Ground;
use crate::steps::{case_id, count, receive, referral_id, referred, resolved};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_gateways_that_come_to_refer_one_person_at_once_one_does() {
    let ground = Ground::new();
    let (one, other) = (ground.open().await, ground.open().await);
    for n in (1..=200).step_by(2) {
        receive(&*one, n).await;
        receive(&*other, n + 1).await;
        let first = looking(&*one, n, &[], referred(n, None)).await;
        let second = looking(&*other, n + 1, &[], referred(n + 1, None)).await;
        let done: [_; 2] = tokio::join!(one.commit(first), other.commit(second)).into();
        assert_eq!(count(&done, CommitError::Stale), 1, "{done:?}");
        let recorded = if done[0].is_ok() { n } else { n + 1 };
        let open = ids(&*one, &[ReferralState::Open], 10).await;
        assert_eq!(open, [referral_id(recorded)]);
        goes_on(&*one, case_id(recorded), resolved(Finding::NotConfirmed)).await;
    }
    one.close().await;
    other.close().await;
}
