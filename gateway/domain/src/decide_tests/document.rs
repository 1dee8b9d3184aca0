//! `docs/decision-table.md`, made from the rows.

use std::fmt::Write as _;
use std::path::Path;

use super::row::{Group, Row};
use super::{asked, iecas, right_to_rent, right_to_work, section_95, words};
use crate::answer::Outcome;

const INTRODUCTION: &str = "\
# The decision table

What departments reply, and what a check answers to it. This page is made from the rows that the tests of
`gateway/domain/src/decide.rs` hold against the code; a test fails when it differs from them, and
`UPDATE_DOCS=1 cargo test -p statuscheck-domain` writes it anew.

Precedence over all checks: **established > more information > pending > hold > not established.**
So a hold applies only where the answer would otherwise be \"not established\", or (IECAS) established leave that has
ended. What is held is told as referred, or, where the agreement withholds the reason, as pending: DEPARTMENT_WORKING
(home-office); it is released when the Windrush taskforce did not confirm a status, and never before.

How to read a row:

- \"Today\" is always Wednesday 10 June 2026. Where nothing else is said, the check is made at noon of that day in London
  about a person born on 17 May 1990, who has no Windrush profile; the right to work by names and National Insurance number (NINO), the right
  to rent by share code, from today, Section 95 by names and asylum support reference, IECAS by names.
- Leave and support began on 1 January 2020 and have no end; leave carries work and renting without conditions; support
  is in force. DfE's feeds are loaded weekly.
- A department that is not named was not asked. \"Still out\" is asked and not replied.
- \"Waits while time lasts\": a reply that is still out may change this answer, so it is given only when the check's time
  is up. \"A trace about to come in is taken in\": the answer does not wait for DWP, but for the moment in which replies
  that were sent together come in together. Otherwise the answer is given at once, whatever is out.
- \"May refuse\": the caller may refuse the person on this answer.
- Times are UTC.

That a share code has passed its 90 days, the 90th included, is judged by the Home Office, which knows its first day; it
says so only to who gives the right date of birth.
";

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, groups) in [
        ("Right to work", right_to_work::groups()),
        ("Right to rent", right_to_rent::groups()),
        ("Section 95", section_95::groups()),
        ("IECAS", iecas::groups()),
    ] {
        let _ = write!(page, "\n## {title}\n");
        groups.iter().for_each(|group| table(&mut page, group));
    }
    whom_to_ask(&mut page);
    page
}

fn table(page: &mut String, group: &Group) {
    let _ = write!(
        page,
        "\n### {}\n\n| situation | who and when | replies | answer | may refuse |\n| --- | --- | --- | --- | --- |\n",
        group.rule.trim_end_matches('.')
    );
    for row in &group.rows {
        let situation = &row.situation;
        line(
            page,
            &[
                &situation.label,
                &words::who(situation),
                &words::replies(situation),
                &words::expected(row),
                may_refuse(row),
            ],
        );
    }
}

fn may_refuse(row: &Row) -> &'static str {
    match row.told() {
        Some((_, true)) => "yes",
        Some((Ok(Outcome::Established { .. }), false)) | None => "",
        Some((_, false)) => "no",
    }
}

fn whom_to_ask(page: &mut String) {
    page.push_str(
        "\n## Who is asked, and when\n\n| check | situation | who | replies so far | half of the time gone | asked now |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in asked::rows() {
        let situation = &row.situation;
        let due: Vec<_> = row
            .due
            .iter()
            .map(|operation| words::asked_of(*operation))
            .collect();
        line(
            page,
            &[
                situation.kind.as_str(),
                &situation.label,
                &words::who(situation),
                &words::replies(situation),
                if row.half_spent { "yes" } else { "" },
                if due.is_empty() {
                    "nobody".to_owned()
                } else {
                    due.join(", ")
                }
                .as_str(),
            ],
        );
    }
}

fn line(page: &mut String, cells: &[&str]) {
    let _ = writeln!(page, "| {} |", cells.join(" | ").replace("  ", " "));
}

#[test]
fn the_page_says_what_the_rows_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/decision-table.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/decision-table.md differs from the rows; write it with UPDATE_DOCS=1 cargo test -p statuscheck-domain"
    );
}
