use std::future::pending;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use jiff::Timestamp;
use statuscheck_domain::clock::ManualClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::Outcome;
use tokio::sync::Notify;
use tower::{Service, ServiceExt as _};

use super::*;
use crate::settings::RateSettings;
use crate::testing::{question, subject};

#[path = "stack_tests/breaker.rs"]
mod breaker;
#[path = "stack_tests/share.rs"]
mod share;
#[path = "stack_tests/timing.rs"]
mod timing;
#[path = "stack_tests/vitals.rs"]
mod vitals;

/// What the department does with its next question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Answers,
    Says(AskError),
    /// Answers, and by the clock it took that long.
    Takes(Duration),
    Hangs,
    /// Hangs until it is told to go on.
    Waits,
}

#[derive(Clone)]
struct Office {
    mood: Arc<std::sync::Mutex<Mood>>,
    asked: Arc<AtomicU32>,
    go_on: Arc<Notify>,
    clock: ManualClock,
}

impl Service<Ask> for Office {
    type Response = Reply;
    type Error = AskError;
    type Future = Replying;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ask: Ask) -> Replying {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mood = *self.mood.lock().unwrap();
        let (go_on, manual) = (self.go_on.clone(), self.clock.clone());
        Box::pin(async move {
            let clock: SharedClock = Arc::new(manual.clone());
            let _out = ask.sent.out(&clock);
            match mood {
                Mood::Answers => Ok(Reply::of(Outcome::NoRecord)),
                Mood::Takes(duration) => {
                    manual.advance(duration);
                    Ok(Reply::of(Outcome::NoRecord))
                }
                Mood::Says(error) => Err(error),
                Mood::Hangs => pending().await,
                Mood::Waits => {
                    go_on.notified().await;
                    Ok(Reply::of(Outcome::NoRecord))
                }
            }
        })
    }
}

impl Department for Office {
    fn id(&self) -> DepartmentId {
        DepartmentId::Hmrc
    }
}

struct Bench {
    office: Office,
    clock: ManualClock,
    department: BoxDepartment,
    vitals: Vitals,
}

struct Figures {
    breaker: BreakerSettings,
    concurrency: ConcurrencySettings,
    retry: RetrySettings,
    rate: RateSettings,
}

impl Figures {
    fn new() -> Self {
        Self {
            breaker: BreakerSettings {
                failures_percent: 50,
                asks_min: 40,
                ..BreakerSettings::default()
            },
            concurrency: ConcurrencySettings::default(),
            retry: RetrySettings {
                repeats_max: 0,
                ..RetrySettings::default()
            },
            rate: RateSettings::default(),
        }
    }

    fn bench(self, mood: Mood) -> Bench {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let share = Share::whole(Arc::new(clock.clone()));
        self.bench_with(mood, share, clock)
    }

    fn bench_with(self, mood: Mood, share: Share, clock: ManualClock) -> Bench {
        let office = Office {
            mood: Arc::new(std::sync::Mutex::new(mood)),
            asked: Arc::default(),
            go_on: Arc::default(),
            clock: clock.clone(),
        };
        let shared: SharedClock = Arc::new(clock.clone());
        let bounds = Bounds {
            breaker: self.breaker,
            concurrency: self.concurrency,
            retry: self.retry,
            rate: Arc::new(Rate::of(self.rate, share.clone(), &shared)),
            share,
        };
        let (department, vitals) = stack(office.clone(), bounds, shared);
        Bench {
            office,
            clock,
            department,
            vitals,
        }
    }
}

impl Bench {
    fn shared(&self) -> SharedClock {
        Arc::new(self.clock.clone())
    }

    fn turns(&self, mood: Mood) {
        *self.office.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> u32 {
        self.office.asked.load(Ordering::Relaxed)
    }

    fn asking(&self) -> impl Future<Output = Option<AskError>> + Send + 'static {
        self.asking_within(Duration::from_secs(2))
    }

    fn asking_within(&self, within: Duration) -> impl Future<Output = Option<AskError>> + Send + 'static {
        let question = question(Operation::EmploymentHistory, subject());
        let ask = Ask::new(Arc::new(question), within);
        let department = self.department.clone();
        async move { department.oneshot(ask).await.err() }
    }

    async fn ask_times(&self, times: u32) -> Option<AskError> {
        let mut last = None;
        for _ in 0..times {
            last = self.asking().await;
        }
        last
    }
}

const FAILED: Mood = Mood::Says(AskError::Unavailable);

#[tokio::test(start_paused = true)]
async fn a_hanging_department_is_out_of_time_at_the_deadline() {
    let bench = Figures::new().bench(Mood::Hangs);
    let started = tokio::time::Instant::now();
    assert_eq!(
        bench.asking_within(Duration::from_millis(300)).await,
        Some(AskError::OutOfTime)
    );
    let took = started.elapsed();
    assert!((300..310).contains(&took.as_millis()));
}

fn narrow(open_max: u32, waiting_max: u32) -> Figures {
    let mut figures = Figures::new();
    figures.concurrency.open_max = open_max;
    figures.concurrency.waiting_max = waiting_max;
    figures
}

#[tokio::test]
async fn a_question_beyond_the_places_and_the_queue_is_shed() {
    let bench = narrow(1, 0).bench(Mood::Waits);
    let first = tokio::spawn(bench.asking());
    while bench.asked() < 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        bench.asking().await,
        Some(AskError::Throttled { retry_after: None })
    );
    bench.office.go_on.notify_one();
    assert_eq!(first.await.unwrap(), None);
    bench.turns(Mood::Answers);
    assert_eq!(bench.asking().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_a_place_no_longer_than_it_may() {
    let bench = narrow(1, 1).bench(Mood::Waits);
    let first = tokio::spawn(bench.asking());
    while bench.asked() < 1 {
        tokio::task::yield_now().await;
    }
    let started = tokio::time::Instant::now();
    assert_eq!(
        bench.asking().await,
        Some(AskError::Throttled { retry_after: None })
    );
    assert!((500..510).contains(&started.elapsed().as_millis()));
    let second = tokio::spawn(bench.asking());
    tokio::task::yield_now().await;
    bench.turns(Mood::Answers);
    bench.office.go_on.notify_one();
    assert_eq!(first.await.unwrap(), None);
    assert_eq!(second.await.unwrap(), None);
}

#[tokio::test]
async fn the_rate_counts_requests_and_lets_no_question_begin_that_cannot_end() {
    let mut figures = Figures::new();
    figures.rate.per_minute = NonZeroU32::new(5);
    let bench = figures.bench(Mood::Answers);
    // Employments take two requests each: two questions fit into five, the third does not.
    assert_eq!(bench.ask_times(2).await, None);
    assert_eq!(
        bench.asking().await,
        Some(AskError::Throttled {
            retry_after: Some(Duration::from_secs(12))
        })
    );
    bench.clock.advance(Duration::from_secs(12));
    assert_eq!(bench.asking().await, None);
    assert_eq!(bench.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_short_wait_for_the_rate_is_waited_for() {
    let mut figures = Figures::new();
    figures.rate.per_second = NonZeroU32::new(3);
    let bench = figures.bench(Mood::Answers);
    assert_eq!(bench.asking().await, None);
    let second = tokio::spawn(bench.asking());
    tokio::task::yield_now().await;
    assert_eq!(bench.asked(), 1);
    bench.clock.advance(Duration::from_millis(400));
    assert_eq!(second.await.unwrap(), None);
}

fn repeating() -> Figures {
    let mut figures = Figures::new();
    figures.retry.repeats_max = 1;
    figures
}

#[tokio::test(start_paused = true)]
async fn a_failed_question_is_put_once_more_after_a_pause() {
    let bench = repeating().bench(FAILED);
    let started = tokio::time::Instant::now();
    assert_eq!(bench.asking().await, Some(AskError::Unavailable));
    assert_eq!(bench.asked(), 2);
    assert!((50..=101).contains(&started.elapsed().as_millis()));
}

#[tokio::test]
async fn only_unavailable_is_worth_a_repeat() {
    for error in [
        AskError::Refused,
        AskError::Garbage,
        AskError::Throttled { retry_after: None },
        AskError::OutOfTime,
    ] {
        let bench = repeating().bench(Mood::Says(error));
        assert_eq!(bench.asking().await, Some(error));
        assert_eq!(bench.asked(), 1);
    }
}

#[tokio::test]
async fn there_is_no_repeat_where_the_pause_does_not_fit_into_the_time() {
    let bench = repeating().bench(FAILED);
    assert_eq!(
        bench.asking_within(Duration::from_millis(40)).await,
        Some(AskError::Unavailable)
    );
    assert_eq!(bench.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn repeats_end_with_their_budget() {
    let mut figures = repeating();
    figures.breaker.asks_min = u32::MAX;
    let bench = figures.bench(FAILED);
    // All in one moment: the reserve of ten and a tenth of forty questions.
    let asking: Vec<_> = (0..40).map(|_| tokio::spawn(bench.asking())).collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), Some(AskError::Unavailable));
    }
    assert!((50..=54).contains(&bench.asked()), "{}", bench.asked());
}

#[tokio::test]
async fn a_slow_reply_delays_no_other() {
    let bench = Figures::new().bench(Mood::Waits);
    let slow = tokio::spawn(bench.asking());
    while bench.asked() < 1 {
        tokio::task::yield_now().await;
    }
    bench.turns(Mood::Answers);
    assert_eq!(bench.asking().await, None);
    bench.office.go_on.notify_one();
    assert_eq!(slow.await.unwrap(), None);
}
