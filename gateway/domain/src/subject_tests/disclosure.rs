//! What of a person goes out, and that none of it can be printed.

use std::fmt::{Debug, Display};

use jiff::civil::date;

use crate::question::Operation;

use super::*;

/// A person of whom everything is known.
fn everything() -> Subject {
    let parsed = (
        Name::parse("Ann Mary", "Lee"),
        Nino::parse("AB123456C"),
        HomeOfficeReference::parse("GWF012345678"),
        AsylumSupportReference::parse("2401/012345"),
        Postcode::parse("SW1A 1AA"),
        ShareCode::parse("W12 345 67X"),
    );
    let (Ok(name), Ok(nino), Ok(reference), Ok(asylum), Ok(postcode), Ok(share_code)) = parsed else {
        panic!("every part is well formed")
    };
    Subject {
        name: Some(name),
        also_known_as: vec!["Ann Smith".to_owned().into()],
        date_of_birth: DateOfBirth::of(date(1990, 12, 31)),
        nino: Some(nino),
        home_office_reference: Some(reference),
        asylum_support_reference: Some(asylum),
        postcode: Some(postcode),
        share_code: Some(share_code),
    }
}

const OF_SUBJECT: [Field; 9] = [
    Field::GivenNames,
    Field::FamilyName,
    Field::AlsoKnownAs,
    Field::DateOfBirth,
    Field::NationalInsuranceNumber,
    Field::HomeOfficeReference,
    Field::AsylumSupportReference,
    Field::Postcode,
    Field::ShareCode,
];

/// The text of one field, where it is there.
fn text(subject: &Subject, field: Field) -> Option<String> {
    match field {
        Field::GivenNames => subject.name.as_ref().map(|name| name.given().to_owned()),
        Field::FamilyName => subject.name.as_ref().map(|name| name.family().to_owned()),
        Field::AlsoKnownAs => subject.also_known_as.first().map(|alias| alias.to_string()),
        Field::DateOfBirth => Some(subject.date_of_birth.date().to_string()),
        Field::NationalInsuranceNumber => subject.nino.as_ref().map(|nino| nino.expose().to_owned()),
        Field::HomeOfficeReference => subject
            .home_office_reference
            .as_ref()
            .map(|text| text.expose().to_owned()),
        Field::AsylumSupportReference => subject
            .asylum_support_reference
            .as_ref()
            .map(|text| text.expose().to_owned()),
        Field::Postcode => subject.postcode.as_ref().map(|code| code.expose().to_owned()),
        Field::ShareCode => subject.share_code.as_ref().map(|code| code.expose().to_owned()),
        Field::TenancyStart => None,
    }
    .filter(|text| !text.is_empty())
}

#[test]
fn a_subject_names_the_fields_that_were_given_and_no_others() {
    assert_eq!(everything().fields(), OF_SUBJECT);
    assert_eq!(everything().only(&[]).fields(), [Field::DateOfBirth]);
    let one_name = Subject {
        name: Name::parse("", "Suryani").ok(),
        ..everything().only(&[])
    };
    assert_eq!(one_name.fields(), [Field::FamilyName, Field::DateOfBirth]);
}

#[test]
fn given_names_stay_behind_where_only_the_family_name_goes_out() {
    let sent = everything().only(&[Field::FamilyName]);
    assert_eq!(text(&sent, Field::FamilyName).as_deref(), Some("Lee"));
    assert_eq!(text(&sent, Field::GivenNames), None);
}

#[test]
fn no_name_goes_out_where_only_given_names_are_asked_for() {
    assert_eq!(
        everything().only(&[Field::GivenNames]).fields(),
        [Field::DateOfBirth]
    );
}

#[test]
fn each_operation_sends_its_own_fields_and_no_others() {
    for operation in Operation::ALL {
        let sent = everything().only(operation.fields());
        for field in OF_SUBJECT {
            let expected = operation.fields().contains(&field);
            assert_eq!(
                text(&sent, field).is_some(),
                expected,
                "{}: {}",
                operation.as_str(),
                field.as_str()
            );
        }
    }
}

#[test]
fn a_section_95_question_carries_no_given_names_and_no_other_names() {
    for operation in [Operation::EducationEligibility, Operation::Section95Support] {
        let sent = everything().only(operation.fields());
        let expected = [
            Field::FamilyName,
            Field::DateOfBirth,
            Field::NationalInsuranceNumber,
            Field::AsylumSupportReference,
        ];
        assert_eq!(sent.fields(), expected, "{}", operation.as_str());
    }
}

proptest! {
    #[test]
    fn what_goes_out_is_what_was_named_unchanged_and_the_date_of_birth(
        named in prop::sample::subsequence(OF_SUBJECT.to_vec(), 0..=OF_SUBJECT.len())
    ) {
        let whole = everything();
        let sent = whole.only(&named);
        for field in OF_SUBJECT {
            let goes = match field {
                Field::DateOfBirth => true,
                // A family name is never blank, so given names never go out alone.
                Field::GivenNames => named.contains(&field) && named.contains(&Field::FamilyName),
                _ => named.contains(&field),
            };
            let expected = if goes { text(&whole, field) } else { None };
            prop_assert_eq!(text(&sent, field), expected, "{}", field.as_str());
        }
        prop_assert!(sent.only(&named).fields() == sent.fields());
    }
}

/// Implemented for everything, and a second time for what can be printed: naming `NONE` then no longer compiles.
trait Printable<How: ?Sized> {
    const NONE: () = ();
}
impl<T: ?Sized> Printable<()> for T {}
impl<T: ?Sized + Debug> Printable<dyn Debug> for T {}
impl<T: ?Sized + Display> Printable<dyn Display> for T {}

// Does not compile where one of these types can be printed.
const _: [(); 11] = [
    <Subject as Printable<_>>::NONE,
    <Name as Printable<_>>::NONE,
    <DateOfBirth as Printable<_>>::NONE,
    <Nino as Printable<_>>::NONE,
    <HomeOfficeReference as Printable<_>>::NONE,
    <AsylumSupportReference as Printable<_>>::NONE,
    <Postcode as Printable<_>>::NONE,
    <ShareCode as Printable<_>>::NONE,
    <crate::check::Check as Printable<_>>::NONE,
    <crate::check::Draft<'static> as Printable<_>>::NONE,
    <crate::names::Candidate as Printable<_>>::NONE,
];
