//! When the breaker opens, and when it does not.

use super::*;

#[tokio::test]
async fn the_breaker_opens_at_half_failures_of_forty_and_not_before() {
    let bench = Figures::new().bench(Mood::Answers);
    assert_eq!(bench.ask_times(20).await, None);
    bench.turns(FAILED);
    assert_eq!(bench.ask_times(19).await, Some(AskError::Unavailable));
    assert_eq!(bench.asking().await, Some(AskError::Unavailable));
    assert_eq!(bench.asking().await, Some(AskError::BreakerOpen));
    assert_eq!(bench.asked(), 40);
}

#[tokio::test]
async fn thirty_nine_failures_alone_do_not_open_the_breaker() {
    let bench = Figures::new().bench(FAILED);
    assert_eq!(bench.ask_times(39).await, Some(AskError::Unavailable));
    assert_eq!(bench.asking().await, Some(AskError::Unavailable));
    assert_eq!(bench.asking().await, Some(AskError::BreakerOpen));
}

#[tokio::test]
async fn failures_older_than_the_window_are_forgotten() {
    let bench = Figures::new().bench(FAILED);
    bench.ask_times(39).await;
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(bench.ask_times(39).await, Some(AskError::Unavailable));
    assert_eq!(bench.asking().await, Some(AskError::Unavailable));
    assert_eq!(bench.asking().await, Some(AskError::BreakerOpen));
}

#[tokio::test]
async fn after_the_rest_one_question_probes_and_a_good_reply_closes_the_breaker() {
    let bench = Figures::new().bench(FAILED);
    bench.ask_times(40).await;
    bench.clock.advance(Duration::from_millis(4_999));
    assert_eq!(bench.asking().await, Some(AskError::BreakerOpen));
    bench.clock.advance(Duration::from_millis(1));
    bench.turns(Mood::Waits);
    let probe = tokio::spawn(bench.asking());
    while bench.asked() < 41 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.asking().await, Some(AskError::BreakerOpen));
    bench.office.go_on.notify_one();
    assert_eq!(probe.await.unwrap(), None);
    bench.turns(Mood::Answers);
    assert_eq!(bench.asking().await, None);
}

#[tokio::test]
async fn a_probe_that_fails_begins_another_rest() {
    let bench = Figures::new().bench(FAILED);
    bench.ask_times(40).await;
    bench.clock.advance(Duration::from_secs(5));
    assert_eq!(bench.asking().await, Some(AskError::Unavailable));
    assert_eq!(bench.asking().await, Some(AskError::BreakerOpen));
    bench.clock.advance(Duration::from_secs(5));
    bench.turns(Mood::Answers);
    assert_eq!(bench.asking().await, None);
}

#[tokio::test]
async fn a_probe_whose_caller_leaves_lets_the_next_question_probe() {
    let bench = Figures::new().bench(FAILED);
    bench.ask_times(40).await;
    bench.clock.advance(Duration::from_secs(5));
    bench.turns(Mood::Waits);
    let probe = tokio::spawn(bench.asking());
    while bench.asked() < 41 {
        tokio::task::yield_now().await;
    }
    probe.abort();
    assert!(probe.await.is_err_and(|end| end.is_cancelled()));
    bench.turns(Mood::Answers);
    assert_eq!(bench.asking().await, None);
}

#[tokio::test(start_paused = true)]
async fn callers_in_a_hurry_do_not_open_the_breaker() {
    let bench = Figures::new().bench(Mood::Hangs);
    for _ in 0..80 {
        let hurried = bench.asking_within(Duration::from_millis(999)).await;
        assert_eq!(hurried, Some(AskError::OutOfTime));
    }
    bench.turns(Mood::Answers);
    assert_eq!(bench.asking().await, None);
}

#[tokio::test(start_paused = true)]
async fn running_out_of_time_opens_the_breaker_too() {
    let bench = Figures::new().bench(Mood::Hangs);
    assert_eq!(bench.ask_times(40).await, Some(AskError::OutOfTime));
    assert_eq!(bench.asking().await, Some(AskError::BreakerOpen));
}

#[tokio::test]
async fn limits_and_refusals_never_open_the_breaker() {
    for error in [AskError::Throttled { retry_after: None }, AskError::Refused] {
        let bench = Figures::new().bench(Mood::Says(error));
        assert_eq!(bench.ask_times(100).await, Some(error));
    }
    let bench = Figures::new().bench(Mood::Says(AskError::Garbage));
    assert_eq!(bench.ask_times(41).await, Some(AskError::BreakerOpen));
}
