//! Who may be of the Windrush generation (report 3.21–3.25; casework guidance): an adverse or empty answer about such a
//! person is never released before a referral.

use jiff::civil::Date;

use crate::check::Check;
use crate::reply::Facts;
use crate::route::Replies;

/// The last day of arrival that counts: anyone of any nationality who came by then and is settled.
pub const LAST_ARRIVAL: Date = jiff::civil::date(1988, 12, 31);

/// The person may be of the Windrush generation: born by the last day, or with a sign of residence by then; unless a
/// first arrival after it is recorded with no earlier sign. What is not known counts as "may be".
///
/// Children's rights through a parent cannot be seen from here unless a department states them: a known gap.
pub fn has_profile(check: &Check, replies: &Replies) -> bool {
    let mut first_arrival = None;
    let mut first_sign: Option<Date> = None;
    let mut sign = |day: Date| first_sign = Some(first_sign.map_or(day, |first| first.min(day)));
    for facts in replies.facts() {
        match facts {
            Facts::ImmigrationStatus(status) => {
                first_arrival = first_arrival.or(status.arrived_on);
                sign(status.valid_from);
                status.arrived_on.into_iter().for_each(&mut sign);
            }
            Facts::Residence(periods) => periods.iter().for_each(|period| sign(period.from)),
            Facts::Section95Support(support) => support.since.into_iter().for_each(&mut sign),
            Facts::NinoTrace { .. } | Facts::EducationEligibility(_) => {}
        }
    }
    let early_sign = first_sign.is_some_and(|day| day <= LAST_ARRIVAL);
    let late_arrival = first_arrival.is_some_and(|day| day > LAST_ARRIVAL);
    early_sign || (check.subject.date_of_birth.date() <= LAST_ARRIVAL && !late_arrival)
}
