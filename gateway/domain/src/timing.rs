//! Where the time of a department's call went, as far as that is seen from the gateway.
//!
//! Four times are noted of a call, on one monotonic clock: the gateway takes the question up, a request goes out, its reply is in,
//! and the gateway has what it wanted. A question may take several requests. What lies between *out* and *in* is the department's
//! and the network's; all else of it is the gateway's: places, rates, pauses before a repeat. How much of *out* to *in* was its
//! own work only the department can say; where it does not, all of it counts as the department's, and nothing is known of the
//! network.

use std::time::Duration;

/// The parts of one call, in microseconds. Each is at most an hour and eleven minutes, which no call takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Timing {
    /// Ours.
    pub gateway_us: u32,
    /// The department's; none where nothing went out.
    pub department_us: Option<u32>,
    /// The network's; none where nothing went out, or the department does not say what was its own.
    pub network_us: Option<u32>,
}

impl Timing {
    /// The parts of a call that took `whole`, in which requests were out for as long as `department` and `network` say together.
    pub fn of(whole: Duration, department: Option<Duration>, network: Option<Duration>) -> Self {
        let network = network.filter(|_| department.is_some());
        let out = department.unwrap_or_default() + network.unwrap_or_default();
        Self {
            gateway_us: microseconds(whole.saturating_sub(out)),
            department_us: department.map(microseconds),
            network_us: network.map(microseconds),
        }
    }
}

fn microseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn what_was_not_out_is_the_gateways() {
        let timing = Timing::of(ms(100), Some(ms(60)), Some(ms(15)));
        assert_eq!((timing.gateway_us, timing.department_us), (25_000, Some(60_000)));
        assert_eq!(timing.network_us, Some(15_000));
        let unsaid = Timing::of(ms(100), Some(ms(60)), None);
        assert_eq!((unsaid.gateway_us, unsaid.network_us), (40_000, None));
        assert_eq!(Timing::of(ms(7), None, None).gateway_us, 7_000);
    }

    #[test]
    fn no_part_is_below_nothing_or_beyond_its_number() {
        assert_eq!(Timing::of(ms(1), Some(ms(2)), None).gateway_us, 0);
        let long = Timing::of(Duration::MAX, Some(ms(1)), None);
        assert_eq!(long.gateway_us, u32::MAX);
    }
}
