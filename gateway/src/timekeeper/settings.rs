//! How much is done at once, and how often it is looked for.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;

/// How due work is done.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct TimekeeperSettings {
    /// Cases leased at a time. 256: some ten milliseconds of work.
    pub batch_max: usize,
    /// Cases that are read and written at once. 64: enough for the store to commit in groups, and few beside the checks; some are read
    /// while others are written.
    pub parallel_max: usize,
    /// How long nothing due is looked for anew at the longest, whatever the store says. 500 ms: half of the second by which a
    /// step may be late.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub look_every: Duration,
    /// From one look to the next at the least. 50 ms: a busy gateway records thousands of changes a second, few of them bring a
    /// due time forward, and to a database each look is a query.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub rest: Duration,
    /// How far the wall clock may leave the monotonic one between two looks. 5 s: time servers slew by far less.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub jump: Duration,
    /// How long a wall clock that jumped must keep its new time before it counts. 1 min: a time server that was wrong, or an
    /// operator's slip, is put right by then; a machine that slept is late by no more.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub settle: Duration,
    /// How long a case that could not be taken on is left alone. 30 s: somebody has to mend something.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub stuck: Duration,
}

impl Default for TimekeeperSettings {
    fn default() -> Self {
        Self {
            batch_max: 256,
            parallel_max: 64,
            look_every: Duration::from_millis(500),
            rest: Duration::from_millis(50),
            jump: Duration::from_secs(5),
            settle: Duration::from_mins(1),
            stuck: Duration::from_secs(30),
        }
    }
}

impl TimekeeperSettings {
    /// From one look to the next at the least, however fast the wall clock runs: some hundred looks a second keep one
    /// processor a tenth busy.
    const LOOK_MIN: Duration = Duration::from_millis(5);

    /// The same where the wall clock runs `rate` times as fast, so that a step is late by no more of its time.
    pub(super) fn at_rate(self, rate: NonZeroU32) -> Self {
        let often = |pause: Duration| pause.min((pause / rate.get()).max(Self::LOOK_MIN));
        Self {
            look_every: often(self.look_every),
            rest: often(self.rest),
            ..self
        }
    }
}
