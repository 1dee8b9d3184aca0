//! Right to rent: adults only, judged on the first day of the tenancy.

use super::*;

const KIND: CheckKind = CheckKind::RightToRent;

fn draft(date_of_birth: &'static str, tenancy_start: &'static str) -> Draft<'static> {
    Draft {
        date_of_birth,
        tenancy_start,
        ..by_name(KIND)
    }
}

#[test]
fn the_person_is_18_by_the_start_of_the_tenancy() {
    let cases = [
        ("2008-08-02", "2026-08-01", false),
        ("2008-08-01", "2026-08-01", true),
        ("2008-07-31", "2026-08-01", true),
        // Seventeen today, and eighteen when the tenancy starts.
        ("2008-07-20", "2026-07-20", true),
        ("2008-07-20", "2026-07-19", false),
        // Eighteen today, but not when the tenancy started.
        ("2008-07-10", "2026-07-09", false),
        ("2008-12-31", "2027-01-01", true),
        // A birthday on 29 February counts from 1 March in other years.
        ("2008-02-29", "2026-02-28", false),
        ("2008-02-29", "2026-03-01", true),
    ];
    for (born, start, adult) in cases {
        let draft = draft(born, start);
        if adult {
            assert_eq!(paths(&draft, KIND), [""; 0], "born {born}, tenancy {start}");
        } else {
            let said = only_fault(&draft, KIND, "right_to_rent.person.date_of_birth");
            assert!(said.contains("under 18 at the start of the tenancy"), "{said}");
        }
    }
}

#[test]
fn a_share_code_does_not_lift_the_rule_of_age() {
    let draft = Draft {
        share_code: "R12 345 67X",
        date_of_birth: "2008-08-02",
        tenancy_start: "2026-08-01",
        ..Draft::default()
    };
    let said = only_fault(&draft, KIND, "right_to_rent.person.date_of_birth");
    assert!(said.contains("adults only"), "{said}");
}

#[test]
fn other_checks_are_asked_about_children_too() {
    for kind in [CheckKind::RightToWork, CheckKind::Section95, CheckKind::Iecas] {
        let draft = Draft {
            date_of_birth: "2012-01-01",
            ..by_name(kind)
        };
        assert_eq!(paths(&draft, kind), [""; 0], "{}", kind.as_str());
    }
}

#[test]
fn the_start_of_the_tenancy_is_a_day_written_year_month_day() {
    for (start, said) in [
        ("", "is missing"),
        (" ", "is missing"),
        ("01/08/2026", "written YYYY-MM-DD"),
        ("2026-8-1", "written YYYY-MM-DD"),
        ("2026-02-29", "there is no such day"),
    ] {
        let description = only_fault(&draft("1990-12-31", start), KIND, "right_to_rent.tenancy_start");
        assert!(description.contains(said), "{start}: {description}");
    }
    for start in ["2026-07-15", "2026-07-01", "2028-02-29", " 2026-08-01 "] {
        assert_eq!(paths(&draft("1990-12-31", start), KIND), [""; 0], "{start}");
    }
}

#[test]
fn an_age_is_not_judged_on_a_day_that_was_not_understood() {
    assert_eq!(
        paths(&draft("2012-01-01", "soon"), KIND),
        ["right_to_rent.tenancy_start"]
    );
    assert_eq!(
        paths(&draft("2026-07-16", "2026-08-01"), KIND),
        ["right_to_rent.person.date_of_birth"]
    );
}
