//! The register of agreements as files: one TOML file an agreement, checked as a whole.
//!
//! A folder has a `.toml` file for each agreement, in its folder `suspensions` one for each suspension order, and in its folder
//! `windrush` one for each Windrush safeguard, of which the last that has started counts. A whole register as one text has the
//! same tables under `[[agreements]]`, `[[suspensions]]` and `[[windrush]]`.

use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use statuscheck_domain::agreement::{Agreement, Fault, Register, RegisterFault, Safeguard, SuspensionOrder};

mod change;
mod file;
mod follow;
mod past;
mod served;
mod source;
mod values;
mod versions;
mod webhook;

use self::file::{AgreementFile, OrderFile, SafeguardFile};

pub use self::change::{ChangeError, ChangeRefusal, ChangeSettings, Plan, RegisterChanges, Wanted};
pub use self::served::{ServedRegister, TakeUpError, Version};
pub use self::source::{SourceError, whole_of};
pub use self::versions::Applied;

/// The folder of the suspension orders, in that of the agreements.
const SUSPENSIONS: &str = "suspensions";

/// The folder of the Windrush safeguards, in that of the agreements.
const WINDRUSH: &str = "windrush";

/// What is wrong with a register.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The folder cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No agreement at all: nothing could be asked.
    #[error("{0}: has no agreement (a file ending in .toml)")]
    Empty(PathBuf),
    /// A text that is not the TOML of a register.
    #[error("is not a register")]
    NotARegister(#[source] toml::de::Error),
    /// Files at fault, every one of them.
    #[error("{}", lines(.0))]
    Faults(Vec<FileFault>),
    /// Agreements that are right one by one and cannot stand together.
    #[error("{}", joined(.0))]
    Together(Vec<RegisterFault>),
}

/// A file at fault.
#[derive(Debug)]
pub struct FileFault {
    /// The file, or the place in a whole register.
    pub place: String,
    /// What is wrong with it.
    pub kind: FileFaultKind,
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum FileFaultKind {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is not TOML of the shape.
    Shape(toml::de::Error),
    /// Values that do not fit, all of them.
    Values(Vec<Fault>),
}

impl fmt::Display for FileFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match &self.kind {
            FileFaultKind::Unreadable(error) => write!(formatter, "{place}: cannot be read: {error}"),
            FileFaultKind::Shape(error) => {
                write!(
                    formatter,
                    "{place}: is not a file of the register: {}",
                    error.to_string().trim_end()
                )
            }
            FileFaultKind::Values(faults) => write!(formatter, "{place}: {}", joined(faults)),
        }
    }
}

fn joined<T: fmt::Display>(parts: &[T]) -> String {
    let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
    parts.join("; ")
}

fn lines(faults: &[FileFault]) -> String {
    let mut lines = String::new();
    for fault in faults {
        let separator = if lines.is_empty() { "" } else { "\n" };
        // Memory takes what it is given.
        write!(lines, "{separator}{fault}").unwrap_or_default();
    }
    lines
}

/// Reads every `.toml` file of `directory` and of its folders `suspensions` and `windrush`, in order of their names.
///
/// # Errors
/// Every file at fault, with every fault in it.
pub fn load(directory: &Path) -> Result<Register, RegisterError> {
    let agreements = files_of(directory)?;
    if agreements.is_empty() {
        return Err(RegisterError::Empty(directory.to_owned()));
    }
    let orders = files_below(directory, SUSPENSIONS)?;
    let safeguards = files_below(directory, WINDRUSH)?;
    let read = |path: &PathBuf| (path.display().to_string(), fs::read_to_string(path));
    parse_files(
        agreements.iter().map(read),
        orders.iter().map(read),
        safeguards.iter().map(read),
    )
}

/// Those of a folder that may be missing.
fn files_below(directory: &Path, folder: &str) -> Result<Vec<PathBuf>, RegisterError> {
    let folder = directory.join(folder);
    if folder.is_dir() {
        files_of(&folder)
    } else {
        Ok(Vec::new())
    }
}

fn files_of(directory: &Path) -> Result<Vec<PathBuf>, RegisterError> {
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
    Ok(paths)
}

/// The register of these texts, each with its place for the errors; a text may be a file that could not be read.
///
/// # Errors
/// Every file at fault, with every fault in it.
pub fn parse_files(
    agreements: impl IntoIterator<Item = (String, io::Result<String>)>,
    orders: impl IntoIterator<Item = (String, io::Result<String>)>,
    safeguards: impl IntoIterator<Item = (String, io::Result<String>)>,
) -> Result<Register, RegisterError> {
    let mut faults = Vec::new();
    let agreements = read_all(agreements, AgreementFile::agreement, &mut faults);
    let orders = read_all(orders, OrderFile::order, &mut faults);
    let safeguards = read_all(safeguards, SafeguardFile::safeguard, &mut faults);
    together(agreements, orders, safeguards, faults)
}

/// The whole register that one text holds.
///
/// # Errors
/// It is not TOML of that shape; or every fault in it.
pub fn parse_whole(text: &str) -> Result<Register, RegisterError> {
    let whole: WholeFile = toml::from_str(text).map_err(RegisterError::NotARegister)?;
    let mut faults = Vec::new();
    let agreements = whole.agreements.into_iter().enumerate().map(|(place, file)| {
        let place = format!("agreements[{place}] ({})", file.id);
        valid(place, file.agreement(), &mut faults)
    });
    let agreements: Vec<_> = agreements.collect();
    let orders = whole.suspensions.into_iter().enumerate().map(|(place, file)| {
        let place = format!("suspensions[{place}] ({})", file.id);
        valid(place, file.order(), &mut faults)
    });
    let orders: Vec<_> = orders.collect();
    let safeguards = whole.windrush.into_iter().enumerate().map(|(place, file)| {
        let place = format!("windrush[{place}] ({})", file.version);
        valid(place, file.safeguard(), &mut faults)
    });
    let safeguards: Vec<_> = safeguards.collect();
    together(
        agreements.into_iter().flatten(),
        orders.into_iter().flatten(),
        safeguards.into_iter().flatten(),
        faults,
    )
}

/// Parses one agreement; `place` is for the errors.
///
/// # Errors
/// Not TOML of this shape, or values that do not fit.
pub fn parse(place: &str, text: &str) -> Result<Agreement, RegisterError> {
    let mut faults = Vec::new();
    let files = [(place.to_owned(), Ok(text.to_owned()))];
    let read = read_all(files, AgreementFile::agreement, &mut faults).pop();
    read.ok_or(RegisterError::Faults(faults))
}

/// The whole register in one text, as [`parse_whole`] reads it again: the same register always makes the same text.
///
/// # Errors
/// A number that TOML has no place for, which no register that was read has.
pub fn write_whole(register: &Register) -> Result<String, toml::ser::Error> {
    let whole = WholeFile {
        agreements: register.agreements().map(AgreementFile::from).collect(),
        suspensions: register.orders().iter().map(OrderFile::from).collect(),
        windrush: register.safeguards().map(SafeguardFile::from).collect(),
    };
    toml::to_string(&whole)
}

/// A whole register in one text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeFile {
    /// Every agreement.
    agreements: Vec<AgreementFile>,
    /// Every suspension order.
    #[serde(default)]
    suspensions: Vec<OrderFile>,
    /// Every Windrush safeguard.
    #[serde(default)]
    windrush: Vec<SafeguardFile>,
}

fn read_all<F: for<'de> Deserialize<'de>, T>(
    texts: impl IntoIterator<Item = (String, io::Result<String>)>,
    parse: impl Fn(F) -> Result<T, Vec<Fault>>,
    faults: &mut Vec<FileFault>,
) -> Vec<T> {
    let one = |(place, text): (String, io::Result<String>)| {
        let file = text
            .map_err(FileFaultKind::Unreadable)
            .and_then(|text| toml::from_str(&text).map_err(FileFaultKind::Shape));
        match file {
            Ok(file) => valid(place, parse(file), faults),
            Err(kind) => {
                faults.push(FileFault { place, kind });
                None
            }
        }
    };
    texts.into_iter().filter_map(one).collect()
}

fn valid<T>(place: String, parsed: Result<T, Vec<Fault>>, faults: &mut Vec<FileFault>) -> Option<T> {
    let at_fault = |values| FileFault {
        place,
        kind: FileFaultKind::Values(values),
    };
    parsed.map_err(|values| faults.push(at_fault(values))).ok()
}

fn together(
    agreements: impl IntoIterator<Item = Agreement>,
    orders: impl IntoIterator<Item = SuspensionOrder>,
    safeguards: impl IntoIterator<Item = Safeguard>,
    faults: Vec<FileFault>,
) -> Result<Register, RegisterError> {
    if !faults.is_empty() {
        return Err(RegisterError::Faults(faults));
    }
    let register = Register::new(agreements, orders);
    let register = register.and_then(|register| register.with_safeguards(safeguards));
    register.map_err(RegisterError::Together)
}

#[cfg(test)]
#[path = "register/register_tests.rs"]
mod tests;
