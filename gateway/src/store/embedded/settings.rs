//! Where the file is, and every limit.

use std::path::PathBuf;
use std::time::Duration;

/// Where the file is, and the limits. A limit of 0 counts as 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The database file; it is made where there is none. The lock and the log lie beside it.
    pub path: PathBuf,
    /// Changes that may wait for the writer. 4,096 are well under a second of work, so none waits longer than its
    /// caller, and at 2 KiB each hold no more than some 8 MiB.
    pub queue_max: usize,
    /// Changes in one commit. Past 256 the fsync is a small part of the batch already, and a larger batch only makes
    /// its first change wait for its last.
    pub batch_max: usize,
    /// Changes of what goes on by itself that may wait for the writer. 1,024: as many cases as may be leased; who has more to record
    /// waits for a place.
    pub behind_max: usize,
    /// Of those, in one commit while calls come. 64: what comes for a call ends the batch, and waits for its pages and one fsync; fewer
    /// at a time would write the same few pages of the indexes more often.
    pub beside_max: usize,
    /// Of those, in a commit with calls, however many calls wait: so that what is due goes on in any flood of them. 2: some
    /// thousands a second, for a tenth of a millisecond of each commit.
    pub share: usize,
    /// Connections for reading. 4: reads are short and from memory; more would only take turns on the processors.
    pub readers: usize,
    /// Reads that may wait for a connection. 1,024 are some tens of milliseconds of reading.
    pub reads_waiting_max: usize,
    /// Cases on one page, whatever is asked. 500 cases, the most that the contract allows, are about a megabyte.
    pub page_max: usize,
    /// Due cases leased at a time, whatever is asked. 256, as many as one commit takes.
    pub due_max: usize,
    /// Due cases that may be leased in all. 1,024: four batches on their way keep the writer busy, and each look for due
    /// work passes over those that are leased.
    pub leases_max: usize,
    /// How old a case is that nothing was decided about when it counts as left behind. 60 s: a check is decided within its
    /// budget of 2 s, or within the 10 s that the gateway gives any request, and recording may wait another 5 s; what
    /// takes longer than four times that is not being worked on by anybody.
    pub undecided_after: Duration,
    /// Undecided cases kept in mind, some 64 bytes each. 65,536 are far more than are asked about at a time; past it the
    /// others are looked for in the file when there is room.
    pub undecided_max: usize,
    /// Reservations of quotas at a time. 65,536, a few for each check at work.
    pub reservations_max: usize,
    /// Entries that a reader of the feed is given at a time, whatever is asked. 1,000 are some hundred kilobytes.
    pub feed_max: usize,
    /// Entries looked at for them, of whichever organisation. 10,000 are some 10 ms of reading.
    pub feed_looked_at_max: usize,
    /// Keys of cases kept unwrapped, each until its case is answered. 10,000 cover every case of the last minute or so at full
    /// rate of new callers; a key that is not at hand costs one read.
    pub data_keys_max: usize,
    /// Pages of 4 KiB by which the log grows between checkpoints: 150 (0.6 MiB). A commit that comes while they are put on disk waits
    /// behind them: for some three milliseconds behind 4,000, and a flood of due work has thirty such checkpoints in its six seconds;
    /// for a fraction of one behind 150.
    pub checkpoint_pages: u32,
    /// Pages of 4 KiB in the log at which the writer itself finishes a checkpoint: 65,536 (256 MiB), far beyond where
    /// checkpoints beside it fall behind only now and then. Calls wait for it, some milliseconds.
    pub log_pages_max: u32,
    /// Pages of 4 KiB in the file: 67,108,864 (256 GiB, some fifty million cases). Past it the store is full, while
    /// the disk still has room for logs and for a backup.
    pub file_pages_max: u32,
    /// Pages of 4 KiB up to which the file is read through for damage when it is opened: 131,072 (512 MiB, some hundred
    /// thousand cases), a second or two of reading.
    pub look_over_pages_max: u32,
}

impl Settings {
    /// The file at `path`, with the limits as their descriptions have them.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            queue_max: 4_096,
            batch_max: 256,
            behind_max: 1_024,
            beside_max: 64,
            share: 2,
            readers: 4,
            reads_waiting_max: 1_024,
            page_max: 500,
            due_max: 256,
            leases_max: 1_024,
            undecided_after: Duration::from_secs(60),
            undecided_max: 65_536,
            reservations_max: 65_536,
            feed_max: 1_000,
            feed_looked_at_max: 10_000,
            data_keys_max: 10_000,
            checkpoint_pages: 150,
            log_pages_max: 65_536,
            file_pages_max: 67_108_864,
            look_over_pages_max: 131_072,
        }
    }
}
