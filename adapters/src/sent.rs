//! What is known of a question on its way, whatever becomes of it: whether it went out, and where its time went.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::timing::Timing;

/// Whether a question has gone out to its department, and for how long. Clones tell of the same question, so that this is known
/// also where the asking was broken off.
#[derive(Clone, Default)]
pub struct Sent(Arc<Way>);

/// Times in nanoseconds. A question has its requests one after the other, so these are only ever added to by one.
#[derive(Default)]
struct Way {
    is_sent: AtomicBool,
    /// From when the gateway took the question up until it had what it wanted.
    whole: AtomicU64,
    /// Of what requests were out, that which is the department's.
    department: AtomicU64,
    /// The rest of it.
    network: AtomicU64,
    /// A department said what of it was its own.
    is_told: AtomicBool,
}

impl Sent {
    /// Something about the person was sent, or may have been.
    pub fn is_sent(&self) -> bool {
        self.0.is_sent.load(Ordering::Acquire)
    }

    /// Where the time went, once the asking has ended.
    pub fn timing(&self) -> Timing {
        let nanoseconds = |part: &AtomicU64| Duration::from_nanos(part.load(Ordering::Relaxed));
        let department = nanoseconds(&self.0.department);
        // Also where only a token was asked for.
        let is_out = self.is_sent() || !department.is_zero();
        let is_told = self.0.is_told.load(Ordering::Relaxed);
        Timing::of(
            nanoseconds(&self.0.whole),
            is_out.then_some(department),
            (is_out && is_told).then(|| nanoseconds(&self.0.network)),
        )
    }

    /// Says whether it was sent, and tells what was known before.
    pub(crate) fn set(&self, is_sent: bool) -> bool {
        self.0.is_sent.swap(is_sent, Ordering::AcqRel)
    }

    /// Says how long the asking took in all.
    pub(crate) fn took(&self, whole: Duration) {
        self.0.whole.store(nanoseconds(whole), Ordering::Relaxed);
    }

    /// From here on the department has it, until what is returned is dropped.
    pub(crate) fn out<'a>(&'a self, clock: &'a SharedClock) -> Out<'a> {
        Out {
            sent: self,
            clock,
            since: clock.elapsed(),
            own: None,
        }
    }
}

/// A time in which the department has the question.
pub(crate) struct Out<'a> {
    sent: &'a Sent,
    clock: &'a SharedClock,
    since: Duration,
    own: Option<Duration>,
}

impl Out<'_> {
    /// How much of it was its own work, as the department says, in words that are not to be trusted further than the time that
    /// has passed.
    pub(crate) fn ends(mut self, own: Option<Duration>) {
        self.own = own;
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        let out = self.clock.elapsed().saturating_sub(self.since);
        let department = self.own.map_or(out, |own| own.min(out));
        let way = &self.sent.0;
        way.department
            .fetch_add(nanoseconds(department), Ordering::Relaxed);
        if self.own.is_some() {
            way.network
                .fetch_add(nanoseconds(out - department), Ordering::Relaxed);
            way.is_told.store(true, Ordering::Relaxed);
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The department's own time in a `Server-Timing` header (W3C): the first metric `app`, `dur` in milliseconds.
pub(crate) fn own_time(server_timing: &str) -> Option<Duration> {
    let metrics = server_timing.split(',').map(|metric| metric.split(';'));
    let app = metrics.into_iter().find_map(|mut parts| {
        let is_app = parts.next().is_some_and(|name| name.trim() == "app");
        is_app.then_some(parts)
    });
    let duration = app?.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("dur")
            .then(|| value.trim().trim_matches('"'))
    });
    let milliseconds: f64 = duration?.parse().ok()?;
    Duration::try_from_secs_f64(milliseconds / 1_000.0).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use statuscheck_domain::clock::ManualClock;

    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_departments_own_time_is_read_from_its_header_and_nothing_is_guessed() {
        for (header, own) in [
            ("app;dur=250", Some(ms(250))),
            (
                "cache;desc=\"hit\";dur=9, app;desc=x;dur=12.5",
                Some(Duration::from_micros(12_500)),
            ),
            ("app ; DUR = \"7\"", Some(ms(7))),
            ("app;dur=0", Some(Duration::ZERO)),
            ("app", None),
            ("app;dur=-1", None),
            ("app;dur=NaN", None),
            ("app;dur=inf", None),
            ("app;dur=soon", None),
            ("total;dur=250", None),
            ("", None),
        ] {
            assert_eq!(own_time(header), own, "{header}");
        }
    }

    #[test]
    fn what_a_department_says_is_its_own_is_not_the_networks() {
        let manual = ManualClock::at(Timestamp::UNIX_EPOCH);
        let clock: SharedClock = Arc::new(manual.clone());
        let sent = Sent::default();
        let request = |takes, own| {
            let out = sent.out(&clock);
            manual.advance(takes);
            out.ends(own);
        };
        request(ms(30), None);
        sent.took(ms(100));
        let unsaid = sent.timing();
        assert_eq!(
            (unsaid.gateway_us, unsaid.department_us, unsaid.network_us),
            (70_000, Some(30_000), None)
        );
        request(ms(20), Some(ms(15)));
        // More than there was is not its own.
        request(ms(10), Some(ms(60_000)));
        let said = sent.timing();
        assert_eq!(
            (said.gateway_us, said.department_us, said.network_us),
            (40_000, Some(55_000), Some(5_000))
        );
    }

    #[test]
    fn what_never_went_out_is_the_gateways_alone() {
        let sent = Sent::default();
        sent.took(ms(80));
        let timing = sent.timing();
        assert_eq!(
            (timing.gateway_us, timing.department_us, timing.network_us),
            (80_000, None, None)
        );
    }
}
