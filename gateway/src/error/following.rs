//! Why cases are not followed, or no longer.

use std::time::Duration;

use tonic::Code;
use tonic_types::ErrorDetails;

use super::causes::BUSY_RETRY;
use super::{Error, info};
use crate::following::WatchRefusal;

/// Followers come and go with their connections; five seconds spread the repeats of those who wait for a place.
const SEAT_RETRY: Duration = Duration::from_secs(5);

/// Code and details of a refusal.
pub(super) fn parts(refusal: WatchRefusal) -> (Code, ErrorDetails) {
    let too_many = |subject: &str| {
        let mut details = info("TOO_MANY_WATCHERS", []);
        details.set_retry_info(Some(SEAT_RETRY));
        details.add_quota_failure_violation(subject, "more calls of WatchCases at once than there may be");
        (Code::ResourceExhausted, details)
    };
    match refusal {
        WatchRefusal::TooManyOfYours => too_many("organisation"),
        WatchRefusal::TooMany => too_many("gateway"),
        WatchRefusal::BeyondTheEnd => (Code::OutOfRange, info("RESUME_TOKEN_BEYOND_THE_END", [])),
        WatchRefusal::ConnectionEnds => {
            let mut details = info("CONNECTION_ENDS", []);
            details.set_retry_info(Some(BUSY_RETRY));
            (Code::Unavailable, details)
        }
    }
}

impl From<WatchRefusal> for Error {
    fn from(refusal: WatchRefusal) -> Self {
        Self::Watch(refusal)
    }
}
