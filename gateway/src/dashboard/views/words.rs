//! Names, times and spans as people read them.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use statuscheck_domain::case::Whose;
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::clock::london;
use statuscheck_domain::ids::{AgreementId, DepartmentId};

/// A time in London, such as `Mon 30 Nov 2026, 10:42`.
pub(in crate::dashboard) fn time(at: Timestamp) -> Markup {
    let machine = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let local = at.to_zoned(london());
    html! { time datetime=(machine) { (local.strftime("%a %-d %b %Y, %H:%M").to_string()) } }
}

/// A day, such as `5 Jan 2027`.
pub(super) fn date(day: Date) -> Markup {
    html! { time datetime=(day) { (day.strftime("%-d %b %Y").to_string()) } }
}

/// A day of this year or the last, such as `5 Jan`.
pub(super) fn short_date(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}

/// A time in London to the second, such as `30 Nov 2026, 10:42:07`.
pub(super) fn day_and_second(at: Timestamp) -> Markup {
    let machine = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let local = at.to_zoned(london());
    html! { time datetime=(machine) { (local.strftime("%-d %b %Y, %H:%M:%S").to_string()) } }
}

/// The hour of a time in London, to the second, such as `10:42:07`.
pub(super) fn to_the_second(at: Timestamp) -> Markup {
    let machine = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let local = at.to_zoned(london());
    html! { time datetime=(machine) { (local.strftime("%H:%M:%S").to_string()) } }
}

/// How long, in the two largest units: `2 d 3 h`, `45 min`, `20 s`.
pub(super) fn span(length: SignedDuration) -> String {
    let seconds = length.as_secs().unsigned_abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The department's name.
pub(in crate::dashboard) const fn department_name(department: DepartmentId) -> &'static str {
    match department {
        DepartmentId::HomeOffice => "Home Office",
        DepartmentId::Dwp => "DWP",
        DepartmentId::Hmrc => "HMRC",
        DepartmentId::Dfe => "DfE",
    }
}

/// Whose turn it is.
pub(in crate::dashboard) fn whose_words(whose: Whose) -> String {
    match whose {
        Whose::Departments(departments) => {
            let names: Vec<_> = departments.iter().map(department_name).collect();
            names.join(" and ")
        }
        Whose::Taskforce => "Windrush taskforce".to_owned(),
        Whose::Caller => "Caller: details were asked for".to_owned(),
    }
}

/// The check's name.
pub(super) const fn check_name(check: CheckKind) -> &'static str {
    match check {
        CheckKind::RightToWork => "Right to work",
        CheckKind::RightToRent => "Right to rent",
        CheckKind::Section95 => "Section 95",
        CheckKind::Iecas => "IECAS",
    }
}

/// Check and agreement in one: mostly they have the same name.
pub(in crate::dashboard) fn agreement_words(check: CheckKind, agreement: &AgreementId) -> String {
    if check.as_str() == agreement.as_str() {
        check_name(check).to_owned()
    } else {
        format!("{} ({})", check_name(check), agreement.as_str())
    }
}

/// A row of a summary list.
pub(super) fn row(key: &str, value: &Markup) -> Markup {
    html! {
        div class="govuk-summary-list__row" {
            dt class="govuk-summary-list__key" { (key) }
            dd class="govuk-summary-list__value" { (value) }
        }
    }
}

/// A coloured word.
pub(super) fn tag(colour: &str, word: &str) -> Markup {
    html! { strong class={ "govuk-tag govuk-tag--" (colour) } { (word) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        let told = |seconds| span(SignedDuration::from_secs(seconds));
        assert_eq!(told(0), "0 s");
        assert_eq!(told(59), "59 s");
        assert_eq!(told(60), "1 min");
        assert_eq!(told(3_600), "1 h 0 min");
        assert_eq!(told(86_399), "23 h 59 min");
        assert_eq!(told(-90_000), "1 d 1 h");
    }
}
