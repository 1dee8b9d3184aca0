use std::str::FromStr;

use serde_json::{Value, json};

use super::*;

const CASE: &str = "019c0000-0000-7000-8000-0000000000ca";
const NOTICE: &str = "019c0000-0000-7000-8000-000000000001";
const REFERRAL: &str = "019c0000-0000-7000-8000-0000000000ef";

fn id<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn mark() -> CaseMark {
    CaseMark {
        case_id: id(CASE),
        state: CaseState::Open,
        version: 4,
        agreement_id: id("right-to-work"),
    }
}

fn letter(happening: Happening) -> Letter {
    let notice = Notice {
        id: id(NOTICE),
        time: at("2026-06-10T09:30:00Z"),
        happening,
    };
    notice.letter(&id("status.example.gov.uk"))
}

fn at_risk() -> Happening {
    Happening::CaseAtRisk {
        case: mark(),
        percent: 80,
        due_at: at("2026-06-11T09:30:00Z"),
    }
}

#[test]
fn the_notice_that_the_vectors_sign_is_written_so() {
    let vectors: Value = serde_json::from_str(include_str!("../../../docs/webhook-vectors.json")).unwrap();
    let letter = letter(at_risk());
    assert_eq!(vectors[1]["body"].as_str().unwrap().as_bytes(), letter.body);
    assert_eq!(vectors[1]["id"], letter.id.to_string());
}

#[test]
fn every_notice_is_an_event_of_its_own_type_about_its_own_subject() {
    let due_at = at("2026-06-12T09:30:00Z");
    let case = json!({ "case_id": CASE, "state": "open", "version": 4, "agreement_id": "right-to-work" });
    let case_with = |more: Value| {
        let mut data = case.clone();
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        data
    };
    let referral = Happening::ReferralOpened {
        referral_id: id(REFERRAL),
        case: mark(),
    };
    let quota = Happening::QuotaNearlyUsed(QuotaMark {
        agreement_id: id("right-to-work"),
        department: DepartmentId::Hmrc,
        used: 8_000,
        limit: 10_000,
    });
    let quota_data =
        json!({ "agreement_id": "right-to-work", "department": "hmrc", "used": 8000, "limit": 10000 });
    let due = json!({ "due_at": "2026-06-12T09:30:00Z" });
    for (happening, kind, subject, data) in [
        (Happening::CaseChanged(mark()), "case.changed", CASE, case.clone()),
        (
            at_risk(),
            "case.at_risk",
            CASE,
            case_with(json!({ "percent": 80, "due_at": "2026-06-11T09:30:00Z" })),
        ),
        (
            Happening::CaseBreached { case: mark(), due_at },
            "case.breached",
            CASE,
            case_with(due.clone()),
        ),
        (
            Happening::DueExtended { case: mark(), due_at },
            "case.due_extended",
            CASE,
            case_with(due),
        ),
        (
            referral,
            "referral.opened",
            REFERRAL,
            case_with(json!({ "referral_id": REFERRAL })),
        ),
        (quota, "quota.nearly_used", "right-to-work", quota_data),
    ] {
        let event: Value = serde_json::from_slice(&letter(happening).body).unwrap();
        let expected = json!({
            "specversion": "1.0",
            "id": NOTICE,
            "source": "spiffe://status.example.gov.uk",
            "type": format!("uk.gov.statuscheck.{kind}.v1"),
            "time": "2026-06-10T09:30:00Z",
            "subject": subject,
            "datacontenttype": "application/json",
            "data": data,
        });
        assert_eq!(event, expected);
    }
}
