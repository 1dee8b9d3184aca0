//! Work that is due without anybody asking for it.

use jiff::Timestamp;
use statuscheck_domain::ids::CaseId;

/// A case that somebody must look at now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// The case.
    pub case_id: CaseId,
    /// Its version when it was leased.
    pub version: u64,
    /// Since when it is due: [`Case::wake`], or for a case that nothing was decided about, when it counted as left behind.
    ///
    /// [`Case::wake`]: statuscheck_domain::case::Case::wake
    pub wake: Timestamp,
}
