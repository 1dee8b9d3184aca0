//! A stack that has a share of its department's figures, while the share changes.

use super::*;
use crate::share::ShareKeeper;

const LENT: Duration = Duration::from_secs(6);

struct Shared {
    bench: Bench,
    keeper: ShareKeeper,
}

impl Shared {
    fn new(figures: Figures, mood: Mood) -> Self {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let (share, keeper) = Share::unset(Arc::new(clock.clone()));
        let bench = figures.bench_with(mood, share, clock);
        Self { bench, keeper }
    }

    fn lend(&self, divisor: u32) {
        let until = self.keeper.clock().elapsed() + LENT;
        self.keeper.set(NonZeroU32::new(divisor).unwrap(), until);
    }

    /// How many of `times` questions, put at once, are let through.
    async fn through(&self, times: u32) -> u32 {
        let before = self.bench.asked();
        self.bench.ask_times(times).await;
        self.bench.asked() - before
    }
}

const NO_SHARE: Option<AskError> = Some(AskError::Throttled { retry_after: None });

fn a_minute(requests: u32) -> Figures {
    let mut figures = Figures::new();
    figures.rate.per_minute = NonZeroU32::new(requests);
    figures
}

#[tokio::test]
async fn without_a_share_nobody_is_asked_whatever_is_limited() {
    for figures in [Figures::new(), a_minute(600)] {
        let shared = Shared::new(figures, Mood::Answers);
        assert_eq!(shared.bench.asking().await, NO_SHARE);
        shared.lend(1);
        shared.bench.clock.advance(Duration::from_secs(1));
        assert_eq!(shared.bench.asking().await, None);
        shared.keeper.end();
        assert_eq!(shared.bench.asking().await, NO_SHARE);
        assert_eq!(shared.bench.asked(), 1);
    }
}

#[tokio::test]
async fn a_share_that_was_not_renewed_in_time_is_none() {
    let shared = Shared::new(Figures::new(), Mood::Answers);
    shared.lend(2);
    shared.bench.clock.advance(LENT - Duration::from_nanos(1));
    assert_eq!(shared.bench.asking().await, None);
    shared.bench.clock.advance(Duration::from_nanos(1));
    assert_eq!(shared.bench.asking().await, NO_SHARE);
    assert_eq!(shared.bench.asked(), 1);
}

#[tokio::test]
async fn what_others_may_have_used_is_not_had_at_once() {
    let shared = Shared::new(a_minute(600), Mood::Answers);
    shared.lend(3);
    // Each question takes two requests; a third of 600 is one in 300 ms.
    let wait = Some(Duration::from_millis(600));
    let within = Duration::from_millis(500);
    let asked = shared.bench.asking_within(within).await;
    assert_eq!(asked, Some(AskError::Throttled { retry_after: wait }));
    shared.bench.clock.advance(Duration::from_millis(600));
    assert_eq!(shared.bench.asking_within(within).await, None);
    assert_eq!(shared.bench.asking_within(within).await, asked);
}

#[tokio::test(start_paused = true)]
async fn two_gateways_that_share_let_through_what_one_may_however_the_shares_change() {
    let shared = || Shared::new(a_minute(600), Mood::Answers);
    let (old, new) = (shared(), shared());
    old.lend(1);
    // Ten a second: for two minutes, in which the first halves its share, the second comes, pauses, and comes again.
    let mut through = 0;
    for second in 0..120 {
        match second {
            0..10 => old.lend(1),
            10..60 => {
                old.lend(2);
                new.lend(2);
            }
            60..70 => old.lend(2),
            70..100 => old.lend(1),
            _ => {
                old.lend(2);
                new.lend(2);
            }
        }
        for asking in [&old, &new] {
            // Until no more is let through; nothing is waited for.
            while asking
                .bench
                .asking_within(Duration::from_micros(1))
                .await
                .is_none()
            {
                through += 2;
            }
        }
        assert!(through <= second * 10 + 10, "{through} after {second} s");
        for asking in [&old, &new] {
            asking.bench.clock.advance(Duration::from_secs(1));
        }
    }
    // The lean times are the pause, and what a share that becomes smaller loses.
    assert!(through > 120 * 10 - 200, "{through}");
}

#[tokio::test]
async fn a_third_of_one_request_a_second_lets_one_question_through_every_six_seconds() {
    let mut figures = Figures::new();
    figures.rate.per_second = NonZeroU32::new(1);
    let shared = Shared::new(figures, Mood::Answers);
    let mut through = 0;
    for _ in 0..600 {
        shared.lend(3);
        through += u32::from(
            shared
                .bench
                .asking_within(Duration::from_micros(1))
                .await
                .is_none(),
        );
        shared.bench.clock.advance(Duration::from_millis(100));
    }
    assert!((9..=10).contains(&through), "{through}");
}

#[tokio::test]
async fn the_places_are_shared_and_those_that_are_taken_go_when_they_are_given_back() {
    let shared = Shared::new(narrow(6, 0), Mood::Waits);
    shared.lend(1);
    let open = |count: u32| {
        let questions = (0..count).map(|_| tokio::spawn(shared.bench.asking()));
        questions.collect::<Vec<_>>()
    };
    let first = open(6);
    while shared.bench.asked() < 6 {
        tokio::task::yield_now().await;
    }
    assert!(shared.keeper.is_kept());
    assert_eq!(shared.through(1).await, 0);

    // Of six two may stay.
    shared.lend(3);
    assert!(!shared.keeper.is_kept());
    for given_back in 1..=4 {
        shared.bench.office.go_on.notify_one();
        while first.iter().filter(|question| question.is_finished()).count() < given_back {
            tokio::task::yield_now().await;
        }
        assert_eq!(shared.keeper.is_kept(), given_back == 4);
        assert_eq!(shared.through(1).await, 0);
    }

    // Of three one more is free.
    shared.lend(2);
    let one_more = open(1);
    while shared.bench.asked() < 7 {
        tokio::task::yield_now().await;
    }
    assert_eq!(shared.through(1).await, 0);
    for _ in 0..3 {
        shared.bench.office.go_on.notify_one();
        tokio::task::yield_now().await;
    }
    for question in first.into_iter().chain(one_more) {
        assert_eq!(question.await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_share_of_a_cap_below_the_number_of_gateways_is_one_place() {
    let shared = Shared::new(narrow(2, 0), Mood::Answers);
    shared.lend(5);
    assert_eq!(shared.through(3).await, 3);
}
