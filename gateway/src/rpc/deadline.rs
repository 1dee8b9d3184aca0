//! The caller's deadline, from the `grpc-timeout` header.

use std::time::Duration;

use tonic::metadata::MetadataMap;

use crate::error::Error;

/// Taken off the caller's deadline, so that the answer is recorded and on its way before the caller gives up.
const SLICE: Duration = Duration::from_millis(50);

/// How long a check may take: its own budget, or what the caller's deadline leaves.
///
/// # Errors
/// The deadline leaves no time at all: nothing is begun.
pub(crate) fn budget(metadata: &MetadataMap, own: Duration) -> Result<Duration, Error> {
    let Some(timeout) = metadata.get("grpc-timeout").and_then(|value| parse(value.to_str().ok()?)) else {
        return Ok(own);
    };
    // Short deadlines keep most of themselves.
    let left = timeout.saturating_sub(SLICE.min(timeout / 4));
    if left.is_zero() { Err(Error::DeadlineTooShort) } else { Ok(left.min(own)) }
}

/// At most eight digits and a unit, as the gRPC protocol has it; what does not parse is as if it was not sent.
fn parse(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.is_empty() || number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(timeout: &str) -> Result<Duration, Error> {
        let mut metadata = MetadataMap::new();
        metadata.insert("grpc-timeout", timeout.parse().unwrap());
        budget(&metadata, Duration::from_secs(2))
    }

    #[test]
    fn the_shorter_of_budget_and_deadline_less_a_slice_counts() {
        assert_eq!(within("99999999H").unwrap(), Duration::from_secs(2));
        assert_eq!(within("1S").unwrap(), Duration::from_millis(950));
        assert_eq!(within("100m").unwrap(), Duration::from_millis(75));
        assert!(matches!(within("0m"), Err(Error::DeadlineTooShort)));
    }

    #[test]
    fn a_timeout_that_is_none_is_ignored() {
        for text in ["S", "123456789S", "1x", "-1S", "+1S"] {
            assert_eq!(within(text).unwrap(), Duration::from_secs(2), "{text}");
        }
    }
}
