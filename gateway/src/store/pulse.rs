//! What a store tells of its writer while it works, for figures: how much waits, and how much goes into one commit.

use std::fmt;
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;

/// A store's writer, looked at from outside. Clones are of the same writer.
#[derive(Clone, Default)]
pub struct Pulse(Arc<Inner>);

#[derive(Default)]
struct Inner {
    queue: OnceLock<Box<dyn Fn() -> usize + Send + Sync>>,
    commits: OnceLock<Box<dyn Fn(usize) + Send + Sync>>,
}

impl fmt::Debug for Pulse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pulse").field(&self.queued()).finish()
    }
}

impl Pulse {
    /// Changes that wait to be recorded.
    pub fn queued(&self) -> usize {
        self.0.queue.get().map_or(0, |queued| queued())
    }

    /// Has `count` called with the number of changes of each commit from now on, on the writer's own thread. The first that is
    /// given stays.
    pub fn on_commit(&self, count: impl Fn(usize) + Send + Sync + 'static) {
        self.0.commits.set(Box::new(count)).unwrap_or_default();
    }

    /// The writer's queues, without keeping them open.
    pub(super) fn watch<T: Send + 'static, const COUNT: usize>(&self, queues: [&mpsc::Sender<T>; COUNT]) {
        let queues = queues.map(mpsc::Sender::downgrade);
        let queued = move || {
            let open = queues.iter().filter_map(mpsc::WeakSender::upgrade);
            open.map(|queue| queue.max_capacity() - queue.capacity()).sum()
        };
        self.0.queue.set(Box::new(queued)).unwrap_or_default();
    }

    /// So many changes were recorded in one commit.
    pub(super) fn committed(&self, changes: usize) {
        if let Some(count) = self.0.commits.get() {
            count(changes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn it_tells_what_waits_and_what_each_commit_takes() {
        let pulse = Pulse::default();
        assert_eq!(pulse.queued(), 0);
        let (queue, mut requests) = mpsc::channel(4);
        pulse.watch([&queue]);
        queue.try_send(1).unwrap();
        queue.try_send(2).unwrap();
        assert_eq!(pulse.queued(), 2);
        requests.try_recv().unwrap();
        assert_eq!(pulse.queued(), 1);
        pulse.committed(5);
        let sum = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sum);
        pulse.on_commit(move |changes| {
            counted.fetch_add(changes, Ordering::Relaxed);
        });
        pulse.committed(3);
        assert_eq!(sum.load(Ordering::Relaxed), 3);
        drop(queue);
        assert_eq!(pulse.queued(), 0);
    }
}
