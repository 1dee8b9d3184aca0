//! Refused requests: what each error carries, and that nobody was asked and nothing recorded.

use statuscheck_proto::v1::check_request::Check;
use statuscheck_proto::v1::{
    CheckRequest, EducationBenefit, Person, RightToRentCheck, RightToWorkCheck, Section95Check,
};
use statuscheck_tests::asking::{COUNCIL, EMPLOYER, LANDLORD, TRUST};
use statuscheck_tests::house::agreement_like;
use statuscheck_tests::prelude::*;
use tonic::Code;

use crate::wire::{EMPTY, Refusal, assert_untouched, post, refusal};

async fn refused(house: &House, who: &str, request: CheckRequest) -> Refusal {
    refusal(&house.check(who, request).await.err().expect("it is refused"))
}

/// A person with nothing right about them.
fn wrong_in_everything() -> Person {
    Person {
        given_names: "S4m".to_owned(),
        family_name: "Ex@mple".to_owned(),
        also_known_as: vec!["Sam Example".to_owned(), "\u{7}".to_owned()],
        date_of_birth: "1990-02-30".to_owned(),
        national_insurance_number: "QQ123456Z".to_owned(),
        home_office_reference: "?".to_owned(),
        asylum_support_reference: "2413/1".to_owned(),
        postcode: "nowhere".to_owned(),
    }
}

/// The fields of [`wrong_in_everything`] under a check's name, sorted.
fn all_of_person(check: &str) -> Vec<String> {
    let fields = [
        "also_known_as[1]",
        "asylum_support_reference",
        "date_of_birth",
        "family_name",
        "given_names",
        "home_office_reference",
        "national_insurance_number",
        "postcode",
    ];
    fields.map(|field| format!("{check}.person.{field}")).to_vec()
}

#[tokio::test]
async fn every_field_at_fault_is_named_at_once_with_its_full_path() {
    let house = House::start(Plan::default()).await;
    let person = Some(wrong_in_everything());
    let checks = [
        (
            EMPLOYER,
            "right_to_work",
            Check::RightToWork(RightToWorkCheck {
                share_code: "R12345678".to_owned(),
                person: person.clone(),
            }),
            &["right_to_work.share_code"][..],
        ),
        (
            LANDLORD,
            "right_to_rent",
            Check::RightToRent(RightToRentCheck {
                share_code: "R1".to_owned(),
                person: person.clone(),
                tenancy_start: "soon".to_owned(),
            }),
            &["right_to_rent.share_code", "right_to_rent.tenancy_start"],
        ),
        (
            COUNCIL,
            "section_95",
            Check::Section95(Section95Check {
                person: person.clone(),
                benefit: EducationBenefit::Unspecified.into(),
            }),
            &["section_95.benefit"],
        ),
        (
            TRUST,
            "iecas",
            Subject {
                share_code: String::new(),
                person: wrong_in_everything(),
            }
            .status(),
            &[],
        ),
    ];
    for (who, name, check, more) in checks {
        let request = CheckRequest {
            request_id: "not-a-uuid".to_owned(),
            check: Some(check),
            agreement_id: "Not An Id".to_owned(),
            caller_reference: "a\u{0}b".to_owned(),
        };
        let refused = refused(&house, who, request).await;
        assert_eq!(
            (refused.code, refused.reason()),
            (Code::InvalidArgument, "INVALID_FIELDS")
        );
        let mut expected = all_of_person(name);
        expected.extend(
            ["request_id", "agreement_id", "caller_reference"]
                .iter()
                .chain(more)
                .map(|field| (*field).to_owned()),
        );
        expected.sort_unstable();
        assert_eq!(refused.fields(), expected);
        let text = format!("{:?}", refused.details);
        for sent in [
            "S4m",
            "Ex@mple",
            "1990-02-30",
            "QQ123456Z",
            "2413/1",
            "nowhere",
            "not-a-uuid",
            "R12345678",
        ] {
            assert!(!text.contains(sent), "the error quotes {sent}");
        }
    }
    let empty = refused(&house, EMPLOYER, CheckRequest::default()).await;
    assert_eq!(empty.fields(), ["check", "request_id"]);
    assert_untouched(&house).await;
}

#[tokio::test]
async fn a_code_for_work_is_no_code_for_rent() {
    let house = House::start(Plan::default()).await;
    let asked = by_code("W00SAMP01", "1991-03-14").rent("2026-03-20");
    let refused = refused(&house, LANDLORD, request(asked)).await;
    assert_eq!(
        (refused.code, refused.fields()),
        (Code::InvalidArgument, vec!["right_to_rent.share_code"])
    );
    assert_untouched(&house).await;
}

#[tokio::test]
async fn fields_that_the_agreement_does_not_cover_are_all_named_with_the_contact() {
    let house = House::start(Plan::default()).await;
    let mut subject = by_name("Sam", "Example", "1990-05-01");
    subject.person.postcode = "SW1A 1AA".to_owned();
    subject.person.asylum_support_reference = "2401/012345".to_owned();
    let refused = self::refused(&house, EMPLOYER, request(subject.clone().work())).await;
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::PermissionDenied, "FIELD_NOT_COVERED")
    );
    assert_eq!(
        refused.fields(),
        [
            "right_to_work.person.asylum_support_reference",
            "right_to_work.person.postcode"
        ]
    );
    assert_eq!(refused.metadata("agreement_id"), Some("right-to-work"));
    assert_eq!(refused.metadata("check"), Some("right-to-work"));
    assert_eq!(refused.contacts(), ["mailto:right-to-work@home-office.example"]);

    // Malformed input wins over it.
    let malformed = self::refused(&house, EMPLOYER, request(subject.but_born("1990-13-01").work())).await;
    assert_eq!(
        (malformed.code, malformed.reason()),
        (Code::InvalidArgument, "INVALID_FIELDS")
    );
    assert_eq!(malformed.fields(), ["right_to_work.person.date_of_birth"]);
    assert_untouched(&house).await;
}

#[tokio::test]
async fn an_organisation_without_an_agreement_is_told_so_for_every_check() {
    let house = House::start(Plan::default()).await;
    let named = by_name("Sam", "Example", "1990-05-01");
    let checks = [
        ("right-to-work", named.clone().work()),
        ("right-to-rent", named.clone().rent("2026-03-20")),
        (
            "section-95",
            by_nass("2401/012345", "Example", "1990-05-01").support(),
        ),
        ("iecas", named.clone().status()),
    ];
    for (name, check) in checks {
        let refused = refused(&house, "organisation/stranger", request(check)).await;
        assert_eq!(
            (refused.code, refused.reason()),
            (Code::PermissionDenied, "NO_AGREEMENT")
        );
        assert_eq!(refused.metadata("check"), Some(name));
        assert_eq!(
            refused.metadata("agreement_id"),
            None,
            "nobody else's agreement is told"
        );
    }
    // An agreement of somebody else's, and one that there is not, are the same.
    let mut errors = Vec::new();
    for agreement in ["right-to-rent", "no-such-agreement"] {
        let mut asked = request(named.clone().work());
        asked.agreement_id = agreement.to_owned();
        let refused = refused(&house, EMPLOYER, asked).await;
        assert_eq!(
            (refused.code, refused.reason()),
            (Code::PermissionDenied, "NO_AGREEMENT")
        );
        errors.push(format!("{:?}", refused.details));
    }
    assert_eq!(errors[0], errors[1]);
    assert_untouched(&house).await;
}

#[tokio::test]
async fn a_check_that_the_agreement_does_not_cover_is_refused_with_the_contact() {
    let house = House::start(Plan::default()).await;
    let asked = by_name("Sam", "Example", "1990-05-01").rent("2026-03-20");
    let refused = refused(&house, EMPLOYER, request(asked)).await;
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::PermissionDenied, "CHECK_NOT_COVERED")
    );
    assert_eq!(refused.metadata("check"), Some("right-to-rent"));
    assert_eq!(refused.metadata("agreement_id"), Some("right-to-work"));
    assert_eq!(refused.contacts(), ["mailto:right-to-work@home-office.example"]);
    assert_untouched(&house).await;
}

#[tokio::test]
async fn several_agreements_that_fit_must_be_told_apart_by_name() {
    let second = agreement_like("right-to-work", "right-to-work-2", "employer");
    let house = House::start(Plan {
        agreements: vec![second],
        ..Plan::default()
    })
    .await;
    let mut asked = request(by_name("Sam", "Example", "1990-05-01").work());
    let refused = refused(&house, EMPLOYER, asked.clone()).await;
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::InvalidArgument, "SEVERAL_AGREEMENTS")
    );
    assert_eq!(refused.fields(), ["agreement_id"]);
    assert_untouched(&house).await;
    asked.agreement_id = "right-to-work-2".to_owned();
    let answered = house.answered(EMPLOYER, asked).await;
    assert_eq!(answered.answer.unwrap().agreement_id, "right-to-work-2");
}

#[tokio::test]
async fn a_method_that_nobody_serves_says_so() {
    let house = House::start(Plan::default()).await;
    // As a client of a later contract would call it.
    let path = "/statuscheck.adapter.v1.DeskService/TakeHomeEarly";
    let called = post(&house.channel("department/dfe"), path, EMPTY).await;
    let refused = refusal(&called.unwrap());
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::Unimplemented, "NOT_SERVED")
    );
    assert_untouched(&house).await;
}
