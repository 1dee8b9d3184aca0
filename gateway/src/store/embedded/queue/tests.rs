#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tokio::runtime::{Builder, Runtime};

use super::*;

/// A queue of numbers, and the runtime that its ends wait in.
struct Bench {
    queue: Option<Queue<u32>>,
    lanes: Lanes<u32>,
    _runtime: Runtime,
}

/// Batches of at most 8, of the other lane 4 while calls come, and 2 beside calls.
fn bench() -> Bench {
    let runtime = Builder::new_current_thread().build().unwrap();
    let settings = Settings {
        queue_max: 64,
        behind_max: 64,
        batch_max: 8,
        beside_max: 4,
        share: 2,
        ..Settings::at("unused")
    };
    let (queue, lanes) = queue(&settings, runtime.handle().clone());
    Bench {
        queue: Some(queue),
        lanes,
        _runtime: runtime,
    }
}

impl Bench {
    fn send(&self, lane: Lane, numbers: impl IntoIterator<Item = u32>) {
        let queue = self.queue.as_ref().unwrap();
        for number in numbers {
            queue.lane(lane).try_send(Request::Record(number)).unwrap();
        }
    }

    /// One batch, with `meanwhile` done after each step.
    fn batch_with(&mut self, mut meanwhile: impl FnMut(&Self, u32)) -> Vec<u32> {
        let mut taken = Taken::default();
        let mut batch = Vec::new();
        let mut next = self.lanes.first(&mut taken);
        while let Some(number) = next {
            batch.push(number);
            meanwhile(self, number);
            next = self.lanes.next(&mut taken);
        }
        self.lanes.end(&taken);
        batch
    }

    fn batch(&mut self) -> Vec<u32> {
        self.batch_with(|_, _| ())
    }
}

#[test]
fn calls_go_first_and_the_other_lane_has_its_share_beside_them() {
    let mut bench = bench();
    bench.send(Lane::Behind, 100..110);
    bench.send(Lane::Calls, 0..3);
    assert_eq!(bench.batch(), [0, 1, 2, 100, 101]);
}

#[test]
fn no_flood_of_calls_keeps_the_other_lane_from_going_on() {
    let mut bench = bench();
    bench.send(Lane::Behind, 100..110);
    for round in 0..5 {
        bench.send(Lane::Calls, 0..20);
        let behind: Vec<_> = bench
            .batch()
            .into_iter()
            .filter(|number| *number >= 100)
            .collect();
        assert_eq!(behind, [100 + round * 2, 101 + round * 2]);
        while bench.lanes.calls.try_recv().is_ok() {}
    }
}

#[test]
fn batches_of_the_other_lane_are_short_until_no_call_came_for_a_while() {
    let mut bench = bench();
    bench.send(Lane::Behind, 100..120);
    assert_eq!(bench.batch().len(), 8, "no call came yet");
    bench.send(Lane::Calls, [0]);
    assert_eq!(bench.batch().len(), 3);
    for _ in 0..LATELY {
        assert_eq!(bench.batch().len(), 4);
        bench.send(Lane::Behind, 0..4);
    }
    assert_eq!(bench.batch().len(), 8);
}

#[test]
fn what_comes_for_a_call_meanwhile_joins_a_batch_of_the_other_lane_and_ends_it() {
    let mut bench = bench();
    bench.send(Lane::Behind, 100..110);
    let batch = bench.batch_with(|bench, number| {
        if number == 102 {
            bench.send(Lane::Calls, [0, 1]);
        }
    });
    assert_eq!(batch, [100, 101, 102, 0, 1]);
    let batch = bench.batch_with(|bench, number| {
        if number == 103 {
            bench.send(Lane::Calls, [2]);
        }
    });
    assert_eq!(batch, [103, 2, 104], "it still had a share");
}

#[test]
fn what_comes_while_a_batch_of_calls_is_applied_waits_for_the_next() {
    let mut bench = bench();
    bench.send(Lane::Calls, [0, 1]);
    let batch = bench.batch_with(|bench, number| {
        if number < 10 {
            bench.send(Lane::Calls, [number + 10]);
        }
    });
    assert_eq!(batch, [0, 1, 10], "10 waited when the others were counted");
    assert_eq!(bench.batch(), [11]);
}

#[test]
fn a_batch_has_no_more_calls_than_it_may() {
    let mut bench = bench();
    bench.send(Lane::Calls, 0..20);
    bench.send(Lane::Behind, 100..110);
    assert_eq!(bench.batch(), [0, 1, 2, 3, 4, 5, 6, 7, 100, 101]);
}

#[test]
fn what_waits_when_it_is_closed_is_recorded_and_then_it_ends() {
    let mut bench = bench();
    bench.send(Lane::Calls, [0]);
    bench.send(Lane::Behind, 100..106);
    let queue = bench.queue.as_ref().unwrap();
    queue.lane(Lane::Calls).try_send(Request::Close).unwrap();
    let mut all = Vec::new();
    loop {
        let batch = bench.batch();
        if batch.is_empty() {
            break;
        }
        all.extend(batch);
    }
    assert_eq!(all, [0, 100, 101, 102, 103, 104, 105]);
    let queue = bench.queue.as_ref().unwrap();
    assert!(queue.is_closed());
    assert!(queue.place_now().is_err());
}

#[test]
fn who_lets_the_queue_go_ends_it() {
    let mut bench = bench();
    bench.send(Lane::Behind, [100]);
    bench.queue = None;
    assert_eq!(bench.batch(), [100]);
    assert!(bench.batch().is_empty());
}

#[test]
fn a_full_lane_refuses_and_the_other_does_not_count() {
    let bench = bench();
    bench.send(Lane::Behind, 0..64);
    bench.send(Lane::Calls, 0..63);
    let queue = bench.queue.as_ref().unwrap();
    assert!(queue.place_now().is_ok());
    bench.send(Lane::Calls, [63]);
    assert!(matches!(queue.place_now(), Err(CommitError::Full)));
}
