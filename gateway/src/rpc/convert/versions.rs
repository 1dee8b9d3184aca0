//! Plans and versions of the register on the wire.

use jiff::Timestamp;
use statuscheck_domain::agreement::{Register, plan};
use statuscheck_domain::ids::PlanId;
use statuscheck_proto::register::v1 as wire;
use statuscheck_proto::register::v1::plan_register_request::Source;

use super::paging::{PageSize, after, token};
use super::register::at_fault;
use super::timestamp;
use crate::error::Error;
use crate::register::{Applied, ChangeError, Plan, Version, Wanted};

/// Versions on a page. Each is read with its whole register, of up to four megabytes.
const PAGE: PageSize = PageSize { default: 10, max: 20 };

/// The register that is to be planned.
///
/// # Errors
/// Nothing was given.
pub(crate) fn wanted(request: wire::PlanRegisterRequest) -> Result<Wanted, Error> {
    match request.source {
        Some(Source::Toml(text)) => Ok(Wanted::Text(text)),
        Some(Source::Version(version)) => Ok(Wanted::Version(version)),
        None => Err(Error::field(
            "toml",
            "is missing; give the whole register as TOML, or a version to return to",
        )),
    }
}

/// What would change.
pub(crate) fn planned(plan: Plan) -> wire::PlanRegisterResponse {
    let (id, expiry) = plan.to_apply.unzip();
    wire::PlanRegisterResponse {
        plan_id: id.as_ref().map(PlanId::to_string).unwrap_or_default(),
        changes: plan.changes,
        cases_affected: plan.cases_affected,
        expire_time: expiry.map(timestamp),
    }
}

/// What `new` would change of a register that no gateway is asked about: nothing can be applied, and no cases are counted.
pub(crate) fn compared(old: &Register, new: &Register) -> wire::PlanRegisterResponse {
    let changes = plan(old, new);
    wire::PlanRegisterResponse {
        changes: changes.iter().map(ToString::to_string).collect(),
        ..wire::PlanRegisterResponse::default()
    }
}

/// Why nothing was planned: of a register at fault, every fault of it.
pub(crate) fn refused(error: ChangeError) -> Error {
    match error {
        ChangeError::AtFault(faults) => at_fault(&faults),
        other => other.into(),
    }
}

/// Parses the id of a plan.
///
/// # Errors
/// [`Error::Invalid`] on `plan_id`.
pub(crate) fn plan_id(request: &wire::ApplyRegisterRequest) -> Result<PlanId, Error> {
    let id = request.plan_id.parse();
    id.map_err(|_not_a_uuid| Error::field("plan_id", "is no id of a plan; give the one that planning gave"))
}

/// Which versions to list.
pub(crate) struct Page {
    /// Only those that were applied before then.
    pub(crate) before: Option<Timestamp>,
    pub(crate) limit: usize,
}

/// Parses a request for a page of versions.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn page(request: &wire::ListVersionsRequest) -> Result<Page, Error> {
    let mut faults = Vec::new();
    let limit = PAGE.limit(request.page_size, &mut faults);
    let before = after(&request.page_token, &mut faults, time);
    if faults.is_empty() {
        Ok(Page { before, limit })
    } else {
        Err(Error::Invalid(faults))
    }
}

fn time(bytes: &[u8]) -> Option<Timestamp> {
    Timestamp::from_nanosecond(i128::from_be_bytes(bytes.try_into().ok()?)).ok()
}

/// A page of the versions that were `found`, of which one more than the page takes shows that there is another.
pub(crate) fn versions(mut found: Vec<Applied>, page: &Page, served: &Version) -> wire::ListVersionsResponse {
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let last = found.last().filter(|_| more);
    wire::ListVersionsResponse {
        next_page_token: token(last.map(|last| last.time.as_nanosecond().to_be_bytes())),
        versions: found.iter().map(version).collect(),
        served_version: served.number,
        files_differ: served.files_differ,
    }
}

fn version(applied: &Applied) -> wire::RegisterVersion {
    wire::RegisterVersion {
        version: applied.version(),
        apply_time: Some(timestamp(applied.time)),
        planned_by: applied.planned_by().to_owned(),
        applied_by: applied.applied_by.clone(),
        plan_id: applied.plan_id().to_string(),
        changes: applied.changes().to_vec(),
    }
}
