//! How long to wait before something is tried again: longer each time, and never the same for two gateways.

use std::time::Duration;

use aws_lc_rs::rand;

/// Pauses that double up to a limit; each is shortened by up to a half, at random.
pub(super) struct Pauses {
    next: Duration,
    max: Duration,
}

impl Pauses {
    pub(super) const fn new(first: Duration, max: Duration) -> Self {
        Self { next: first, max }
    }

    pub(super) fn next(&mut self) -> Duration {
        let whole = self.next.min(self.max);
        self.next = whole.saturating_mul(2);
        let mut byte = [0];
        // Without random numbers the pauses are whole, which is no worse than two gateways that meet.
        rand::fill(&mut byte).ok();
        whole - whole / 2 * u32::from(byte[0]) / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit_and_are_at_least_half() {
        let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_millis(350));
        for whole in [100, 200, 350, 350] {
            let pause = pauses.next().as_millis();
            assert!((whole / 2..=whole).contains(&pause), "{pause} of {whole}");
        }
    }
}
