//! Webhooks, as far as they need no store: what a notice says, how it is signed, where it may go, one attempt to deliver it,
//! and when the next one is due.
//!
//! A [`Notice`] is encoded once into a [`Letter`], a [`Courier`] takes it to a [`Destination`], and the [`RetrySchedule`] says
//! what follows from a [`DeliveryError`].

mod address;
mod courier;
mod failure;
mod lookup;
mod network;
mod notice;
mod schedule;
mod secret;
mod settings;

pub use self::address::{HostPattern, HostPatternError, NotAllowed};
pub use self::courier::{Courier, CourierError, Destination};
pub use self::failure::{DeliveryError, Failure};
pub use self::lookup::Lookup;
pub use self::network::{Network, NetworkError};
pub use self::notice::{CaseMark, Happening, Letter, Notice, QuotaMark, event_type};
pub use self::schedule::{Next, RetrySchedule, Tried};
pub use self::secret::{Secret, SecretError};
pub use self::settings::{ChannelSettings, Channels, DeliverySettings, WebhookSettings, WebhookTimeouts};
