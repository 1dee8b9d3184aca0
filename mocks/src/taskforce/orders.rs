//! What the taskforce is told to do with the next hooks, so that whoever sends them can be watched.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;

use crate::behaviour::parse_duration;

/// Orders that wait at once: more than any test has steps.
const ORDERS_MAX: usize = 100;

/// Hooks that one order is for.
const TIMES_MAX: u32 = 1_000_000;

/// What to do with a hook.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// `fail:STATUS`: answers with that status, from 300 to 599, and takes nothing in.
    Fail(StatusCode),
    /// `delay:DURATION`: takes it in, and accepts it after that long, by real time.
    Delay(Duration),
    /// `hang`: takes it in, and does not say so while anybody waits.
    Hang,
}

/// What to do with so many hooks, such as `3xfail:503`; without a number, with one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Order {
    /// How many.
    pub times: NonZeroU32,
    /// What.
    pub what: What,
}

/// Why a text is no order, or an order is not taken. It does not repeat the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OrderError {
    /// No such word.
    #[error("must be fail:STATUS, delay:DURATION or hang, with how often before it, such as 3xfail:503")]
    Unknown,
    /// It is no status that a receiver fails with: 1xx says nothing yet, and 2xx accepts.
    #[error("has no status from 300 to 599")]
    Status,
    /// It cannot be read, or is longer than this taskforce waits.
    #[error("has no usable duration; write 300ms or 2s, no longer than the longest wait of a mock")]
    Duration,
    /// It is none, or too many.
    #[error("must be for 1 to {TIMES_MAX} hooks")]
    Times,
    /// Let some be carried out, or take them back.
    #[error("{ORDERS_MAX} orders wait already")]
    TooMany,
}

impl FromStr for Order {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let starts_with_digit = text.starts_with(|first: char| first.is_ascii_digit());
        let (times, what) = match text.split_once('x').filter(|_| starts_with_digit) {
            Some((times, what)) => (times.parse().map_err(|_number| OrderError::Times)?, what),
            None => (NonZeroU32::MIN, text),
        };
        if times.get() > TIMES_MAX {
            return Err(OrderError::Times);
        }
        let what = match what.split_once(':') {
            None if what == "hang" => What::Hang,
            Some(("fail", status)) => {
                let status =
                    StatusCode::from_bytes(status.as_bytes()).map_err(|_status| OrderError::Status)?;
                if !(300..600).contains(&status.as_u16()) {
                    return Err(OrderError::Status);
                }
                What::Fail(status)
            }
            Some(("delay", duration)) => {
                What::Delay(parse_duration(duration).map_err(|_duration| OrderError::Duration)?)
            }
            _ => return Err(OrderError::Unknown),
        };
        Ok(Self { times, what })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x", self.times)?;
        match self.what {
            What::Fail(status) => write!(formatter, "fail:{}", status.as_u16()),
            What::Delay(duration) => write!(formatter, "delay:{}ms", duration.as_millis()),
            What::Hang => formatter.write_str("hang"),
        }
    }
}

/// The orders that wait, first given first carried out.
pub struct Orders {
    longest: Duration,
    waiting: Mutex<VecDeque<Order>>,
}

impl Orders {
    pub(super) fn new(longest: Duration) -> Self {
        Self {
            longest,
            waiting: Mutex::default(),
        }
    }

    /// Gives one, after those that wait.
    ///
    /// # Errors
    /// It cannot be carried out, or too many wait.
    pub fn give(&self, order: Order) -> Result<(), OrderError> {
        if matches!(order.what, What::Delay(duration) if duration > self.longest) {
            return Err(OrderError::Duration);
        }
        let mut waiting = self.waiting();
        if waiting.len() >= ORDERS_MAX {
            return Err(OrderError::TooMany);
        }
        waiting.push_back(order);
        Ok(())
    }

    /// Takes them all back: hooks are accepted.
    pub fn take_back(&self) {
        self.waiting().clear();
    }

    /// Those that wait.
    pub fn list(&self) -> Vec<Order> {
        self.waiting().iter().copied().collect()
    }

    /// What to do with one hook.
    pub(super) fn next(&self) -> Option<What> {
        let mut waiting = self.waiting();
        let order = waiting.front_mut()?;
        let what = order.what;
        match NonZeroU32::new(order.times.get() - 1) {
            Some(left) => order.times = left,
            None => {
                waiting.pop_front();
            }
        }
        Some(what)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> Result<Order, OrderError> {
        text.parse()
    }

    #[test]
    fn every_order_reads_back_as_it_was_written() {
        for text in [
            "1xhang",
            "3xfail:503",
            "2xdelay:1500ms",
            "1xfail:410",
            "1xfail:302",
        ] {
            assert_eq!(order(text).unwrap().to_string(), text);
        }
        assert_eq!(order("hang"), order("1xhang"));
    }

    #[test]
    fn what_no_receiver_could_do_is_no_order() {
        for (text, fault) in [
            ("", OrderError::Unknown),
            ("sulk", OrderError::Unknown),
            ("3x", OrderError::Unknown),
            ("0xhang", OrderError::Times),
            ("1000001xhang", OrderError::Times),
            ("fail:204", OrderError::Status),
            ("fail:100", OrderError::Status),
            ("fail:600", OrderError::Status),
            ("fail:", OrderError::Status),
            ("delay:soon", OrderError::Duration),
        ] {
            assert_eq!(order(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn orders_are_carried_out_in_turn_as_often_as_they_say() {
        let orders = Orders::new(Duration::from_secs(1));
        for text in ["2xfail:503", "hang"] {
            orders.give(order(text).unwrap()).unwrap();
        }
        let fail = What::Fail(StatusCode::SERVICE_UNAVAILABLE);
        let done: Vec<_> = (0..4).map(|_| orders.next()).collect();
        assert_eq!(done, [Some(fail), Some(fail), Some(What::Hang), None]);
    }

    #[test]
    fn orders_are_bounded_in_number_and_length_and_can_be_taken_back() {
        let orders = Orders::new(Duration::from_secs(1));
        assert_eq!(orders.give(order("delay:2s").unwrap()), Err(OrderError::Duration));
        for _ in 0..ORDERS_MAX {
            orders.give(order("9xdelay:1s").unwrap()).unwrap();
        }
        assert_eq!(orders.give(order("hang").unwrap()), Err(OrderError::TooMany));
        orders.take_back();
        assert_eq!((orders.list().len(), orders.next()), (0, None));
    }
}
