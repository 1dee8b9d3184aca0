use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use tokio::task::unconstrained;

use super::*;

const PATIENCE: Duration = Duration::from_secs(2);

type Waiting = BoxFuture<'static, Result<Seat, Overloaded>>;

fn admission(in_flight_max: usize, own: usize, waiting_max: usize) -> Admission {
    Admission::new(AdmissionSettings {
        in_flight_max,
        in_flight_per_organisation_max: own,
        waiting_max,
        wait_max: Duration::from_millis(500),
    })
}

fn ask_as(admission: &Admission, name: &str, weight: u8, class: Class) -> Waiting {
    let (admission, organisation) = (admission.clone(), name.parse::<OrganisationId>().unwrap());
    let weight = NonZeroU8::new(weight).unwrap();
    let mut asking = async move { admission.admit(&organisation, weight, class, PATIENCE).await }.boxed();
    // The first look at it enters the line.
    match unconstrained(&mut asking).now_or_never() {
        Some(outcome) => std::future::ready(outcome).boxed(),
        None => asking,
    }
}

fn ask(admission: &Admission, name: &str) -> Waiting {
    ask_as(admission, name, 1, Class::Single)
}

/// The seats that are had without waiting, of those that ask.
fn seated(waiting: &mut Vec<(&'static str, Waiting)>) -> Vec<(&'static str, Seat)> {
    let mut seats = Vec::new();
    let mut still = Vec::new();
    for (name, mut asking) in waiting.drain(..) {
        // Unconstrained, for tokio makes a task that looks at much at once wait.
        match unconstrained(&mut asking).now_or_never() {
            Some(Ok(seat)) => seats.push((name, seat)),
            Some(Err(_)) => {}
            None => still.push((name, asking)),
        }
    }
    *waiting = still;
    seats
}

/// Who is let in, one seat after the other being given back.
fn order(
    admission: &Admission,
    waiting: &mut Vec<(&'static str, Waiting)>,
    first: Seat,
) -> Vec<&'static str> {
    let (mut order, mut seat) = (Vec::new(), first);
    loop {
        drop(seat);
        let Some((name, next)) = seated(waiting).pop() else {
            break;
        };
        order.push(name);
        seat = next;
    }
    let queue = admission.queue();
    assert_eq!((queue.in_flight, queue.waiting, queue.lines.len()), (0, 0, 0));
    order
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_one_organisation_makes_another_wait_for_one_seat_at_most() {
    let admission = admission(1, 1, 10_000);
    let first = ask(&admission, "loud").await.unwrap();
    let mut waiting: Vec<_> = (0..1_000).map(|_| ("loud", ask(&admission, "loud"))).collect();
    waiting.push(("quiet", ask(&admission, "quiet")));
    waiting.push(("quiet", ask(&admission, "quiet")));
    let order = order(&admission, &mut waiting, first);
    let places: Vec<_> = (0..order.len())
        .filter(|place| order[*place] == "quiet")
        .collect();
    assert_eq!(order.len(), 1_002);
    // By turns, from the first seat on.
    assert!(places[0] <= 1 && places[1] <= 3, "{places:?}");
}

#[tokio::test(start_paused = true)]
async fn organisations_are_let_in_by_weight() {
    let admission = admission(1, 1, 1_000);
    let first = ask(&admission, "somebody").await.unwrap();
    let mut waiting = Vec::new();
    for _ in 0..40 {
        waiting.push(("light", ask_as(&admission, "light", 1, Class::Single)));
        waiting.push(("heavy", ask_as(&admission, "heavy", 3, Class::Single)));
    }
    let order = order(&admission, &mut waiting, first);
    let heavy = order[..40].iter().filter(|name| **name == "heavy").count();
    assert!((29..=31).contains(&heavy), "{heavy} of 40");
}

#[tokio::test(start_paused = true)]
async fn rows_of_batches_wait_behind_single_checks() {
    let admission = admission(1, 1, 100);
    let first = ask(&admission, "somebody").await.unwrap();
    let mut waiting = vec![
        ("batch", ask_as(&admission, "council", 1, Class::Batch)),
        ("batch", ask_as(&admission, "trust", 1, Class::Batch)),
        ("single", ask_as(&admission, "council", 1, Class::Single)),
        ("single", ask(&admission, "employer")),
    ];
    assert_eq!(
        order(&admission, &mut waiting, first),
        ["single", "single", "batch", "batch"]
    );
}

#[tokio::test(start_paused = true)]
async fn one_organisation_leaves_seats_to_the_others() {
    let admission = admission(4, 3, 100);
    let mut waiting: Vec<_> = (0..10).map(|_| ("loud", ask(&admission, "loud"))).collect();
    let theirs = seated(&mut waiting);
    assert_eq!(theirs.len(), 3);
    let quiet = ask(&admission, "quiet").await.unwrap();
    drop(quiet);
    assert_eq!(seated(&mut waiting).len(), 0, "the fourth seat is not theirs");
    drop(theirs);
    assert_eq!(seated(&mut waiting).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_full_line_turns_away_whoever_has_most_waiting() {
    let admission = admission(1, 1, 10);
    let seat = ask(&admission, "loud").await.unwrap();
    let mut waiting: Vec<_> = (0..10).map(|_| ("loud", ask(&admission, "loud"))).collect();
    // Its own next one is turned away at once, and told when to come again.
    let refused = ask(&admission, "loud").now_or_never().unwrap().err();
    let retry_after = Duration::from_millis(500);
    assert_eq!(refused, Some(Overloaded { retry_after }));
    // Another's takes the place of its last.
    let quiet = ask(&admission, "quiet");
    let last = waiting.pop().unwrap().1;
    assert_eq!(
        last.now_or_never().unwrap().err(),
        Some(Overloaded { retry_after })
    );
    assert_eq!(admission.queue().waiting, 10);
    waiting.push(("quiet", quiet));
    let order = order(&admission, &mut waiting, seat);
    assert_eq!(order.iter().filter(|name| **name == "quiet").count(), 1);
    assert_eq!(order.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_limit_and_who_has_gone_keeps_no_place() {
    let admission = admission(1, 1, 10);
    let seat = ask(&admission, "employer").await.unwrap();
    let started = tokio::time::Instant::now();
    let refused = ask(&admission, "employer").await.err();
    assert!(refused.is_some());
    assert_eq!(started.elapsed(), Duration::from_millis(500));
    drop(ask(&admission, "employer"));
    assert_eq!(admission.queue().waiting, 0);

    // A seat that was given to somebody who has gone is the next one's.
    let gone = ask(&admission, "employer");
    let mut next = ask(&admission, "landlord");
    drop(seat);
    drop(gone);
    assert!((&mut next).now_or_never().is_some_and(|outcome| outcome.is_ok()));
    assert_eq!(admission.queue().lines.len(), 0);
}
