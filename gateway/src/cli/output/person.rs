//! Whom something is about, where that is asked for.

use statuscheck_proto::adapter::v1::Subject;

/// All that is known of who somebody is, in one line.
pub(crate) fn named(subject: &Subject) -> String {
    let parts = [
        &subject.given_names,
        &subject.family_name,
        &subject.also_known_as.join(", "),
        &subject.date_of_birth,
        &subject.national_insurance_number,
        &subject.home_office_reference,
        &subject.asylum_support_reference,
        &subject.postcode,
        &subject.share_code,
    ];
    let given = parts.into_iter().filter(|part| !part.is_empty());
    given.map(String::as_str).collect::<Vec<_>>().join(" ")
}
