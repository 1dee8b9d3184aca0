//! What is not counted but looked at, whenever the figures are told. Nothing here waits, and the store is not asked.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use opentelemetry::metrics::Meter;
use statuscheck_domain::ids::DepartmentId;

use super::catalogue::{
    CERTIFICATE_EXPIRY, CHECKPOINT_AGE, CLOCK_OVERDUE, CLOCK_SILENCE, CONNECTIONS, CONNECTIONS_ENDED,
    FEED_AGE, LEDGER_QUEUE, PARTS, READY, SEATS,
};
use super::{Figures, Readiness};
use crate::admission::Admission;
use crate::listener::{Census, Ending};
use crate::store::notary::Notary;
use crate::store::pulse::Pulse;
use crate::tls::Tls;

/// What is looked at.
pub(crate) struct Watched {
    pub(crate) figures: Arc<Figures>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) census: Arc<Census>,
    pub(crate) admission: Admission,
    pub(crate) notary: Arc<Notary>,
    pub(crate) pulse: Pulse,
    pub(crate) tls: Tls,
}

/// Has all of it looked at whenever `meter` is read.
pub(crate) fn watch(meter: &Meter, watched: Watched) {
    let Watched {
        figures,
        readiness,
        census,
        admission,
        notary,
        pulse,
        tls,
    } = watched;
    READY.watched(meter, move |tell| {
        let parts = PARTS.into_iter().zip(readiness.parts());
        parts.for_each(|(part, ok)| tell(f64::from(u8::from(ok)), &[part]));
    });
    let open = Arc::clone(&census);
    CONNECTIONS.watched(meter, move |tell| tell(count(open.open()), &[]));
    CONNECTIONS_ENDED.watched(meter, move |tell| {
        for ending in Ending::ALL {
            tell(whole(census.ended(ending)), &[ending.as_str()]);
        }
    });
    SEATS.watched(meter, move |tell| {
        let (taken, waiting) = admission.seats();
        tell(count(taken), &["taken"]);
        tell(count(waiting), &["waiting"]);
    });
    CHECKPOINT_AGE.watched(meter, move |tell| tell(notary.age().as_secs_f64(), &[]));
    pulse.on_commit({
        let figures = Arc::clone(&figures);
        move |changes| figures.committed(changes)
    });
    LEDGER_QUEUE.watched(meter, move |tell| tell(count(pulse.queued()), &[]));
    CERTIFICATE_EXPIRY.watched(meter, move |tell| {
        let mut end = |at: Option<Timestamp>, file| {
            if let Some(at) = at {
                tell(seconds(at), &[file]);
            }
        };
        end(tls.expires_at(), "certificate");
        end(tls.lists_due(), "revocation_lists");
    });
    clocks(meter, figures);
}

fn clocks(meter: &Meter, figures: Arc<Figures>) {
    let feeds = Arc::clone(&figures);
    FEED_AGE.watched(meter, move |tell| {
        let mut told =
            |(department, age): (DepartmentId, Duration)| tell(age.as_secs_f64(), &[department.as_str()]);
        feeds.feed_ages().for_each(&mut told);
    });
    let silent = Arc::clone(&figures);
    CLOCK_SILENCE.watched(meter, move |tell| {
        // All that is looked at is asked for before what was counted is summed up, whoever reads: so nothing that was noted
        // is missing from the sums.
        silent.give();
        tell(silent.silence().as_secs_f64(), &[]);
    });
    CLOCK_OVERDUE.watched(meter, move |tell| tell(figures.overdue().as_secs_f64(), &[]));
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

fn count(count: usize) -> f64 {
    whole(count as u64)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "exact up to nine thousand million million"
)]
pub(super) const fn whole(count: u64) -> f64 {
    count as f64
}
