use statuscheck_domain::case::Use;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::timing::Timing;
use uuid::Uuid;

use super::{ContentDigest, RecordError, read, write};

#[path = "../../../tests/store/samples.rs"]
pub(super) mod samples;

pub(super) fn read_back(event: &EventKind) -> EventKind {
    let digest = ContentDigest([0xa5; 32]);
    let content = Some(&digest).filter(|_| matches!(event, EventKind::Received(_)));
    let Ok((event, read)) = write(event, content, 0).and_then(|bytes| read(&bytes)) else {
        panic!("what was written can be read")
    };
    assert_eq!(read.map(|digest| digest.0), content.map(|digest| digest.0));
    event
}

#[test]
fn every_receipt_comes_back_as_it_was() {
    for receipt in samples::receipts() {
        let EventKind::Received(back) = read_back(&EventKind::Received(Box::new(receipt.clone()))) else {
            panic!("a receipt comes back as a receipt")
        };
        assert!(samples::is_same(&back, &receipt));
    }
}

#[test]
fn every_question_comes_back_as_it_was() {
    let question_id = QuestionId(Uuid::from_u128(9));
    let months = [None, "2026-03".parse().ok()];
    for (operation, charged) in Operation::ALL.into_iter().zip(months.into_iter().cycle()) {
        let EventKind::Asked {
            question_id: id,
            operation: back,
            charged: month,
        } = read_back(&EventKind::Asked {
            question_id,
            operation,
            charged,
        })
        else {
            panic!("a question comes back as a question")
        };
        assert_eq!((id, back, month), (question_id, operation, charged));
    }
}

/// One with each number of parts, small and as large as they can be, and none.
fn timings() -> [Option<Timing>; 4] {
    let timing = |gateway_us, department_us, network_us| {
        Some(Timing {
            gateway_us,
            department_us,
            network_us,
        })
    };
    [
        timing(7, None, None),
        timing(0, Some(250_000), None),
        timing(u32::MAX, Some(u32::MAX), Some(u32::MAX)),
        None,
    ]
}

#[test]
fn every_reply_comes_back_as_it_was() {
    let question_id = QuestionId(Uuid::from_u128(9));
    let months = [None, "2026-03".parse().ok()];
    for (((reply, operation), refunded), timing) in samples::replies()
        .into_iter()
        .zip(Operation::ALL.into_iter().cycle())
        .zip(months.into_iter().cycle())
        .zip(timings().into_iter().cycle())
    {
        let again = refunded.is_none().then(samples::start);
        let EventKind::Replied {
            question_id: id,
            operation: asked,
            reply: back,
            refunded: month,
            again: later,
            timing: parts,
        } = read_back(&EventKind::Replied {
            question_id,
            operation,
            reply: reply.clone(),
            refunded,
            again,
            timing,
        })
        else {
            panic!("a reply comes back as a reply")
        };
        assert_eq!(
            (id, asked, month, later, parts),
            (question_id, operation, refunded, again, timing)
        );
        assert!(back == reply);
    }
}

#[test]
fn what_is_postponed_comes_back_as_it_was() {
    let until = samples::start();
    let EventKind::Postponed { until: back } = read_back(&EventKind::Postponed { until }) else {
        panic!("it comes back as what it is")
    };
    assert_eq!(back, until);
}

#[test]
fn every_answer_comes_back_as_it_was() {
    for answer in samples::answers() {
        let EventKind::Decided(back) = read_back(&EventKind::Decided(answer.clone())) else {
            panic!("an answer comes back as an answer")
        };
        assert!(back == answer);
    }
}

#[test]
fn everything_that_a_caller_does_comes_back_as_it_was() {
    for receipt in samples::receipts() {
        let EventKind::Provided(back) = read_back(&EventKind::Provided(Box::new(receipt.check.clone())))
        else {
            panic!("details come back as details")
        };
        assert!(back.canonical() == receipt.check.canonical());
    }
    for usage in Use::ALL {
        let back = read_back(&EventKind::Feedback(usage));
        assert!(matches!(back, EventKind::Feedback(back) if back == usage));
    }
    let reason = "the date\n\"12 May\" is wrong: ’été\u{1f600}".to_owned();
    let disputed = EventKind::Disputed {
        reason: reason.clone().into(),
    };
    let back = read_back(&disputed);
    assert!(matches!(back, EventKind::Disputed { reason: back } if *back == reason));
    assert!(matches!(read_back(&EventKind::Withdrawn), EventKind::Withdrawn));
    assert!(matches!(read_back(&EventKind::Lapsed), EventKind::Lapsed));
}

#[test]
fn a_receipt_without_its_content_is_no_record() {
    for receipt in samples::receipts() {
        let bytes = write(&EventKind::Received(Box::new(receipt)), None, 0).unwrap();
        assert_eq!(read(&bytes).err(), Some(RecordError));
    }
}

#[test]
fn a_record_is_written_without_growing_its_buffer() {
    for receipt in samples::receipts() {
        let bytes = write(
            &EventKind::Received(Box::new(receipt)),
            Some(&ContentDigest([0; 32])),
            28,
        )
        .unwrap();
        assert!(bytes.capacity() >= bytes.len() + 28);
    }
}

#[test]
fn a_later_version_and_an_altered_text_are_refused_without_quoting_them() {
    let asked = EventKind::Asked {
        question_id: QuestionId(Uuid::nil()),
        operation: Operation::NinoTrace,
        charged: None,
    };
    let bytes = write(&asked, None, 0).unwrap();
    for altered in [
        altered(&bytes, b"\xa1v\x01", b"\xa1v\x02"),
        altered(&bytes, b"dwp/nino_trace", b"dwp/nino_trick"),
        Vec::new(),
    ] {
        let error = read(&altered).err();
        assert_eq!(error, Some(RecordError));
    }
    assert_eq!(RecordError.to_string(), "the record of an event cannot be read");
}

/// `bytes` with the first of `right` made `wrong`, which is as long.
pub(super) fn altered(bytes: &[u8], right: &[u8], wrong: &[u8]) -> Vec<u8> {
    assert_eq!(right.len(), wrong.len());
    let at = bytes.windows(right.len()).position(|part| part == right).unwrap();
    [&bytes[..at], wrong, &bytes[at + right.len()..]].concat()
}
