//! Laws over random courses, against a model that walks over every minute.

use proptest::prelude::*;

use super::*;
use crate::working_time::tests::naive;

/// What may happen, and after how many minutes.
#[derive(Clone, Copy, Debug)]
enum Op {
    Turn,
    Extend(u16),
}

fn ops() -> impl Strategy<Value = Vec<(usize, Op)>> {
    let op = prop_oneof![4 => Just(Op::Turn), 1 => (1_u16..6).prop_map(Op::Extend)];
    // Up to four days apart, so that many happen outside opening hours.
    prop::collection::vec((0_usize..4 * 1_440, op), 0..8)
}

/// Room for ten working days, twelve extensions and eight pauses behind the start.
fn starts() -> impl Strategy<Value = usize> {
    0..naive::MINUTES - 180 * 1_440
}

/// Counts a clock by walking: every minute is used where desks are open and nobody waits for the caller.
fn walk(division: Division, start: usize, promised: usize, ops: &[(usize, Op)], is_working: bool) -> usize {
    let mut allowed = promised;
    let mut paused = false;
    let mut pauses = Vec::new();
    let mut now = start;
    for (later, op) in ops {
        now += later;
        match op {
            Op::Turn => {
                paused = !paused;
                pauses.push(now);
            }
            // More time is more allowed minutes, whenever it was given.
            Op::Extend(days) => allowed += usize::from(*days) * 480,
        }
    }
    // A turn of the caller's that has not ended is as if it ended at once.
    if paused {
        pauses.pop();
    }
    let is_paused = |minute| pauses.chunks(2).any(|turn| (turn[0]..turn[1]).contains(&minute));
    let mut used = 0;
    for minute in start..naive::MINUTES {
        let counts = (!is_working || naive::is_open(division, minute)) && !is_paused(minute);
        if counts && used == allowed {
            return minute;
        }
        used += usize::from(counts);
    }
    panic!("the model's years are over")
}

/// The course of `ops`, in minutes of the model.
fn follow(mut course: Course, start: usize, ops: &[(usize, Op)]) -> Course {
    let mut now = start;
    for (later, op) in ops {
        now += later;
        let instant = naive::instant(now);
        let clock = &course.clock;
        let events = match (op, clock.turn()) {
            (Op::Turn, Turn::Departments) => clock.pause(instant, &CALENDARS),
            (Op::Turn, _) => clock.resume(instant, &CALENDARS),
            (Op::Extend(days), _) => {
                clock.extend(instant, working(*days), reason("Closed"), ORDER, &CALENDARS)
            }
        };
        course.take(instant, events.unwrap());
    }
    course
}

/// Time that ends with the beginning of a pause ends then, and a walk finds the end of the pause.
fn ends_with_a_pause(course: &Course) -> bool {
    let due = course.clock.due_at();
    course.events.iter().any(|(time, event)| {
        *time == due && matches!(event, ClockEvent::Moved(moved) if moved.movement == Movement::Paused)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn working_days_end_where_a_walk_over_every_minute_ends(
        division in prop::sample::select(Division::ALL.to_vec()),
        start in starts(),
        days in 1_u16..11,
        ops in ops(),
    ) {
        let promise = format!("{days} working days");
        let policy = policy_of(&promise, &promise, division);
        let course = Course::new(&policy, Ground::Usual, naive::instant(start));
        let course = follow(course, start, &ops);
        let end = walk(division, start, usize::from(days) * 480, &ops, true);
        prop_assert!(course.clock.due_at() == naive::instant(end) || ends_with_a_pause(&course));
        prop_assert_eq!(CaseClock::fold(course.events), Ok(course.clock));
    }

    #[test]
    fn elapsed_time_ends_where_a_walk_over_every_minute_ends(
        start in starts(), hours in 1_usize..240, turns in prop::collection::vec(0_usize..4 * 1_440, 0..8),
    ) {
        let promise = format!("{hours}h");
        let course = Course::new(&policy(&promise, &promise), Ground::Usual, naive::instant(start));
        let ops: Vec<_> = turns.into_iter().map(|later| (later, Op::Turn)).collect();
        let course = follow(course, start, &ops);
        let due = course.clock.due_at();
        let end = walk(Division::Scotland, start, hours * 60, &ops, false);
        prop_assert!(due == naive::instant(end) || ends_with_a_pause(&course));
        prop_assert_eq!(CaseClock::fold(course.events), Ok(course.clock));
    }

    #[test]
    fn steps_are_fired_in_order_each_once_and_never_early(
        start in starts(),
        promise in prop::sample::select(vec!["1h", "48h", "5d", "1 working day", "5 working days"]),
        jumps in prop::collection::vec(-3_000_i64..6_000, 1..40),
        ops in ops(),
    ) {
        let course = Course::new(&policy(promise, promise), Ground::Usual, naive::instant(start));
        let mut course = follow(course, start, &ops);
        let mut now = naive::instant(start);
        for minutes in jumps {
            now += jiff::SignedDuration::from_mins(minutes);
            course.step(now);
        }
        let mut clock = None::<CaseClock>;
        let mut fired = Vec::new();
        for (time, event) in &course.events {
            if let (Some(clock), ClockEvent::Stepped(step)) = (&clock, event) {
                let next = clock.timer().next_step().unwrap();
                prop_assert_eq!(next.step, *step);
                prop_assert!(next.from <= *time);
                prop_assert!(*step != Step::Breached || clock.due_at() < *time);
                fired.push(step.percent());
            }
            match &mut clock {
                None => clock = Some(CaseClock::open(*time, event.clone()).unwrap()),
                Some(clock) => clock.apply(*time, event.clone()).unwrap(),
            }
        }
        prop_assert!(fired.iter().zip(fired.iter().skip(1)).all(|(first, second)| first < second), "{fired:?}");
        prop_assert!(fired.iter().all(|percent| [50, 80, 100].contains(percent)));
        if course.clock.turn() == Turn::Departments {
            let left = course.clock.step(Timestamp::MAX).len();
            prop_assert_eq!(fired.len() + left, 3);
        }
    }

    #[test]
    fn the_due_time_never_comes_before_what_was_promised(
        start in starts(), hours in 1_usize..240, ops in ops(),
    ) {
        let promise = format!("{hours}h");
        let course = Course::new(&policy(&promise, &promise), Ground::Usual, naive::instant(start));
        let promised = course.clock.due_at();
        let course = follow(course, start, &ops);
        prop_assert!(course.clock.due_at() >= promised);
    }
}
