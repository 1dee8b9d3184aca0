//! A store that goes through many steps of many cases.

use statuscheck::store::Store;
use statuscheck::upkeep::Reason;
use statuscheck_domain::case::Case;
use statuscheck_domain::case_clock::{CaseClock, ClockEvent};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, NoticeId, QuestionId};
use statuscheck_domain::outbox::{Fault, Happening, Notice, NoticeEvent, Receiver};
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{self, Reply, Unavailable};
use statuscheck_domain::sla::{Ground, SlaPolicy, Target};
use statuscheck_domain::working_time::Calendars;

use crate::bench::{ACTOR, Bench, START, asked};

/// Numbers that look random and are the same each time (Knuth's MMIX).
pub(crate) struct Drawn(pub(crate) u64);

impl Drawn {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// A question that is charged or not, one that is given back, that it is out, or a step of the clock, which is started first.
fn any_step(drawn: &mut Drawn, case: &Case) -> EventKind {
    let (question_id, operation) = (QuestionId(uuid::Uuid::from_u128(9)), Operation::NinoTrace);
    let month = case.spent.last().map(|spent| spent.key.month);
    match (drawn.below(9), &case.clock) {
        (6..9, _) => EventKind::Outbox(any_notice(drawn, case)),
        (5, _) if !case.is_over() => EventKind::Decided(case.answer.clone()),
        (0, None) => clock_started(),
        (0, Some(clock)) if clock.wake().is_some() => {
            let next = clock.timer().next_step().unwrap();
            EventKind::Clock(ClockEvent::Stepped(next.step))
        }
        (1 | 2, _) if month.is_some() => EventKind::Replied {
            question_id,
            operation,
            reply: Reply::of(reply::Outcome::Unavailable(Unavailable::BreakerOpen)),
            refunded: month,
            again: None,
            timing: None,
        },
        (place, _) => EventKind::Asked {
            question_id,
            operation,
            charged: ["2026-03", "2026-04"]
                .get(place % 3)
                .map(|month| month.parse().unwrap()),
        },
    }
}

/// Somebody is to be told, or what becomes of that.
pub(crate) fn any_notice(drawn: &mut Drawn, case: &Case) -> NoticeEvent {
    let again = START.parse().unwrap();
    let (fault, left) = (Fault::TimedOut, case.outbox.undelivered().last());
    match (
        drawn.below(4),
        left.map(|left| (left.notice.id, left.is_parked())),
    ) {
        (1, Some((id, false))) => NoticeEvent::Failed { id, fault, again },
        (2, Some((id, false))) => NoticeEvent::Parked { id, fault },
        (2, Some((id, true))) => NoticeEvent::Retried {
            id,
            by: ACTOR.to_owned(),
        },
        (3, Some((id, false))) => NoticeEvent::Delivered { id },
        _ => NoticeEvent::Queued(Box::new(Notice {
            id: NoticeId(uuid::Uuid::new_v4()),
            receiver: Receiver::Ops,
            happening: Happening::Changed,
            state: case.state,
            version: case.told_version,
        })),
    }
}

/// The start of a clock that promises 48 hours from now.
pub(crate) fn clock_started() -> EventKind {
    let calendars = Calendars::default();
    let policy = SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT);
    let version = calendars.current().version();
    let terms = policy.terms(START.parse().unwrap(), Ground::Check, version);
    EventKind::Clock(CaseClock::start(terms, &calendars).unwrap())
}

/// A question that is charged to the quota of March.
pub(crate) fn charged() -> EventKind {
    EventKind::Asked {
        question_id: QuestionId(uuid::Uuid::from_u128(9)),
        operation: Operation::NinoTrace,
        charged: "2026-03".parse().ok(),
    }
}

/// Many steps of many cases: received, asked about, answered, held, released, purged.
pub(crate) async fn live(bench: &Bench, seed: u64) {
    let mut drawn = Drawn(seed);
    let keeping = bench.keeping();
    let reason = Reason::parse("Claim 2026/17").ok().unwrap();
    let mut received: Vec<CaseId> = Vec::new();
    for step in 0..700 {
        let any = received.get(drawn.below(received.len().max(1))).copied();
        match (drawn.below(7), any) {
            (2, Some(id)) => {
                let Some(case) = bench.store.case(id).await.unwrap() else {
                    continue;
                };
                let time = START.parse().unwrap();
                let kind = any_step(&mut drawn, &case);
                let (change, _) = case.change(time, [kind]).unwrap();
                assert_eq!(bench.store.commit(change).await, Ok(()));
            }
            (3, Some(id)) => {
                if bench
                    .store
                    .case(id)
                    .await
                    .unwrap()
                    .is_some_and(|case| case.version == 1)
                {
                    bench.answer(id).await;
                }
            }
            // Setting a hold on what is purged, or releasing what is not held, is refused.
            (4, Some(id)) => drop(keeping.set_hold(ACTOR, id, drawn.below(2) == 0, &reason).await),
            (6, Some(id)) if bench.is_there(id).await => {
                let nino = ["AB123456C", "AB123456D", "GX000012B"][drawn.below(3)];
                bench.provide(id, nino).await;
            }
            (5, Some(_)) if step % 40 == 0 => {
                bench.set("2099-01-01T00:00:00Z");
                assert!(keeping.run_retention(ACTOR, false).await.is_ok());
                bench.set(START);
            }
            _ => {
                let kind = CheckKind::ALL[drawn.below(4)];
                received.push(bench.receive(&asked(step, kind)).await);
            }
        }
    }
    bench.set("2099-01-01T00:00:00Z");
    assert!(keeping.run_retention(ACTOR, false).await.is_ok());
    bench.set(START);
}
