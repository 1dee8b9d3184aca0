//! Checkpoints: moving what is in the write-ahead log into the database file, away from the writer.
//!
//! A checkpoint on the writer's own connection would make one batch in a thousand wait for it. It runs on a thread of
//! its own instead, each time the log has grown by so many pages. While changes never pause, such a checkpoint is always
//! a little behind, and the log could never begin anew; past a second limit the writer finishes the rest itself. SQLite puts
//! what was moved on disk only then, which would be the writer's to wait for: so the thread has done it by then.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::{io, thread};

use rusqlite::Connection;

/// The writer's side.
pub(super) struct Checkpoints {
    wanted: SyncSender<()>,
    thread: JoinHandle<()>,
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU32>,
    /// Pages that the thread has moved, as of its last checkpoint.
    moved: Arc<AtomicU32>,
    /// Pages in the log when a checkpoint was last asked for.
    asked_at: u32,
    every_pages: u32,
    log_pages_max: u32,
}

impl Checkpoints {
    /// Watches the log of `writer` and starts the thread, which works on `own`, a connection to `file`, and sets `stopped` when a
    /// checkpoint fails so that the database file can no longer be trusted to take what the log holds.
    pub(super) fn start(
        writer: &mut Connection,
        (own, file): (Connection, Arc<File>),
        stopped: Arc<AtomicBool>,
        every_pages: u32,
        log_pages_max: u32,
    ) -> Result<Self, StartError> {
        let pages = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&pages);
        writer
            .wal_hook(Some(move |_: &mut _, pages| {
                counted.store(u32::try_from(pages).unwrap_or(u32::MAX), Ordering::Relaxed);
                Ok(())
            }))
            .map_err(StartError::Engine)?;
        let moved = Arc::new(AtomicU32::new(0));
        let moving = Arc::clone(&moved);
        // One place: a checkpoint asked for while one is asked for already is the same.
        let (wanted, wanting) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run((&own, &file), &wanting, &moving, &stopped))
            .map_err(StartError::Thread)?;
        Ok(Self {
            wanted,
            thread,
            pages,
            moved,
            asked_at: 0,
            every_pages: every_pages.max(1),
            log_pages_max,
        })
    }

    /// To be called after each commit of `writer`.
    pub(super) fn after_commit(&mut self, writer: &Connection) -> rusqlite::Result<()> {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages >= self.log_pages_max && self.has_little_left(pages) {
            return checkpoint(writer, "PASSIVE").map(drop);
        }
        if pages < self.asked_at {
            self.asked_at = 0;
        }
        if pages - self.asked_at >= self.every_pages {
            self.asked_at = pages;
            // Full means that it is asked for already; gone means that the store is stopping, which the writer sees.
            self.wanted.try_send(()).ok();
        }
        Ok(())
    }

    /// The thread has just moved nearly all of the log, and calls wait for no more than the thread moves at a time; or it stays
    /// behind, and somebody has to.
    fn has_little_left(&self, pages: u32) -> bool {
        let left = pages.saturating_sub(self.moved.load(Ordering::Relaxed));
        left <= self.every_pages || pages >= self.log_pages_max.saturating_mul(2)
    }

    /// Ends the thread, after the checkpoint it may be at.
    pub(super) fn end(self) {
        drop(self.wanted);
        if self.thread.join().is_err() {
            tracing::error!("the store's checkpoint thread panicked");
        }
    }
}

/// Why the thread did not start.
pub(super) enum StartError {
    Engine(rusqlite::Error),
    Thread(io::Error),
}

fn run(
    (connection, file): (&Connection, &File),
    wanting: &Receiver<()>,
    moved: &AtomicU32,
    stopped: &AtomicBool,
) {
    while wanting.recv().is_ok() {
        let checkpointed = checkpoint(connection, "PASSIVE");
        if let Err(error) = &checkpointed {
            let fault = super::fault::of(error);
            tracing::error!(error = error as &dyn std::error::Error, %fault, "a checkpoint failed");
            if fault.is_lasting() {
                stopped.store(true, Ordering::Release);
                return;
            }
        }
        if let Err(error) = file.sync_data() {
            // What the system may have dropped is in the log still: nothing more is to rest on the file.
            tracing::error!(%error, "the store's file is not on disk");
            stopped.store(true, Ordering::Release);
            return;
        }
        if let Ok(pages) = checkpointed {
            moved.store(pages, Ordering::Relaxed);
        }
    }
}

/// Moves what it can from the log into the database file, and tells how many pages of the log are there now; readers and another
/// checkpoint may make it leave some.
pub(super) fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<u32> {
    connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
        .query_row([], |counts| counts.get::<_, i64>(2))
        .map(|pages| u32::try_from(pages).unwrap_or_default())
}

/// Moves all of the log into the database file and cuts it to nothing; false where somebody was in the way.
pub(super) fn emptied(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")?
        .query_row([], |counts| Ok(counts.get::<_, i64>(0)? == 0))
}
