//! How a store stands: whether a gateway could open it, whether what it records is safe there, who holds it, how large it is.
//! Nothing is changed, and gateways may be running.

use jiff::SignedDuration;
use statuscheck_domain::clock::SharedClock;

use super::chain::{ChainId, LedgerId};
use super::postgres::DatabaseError;
use super::{Location, embedded, postgres};

/// How far two clocks may be apart. A second: clocks that are kept are within some milliseconds, and every due time in
/// the ledger is by the gateway's own.
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(1);

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum ConditionError {
    /// Mend what keeps the file from being opened.
    #[error("the file cannot be opened")]
    File(#[from] embedded::OpenError),
    /// Mend what keeps the database from being reached.
    #[error("the database cannot be opened")]
    Database(#[from] postgres::OpenError),
    /// Look at the disk and the file.
    #[error("the file failed")]
    Engine(#[from] rusqlite::Error),
    /// Look at the database and the way to it.
    #[error("the database failed")]
    Failed(#[from] DatabaseError),
    /// A fault of the program.
    #[error("the look broke off")]
    BrokeOff(#[from] tokio::task::JoinError),
}

/// What is wrong, the worst first.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A gateway cannot open the file.
    #[error(transparent)]
    File(embedded::OpenError),
    /// A gateway cannot open the store in the database.
    #[error(transparent)]
    Database(postgres::OpenError),
    /// A gateway of this role could not do its work.
    #[error("role {role} lacks {right} on {table}; the owner gives it with `statuscheck store migrate`")]
    Right {
        /// Who was connected as.
        role: String,
        /// Such as INSERT.
        right: String,
        /// The table.
        table: String,
    },
    /// Others than the owner of the file have rights to it.
    #[error("others than its owner have rights to the file; make it 0600")]
    Exposed,
    /// What was acknowledged may be lost or damaged when the machine fails.
    #[error(
        "{setting} is {value}: what was recorded may be lost or damaged when the database's machine fails"
    )]
    Loses {
        /// Of the server.
        setting: String,
        /// As it is.
        value: String,
    },
    /// Set the clocks.
    #[error("the database's clock is {0:#} ahead of this machine's (behind where negative)")]
    Skew(SignedDuration),
    /// Set the clock: it was ahead when that was recorded, or is behind now.
    #[error("the newest entry is from {0:#} in the future by this machine's clock")]
    Future(SignedDuration),
    /// Look with `statuscheck ledger rebuild --check`, or restore a backup.
    #[error("by the ledger there are {ledger} cases that are not purged, and there are {found} {rows}")]
    Rows {
        /// Of what.
        rows: &'static str,
        /// How many there should be.
        ledger: i64,
        /// How many there are.
        found: i64,
    },
}

impl Fault {
    /// What a command ends with: 10 where no gateway can open the store, 11 for rights, 12 where what is recorded is not safe,
    /// 13 for clocks, 14 for rows.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::File(_) | Self::Database(_) => 10,
            Self::Right { .. } | Self::Exposed => 11,
            Self::Loses { .. } => 12,
            Self::Skew(_) | Self::Future(_) => 13,
            Self::Rows { .. } => 14,
        }
    }
}

/// How a chain stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainCondition {
    /// Which.
    pub chain: ChainId,
    /// Its entries.
    pub entries: i64,
    /// Who holds it, where it is held.
    pub holder: Option<String>,
}

/// How a store stands.
#[derive(Default, Debug)]
pub struct Condition {
    /// Version of its tables, where there are any.
    pub tables: Option<i64>,
    /// Which ledger it has, where a gateway has begun one.
    pub ledger: Option<LedgerId>,
    /// Its chains, in the order of their numbers.
    pub chains: Vec<ChainCondition>,
    /// Bytes of tables and indexes, or of the file and its log.
    pub bytes: u64,
    /// What bears on whether records are durable, each with its value.
    pub settings: Vec<(String, String)>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

impl Condition {
    /// 0 where nothing is wrong, else that of the worst.
    pub fn exit_code(&self) -> u8 {
        self.faults.iter().map(Fault::exit_code).min().unwrap_or(0)
    }

    /// Judges the time of the newest entry, in nanoseconds since 1970.
    pub(super) fn judge_newest(&mut self, newest: Option<i64>, clock: &SharedClock) {
        let now = clock.now().as_nanosecond();
        let ahead = newest.map_or(0, |newest| i128::from(newest) - now);
        let ahead = SignedDuration::from_nanos(i64::try_from(ahead).unwrap_or(i64::MAX));
        if ahead > SKEW_MAX {
            self.faults.push(Fault::Future(ahead));
        }
    }

    /// Judges what the database's clock showed, in microseconds since 1970, when this machine's showed the middle of the two.
    pub(super) fn judge_clock(&mut self, micros: i64, before: jiff::Timestamp, after: jiff::Timestamp) {
        let trip = after.duration_since(before);
        let Ok(shown) = jiff::Timestamp::from_microsecond(micros) else {
            return;
        };
        let skew = shown.duration_since(before) - trip / 2;
        // Where in the trip the database looked is not known.
        if skew.abs() > SKEW_MAX + trip / 2 {
            self.faults.push(Fault::Skew(skew));
        }
    }

    /// Judges how many rows there are by how many cases there should be.
    pub(super) fn judge_rows<const N: usize>(&mut self, ledger: i64, rows: [(&'static str, i64); N]) {
        let wrong = rows.into_iter().filter(|(_rows, found)| *found != ledger);
        let fault = |(rows, found)| Fault::Rows { rows, ledger, found };
        self.faults.extend(wrong.map(fault));
    }
}

/// Looks at the store. With `rows` it counts them too, which reads every table once.
///
/// # Errors
/// [`ConditionError`]: nothing can be told. What is wrong with a store is no error but a fault.
pub async fn condition(
    location: &Location,
    rows: bool,
    clock: &SharedClock,
) -> Result<Condition, ConditionError> {
    match location {
        Location::Database(settings) => postgres::condition(settings, rows, clock).await,
        Location::File(settings) => {
            let (settings, clock) = (settings.clone(), clock.clone());
            tokio::task::spawn_blocking(move || embedded::condition(&settings, rows, &clock)).await?
        }
    }
}
