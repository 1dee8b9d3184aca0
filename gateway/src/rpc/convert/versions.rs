//! Plans and versions of the register on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use statuscheck_domain::agreement::{Register, plan};
use statuscheck_domain::ids::PlanId;
use statuscheck_proto::register::v1 as wire;
use statuscheck_proto::register::v1::plan_register_request::Source;

use super::register::{at_fault, violation};
use super::timestamp;
use crate::error::Error;
use crate::register::{Applied, ChangeError, Plan, Version, Wanted};

/// Versions on a page when the caller does not say.
const PAGE_DEFAULT: i32 = 10;
/// Most versions on a page. Each is read with its whole register, of up to four megabytes.
const PAGE_MAX: i32 = 20;

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
    let limit = match request.page_size {
        0 => PAGE_DEFAULT,
        size => size.min(PAGE_MAX),
    };
    let limit = usize::try_from(limit).unwrap_or_else(|_negative| {
        faults.push(violation("page_size", "must not be negative; 0 means 10"));
        0
    });
    let before = match request.page_token.as_str() {
        "" => None,
        token => {
            let before = token_time(token);
            if before.is_none() {
                let what = "is none of ours; give next_page_token of the page before, or leave it empty";
                faults.push(violation("page_token", what));
            }
            before
        }
    };
    if faults.is_empty() {
        Ok(Page { before, limit })
    } else {
        Err(Error::Invalid(faults))
    }
}

fn token_time(token: &str) -> Option<Timestamp> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    Timestamp::from_nanosecond(i128::from_be_bytes(bytes.try_into().ok()?)).ok()
}

/// A page of the versions that were `found`, of which one more than the page takes shows that there is another.
pub(crate) fn versions(mut found: Vec<Applied>, page: &Page, served: &Version) -> wire::ListVersionsResponse {
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let token = |last: &Applied| URL_SAFE_NO_PAD.encode(last.time.as_nanosecond().to_be_bytes());
    wire::ListVersionsResponse {
        next_page_token: found.last().filter(|_| more).map(token).unwrap_or_default(),
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
