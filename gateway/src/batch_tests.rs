//! What is read and under way at once is counted, not timed.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use futures_util::future;
use futures_util::stream;
use tokio::sync::oneshot;

use super::*;

/// Counts rows that were read, and that have ended.
#[derive(Default)]
struct Counts {
    read: Cell<usize>,
    under_way: Cell<usize>,
    most: Cell<usize>,
}

impl Counts {
    fn add(count: &Cell<usize>) -> usize {
        count.set(count.get() + 1);
        count.get()
    }

    fn begin(&self) {
        let under_way = Self::add(&self.under_way);
        self.most.set(self.most.get().max(under_way));
    }
}

/// Rows 0 to `count`, counted as they are read.
fn rows(counts: &Rc<Counts>, count: usize) -> impl Stream<Item = usize> + use<> {
    let counts = Rc::clone(counts);
    stream::iter(0..count).inspect(move |_| {
        Counts::add(&counts.read);
    })
}

#[tokio::test]
async fn no_row_is_read_beyond_the_bound_until_one_ends() {
    let counts = Rc::new(Counts::default());
    let doors: Rc<Cell<VecDeque<oneshot::Sender<()>>>> = Rc::default();
    let end = |row: usize| {
        let (open, opened) = oneshot::channel();
        let mut all = doors.take();
        all.push_back(open);
        doors.set(all);
        counts.begin();
        let counts = Rc::clone(&counts);
        async move {
            opened.await.unwrap();
            counts.under_way.set(counts.under_way.get() - 1);
            row
        }
    };
    let mut outcomes = Box::pin(outcomes(rows(&counts, 5_000), future::ready, end, 8));
    let mut ended = Vec::new();
    while ended.len() < 5_000 {
        assert!(
            futures_util::poll!(outcomes.next()).is_pending(),
            "every row waits for its door"
        );
        assert!(counts.read.get() <= ended.len() + 9);
        assert_eq!(counts.under_way.get(), 8.min(5_000 - ended.len()));
        // The youngest first: rows end in any order.
        let mut all = doors.take();
        all.pop_back().unwrap().send(()).unwrap();
        doors.set(all);
        ended.extend(outcomes.next().await);
    }
    assert_eq!(counts.most.get(), 8);
    assert!(outcomes.next().await.is_none());
    assert!(!ended.is_sorted());
    ended.sort_unstable();
    assert!(ended.into_iter().eq(0..5_000));
}

#[tokio::test]
async fn a_row_that_waits_for_its_turn_holds_back_those_behind_it_and_not_those_before() {
    let counts = Rc::new(Counts::default());
    let begin = |row: usize| async move {
        if row == 3 {
            future::pending::<()>().await;
        }
        row
    };
    let mut outcomes = Box::pin(outcomes(rows(&counts, 100), begin, future::ready, 8));
    let first: Vec<_> = [
        outcomes.next().await,
        outcomes.next().await,
        outcomes.next().await,
    ]
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(first, [0, 1, 2]);
    assert!(futures_util::poll!(outcomes.next()).is_pending());
    assert_eq!(counts.read.get(), 4);
}

fn busy(retry_after: Duration) -> Error {
    Error::Busy { retry_after }
}

#[tokio::test(start_paused = true)]
async fn patience_lasts_for_its_time_and_helps_against_haste_alone() {
    let mut patience = Patience::of(Duration::from_secs(1));
    let pause = Duration::from_millis(400);
    assert!(patience.with(busy(pause)).await.is_ok());
    assert!(patience.with(busy(pause)).await.is_ok());
    assert!(matches!(
        patience.with(busy(pause)).await,
        Err(Error::Busy { retry_after }) if retry_after == pause
    ));
    let mended_by_nobody = patience.with(Error::RequestIdTaken).await;
    assert!(matches!(mended_by_nobody, Err(Error::RequestIdTaken)));
}

#[tokio::test(start_paused = true)]
async fn no_wait_is_so_short_that_it_goes_on_for_ever() {
    let mut attempts = 0;
    let mut patience = Patience::of(Duration::from_millis(20));
    while patience.with(busy(Duration::ZERO)).await.is_ok() {
        attempts += 1;
    }
    assert_eq!(attempts, 20);
}
