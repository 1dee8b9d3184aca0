//! Whose time it is while a question is in the stack.

use super::*;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

impl Bench {
    /// Asks, and tells the gateway's and the department's time in microseconds.
    async fn timed(&self) -> (u32, Option<u32>) {
        let question = question(Operation::EmploymentHistory, subject());
        let ask = Ask::new(Arc::new(question), Duration::from_secs(2));
        let sent = ask.sent.clone();
        assert_eq!(self.department.clone().oneshot(ask).await.err(), None);
        let timing = sent.timing();
        (timing.gateway_us, timing.department_us)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_the_rate_is_the_gateways_time() {
    let mut figures = Figures::new();
    figures.rate.per_second = NonZeroU32::new(3);
    let bench = figures.bench(Mood::Takes(ms(250)));
    assert_eq!(bench.timed().await, (0, Some(250_000)));
    let (waited, ()) = tokio::join!(bench.timed(), async {
        tokio::task::yield_now().await;
        bench.clock.advance(ms(400));
    });
    assert_eq!(waited, (400_000, Some(250_000)));
}

#[tokio::test]
async fn what_is_waited_for_a_place_is_the_gateways_time() {
    let bench = narrow(1, 1).bench(Mood::Waits);
    let first = tokio::spawn(bench.asking());
    while bench.asked() < 1 {
        tokio::task::yield_now().await;
    }
    bench.turns(Mood::Takes(ms(30)));
    let (waited, ()) = tokio::join!(bench.timed(), async {
        tokio::task::yield_now().await;
        bench.clock.advance(ms(200));
        bench.office.go_on.notify_one();
    });
    assert_eq!(waited, (200_000, Some(30_000)));
    assert_eq!(first.await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_reply_that_never_came_is_the_departments() {
    let bench = Figures::new().bench(Mood::Hangs);
    let question = question(Operation::EmploymentHistory, subject());
    let ask = Ask::new(Arc::new(question), ms(300));
    let sent = ask.sent.clone();
    let asking = tokio::spawn(bench.department.clone().oneshot(ask));
    while bench.asked() < 1 {
        tokio::task::yield_now().await;
    }
    bench.clock.advance(ms(300));
    assert_eq!(asking.await.unwrap().err(), Some(AskError::OutOfTime));
    let timing = sent.timing();
    assert_eq!((timing.gateway_us, timing.department_us), (0, Some(300_000)));
    assert_eq!(timing.network_us, None);
}
