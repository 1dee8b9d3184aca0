//! Why an attempt to tell somebody came to nothing, without their words and without their address.

use std::fmt;
use std::str::FromStr;

/// Why an attempt came to nothing. Read from and written as its words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// The receiver answered with another status than 2xx.
    Status(u16),
    /// It took too long to connect or to answer.
    TimedOut,
    /// Its name has no address.
    NoAddress,
    /// Its certificate is not to be believed, or there is no common TLS.
    NoTls,
    /// Nothing listens there, or the way is barred.
    NoConnection,
    /// The connection ended before the answer, or the answer is no HTTP.
    NoAnswer,
    /// There is nothing to sign with.
    NoSecret,
    /// Nothing may be sent there.
    NotAllowed,
    /// The receiver has no webhook any more.
    NoWebhook,
}

/// Not the words of a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is not why an attempt can come to nothing")]
pub struct UnknownFault;

impl Fault {
    const WORDS: [(Self, &'static str); 8] = [
        (Self::TimedOut, "timed out"),
        (Self::NoAddress, "its name has no address"),
        (Self::NoTls, "no TLS"),
        (Self::NoConnection, "no connection"),
        (Self::NoAnswer, "no answer"),
        (Self::NoSecret, "no secret to sign with"),
        (Self::NotAllowed, "its address is not allowed"),
        (Self::NoWebhook, "it has no webhook"),
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Status(status) = self {
            return write!(formatter, "HTTP {status}");
        }
        let words = Self::WORDS.iter().find(|(fault, _)| fault == self);
        formatter.write_str(words.map_or("", |(_, words)| words))
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(status) = text.strip_prefix("HTTP ") {
            return status
                .parse()
                .map(Self::Status)
                .map_err(|_no_number| UnknownFault);
        }
        let known = Self::WORDS.iter().find(|(_, words)| *words == text);
        known.map(|(fault, _)| *fault).ok_or(UnknownFault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_written() {
        let faults = Fault::WORDS.map(|(fault, _)| fault);
        for fault in faults.into_iter().chain([Fault::Status(503)]) {
            assert!(!fault.to_string().is_empty());
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        for text in ["", "HTTP ", "HTTP x", "timed out "] {
            assert_eq!(text.parse::<Fault>(), Err(UnknownFault), "{text}");
        }
    }
}
