//! Whether two checks are about one person, for what one may tell the other.

use crate::subject::{Nino, Subject};

/// `one` and `other` are the same person as far as their particulars go: born on the same day, alike in a name or a number,
/// and nowhere in conflict. A name alone with the day is enough only where no number speaks against it; a number alone is
/// not, where both are named and not alike: whoever uses another's number must not get that person's answer.
pub fn same_person(one: &Subject, other: &Subject) -> bool {
    if one.date_of_birth != other.date_of_birth {
        return false;
    }
    let number = |subject: &Subject| {
        subject
            .nino
            .as_ref()
            .map(|number| Nino::expose(number)[..8].to_owned())
    };
    let reference = |subject: &Subject| {
        let reference = subject.home_office_reference.as_ref();
        reference.map(|reference| reference.expose().to_ascii_uppercase())
    };
    let support = |subject: &Subject| {
        let reference = subject.asylum_support_reference.as_ref();
        reference.map(|reference| reference.expose().to_owned())
    };
    let code = |subject: &Subject| subject.share_code.as_ref().map(|code| code.expose().to_owned());
    let alike = [
        alike(number(one), number(other)),
        alike(reference(one), reference(other)),
        alike(support(one), support(other)),
        names(one, other),
        // A person has one share code after another.
        alike(code(one), code(other)).filter(|alike| *alike),
    ];
    alike.contains(&Some(true)) && !alike.contains(&Some(false))
}

/// Whether both say the same; none where one of them says nothing.
fn alike<T: PartialEq>(one: Option<T>, other: Option<T>) -> Option<bool> {
    Some(one? == other?)
}

/// Whether they have a whole name in common. A family name alone is no person.
fn names(one: &Subject, other: &Subject) -> Option<bool> {
    let keys = |subject: &Subject| {
        let own = subject.name.as_ref().filter(|name| !name.given().is_empty());
        let own = own.map(|name| [name.given(), " ", name.family()].concat());
        let others = subject.also_known_as.iter().map(|name| name.to_string());
        let names = own.into_iter().chain(others);
        names
            .map(|name| crate::names::comparison_key(&name))
            .collect::<Vec<_>>()
    };
    let (one, other) = (keys(one), keys(other));
    if one.is_empty() || other.is_empty() {
        return None;
    }
    Some(one.iter().any(|name| other.contains(name)))
}
