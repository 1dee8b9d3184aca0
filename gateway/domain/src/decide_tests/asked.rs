//! Whom a check asks, and when.

use jiff::SignedDuration;

use super::row::{By, FEED_INTERVAL, Situation, rent, school, trust, work};
use super::said::{closed, deferred, eligible, failed, leave, no_record, not_eligible, out};
use crate::question::Operation::{
    self, EducationEligibility, EmploymentHistory, ImmigrationStatus, NinoTrace, Section95Support,
};
use crate::route;

/// A situation and the questions that are due in it.
pub(super) struct Asked {
    pub(super) situation: Situation,
    pub(super) half_spent: bool,
    pub(super) due: Vec<Operation>,
}

fn asks(situation: Situation, due: &[Operation]) -> Asked {
    let due = due.to_vec();
    Asked {
        situation,
        half_spent: false,
        due,
    }
}

fn late(situation: Situation, due: &[Operation]) -> Asked {
    let half_spent = true;
    Asked {
        half_spent,
        ..asks(situation, due)
    }
}

pub(super) fn rows() -> Vec<Asked> {
    let stale = SignedDuration::from_secs(FEED_INTERVAL.as_secs() * 2);
    let home_office = [Section95Support];
    let dfe = |label: &str| school(format!("DfE {label}"));
    vec![
        asks(
            work("Number and name"),
            &[ImmigrationStatus, NinoTrace, EmploymentHistory],
        ),
        asks(work("No number").by(By::Names), &[ImmigrationStatus]),
        asks(work("Share code only").by(By::ShareCode), &[ImmigrationStatus]),
        asks(
            work("The Home Office out").home_office(out()),
            &[NinoTrace, EmploymentHistory],
        ),
        asks(
            work("All replied")
                .home_office(failed())
                .dwp(no_record())
                .hmrc(closed()),
            &[],
        ),
        late(
            work("Half of the time gone")
                .home_office(out())
                .dwp(out())
                .hmrc(out()),
            &[],
        ),
        asks(
            rent("Number and name: DWP and HMRC only for a referral").by(By::NamesAndNino),
            &[ImmigrationStatus],
        ),
        asks(rent("Share code only"), &[ImmigrationStatus]),
        asks(
            trust("Number and name: DWP and HMRC only for a referral").by(By::NamesAndNino),
            &[ImmigrationStatus],
        ),
        asks(trust("Found").home_office(leave()), &[]),
        asks(school("First"), &[EducationEligibility]),
        late(school("First, however late"), &[EducationEligibility]),
        asks(dfe("out").dfe(out()), &[]),
        late(dfe("out, half of the time gone").dfe(out()), &home_office),
        late(
            dfe("out, half of the time gone, the Home Office out")
                .dfe(out())
                .home_office(out()),
            &[],
        ),
        asks(
            dfe("eligible by another feed").dfe(eligible().by(None)),
            &home_office,
        ),
        asks(
            dfe("eligible by a stale feed").dfe(eligible().aged(stale)),
            &home_office,
        ),
        asks(dfe("not eligible").dfe(not_eligible()), &home_office),
        asks(dfe("has no record").dfe(no_record()), &home_office),
        asks(dfe("queued").dfe(deferred()), &home_office),
        asks(dfe("failed").dfe(failed()), &home_office),
        asks(
            school("Number with its suffix").by(By::NamesAndNino),
            &[EducationEligibility],
        ),
        asks(
            school("Number without its suffix").by(By::NamesAndNinoWithoutSuffix),
            &home_office,
        ),
    ]
}

#[test]
fn every_check_asks_whom_the_table_says_and_when() {
    for row in rows() {
        let check = row.situation.check().unwrap_or_else(|field| panic!("{field}"));
        let due = route::next(&check, &row.situation.replies(), &Operation::ALL, row.half_spent);
        assert_eq!(due, row.due, "{}", row.situation.label);
    }
}

#[test]
fn section_95_goes_to_the_home_office_at_once_where_the_agreement_leaves_dfe_out() {
    let check = school("").check().unwrap_or_else(|field| panic!("{field}"));
    let due = route::next(&check, &route::Replies::default(), &[Section95Support], false);
    assert_eq!(due, [Section95Support]);
}
