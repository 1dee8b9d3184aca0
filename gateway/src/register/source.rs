//! A register on disk as one text: a folder, its files, or one file that holds it whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{RegisterError, SUSPENSIONS, WINDRUSH, files_below, files_of};

/// Why a register on disk cannot be put together. What is in the files is not judged here.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not TOML.
    #[error("{path}: is not TOML")]
    NotToml {
        /// Which.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
    /// A folder cannot be read.
    #[error(transparent)]
    Folder(#[from] RegisterError),
}

/// The whole register at `paths` in one text, as [`super::parse_whole`] reads it: the files of a folder, or these files,
/// each an agreement, a suspension order, a Windrush safeguard, or all of them in tables `[[agreements]]`, `[[suspensions]]` and
/// `[[windrush]]`.
///
/// # Errors
/// A file or folder that cannot be read, or is not TOML.
pub fn whole_of(paths: &[PathBuf]) -> Result<String, SourceError> {
    let mut agreements = toml::value::Array::new();
    let mut orders = toml::value::Array::new();
    let mut safeguards = toml::value::Array::new();
    for path in every_file(paths)? {
        let mut table = read(&path)?;
        let mut is_whole = false;
        for (key, all) in [
            ("agreements", &mut agreements),
            (SUSPENSIONS, &mut orders),
            (WINDRUSH, &mut safeguards),
        ] {
            if let Some(toml::Value::Array(tables)) = table.get_mut(key) {
                all.append(tables);
                is_whole = true;
            }
        }
        if is_whole {
            continue;
        }
        // Both the others begin on a day, and one of them has to do with arrivals.
        let all = if table.contains_key("last_arrival") {
            &mut safeguards
        } else if table.contains_key("starts_on") {
            &mut orders
        } else {
            &mut agreements
        };
        all.push(toml::Value::Table(table));
    }
    let whole = [
        ("agreements", agreements),
        (SUSPENSIONS, orders),
        (WINDRUSH, safeguards),
    ];
    let whole = whole.map(|(key, tables)| (key.to_owned(), toml::Value::Array(tables)));
    Ok(toml::Table::from_iter(whole).to_string())
}

fn every_file(paths: &[PathBuf]) -> Result<Vec<PathBuf>, RegisterError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(files_of(path)?);
            files.extend(files_below(path, SUSPENSIONS)?);
            files.extend(files_below(path, WINDRUSH)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<toml::Table, SourceError> {
    let text = fs::read_to_string(path).map_err(|source| SourceError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    text.parse().map_err(|source| SourceError::NotToml {
        path: path.to_owned(),
        source,
    })
}
