//! Where the database is, and the limits.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::address::Address;
use super::connect::{ConnectError, Connector};

/// Where the database is, how to get in, and the limits.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// The database.
    pub address: Address,
    /// File with the password, mode 0600, read at every connection. None where the server asks for none.
    pub password_file: Option<PathBuf>,
    /// Certificates of the authority that signed the server's: PEM.
    pub ca_file: Option<PathBuf>,
    /// Bring the tables up to date when the store is opened. Otherwise that is left to whoever owns them, by
    /// `statuscheck store migrate`, and the gateway's role need not be allowed to change tables.
    pub migrate: bool,
    /// The limits.
    pub limits: Limits,
}

impl Settings {
    /// The database at `address`, without password and authority, with the usual limits.
    pub fn at(address: Address) -> Self {
        Self {
            address,
            password_file: None,
            ca_file: None,
            migrate: false,
            limits: Limits::default(),
        }
    }

    /// What is wrong with them that can be told without a database.
    ///
    /// # Errors
    /// [`ConnectError`]
    pub fn check(&self) -> Result<(), ConnectError> {
        Connector::new(self).map(|_connector| ())
    }
}

/// What a store in a database may take, and how long. A limit of 0 counts as 1.
#[derive(Clone, PartialEq, Eq, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Changes that may wait for the writer. 4,096 are some tens of batches, well under a second of work; at 2 KiB each
    /// they hold no more than some 8 MiB.
    pub queue_max: usize,
    /// Changes in one commit. Past 256 the two round trips and the fsync are a small part of the batch already, and a
    /// larger batch only makes its first change wait for its last.
    pub batch_max: usize,
    /// Changes that must wait before a batch is sent while the one in front of it is not answered. 32: each batch costs the server
    /// a flush and a statement over nine indexes whatever is in it, so that fewer had better wait for each other.
    pub ahead_min: usize,
    /// How long a smaller batch waits for more, where there lately were several changes at once. 1 ms, for the same reason: a call
    /// that meets so many others waits longer than that for a processor. A change that comes alone waits for nothing.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub gather_max: Duration,
    /// Connections for reading. 8 for each gateway: three gateways then hold some thirty of a server's usual hundred
    /// connections, with writers and listeners.
    pub readers: usize,
    /// Reads that may wait for a connection. 1,024 are some hundred milliseconds of reading.
    pub reads_waiting_max: usize,
    /// How long a read waits for a connection. 1 s: half of the time that a check may take.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub read_wait_max: Duration,
    /// Cases on one page, whatever is asked. 500 cases, the most that the contract allows, are about a megabyte.
    pub page_max: usize,
    /// Due cases leased at a time, whatever is asked. 256, as many as one commit takes.
    pub due_max: usize,
    /// Due cases that a gateway may have leased in all. 1,024: four batches on their way keep the writer busy, and each look
    /// for due work passes over those that are leased.
    pub leases_max: usize,
    /// How old a case is that nothing was decided about when it counts as left behind. 60 s: a check is decided within the
    /// 10 s that the gateway gives any request, and recording may wait another 5 s; what takes longer than four times that
    /// is not being worked on by anybody.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub undecided_after: Duration,
    /// Reservations of quotas at a time. 65,536, a few for each check at work.
    pub reservations_max: usize,
    /// Units that a gateway takes from a quota at a time. 64: asking for them is a small part of what so many questions cost,
    /// and no more lie idle at one gateway while another needs them; near the limit fewer are taken.
    pub quota_block: u64,
    /// Entries that a reader of the feed is given at a time, whatever is asked. 1,000 are some hundred kilobytes.
    pub feed_max: usize,
    /// Entries looked at for them, of whichever organisation. 10,000 are some 50 ms of reading.
    pub feed_looked_at_max: usize,
    /// Keys of cases kept unwrapped, each until its case is answered. 10,000 cover every case of the last minute or so at full
    /// rate of new callers; a key that is not at hand costs one read.
    pub data_keys_max: usize,
    /// How long a chain stays its holder's without a word of it. 6 s: three renewals, so that one that is lost or late does
    /// not cost the chain. It decides how soon the chain of a gateway that died is used again, and its share of departments'
    /// figures; and how long a gateway goes on asking departments without a word of the database. What keeps the ledger
    /// whole is the fence.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub lease: Duration,
    /// How often the lease is renewed while nothing is recorded. 2 s: a third of the lease.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub renew_every: Duration,
    /// How long making a connection may take, with TLS and authentication. 2 s: far more than within one site is needed.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub connect_max: Duration,
    /// How long the server works on one statement, waits for a lock, or lets a transaction stand idle. 3 s: longer than a
    /// check may take, so that nobody is served by more, and what a gateway that is cut off has locked is free then.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub statement_max: Duration,
    /// How long one round trip may take. 4 s: a second more than the server's own limit, which is the better answer.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub answer_max: Duration,
    /// How long a change is kept waiting with all attempts; then it is `Unavailable`. 5 s: what a primary's restart takes.
    /// Longer is of no use: every caller has given up.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub patience: Duration,
    /// How often a batch is tried again after the first time. 5: with doubling pauses, some 0.6 s.
    pub retries_max: u32,
    /// The pause before the first repeat; it doubles. 20 ms: two gateways that met in a deadlock are out of each other's way.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub retry_after: Duration,
    /// The longest pause between two attempts to reach a database that is away. 5 s: next to nothing for the server.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub reconnect_max: Duration,
    /// How often to look for changes of others while they cannot be heard of. 1 s: half of the time that a check may take.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub poll_every: Duration,
    /// How often the other gateways are told that something was recorded, at the most. 20 ms: nobody looks more often, and a
    /// signal after each of some hundred commits a second costs the database as much as a tenth of its work.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub tell_every: Duration,
}

impl Limits {
    /// The same, where none is so small that nothing would ever be done.
    pub(super) fn at_least_one(self) -> Self {
        Self {
            queue_max: self.queue_max.max(1),
            batch_max: self.batch_max.max(1),
            ahead_min: self.ahead_min.max(1),
            page_max: self.page_max.max(1),
            feed_max: self.feed_max.max(1),
            feed_looked_at_max: self.feed_looked_at_max.max(1),
            // An interval of nothing is none.
            renew_every: self.renew_every.max(Duration::from_millis(1)),
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_max: 4_096,
            batch_max: 256,
            ahead_min: 32,
            gather_max: Duration::from_millis(1),
            readers: 8,
            reads_waiting_max: 1_024,
            read_wait_max: Duration::from_secs(1),
            page_max: 500,
            due_max: 256,
            leases_max: 1_024,
            undecided_after: Duration::from_secs(60),
            reservations_max: 65_536,
            quota_block: 64,
            feed_max: 1_000,
            feed_looked_at_max: 10_000,
            data_keys_max: 10_000,
            lease: Duration::from_secs(6),
            renew_every: Duration::from_secs(2),
            connect_max: Duration::from_secs(2),
            statement_max: Duration::from_secs(3),
            answer_max: Duration::from_secs(4),
            patience: Duration::from_secs(5),
            retries_max: 5,
            retry_after: Duration::from_millis(20),
            reconnect_max: Duration::from_secs(5),
            poll_every: Duration::from_secs(1),
            tell_every: Duration::from_millis(20),
        }
    }
}
