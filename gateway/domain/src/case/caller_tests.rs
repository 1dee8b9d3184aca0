//! What a caller may do with a case, in each state of it.

use jiff::Timestamp;
use jiff::civil::date;
use zeroize::Zeroizing;

use super::*;
use crate::answer::{Answer, Facts, Negative, Outcome, PendingReason};
use crate::case::HistoryError;
use crate::event::{Change, Receipt};
use crate::ids::{CaseId, RequestId};
use crate::sla::Target;

const TODAY: Date = date(2026, 6, 1);

fn now() -> Timestamp {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

fn received(kind: CheckKind, draft: &Draft<'_>) -> Case {
    let Ok(check) = draft.parse(kind, TODAY) else {
        panic!("the sample is well formed")
    };
    let receipt = Receipt {
        organisation: "acme".parse().unwrap(),
        request_id: RequestId(uuid::Uuid::nil()),
        check,
        caller_reference: Zeroizing::default(),
        agreement_id: "work-2026".parse().unwrap(),
        legal_basis: String::new(),
        clock: Target::DEFAULT.start(now()),
        is_discreet: false,
    };
    let id = CaseId::at(now(), &[0; 10]);
    let kinds = [EventKind::Received(Box::new(receipt))];
    let Ok(case) = Case::fold(id, Change::new(id, now(), kinds).events) else {
        panic!("a receipt is a case")
    };
    case
}

fn worker() -> Case {
    let draft = Draft {
        given_names: "Sam",
        family_name: "Okafor",
        date_of_birth: "1990-12-31",
        ..Draft::default()
    };
    received(CheckKind::RightToWork, &draft)
}

fn then(case: Case, kind: EventKind) -> Case {
    let Ok((_, after)) = case.change(now(), [kind]) else {
        panic!("the step follows on")
    };
    after
}

fn decided(case: Case, outcome: Outcome) -> Case {
    let answer = Answer {
        outcome,
        ..case.answer.clone()
    };
    then(case, EventKind::Decided(answer))
}

fn established() -> Outcome {
    Outcome::Established {
        facts: Facts::Section95 {
            supported_since: None,
        },
        withheld: Vec::new(),
    }
}

fn asking(fields: &[Field]) -> Outcome {
    Outcome::MoreInformation {
        fields: fields.to_vec(),
    }
}

fn words(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

/// The case after the step, or why it is not taken; the same case where the step changes nothing.
fn stepped<E>(case: &Case, step: Result<Option<EventKind>, E>) -> Result<Case, E> {
    Ok(match step? {
        Some(kind) => then(case.clone(), kind),
        None => case.clone(),
    })
}

#[track_caller]
fn took<E>(case: &Case, step: Result<Option<EventKind>, E>) -> Case {
    let Ok(after) = stepped(case, step) else {
        panic!("the step is taken")
    };
    after
}

#[test]
fn an_open_case_is_withdrawn_once_and_for_good_and_an_answered_one_is_not() {
    for open in [worker(), decided(worker(), asking(&[Field::Postcode]))] {
        let withdrawn = took(&open, open.withdrawn());
        assert_eq!(withdrawn.state, CaseState::Withdrawn);
        assert_eq!(took(&withdrawn, withdrawn.withdrawn()).version, withdrawn.version);
        let refused = [
            withdrawn.disputed(&words("wrong"), withdrawn.version).err(),
            withdrawn.used(Use::Accepted).err(),
        ];
        assert_eq!(refused, [Some(NotNow::Withdrawn); 2]);
        let provided = withdrawn
            .provided(&Draft::default(), TODAY, withdrawn.version)
            .err();
        assert_eq!(provided, Some(NotNow::Withdrawn.into()));
    }
    let answered = decided(worker(), established());
    assert_eq!(answered.withdrawn().err(), Some(NotNow::Answered));
}

#[test]
fn a_case_does_not_go_on_after_it_was_withdrawn_but_late_replies_are_history() {
    let open = worker();
    let answer = open.answer.clone();
    let withdrawn = took(&open, open.withdrawn());
    let refused = withdrawn.change(now(), [EventKind::Decided(answer)]).err();
    assert_eq!(refused, Some(HistoryError::AfterWithdrawal));
    let asked = EventKind::Asked {
        question_id: crate::ids::QuestionId(uuid::Uuid::nil()),
        operation: crate::question::Operation::ImmigrationStatus,
        charged: None,
    };
    assert_eq!(then(withdrawn, asked).state, CaseState::Withdrawn);
}

#[test]
fn a_dispute_opens_an_answered_case_until_it_is_answered_again() {
    let open = worker();
    assert_eq!(
        open.disputed(&words("wrong"), open.version).err(),
        Some(NotNow::NotAnswered)
    );
    let answered = decided(open, Outcome::NotEstablished(Negative::NoRecord));
    let disputed = took(&answered, answered.disputed(&words("wrong"), answered.version));
    assert_eq!(disputed.state, CaseState::Open);
    assert!(
        disputed.answer.outcome
            == Outcome::Pending {
                reason: PendingReason::Disputed,
                departments: vec![crate::ids::DepartmentId::HomeOffice],
            }
    );
    assert!(!disputed.answer.may_refuse(CheckKind::RightToWork));

    let again = took(&disputed, disputed.disputed(&words("wrong"), disputed.version));
    assert_eq!(again.version, disputed.version);
    let other = disputed
        .disputed(&words("and for another reason"), disputed.version)
        .err();
    assert_eq!(other, Some(NotNow::Disputed));

    let answered = decided(disputed, Outcome::NotEstablished(Negative::NoRecord));
    assert_eq!(answered.state, CaseState::Answered);
    // Whoever saw the first answer alone disputed it with the same words at the same time.
    assert_eq!(took(&answered, answered.disputed(&words("wrong"), 2)).version, 4);
    let kinds: Vec<_> = answered.history.iter().map(|step| step.kind).collect();
    assert_eq!(kinds, ["received", "answered", "disputed", "answered"]);
    assert_eq!(
        took(&answered, answered.disputed(&words("wrong"), answered.version)).version,
        5
    );
}

#[test]
fn feedback_is_about_an_answer_and_a_refusal_needs_one_that_allows_it() {
    let open = worker();
    assert_eq!(open.used(Use::Accepted).err(), Some(NotNow::NotAnswered));
    let yes = decided(open.clone(), established());
    assert_eq!(yes.used(Use::Refused).err(), Some(NotNow::MayNotRefuse));
    let no = decided(open, Outcome::NotEstablished(Negative::NoRecord));
    let refused = took(&no, no.used(Use::Refused));
    assert_eq!(
        (refused.feedback, refused.state),
        (Some(Use::Refused), CaseState::Answered)
    );
    assert_eq!(
        took(&refused, refused.used(Use::Refused)).version,
        refused.version
    );
    let unclear = took(&refused, refused.used(Use::AnswerUnclear));
    assert_eq!(unclear.feedback, Some(Use::AnswerUnclear));
    // What was said of an answer says nothing of the next one.
    let disputed = took(&unclear, unclear.disputed(&words("wrong"), unclear.version));
    assert_eq!(disputed.feedback, None);
}

#[test]
fn details_that_were_asked_for_are_added_to_the_check() {
    let asked = decided(
        worker(),
        asking(&[Field::NationalInsuranceNumber, Field::Postcode]),
    );
    let given = Draft {
        national_insurance_number: "ab 12 34 56 c",
        ..Draft::default()
    };
    let provided = took(&asked, asked.provided(&given, TODAY, asked.version));
    let subject = &provided.receipt.check.subject;
    assert_eq!(subject.nino.as_ref().map(|nino| nino.expose()), Some("AB123456C"));
    assert!(
        subject
            .name
            .as_ref()
            .is_some_and(|name| name.family() == "Okafor")
    );
    assert_eq!(provided.state, CaseState::Open);

    let again = took(&provided, provided.provided(&given, TODAY, provided.version));
    assert_eq!(again.version, provided.version);
    let other = Draft {
        national_insurance_number: "AB123456D",
        ..Draft::default()
    };
    let refused = provided.provided(&other, TODAY, provided.version).err();
    assert_eq!(refused, Some(NotNow::NothingAsked.into()));
    // Asked for the same again, whoever saw the first question alone gave it at the same time.
    let asked_again = decided(provided.clone(), asking(&[Field::NationalInsuranceNumber]));
    let at_once = took(&asked_again, asked_again.provided(&given, TODAY, 2));
    assert_eq!(at_once.version, asked_again.version);
    let anew = took(&asked_again, asked_again.provided(&given, TODAY, 4));
    assert_eq!(anew.version, asked_again.version + 1);
    let never_asked = decided(worker(), established());
    let refused = never_asked.provided(&given, TODAY, never_asked.version).err();
    assert_eq!(refused, Some(NotNow::NothingAsked.into()));
}

#[test]
fn every_fault_of_what_is_provided_is_told_at_once_by_its_path_in_the_request() {
    let asked = decided(worker(), asking(&[Field::Postcode, Field::ShareCode]));
    let faults = |given: &Draft<'_>| match asked.provided(given, TODAY, asked.version) {
        Err(ProvideFault::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
        _ => Vec::new(),
    };
    let stray = Draft {
        national_insurance_number: "AB123456C",
        postcode: "nowhere",
        share_code: "R12345678",
        ..Draft::default()
    };
    assert_eq!(
        faults(&stray),
        [
            "person.national_insurance_number",
            "share_code",
            "person.postcode"
        ]
    );
    assert_eq!(faults(&Draft::default()), ["person.postcode", "share_code"]);
}

#[test]
fn the_number_that_section_95_is_given_takes_the_place_of_the_other() {
    let draft = Draft {
        family_name: "Mensah",
        date_of_birth: "1989-08-19",
        national_insurance_number: "GX000012B",
        benefit: Some(crate::check::EducationBenefit::FreeSchoolMeals),
        ..Draft::default()
    };
    let asked = decided(
        received(CheckKind::Section95, &draft),
        asking(&[Field::AsylumSupportReference]),
    );
    let given = Draft {
        asylum_support_reference: "2401/012345",
        ..Draft::default()
    };
    let provided = took(&asked, asked.provided(&given, TODAY, asked.version));
    assert_eq!(
        provided.receipt.check.subject.fields(),
        [
            Field::FamilyName,
            Field::DateOfBirth,
            Field::AsylumSupportReference
        ]
    );
}

#[test]
fn a_later_start_of_the_tenancy_may_be_the_same_day_as_before() {
    let draft = Draft {
        share_code: "R12345678",
        date_of_birth: "1990-12-31",
        tenancy_start: "2026-08-01",
        ..Draft::default()
    };
    let case = received(CheckKind::RightToRent, &draft);
    let asked = decided(case, asking(&[Field::TenancyStart]));
    let given = Draft {
        tenancy_start: "2026-08-01",
        ..Draft::default()
    };
    // Weeks later the same day can be checked.
    let provided = took(&asked, asked.provided(&given, date(2026, 7, 10), asked.version));
    assert_eq!(provided.state, CaseState::Open);
}

#[test]
fn a_case_takes_a_bounded_number_of_steps_and_can_be_withdrawn_after_them() {
    let mut case = decided(worker(), established());
    for turn in 0..STEPS_MAX {
        let usage = Use::ALL[if turn % 2 == 0 { 0 } else { 2 }];
        case = took(&case, case.used(usage));
    }
    assert_eq!(case.used(Use::Accepted).err(), Some(NotNow::Exhausted));
    assert_eq!(
        case.disputed(&words("wrong"), case.version).err(),
        Some(NotNow::Exhausted)
    );
    let open = decided(case, asking(&[Field::Postcode]));
    assert_eq!(took(&open, open.withdrawn()).state, CaseState::Withdrawn);
}
