use statuscheck_domain::case::CaseState;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{NoticeId, ReferralId};
use statuscheck_domain::outbox::{Fault, Happening, Notice, NoticeEvent};
use uuid::Uuid;

use super::{read, write};

fn read_back(event: &NoticeEvent) -> NoticeEvent {
    let event = EventKind::Outbox(event.clone());
    match write(&event, None, 0).and_then(|bytes| read(&bytes)) {
        Ok((EventKind::Outbox(back), None)) => back,
        _ => panic!("it comes back as what it is"),
    }
}

#[test]
fn everything_about_a_notice_comes_back_as_it_was() {
    let id = NoticeId(Uuid::from_u128(7));
    let due_at = "2026-06-10T09:00:00.000000001Z".parse().unwrap();
    let referral_id = ReferralId(Uuid::from_u128(8));
    let happenings = [
        Happening::Changed,
        Happening::AtRisk { percent: 80, due_at },
        Happening::Breached { due_at },
        Happening::DueExtended { due_at },
        Happening::ReferralOpened { referral_id },
    ];
    let receivers = ["organisation:acme", "owner:right-to-work", "ops", "taskforce"];
    let notice = |(place, state): (usize, CaseState)| {
        NoticeEvent::Queued(Box::new(Notice {
            id,
            receiver: receivers[place % receivers.len()].parse().unwrap(),
            happening: happenings[place],
            state,
            version: u64::MAX,
        }))
    };
    let queued = CaseState::ALL.into_iter().enumerate().map(notice);
    let (until, again, fault) = (due_at, due_at, Fault::Status(503));
    let then = [
        NoticeEvent::PutOff { id, until },
        NoticeEvent::Failed { id, fault, again },
        NoticeEvent::Delivered { id },
        NoticeEvent::Parked {
            id,
            fault: Fault::NoConnection,
        },
        NoticeEvent::Retried {
            id,
            by: "ops/anna".to_owned(),
        },
    ];
    for event in queued.chain(then) {
        assert_eq!(read_back(&event), event);
    }
}
