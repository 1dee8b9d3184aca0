//! The engine's limits per local authority: sliding windows, as its Rate-limit-guide.md describes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::LocalAuthority;

/// Checks per window: 250 a minute, 5,000 an hour.
const WINDOWS: [(usize, Duration); 2] = [
    (250, Duration::from_secs(60)),
    (5_000, Duration::from_secs(3_600)),
];

/// When each local authority asked. There are at most a thousand numbers of three digits, and each keeps no more
/// moments than fit the longest window.
#[derive(Default)]
pub(super) struct Limits(Mutex<HashMap<LocalAuthority, VecDeque<Duration>>>);

/// A window is full. The engine says to wait for its whole length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct WindowFull {
    pub(super) retry_after: Duration,
}

impl Limits {
    /// Takes one check at `now`, by the monotonic clock. A refused one does not count.
    pub(super) fn pass(&self, authority: &LocalAuthority, now: Duration) -> Result<(), WindowFull> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let moments = asked.entry(authority.clone()).or_default();
        let longest = WINDOWS.iter().map(|(_, length)| *length).max();
        while let (Some(oldest), Some(longest)) = (moments.front(), longest) {
            if now.saturating_sub(*oldest) < longest {
                break;
            }
            moments.pop_front();
        }
        for (permits, length) in WINDOWS {
            let within = moments
                .iter()
                .rev()
                .take_while(|moment| now.saturating_sub(**moment) < length)
                .take(permits)
                .count();
            if within >= permits {
                return Err(WindowFull { retry_after: length });
            }
        }
        moments.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(limits: &Limits, times: usize, at: u64) -> usize {
        let authority = LocalAuthority("201".to_owned());
        (0..times)
            .filter(|_| limits.pass(&authority, Duration::from_secs(at)).is_ok())
            .count()
    }

    #[test]
    fn a_minute_takes_250_and_the_next_begins_when_they_have_aged() {
        let limits = Limits::default();
        assert_eq!(passes(&limits, 300, 0), 250);
        assert_eq!(passes(&limits, 1, 59), 0);
        assert_eq!(passes(&limits, 300, 60), 250);
    }

    #[test]
    fn an_hour_takes_5000() {
        let limits = Limits::default();
        let taken: usize = (0..30).map(|minute| passes(&limits, 250, minute * 60)).sum();
        assert_eq!(taken, 5_000);
        let authority = LocalAuthority("201".to_owned());
        assert_eq!(
            limits.pass(&authority, Duration::from_secs(3_599)),
            Err(WindowFull {
                retry_after: Duration::from_secs(3_600)
            })
        );
        assert_eq!(passes(&limits, 300, 3_600), 250);
    }
}
