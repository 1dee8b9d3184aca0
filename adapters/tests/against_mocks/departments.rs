//! Each adapter against the mock of its department.

use crate::bench::{Bench, ana, ask, facts, kind_of, person, question};
use jiff::civil::date;
use statuscheck_domain::check::Draft;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{Facts, Outcome, Period};
use statuscheck_domain::subject::Field;

const LEAVE: &str = r#","leave":{"kind":"Skilled Worker","valid_from":"2024-01-01","valid_until":"2027-01-01",
    "may_work":true,"may_rent":true,"conditions":["20 hours a week"],"health_surcharge_paid":true},
    "home_office_reference":"GWF123456","arrived_on":"2023-12-30",
    "share_codes":[{"code":"W12345678","issued_on":"2026-01-01"},{"code":"WOLD45678","issued_on":"2025-10-01"}]"#;

#[tokio::test]
async fn the_home_office_finds_by_names_and_by_reference() {
    let bench = Bench::of(&[person(LEAVE)]).await;
    let office = bench.department(DepartmentId::HomeOffice);
    let by_names = question(Operation::ImmigrationStatus, &ana());
    let reply = ask(&office, &by_names).await;
    assert!(
        reply
            .as_ref()
            .is_ok_and(|reply| reply.as_of == crate::bench::NOW.parse().ok())
    );
    let Facts::ImmigrationStatus(status) = facts(reply) else {
        panic!("it is a status")
    };
    assert_eq!(status.leave, "Skilled Worker");
    assert_eq!(status.valid_until, Some(date(2027, 1, 1)));
    assert_eq!(status.arrived_on, Some(date(2023, 12, 30)));
    assert_eq!(status.conditions, ["20 hours a week"]);
    assert!(status.may_work && status.may_rent);

    let by_reference = Draft {
        given_names: "",
        home_office_reference: "GWF/123456",
        ..ana()
    };
    facts(ask(&office, &question(Operation::ImmigrationStatus, &by_reference)).await);
    let other_day = Draft {
        date_of_birth: "1961-02-27",
        ..by_reference
    };
    let reply = ask(&office, &question(Operation::ImmigrationStatus, &other_day)).await;
    assert_eq!(kind_of(&reply), "no record");
}

#[tokio::test]
async fn a_share_code_is_good_for_its_ninety_days_and_the_right_date_of_birth() {
    let bench = Bench::of(&[person(LEAVE)]).await;
    let office = bench.department(DepartmentId::HomeOffice);
    let by_code = |code: &'static str, date_of_birth: &'static str| {
        let draft = Draft {
            share_code: code,
            date_of_birth,
            ..Draft::default()
        };
        question(Operation::ImmigrationStatus, &draft)
    };
    facts(ask(&office, &by_code("W12345678", "1961-02-28")).await);
    let wrong_day = ask(&office, &by_code("W12345678", "1961-02-27")).await;
    assert_eq!(kind_of(&wrong_day), "no record");
    let expired = ask(&office, &by_code("WOLD45678", "1961-02-28")).await;
    let asks_for_code = Outcome::Ambiguous {
        would_settle: vec![Field::ShareCode],
    };
    assert!(expired.is_ok_and(|reply| reply.outcome == asks_for_code));
}

#[tokio::test]
async fn support_is_told_with_its_legal_basis_or_without_one() {
    let supported = |basis: &str| {
        person(&format!(
            r#","asylum_support_reference":"240112345","section_95":{{"in_force":true,"since":"2024-01-10"{basis}}}"#
        ))
    };
    let by_reference = Draft {
        national_insurance_number: "",
        asylum_support_reference: "2401/12345",
        ..ana()
    };
    for (basis, told) in [
        (
            r#","legal_basis":"Part VI, section 95""#,
            Some("Part VI, section 95"),
        ),
        (
            r#","legal_basis":"Part IV, section 95""#,
            Some("Part IV, section 95"),
        ),
        (r#","legal_basis":"section 4""#, Some("section 4")),
        ("", None),
    ] {
        let bench = Bench::of(&[supported(basis)]).await;
        let office = bench.department(DepartmentId::HomeOffice);
        let by_number = ana();
        for draft in [&by_reference, &by_number] {
            let reply = ask(&office, &question(Operation::Section95Support, draft)).await;
            let Facts::Section95Support(support) = facts(reply) else {
                panic!("it is support")
            };
            assert!(support.in_force);
            assert_eq!(support.since, Some(date(2024, 1, 10)));
            assert_eq!(support.legal_basis.as_deref(), told);
        }
    }
}

#[tokio::test]
async fn a_closed_desk_says_when_it_opens() {
    let bench = Bench::of(&[person(
        r#","behaviour":{"home_office":"closed"},"leave":{"kind":"ILR",
        "valid_from":"2024-01-01","may_work":true,"may_rent":true}"#,
    )])
    .await;
    let reply = bench.ask(Operation::ImmigrationStatus).await;
    let closed = Outcome::Closed {
        until: "2026-01-06T09:00:00Z".parse().ok(),
    };
    assert!(reply.is_ok_and(|reply| reply.outcome == closed));
}

#[tokio::test]
async fn a_deferred_question_is_asked_after_by_its_ticket_until_it_is_answered() {
    for (department, operation, asked_by) in [
        (
            "home_office",
            Operation::ImmigrationStatus,
            DepartmentId::HomeOffice,
        ),
        ("dwp", Operation::NinoTrace, DepartmentId::Dwp),
    ] {
        let behaviour = format!(r#"{LEAVE},"behaviour":{{"{department}":"defer:48h"}}"#);
        let bench = Bench::of(&[person(&behaviour)]).await;
        let adapter = bench.department(asked_by);
        let mut question = question(operation, &ana());
        let Ok(first) = ask(&adapter, &question).await else {
            panic!("the department takes the question")
        };
        let Outcome::Deferred { ticket, .. } = &first.outcome else {
            panic!("it is {}", crate::bench::kind(&first.outcome))
        };
        question.ticket = Some(ticket.clone());
        let Ok(second) = ask(&adapter, &question).await else {
            panic!("the department knows its ticket")
        };
        assert!(
            first.outcome == second.outcome,
            "the same ticket is asked after again"
        );
        bench.clock.advance(std::time::Duration::from_secs(48 * 3600));
        facts(ask(&adapter, &question).await);
    }
}

#[tokio::test]
async fn dwp_traces_a_number_to_its_holder() {
    let bench = Bench::of(&[
        person(""),
        r#"{"id":"bo","given_names":"Bo","family_name":"Lee","date_of_birth":"1980-01-01"}"#.to_owned(),
    ])
    .await;
    let dwp = bench.department(DepartmentId::Dwp);
    let traced = async |draft: &Draft<'_>| ask(&dwp, &question(Operation::NinoTrace, draft)).await;
    assert!(facts(traced(&ana()).await) == Facts::NinoTrace { matches: true });
    let bo = Draft {
        given_names: "Bo",
        family_name: "Lee",
        date_of_birth: "1980-01-01",
        ..ana()
    };
    assert!(facts(traced(&bo).await) == Facts::NinoTrace { matches: false });
    let other_number = Draft {
        national_insurance_number: "AB999999C",
        ..ana()
    };
    assert!(facts(traced(&other_number).await) == Facts::NinoTrace { matches: false });
    let unknown = Draft {
        national_insurance_number: "AB999999C",
        ..bo
    };
    assert_eq!(kind_of(&traced(&unknown).await), "no record");
    let other_name = Draft {
        family_name: "Other",
        ..ana()
    };
    let reply = traced(&other_name).await;
    let asks_for_number = Outcome::Ambiguous {
        would_settle: vec![Field::NationalInsuranceNumber],
    };
    assert!(reply.is_ok_and(|reply| reply.outcome == asks_for_number));
}

#[tokio::test]
async fn benefits_are_residence_and_a_citizen_without_claims_has_none() {
    let bench = Bench::of(&[person(
        r#","benefits":[{"kind":"child_benefit","from":"1985-03-01","to":"2001-02-28"},
        {"kind":"universal_credit","from":"2020-05-01"}]"#,
    )])
    .await;
    let told = facts(bench.ask(Operation::BenefitHistory).await);
    let periods = vec![
        Period {
            from: date(1985, 3, 1),
            to: Some(date(2001, 2, 28)),
        },
        Period {
            from: date(2020, 5, 1),
            to: None,
        },
    ];
    assert!(told == Facts::Residence(periods));
    let bench = Bench::of(&[person("")]).await;
    assert!(facts(bench.ask(Operation::BenefitHistory).await) == Facts::Residence(Vec::new()));
    let bench = Bench::of(&[]).await;
    assert_eq!(kind_of(&bench.ask(Operation::BenefitHistory).await), "no record");
}

#[tokio::test]
async fn hmrc_tells_employments_of_seven_tax_years() {
    let bench = Bench::of(&[person(
        r#","employments":[{"employer":"A","from":"1979-06-01","to":"1999-01-01"},
        {"employer":"B","from":"2021-03-01","to":"2022-08-31"},{"employer":"C","from":"2023-01-09"}]"#,
    )])
    .await;
    let told = facts(bench.ask(Operation::EmploymentHistory).await);
    let periods = vec![
        Period {
            from: date(2021, 3, 1),
            to: Some(date(2022, 8, 31)),
        },
        Period {
            from: date(2023, 1, 9),
            to: None,
        },
    ];
    assert!(told == Facts::Residence(periods));
    assert_eq!(bench.mocks.requests(DepartmentId::Hmrc), 2);
}

#[tokio::test]
async fn the_record_of_contributions_reaches_further_back() {
    let bench = Bench::of(&[person(
        r#","employments":[{"employer":"A","from":"1978-04-06","to":"1980-04-05"}]"#,
    )])
    .await;
    let Facts::Residence(periods) = facts(bench.ask(Operation::ContributionHistory).await) else {
        panic!("it is residence")
    };
    assert!(
        periods
            == [
                Period {
                    from: date(1978, 4, 6),
                    to: Some(date(1979, 4, 5))
                },
                Period {
                    from: date(1979, 4, 6),
                    to: Some(date(1980, 4, 5))
                },
            ]
    );
}

#[tokio::test]
async fn hmrc_is_tried_under_the_next_name_where_the_first_fails() {
    let bench = Bench::of(&[person("")]).await;
    let swapped = Draft {
        given_names: "María Ana",
        ..ana()
    };
    let hmrc = bench.department(DepartmentId::Hmrc);
    facts(ask(&hmrc, &question(Operation::EmploymentHistory, &swapped)).await);
    assert_eq!(bench.mocks.requests(DepartmentId::Hmrc), 3);
}

#[tokio::test]
async fn hmrc_has_no_record_after_as_many_names_as_the_settings_say() {
    let bench = Bench::of(&[person("")]).await;
    let aliases = ["Bo Lee".to_owned(), "Cy Ng".to_owned()];
    let other = Draft {
        given_names: "Zoe",
        family_name: "Young",
        also_known_as: &aliases,
        ..ana()
    };
    let hmrc = bench.department(DepartmentId::Hmrc);
    let reply = ask(&hmrc, &question(Operation::EmploymentHistory, &other)).await;
    assert_eq!(kind_of(&reply), "no record");
    assert_eq!(bench.mocks.requests(DepartmentId::Hmrc), 3);
}

#[tokio::test]
async fn dfe_tells_the_entry_with_its_feed() {
    let entry = |education: &str| person(&format!(r#","asylum_support_reference":"240112345"{education}"#));
    let bench = Bench::of(&[entry(r#","education":{"eligible":true,"source":"home_office"}"#)]).await;
    let Facts::EducationEligibility(found) = facts(bench.ask(Operation::EducationEligibility).await) else {
        panic!("it is an entry")
    };
    assert!(found.eligible);
    assert_eq!(found.source, Some(DepartmentId::HomeOffice));
    assert_eq!(found.loaded_at, "2026-01-03T10:00:00Z".parse().ok());
    let bench = Bench::of(&[entry(r#","education":{"eligible":false}"#)]).await;
    let Facts::EducationEligibility(found) = facts(bench.ask(Operation::EducationEligibility).await) else {
        panic!("it is an entry")
    };
    assert!(!found.eligible && found.source.is_none());
    let bench = Bench::of(&[entry("")]).await;
    assert_eq!(
        kind_of(&bench.ask(Operation::EducationEligibility).await),
        "no record"
    );
}

#[tokio::test]
async fn a_check_that_stays_queued_is_deferred_and_settles_later() {
    let bench = Bench::of(&[person(
        r#","behaviour":{"dfe":"defer:1h"},"education":{"eligible":true}"#,
    )])
    .await;
    let dfe = bench.department(DepartmentId::Dfe);
    let question = question(Operation::EducationEligibility, &ana());
    // Long enough for a token and a first poll on a machine with much else to do: it is all spent on polling.
    let within = std::time::Duration::from_secs(3);
    let reply = crate::bench::ask_within(&dfe, &question, within).await;
    assert_eq!(kind_of(&reply), "deferred");
    bench.clock.advance(std::time::Duration::from_secs(3600));
    facts(ask(&dfe, &question).await);
}
