//! What was found in the ledger at the end of the year.

use std::fmt;

/// What was found in the ledger.
#[derive(Default)]
pub(super) struct Reckoned {
    pub(super) findings: Vec<String>,
    pub(super) cases: u64,
    pub(super) events: u64,
    pub(super) clocks: u64,
    /// Steps that were fired, by the percent of `PERCENTS`.
    pub(super) fired: [u64; 3],
    pub(super) answered: u64,
    pub(super) withdrawn: u64,
    pub(super) lapsed: u64,
    /// Late at the end, and still asked about.
    pub(super) late: u64,
    /// With a possible Windrush profile, and waiting for the caller.
    pub(super) waiting: u64,
    /// Notices of broken promises that their owners took, and those that were given up.
    pub(super) taken: u64,
    pub(super) parked: u64,
    /// Notices that came again to who had them: a gateway died before it could record that.
    pub(super) repeated: u64,
}

impl fmt::Display for Reckoned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cases,
            events,
            clocks,
            answered,
            withdrawn,
            lapsed,
            late,
            waiting,
            ..
        } = self;
        let Self {
            taken,
            parked,
            repeated,
            ..
        } = self;
        let [half, most, breached] = self.fired;
        writeln!(
            formatter,
            "{events} events of {cases} cases: {answered} answered, {withdrawn} withdrawn, {lapsed} lapsed,"
        )?;
        writeln!(
            formatter,
            "{late} late and open, {waiting} of elders waiting for their callers;"
        )?;
        writeln!(
            formatter,
            "{clocks} clocks, {half} at half of their time, {most} at four fifths, {breached} breached;"
        )?;
        write!(
            formatter,
            "of that the owners were told {taken} times, {parked} notices were given up, and {repeated} came twice"
        )
    }
}
