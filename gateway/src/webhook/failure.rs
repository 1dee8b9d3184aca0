//! What can become of an attempt, without the receiver's words and without its address.

use std::error::Error;
use std::io;
use std::time::Duration;

use statuscheck_domain::outbox::Fault;

use super::{NotAllowed, SecretError};

/// Why an attempt came to nothing, by what follows.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Try again: the receiver, or the way to it, may get mended.
    #[error("{failure}")]
    Again {
        /// What happened.
        failure: Failure,
        /// When the receiver wants to be asked again, counted from now; as it says, so without bounds.
        retry_after: Option<Duration>,
    },
    /// Try again: there is nothing to sign with until an operator mends a file.
    #[error("no secret to sign with")]
    Secret(#[from] SecretError),
    /// Park it: the receiver says that it wants no more (HTTP 410).
    #[error("HTTP 410: gone")]
    Gone,
    /// Park it: nothing is sent there, whoever asks for it.
    #[error("not allowed: {0}")]
    NotAllowed(#[from] NotAllowed),
}

/// What the receiver did, or did not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    /// It cannot take the notice now: HTTP 408, 429 or 5xx.
    #[error("HTTP {0}")]
    Busy(u16),
    /// It does not want the notice as it is: any other status. Receivers get mended.
    #[error("HTTP {0}: the receiver refuses it")]
    Refused(u16),
    /// It leads elsewhere, where nobody has allowed notices to go.
    #[error("HTTP {0}: redirects are not followed")]
    Redirect(u16),
    /// It took too long to connect or to answer.
    #[error("timed out")]
    TimedOut,
    /// Its name has no address.
    #[error("its name has no address")]
    NoAddress,
    /// Its certificate is not to be believed, or there is no common TLS.
    #[error("no TLS")]
    NoTls,
    /// Nothing listens there, or the way is barred.
    #[error("no connection")]
    NoConnection,
    /// The connection ended before the answer, or the answer is no HTTP.
    #[error("no answer")]
    NoAnswer,
}

impl DeliveryError {
    /// Whether the notice is parked at once.
    pub const fn parks(&self) -> bool {
        match self {
            Self::Gone | Self::NotAllowed(_) => true,
            Self::Again { .. } | Self::Secret(_) => false,
        }
    }

    /// The receiver, or the way to it, fails whatever it is told; not where it refuses this notice, or nothing was sent.
    pub const fn is_the_receivers(&self) -> bool {
        match self {
            Self::Again { failure, .. } => match failure {
                Failure::Refused(_) | Failure::Redirect(_) => false,
                Failure::Busy(_)
                | Failure::TimedOut
                | Failure::NoAddress
                | Failure::NoTls
                | Failure::NoConnection
                | Failure::NoAnswer => true,
            },
            Self::Secret(_) | Self::Gone | Self::NotAllowed(_) => false,
        }
    }

    /// The same as a case keeps it, and as operators see it.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Again { failure, .. } => match failure {
                Failure::Busy(status) | Failure::Refused(status) | Failure::Redirect(status) => {
                    Fault::Status(*status)
                }
                Failure::TimedOut => Fault::TimedOut,
                Failure::NoAddress => Fault::NoAddress,
                Failure::NoTls => Fault::NoTls,
                Failure::NoConnection => Fault::NoConnection,
                Failure::NoAnswer => Fault::NoAnswer,
            },
            Self::Secret(_) => Fault::NoSecret,
            Self::Gone => Fault::Status(410),
            Self::NotAllowed(_) => Fault::NotAllowed,
        }
    }

    /// When the receiver wants to be asked again.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Again { retry_after, .. } => *retry_after,
            Self::Secret(_) | Self::Gone | Self::NotAllowed(_) => None,
        }
    }
}

impl From<Failure> for DeliveryError {
    fn from(failure: Failure) -> Self {
        Self::Again {
            failure,
            retry_after: None,
        }
    }
}

impl From<reqwest::Error> for DeliveryError {
    /// Nothing of the error is kept: it carries the address.
    fn from(error: reqwest::Error) -> Self {
        if let Some(fault) = cause::<NotAllowed>(&error) {
            return fault.clone().into();
        }
        let failure = if error.is_timeout() {
            Failure::TimedOut
        } else if cause::<rustls::Error>(&error).is_some() {
            Failure::NoTls
        } else if error.is_dns() {
            Failure::NoAddress
        } else if error.is_connect() {
            Failure::NoConnection
        } else {
            Failure::NoAnswer
        };
        failure.into()
    }
}

/// The first of `error` and its causes that is a `T`.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // The source of an I/O error is the source of what it is made of, and passes that over.
        let inner = error.downcast_ref().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
