//! The register of agreements as files: one TOML file an agreement, checked as a whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use statuscheck_domain::agreement::{Agreement, DuplicateAgreement, Register};
use statuscheck_domain::answer::Facts;
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::OrganisationId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::route;
use statuscheck_domain::subject::Field;

/// One agreement, as its file has it. Unknown keys are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementFile {
    /// Lower-case letters, digits and hyphens.
    id: String,
    /// What it is called.
    title: String,
    /// What it is for, in a sentence.
    purpose: String,
    /// The law that allows it, in full; it stands in every answer.
    legal_basis: String,
    /// `right-to-work`, `right-to-rent`, `section-95`, `iecas`.
    checks: Vec<String>,
    /// Ids of the organisations that may ask, as their certificates name them.
    organisations: Vec<String>,
    /// What departments may be asked, e.g. `dwp/nino_trace`.
    operations: Vec<String>,
    /// Fields of the person that may be sent.
    request_fields: Vec<String>,
    /// Facts that may be released.
    released_fields: Vec<String>,
    /// How long an answer may take: `48h`, `5d`.
    sla: String,
    /// How long a closed case is kept: `90d`, `6mo`, `2y`. Without it, as is usual for the check.
    retention: Option<String>,
    /// E-mail address of the working contact (report 6.134: a generic inbox helped nobody).
    contact: String,
}

/// What is wrong with a register.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A file or the folder cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not the TOML of an agreement.
    #[error("{path}: is not an agreement")]
    NotAnAgreement {
        /// Which.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
    /// Values that do not fit, all of the file's at once.
    #[error("{path}: {}", faults.join("; "))]
    Invalid {
        /// Which.
        path: PathBuf,
        /// One line a fault: key, and what would be right.
        faults: Vec<String>,
    },
    /// Two files with one id.
    #[error(transparent)]
    Duplicate(#[from] DuplicateAgreement),
    /// No agreement at all: nothing could be asked.
    #[error("{0}: has no agreement (a file ending in .toml)")]
    Empty(PathBuf),
}

/// Reads every `.toml` file of `directory`, in order of their names.
///
/// # Errors
/// The first file at fault, with every fault in it.
pub fn load(directory: &Path) -> Result<Register, RegisterError> {
    let unreadable = |source| RegisterError::Unreadable {
        path: directory.to_owned(),
        source,
    };
    let entries = fs::read_dir(directory).map_err(unreadable)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    if paths.is_empty() {
        return Err(RegisterError::Empty(directory.to_owned()));
    }
    let read = |path: PathBuf| match fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(source) => Err(RegisterError::Unreadable { path, source }),
    };
    let agreements = paths.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(Register::new(agreements)?)
}

/// Parses one agreement; `path` is for the errors.
///
/// # Errors
/// Not TOML of this shape, or values that do not fit.
pub fn parse(path: &Path, text: &str) -> Result<Agreement, RegisterError> {
    let file: AgreementFile = toml::from_str(text).map_err(|source| RegisterError::NotAnAgreement {
        path: path.to_owned(),
        source,
    })?;
    let mut faults = Vec::new();
    let agreement = agreement(file, &mut faults);
    match agreement {
        Some(agreement) if faults.is_empty() => Ok(agreement),
        _ => Err(RegisterError::Invalid {
            path: path.to_owned(),
            faults,
        }),
    }
}

fn agreement(file: AgreementFile, faults: &mut Vec<String>) -> Option<Agreement> {
    for (key, text) in [
        ("title", &file.title),
        ("purpose", &file.purpose),
        ("legal_basis", &file.legal_basis),
    ] {
        if text.trim().is_empty() {
            faults.push(format!("{key}: is blank"));
        }
    }
    if !file.contact.contains('@') {
        faults.push("contact: must be an e-mail address".to_owned());
    }
    let checks = known("checks", &file.checks, CheckKind::named, faults);
    let operations = known("operations", &file.operations, Operation::named, faults);
    let of_person = |name: &str| Field::named(name).filter(|field| field.is_of_person());
    let request_fields = known("request_fields", &file.request_fields, of_person, faults);
    let fact = |name: &str| Facts::FIELDS.contains(&name).then(|| name.to_owned());
    let released_fields = known("released_fields", &file.released_fields, fact, faults);
    let organisation = |id: &str| id.parse::<OrganisationId>().ok();
    let organisations = known("organisations", &file.organisations, organisation, faults);
    for check in &checks {
        let required = route::required(*check);
        if !operations.contains(&required) {
            faults.push(format!(
                "operations: {} needs {}",
                check.as_str(),
                required.as_str()
            ));
        }
    }
    let id = file
        .id
        .parse()
        .map_err(|error| faults.push(format!("id: {error}")))
        .ok();
    let sla = file
        .sla
        .parse()
        .map_err(|error| faults.push(format!("sla: {error}")))
        .ok();
    let retention = file
        .retention
        .map(|text| {
            text.parse()
                .map_err(|error| faults.push(format!("retention: {error}")))
        })
        .and_then(Result::ok);
    Some(Agreement {
        id: id?,
        title: file.title,
        purpose: file.purpose,
        legal_basis: file.legal_basis,
        checks,
        organisations,
        operations,
        request_fields,
        released_fields,
        sla: sla?,
        retention,
        contact: file.contact,
    })
}

fn known<T>(
    key: &str,
    names: &[String],
    parse: impl Fn(&str) -> Option<T>,
    faults: &mut Vec<String>,
) -> Vec<T> {
    if names.is_empty() {
        faults.push(format!("{key}: is empty"));
    }
    let one = |name: &String| {
        let parsed = parse(name);
        if parsed.is_none() {
            faults.push(format!("{key}: \"{name}\" is not known"));
        }
        parsed
    };
    names.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_an_agreement_is_told_at_once() {
        let text = r#"
            id = "Right To Work"
            title = ""
            purpose = "p"
            legal_basis = "l"
            checks = ["right-to-work", "right-to-drive"]
            organisations = []
            operations = ["dwp/nino_trace"]
            request_fields = ["nationality"]
            released_fields = ["name"]
            sla = "soon"
            retention = "for ever"
            contact = "nobody"
        "#;
        let Err(RegisterError::Invalid { faults, .. }) = parse(Path::new("a.toml"), text) else {
            panic!("it must be refused for its values")
        };
        for key in [
            "id:",
            "title:",
            "checks:",
            "organisations:",
            "request_fields:",
            "released_fields:",
            "sla:",
            "retention:",
            "contact:",
        ] {
            assert!(
                faults.iter().any(|fault| fault.starts_with(key)),
                "{key} is missing in {faults:?}"
            );
        }
        assert!(
            faults
                .iter()
                .any(|fault| fault.contains("home-office/immigration_status"))
        );
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let refused = parse(Path::new("a.toml"), "id = 'x'\ncolour = 'blue'");
        assert!(matches!(refused, Err(RegisterError::NotAnAgreement { .. })));
    }
}
