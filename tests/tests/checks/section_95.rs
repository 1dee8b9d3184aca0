//! Each outcome of a Section 95 check, the whole answer; whom it asks, and how old DfE's record may be.

use statuscheck_tests::prelude::*;

const LAW: &str = "Immigration and Asylum Act 1999, Part VI, section 95";
const BASIS: &str = "Part VI, section 95";

fn supported(id: &str) -> Resident {
    person(id).nass("250700001").supported(true, "2025-07-11", BASIS)
}

fn asked(house: &House) -> [u64; 2] {
    [DepartmentId::Dfe, DepartmentId::HomeOffice].map(|department| house.requests(department))
}

#[tokio::test]
async fn a_fresh_record_from_the_home_offices_feed_is_enough_and_the_home_office_is_not_asked() {
    let family = person("Tesfay").nass("250700001").education(true, "home_office");
    let house = House::with([family.clone()]).await;
    assert_eq!(
        json(&section_95(&house, family.by_nass()).await),
        json!({
            "established": { "section_95": { "supported": true }, "withheld_fields": [] },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "section-95",
            // Two days: the age of the mock's feed.
            "as_of": "2026-03-09T10:00:00Z",
            "next_step": "Support under Section 95 is confirmed; decide on the claim by your own rules.",
        })
    );
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);
}

#[tokio::test]
async fn what_dfe_does_not_have_the_home_office_validates_at_once() {
    let family = supported("Barzani");
    let house = House::start(Plan {
        people: vec![family.clone()],
        checks: statuscheck::server::CheckSettings {
            // Half of it would be longer than any test.
            budget: Duration::from_secs(3600),
            ..Default::default()
        },
        ..Plan::default()
    })
    .await;
    assert_eq!(
        json(&section_95(&house, family.by_nass()).await),
        json!({
            "established": {
                "section_95": { "supported": true, "supported_since": "2025-07-11" },
                "withheld_fields": [],
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "section-95",
            "as_of": NOW,
            "next_step": "Support under Section 95 is confirmed; decide on the claim by your own rules.",
        })
    );
    // DfE takes the check, then is asked after it.
    assert_eq!(asked(&house), [2, 1]);
}

#[tokio::test]
async fn a_failing_home_office_is_pending_and_due_48_hours_after_receipt() {
    let family = supported("Noorzai").behaves("home-office", "fail");
    let house = House::with([family.clone()]).await;
    assert_eq!(
        json(&section_95(&house, family.by_nass()).await),
        json!({
            "pending": {
                "reason": "PENDING_REASON_DEPARTMENT_UNAVAILABLE",
                "departments": ["home-office"],
                "sla": {
                    "started_at": NOW,
                    "due_at": "2026-03-13T10:00:00Z",
                    "paused": false,
                    "breached": false,
                    "explanation": "48 hours from Wed 11 Mar 2026 10:00, elapsed time",
                },
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "section-95",
            "next_step": "Not yet: do not refuse the person on this. Follow the case; the answer is due at the time given.",
        })
    );
}

#[tokio::test]
async fn a_number_that_nobody_has_a_record_under_asks_for_the_asylum_support_reference() {
    let house = House::start(Plan::default()).await;
    assert_eq!(
        json(&section_95(&house, by_nino("GX100001A", "Mensah", "1990-05-01")).await),
        json!({
            "more_information_needed": {
                "fields": ["asylum_support_reference"],
                "explanation":
                    "Nothing was found under the National Insurance number; the asylum support reference would settle it.",
                "sla": {
                    "started_at": NOW,
                    "due_at": "2026-03-13T10:00:00Z",
                    "paused": true,
                    "breached": false,
                    "explanation": "48 hours from Wed 11 Mar 2026 10:00, elapsed time",
                },
            },
            "may_refuse": false,
            "legal_basis": LAW,
            "agreement_id": "section-95",
            "next_step": "Add the fields named; until then do not refuse the person on this.",
        })
    );
}

#[tokio::test]
async fn support_under_section_4_is_not_section_95() {
    let family = person("Kia")
        .nass("250700001")
        .supported(true, "2025-07-11", "Part IV, section 4");
    let house = House::with([family.clone()]).await;
    assert_eq!(
        json(&section_95(&house, family.by_nass()).await),
        json!({
            "not_established": {
                "reason": "SECTION_4",
                "explanation": "Support is recorded under section 4 of the Immigration and Asylum Act 1999, which is not \
                    Section 95.",
            },
            "may_refuse": true,
            "legal_basis": LAW,
            "agreement_id": "section-95",
            "as_of": NOW,
            "next_step":
                "Nothing was established. Tell the person the reason and that they may have the record looked at again.",
        })
    );
}

#[tokio::test]
async fn what_the_home_office_says_of_support_decides() {
    let with = |id, number, in_force, since, basis| person(id).nass(number).supported(in_force, since, basis);
    let people = [
        with("ended", "250700001", false, "2025-07-11", BASIS),
        with("to-come", "250700002", true, "2026-03-12", BASIS),
        with(
            "wrong-part",
            "250700003",
            true,
            "2025-07-11",
            "Part IV, section 95",
        ),
        with("no-part", "250700004", true, "2025-07-11", "section 95"),
        person("no-basis")
            .nass("250700005")
            .supported_without_basis("2025-07-11"),
        person("unknown").nass("250700006"),
    ];
    let house = House::with(people.clone()).await;
    let mut told = Vec::new();
    for family in people {
        told.push(reason(&section_95(&house, family.by_nass()).await));
    }
    assert_eq!(
        told,
        [
            "not_established NOT_SUPPORTED",
            "not_established NOT_YET_VALID",
            "pending DEPARTMENT_UNAVAILABLE home-office",
            "pending DEPARTMENT_UNAVAILABLE home-office",
            "pending DEPARTMENT_UNAVAILABLE home-office",
            "not_established NO_RECORD",
        ]
    );
}

#[tokio::test]
async fn a_feed_of_two_intervals_is_stale_and_one_a_second_younger_is_not() {
    let family = supported("Tesfay").education(true, "home_office");
    let with_feed = |mocks| Plan {
        people: vec![family.clone()],
        mocks,
        ..Plan::default()
    };
    let fresh = House::start(with_feed(|mocks| {
        mocks.feeds.home_office = Duration::from_secs(14 * 24 * 3600 - 1);
    }))
    .await;
    let told = json(&section_95(&fresh, family.by_nass()).await);
    assert_eq!(told["as_of"], "2026-02-25T10:00:01Z");
    assert_eq!(fresh.requests(DepartmentId::HomeOffice), 0);

    let stale = House::start(with_feed(|mocks| {
        mocks.feeds.home_office = Duration::from_secs(14 * 24 * 3600);
    }))
    .await;
    let told = json(&section_95(&stale, family.by_nass()).await);
    assert_eq!(told["as_of"], NOW);
    assert_eq!(stale.requests(DepartmentId::HomeOffice), 1);
}

#[tokio::test]
async fn another_feed_is_no_proof_of_support_and_the_home_office_is_asked() {
    let known = supported("known").education(true, "dwp");
    let other = person("other").nass("250700002").education(true, "hmrc");
    let poor = person("poor").nass("250700003").education(false, "home_office");
    let house = House::with([known.clone(), other.clone(), poor.clone()]).await;
    assert_eq!(reason(&section_95(&house, known.by_nass()).await), "established");
    // DfE holds the family eligible, so an empty Home Office is no ground for a "no".
    let told = section_95(&house, other.by_nass()).await;
    assert_eq!(reason(&told), "pending DEPARTMENT_WORKING home-office");
    let told = section_95(&house, poor.by_nass()).await;
    assert_eq!(reason(&told), "not_established NO_RECORD");
    assert_eq!(house.requests(DepartmentId::HomeOffice), 3);
}

#[tokio::test]
async fn a_slow_dfe_leaves_the_home_office_half_of_the_time() {
    let family = supported("Barzani").behaves("dfe", "slow:30s");
    let house = House::start(Plan {
        people: vec![family.clone()],
        checks: statuscheck::server::CheckSettings {
            budget: Duration::from_millis(1600),
            ..Default::default()
        },
        ..Plan::default()
    })
    .await;
    assert_eq!(reason(&section_95(&house, family.by_nass()).await), "established");
    assert_eq!(asked(&house), [1, 1]);
}

#[tokio::test]
async fn an_established_record_of_dfe_is_told_though_the_home_office_is_already_being_asked() {
    let family = supported("Tesfay")
        .education(true, "home_office")
        .behaves("dfe", "slow:400ms")
        .behaves("home-office", "slow:30s");
    let house = House::start(Plan {
        people: vec![family.clone()],
        checks: statuscheck::server::CheckSettings {
            // Each of DfE's two replies takes 400 ms: the first half is over before the second is there.
            budget: Duration::from_millis(1500),
            ..Default::default()
        },
        ..Plan::default()
    })
    .await;
    assert_eq!(reason(&section_95(&house, family.by_nass()).await), "established");
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
}

#[tokio::test]
async fn a_number_without_its_suffix_goes_to_the_home_office_alone() {
    let family = person("Mensah")
        .nino("GX100001A")
        .supported(true, "2025-07-11", BASIS);
    let house = House::with([family]).await;
    let known = section_95(&house, by_nino("GX100001", "Mensah", "1990-05-01")).await;
    assert_eq!(reason(&known), "established");
    let unknown = section_95(&house, by_nino("GX100002", "Mensah", "1990-05-01")).await;
    assert_eq!(
        reason(&unknown),
        "more_information_needed asylum_support_reference"
    );
    assert_eq!(asked(&house), [0, 2]);
}

#[tokio::test]
async fn each_benefit_is_looked_up_under_its_own_entry() {
    let family = person("Tesfay").nass("250700001").education(true, "home_office");
    let house = House::with([family.clone()]).await;
    for benefit in [
        v1::EducationBenefit::FreeSchoolMeals,
        v1::EducationBenefit::TwoYearOldEarlyEducation,
        v1::EducationBenefit::EarlyYearsPupilPremium,
    ] {
        let check = v1::check_request::Check::Section95(v1::Section95Check {
            person: Some(family.by_nass().person),
            benefit: benefit.into(),
        });
        let told = house.answered(COUNCIL, request(check)).await;
        assert_eq!(reason(&told), "established");
    }
    // Three entries, so no stored result was used twice.
    assert_eq!(asked(&house), [6, 0]);
}
