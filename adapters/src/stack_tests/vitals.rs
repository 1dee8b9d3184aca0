//! What can be said of a department after its questions.

use super::*;
use crate::vitals::BreakerState;

#[tokio::test(start_paused = true)]
async fn before_the_first_question_a_department_counts_as_well() {
    let bench = Figures::new().bench(Mood::Answers);
    let condition = bench.vitals.now(&bench.shared());
    assert_eq!(condition.breaker, BreakerState::Closed);
    assert!(condition.is_reachable && condition.latency_p95.is_none());
    assert_eq!((condition.error_ratio, condition.rate_used), (0.0, 0.0));
}

#[tokio::test(start_paused = true)]
async fn failures_show_at_once_and_are_forgotten_after_a_while() {
    let mut figures = Figures::new();
    figures.breaker.asks_min = 4;
    let bench = figures.bench(FAILED);
    bench.ask_times(1).await;
    bench.turns(Mood::Answers);
    bench.ask_times(2).await;
    let condition = bench.vitals.now(&bench.shared());
    assert!(condition.is_reachable && (condition.error_ratio - 1.0 / 3.0).abs() < 1e-9);
    bench.turns(FAILED);
    bench.ask_times(2).await;
    let condition = bench.vitals.now(&bench.shared());
    assert_eq!(condition.breaker, BreakerState::Open);
    assert!(!condition.is_reachable);
    // What the breaker refused says nothing about the department.
    bench.ask_times(5).await;
    assert_eq!(
        bench.vitals.now(&bench.shared()).error_ratio,
        condition.error_ratio
    );
    bench.clock.advance(Duration::from_secs(301));
    let later = bench.vitals.now(&bench.shared());
    assert_eq!((later.breaker, later.error_ratio), (BreakerState::HalfOpen, 0.0));
}

#[tokio::test(start_paused = true)]
async fn the_rate_in_use_is_that_of_the_fullest_limit_and_fades_with_its_window() {
    let mut figures = Figures::new();
    figures.rate.per_minute = std::num::NonZeroU32::new(20);
    figures.rate.per_hour = std::num::NonZeroU32::new(1_000);
    let bench = figures.bench(Mood::Answers);
    // Each question of this kind takes two requests.
    bench.ask_times(5).await;
    let used = || bench.vitals.now(&bench.shared()).rate_used;
    assert!((used() - 0.5).abs() < 1e-9);
    bench.clock.advance(Duration::from_secs(90));
    assert!((used() - 0.25).abs() < 1e-9, "half of the minute before counts");
    bench.clock.advance(Duration::from_secs(120));
    assert!((used() - 0.01).abs() < 1e-9, "of the hour it still counts");
}
