//! Who may be of the Windrush generation is never refused: the answer is held, and the person referred.

use statuscheck_tests::prelude::*;

const HELD: &str = "referred";

#[tokio::test]
async fn born_by_the_last_day_of_1988_an_empty_record_is_held_and_a_day_later_it_is_not() {
    let house = House::start(Plan::default()).await;
    for (born, expected) in [("1988-12-31", HELD), ("1989-01-01", "not_established NO_RECORD")] {
        let somebody = || by_name("Sam", "Nobody", born);
        let told = [
            right_to_work(&house, somebody()).await,
            right_to_rent(&house, somebody(), "2026-04-01").await,
            iecas(&house, somebody()).await,
            section_95(&house, by_nass("250700001", "Nobody", born)).await,
        ];
        assert_eq!(told.map(|told| reason(&told)), [expected; 4], "{born}");
    }
}

#[tokio::test]
async fn whoever_named_nobody_is_held_all_the_same() {
    let house = House::start(Plan::default()).await;
    let told = right_to_work(&house, by_code("W99999999", "1988-12-31")).await;
    assert_eq!(reason(&told), HELD);
    let told = right_to_work(&house, by_code("W99999999", "1989-01-01")).await;
    assert_eq!(reason(&told), "not_established NO_RECORD");
}

#[tokio::test]
async fn every_adverse_answer_is_held() {
    let old = |id| person(id).born("1960-04-02");
    let ended = old("ended").leave("Skilled Worker", "2022-01-01", "2025-12-31");
    let barred = old("barred")
        .leave("Visitor", "2026-01-01", "2026-06-30")
        .leave_with("may_work", json!(false));
    let to_come = old("to-come").leave("Skilled Worker", "2026-04-01", "2028-03-31");
    let people = [ended, barred, to_come];
    let house = House::with(people.clone()).await;
    for person in people {
        assert_eq!(reason(&right_to_work(&house, person.by_name()).await), HELD);
    }
}

#[tokio::test]
async fn section_4_and_support_that_ended_are_held_too() {
    let family = |id, number, in_force, basis| {
        person(id)
            .born("1960-04-02")
            .nass(number)
            .supported(in_force, "2025-07-11", basis)
    };
    let people = [
        family("four", "250700001", true, "section 4"),
        family("ended", "250700002", false, "Part VI, section 95"),
    ];
    let house = House::with(people.clone()).await;
    for person in people {
        assert_eq!(reason(&section_95(&house, person.by_nass()).await), HELD);
    }
}

#[tokio::test]
async fn ended_leave_is_held_from_a_trust_and_leave_in_force_is_told() {
    let ended = person("ended")
        .born("1988-12-31")
        .leave("Student", "2022-09-01", "2025-10-31");
    let younger = person("younger")
        .born("1989-01-01")
        .leave("Student", "2022-09-01", "2025-10-31");
    let settled = person("settled").born("1955-01-01").settled("2019-06-01");
    let house = House::with([ended.clone(), younger.clone(), settled.clone()]).await;
    assert_eq!(reason(&iecas(&house, ended.by_name()).await), HELD);
    assert_eq!(reason(&iecas(&house, younger.by_name()).await), "established");
    assert_eq!(reason(&iecas(&house, settled.by_name()).await), "established");
}

#[tokio::test]
async fn a_recorded_first_arrival_after_1988_ends_the_hold_unless_there_was_an_earlier_sign() {
    let ended = |id, arrived| {
        person(id)
            .born("1960-04-02")
            .leave("Skilled Worker", "2022-01-01", "2025-12-31")
            .arrived(arrived)
    };
    let in_time = ended("in-time", "1988-12-31");
    let too_late = ended("too-late", "1989-01-01");
    let earlier_sign = person("earlier-sign")
        .born("1960-04-02")
        .leave("Leave to enter", "1985-06-01", "2025-12-31")
        .arrived("1990-01-01");
    let house = House::with([in_time.clone(), too_late.clone(), earlier_sign.clone()]).await;
    let told = |person: Resident| right_to_work(&house, person.by_name());
    assert_eq!(reason(&told(in_time).await), HELD);
    assert_eq!(reason(&told(too_late).await), "not_established EXPIRED");
    assert_eq!(reason(&told(earlier_sign).await), HELD);
}

#[tokio::test]
async fn a_profile_changes_no_answer_but_a_no() {
    let old = |id| person(id).born("1960-04-02").settled("2019-06-01");
    let established = old("established");
    let several = old("several").behaves("home-office", "ambiguous");
    let closed = old("closed").behaves("home-office", "closed");
    let old_code = old("old-code").code("W11111111", "2025-01-01");
    let people = [&established, &several, &closed, &old_code];
    let house = House::with(people.map(Clone::clone)).await;
    let told = |person: Resident| right_to_work(&house, person.by_name());
    assert_eq!(reason(&told(established).await), "established");
    assert_eq!(
        reason(&told(several).await),
        "more_information_needed home_office_reference"
    );
    assert_eq!(
        reason(&told(closed).await),
        "pending DEPARTMENT_CLOSED home-office"
    );
    assert_eq!(
        reason(&right_to_work(&house, old_code.by_code()).await),
        "more_information_needed share_code"
    );
}

#[tokio::test]
async fn a_mismatched_number_is_held_with_a_profile_instead_of_asked_for_again() {
    let another = person("another").born("1985-02-03").nino("GX100002B");
    let house = House::with([another]).await;
    let unknown = by_name("Sam", "Nobody", "1960-04-02").and_nino("GX100002B");
    assert_eq!(reason(&right_to_work(&house, unknown).await), HELD);
}

#[tokio::test]
async fn what_is_held_is_told_plainly_and_never_released_by_time_or_by_asking_again() {
    let house = House::start(Plan::default()).await;
    let employer = EMPLOYER;
    let asked = request(by_name("Sam", "Nobody", "1960-04-02").work());
    let held = house.answered(employer, asked.clone()).await;
    let mut told = json(&held);
    let referral_id = told["referred"]["referral_id"].take();
    assert!(
        referral_id
            .as_str()
            .is_some_and(|id| uuid::Uuid::parse_str(id).is_ok())
    );
    let advice = told["referred"]["advice"].take();
    assert!(
        advice
            .as_str()
            .is_some_and(|advice| advice.contains("You are not refused anything"))
    );
    assert_eq!(
        told,
        json!({
            "referred": {
                "referral_id": null,
                "advice": null,
                "sla": {
                    "started_at": NOW,
                    "due_at": "2026-03-18T10:00:00Z",
                    "paused": false,
                    "breached": false,
                    "explanation": "5 working days from Wed 11 Mar 2026 10:00 (England and Wales)",
                },
                "contact": "Windrush Help Team, 0800 678 1925 (free, Monday to Friday 9:00 to 17:00)",
                "fields": [],
            },
            "may_refuse": false,
            "legal_basis": "Immigration, Asylum and Nationality Act 2006, sections 15 to 25",
            "agreement_id": "right-to-work",
            "next_step": "Held for the Windrush taskforce: do not refuse the person anything. Tell the person what the advice says, and follow the case.",
        })
    );

    house.clock.advance(Duration::from_secs(60 * 24 * 3600));
    assert_eq!(reason(&house.answered(employer, asked.clone()).await), HELD);
    let house = house.stop().await.start().await;
    assert_eq!(reason(&house.answered(employer, asked).await), HELD);
    let case = house.case(employer, &held.case_id).await.unwrap();
    assert_eq!(case.state().as_str_name(), "CASE_STATE_REFERRED");
    assert!(case.sla.unwrap().breached);
    // Asked once, by the first check.
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);
}
