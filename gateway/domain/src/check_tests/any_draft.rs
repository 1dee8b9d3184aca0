//! Laws of parsing that hold for any request at all.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// In every text sent below, so that a description which repeats one would show it; in no description by itself.
const MARK: &str = "QZXJ";

/// The texts of a request in the order of `Draft`, the other names after them.
type Texts = (Vec<String>, Vec<String>);

fn draft<'a>((texts, also_known_as): &'a Texts, benefit: Option<EducationBenefit>) -> Draft<'a> {
    Draft {
        share_code: &texts[0],
        given_names: &texts[1],
        family_name: &texts[2],
        also_known_as,
        date_of_birth: &texts[3],
        national_insurance_number: &texts[4],
        home_office_reference: &texts[5],
        asylum_support_reference: &texts[6],
        postcode: &texts[7],
        tenancy_start: &texts[8],
        benefit,
    }
}

fn texts_of(text: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = Texts> {
    (
        prop::collection::vec(text.clone(), 9),
        prop::collection::vec(text, 0..13),
    )
}

/// Each field empty, good, nearly good or anything at all.
fn texts() -> impl Strategy<Value = Texts> {
    let one = |good: &'static str| {
        prop_oneof![
            3 => Just(good.to_owned()),
            1 => Just(String::new()),
            1 => Just(format!("{good}0")),
            1 => any::<String>(),
        ]
    };
    let fields = [
        "W1234567X",
        "Ann",
        "Lee",
        "1990-12-31",
        "AB123456C",
        "GWF012345678",
        "2401012345",
        "SW1A 1AA",
        "2026-08-01",
    ];
    (
        fields.map(one).to_vec(),
        prop::collection::vec(one("Ann Smith"), 0..4),
    )
}

fn kind() -> impl Strategy<Value = CheckKind> {
    prop::sample::select(CheckKind::ALL.to_vec())
}

fn benefit() -> impl Strategy<Value = Option<EducationBenefit>> {
    prop::sample::select(vec![None, Some(EducationBenefit::FreeSchoolMeals)])
}

/// The parsed check written out again, as it would be sent.
fn written_again(check: &Check) -> Texts {
    let subject = &check.subject;
    let (given, family) = subject
        .name
        .as_ref()
        .map_or(("", ""), |name| (name.given(), name.family()));
    let start = match check.terms {
        Terms::RightToRent { tenancy_start } => tenancy_start.to_string(),
        _ => String::new(),
    };
    let texts = [
        subject.share_code.as_ref().map_or("", ShareCode::expose),
        given,
        family,
        &subject.date_of_birth.date().to_string(),
        subject.nino.as_ref().map_or("", Nino::expose),
        subject
            .home_office_reference
            .as_ref()
            .map_or("", HomeOfficeReference::expose),
        subject
            .asylum_support_reference
            .as_ref()
            .map_or("", AsylumSupportReference::expose),
        subject.postcode.as_ref().map_or("", Postcode::expose),
        &start,
    ]
    .map(str::to_owned);
    let others = subject.also_known_as.iter().map(|alias| alias.to_string());
    (texts.to_vec(), others.collect())
}

proptest! {
    #[test]
    fn a_check_is_parsed_or_refused_with_faults_of_its_own_each_named_once(
        texts in texts(), kind in kind(), benefit in benefit()
    ) {
        match draft(&texts, benefit).parse(kind, TODAY) {
            Ok(check) => {
                prop_assert_eq!(check.kind(), kind);
                let again = written_again(&check);
                let parsed = draft(&again, benefit).parse(kind, TODAY);
                prop_assert!(parsed.is_ok_and(|parsed| *parsed.canonical() == *check.canonical()));
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                let root = format!("{}.", kind.request_field());
                let named: HashSet<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
                prop_assert_eq!(named.len(), faults.len());
                prop_assert!(named.iter().all(|path| path.starts_with(&root)));
                prop_assert!(faults.iter().all(|fault| !fault.description.is_empty()));
            }
        }
    }

    #[test]
    fn no_path_and_no_description_repeats_what_was_sent(
        texts in texts_of("[A-Za-z0-9 /-]{0,9}QZXJ[A-Za-z0-9_ /-]{0,9}".boxed()), kind in kind()
    ) {
        let faults = draft(&texts, None).parse(kind, TODAY).err().unwrap_or_default();
        prop_assert!(faults.iter().any(|fault| fault.field.ends_with("date_of_birth")));
        for fault in faults {
            prop_assert!(!fault.description.to_ascii_uppercase().contains(MARK));
            prop_assert!(!fault.field.to_ascii_uppercase().contains(MARK));
        }
    }

    #[test]
    fn mending_what_was_named_is_enough(texts in texts(), kind in kind()) {
        let Err(faults) = draft(&texts, None).parse(kind, TODAY) else { return Ok(()) };
        let at_fault = |place: &str| faults.iter().any(|fault| fault.field.ends_with(place));
        let good = by_name(kind);
        let mut mended = draft(&texts, good.benefit);
        let also_at_fault = faults.iter().any(|fault| fault.field.contains("also_known_as"));
        if also_at_fault { mended.also_known_as = &[]; }
        if at_fault("share_code") { mended.share_code = ""; }
        if at_fault("given_names") { mended.given_names = "Ann"; }
        // A code that was left out no longer stands for the name.
        if at_fault("family_name") || at_fault("share_code") { mended.family_name = "Lee"; }
        if at_fault("date_of_birth") { mended.date_of_birth = "1990-12-31"; }
        if at_fault("national_insurance_number") { mended.national_insurance_number = ""; }
        if at_fault("home_office_reference") { mended.home_office_reference = ""; }
        if at_fault("postcode") { mended.postcode = ""; }
        if at_fault("tenancy_start") { mended.tenancy_start = good.tenancy_start; }
        let numbers = at_fault("national_insurance_number") || at_fault("asylum_support_reference");
        if numbers { mended.asylum_support_reference = good.asylum_support_reference; }
        prop_assert_eq!(paths(&mended, kind), [""; 0]);
    }
}
