//! Where the password of a database is found.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tokio_postgres::Config;
use tokio_postgres::config::Host;
use zeroize::Zeroizing;

use super::{Address, PostgresError};

/// Longest file that is read; a file of passwords has a line of some hundred bytes for each database.
const FILE_MAX: u64 = 65_536;

/// The password for `config`, where one is given.
pub(super) fn find(address: &Address, config: &Config) -> Result<Option<Zeroizing<String>>, PostgresError> {
    if let Some(path) = &address.password_file {
        let text = read(path)?;
        let password = text.trim_end_matches(['\r', '\n']);
        return Ok(Some(Zeroizing::new(password.to_owned())));
    }
    let Some(path) = &address.pass_file else {
        return Ok(None);
    };
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.as_str(),
        Some(Host::Unix(_)) | None => "localhost",
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    Ok(in_pass_file(&read(path)?, [host, &port, database, user]))
}

/// Reads a file that nobody but its owner may read.
fn read(path: &Path) -> Result<Zeroizing<String>, PostgresError> {
    let failed = |fault: String| PostgresError::Password {
        path: path.to_owned(),
        fault,
    };
    let read = || -> io::Result<_> {
        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_MAX).read_to_string(&mut text)?;
        Ok((mode, text))
    };
    let (mode, text) = read().map_err(|error| failed(error.to_string()))?;
    if mode & 0o077 == 0 {
        Ok(text)
    } else {
        Err(failed(format!("its mode is {mode:o}; make it 0600")))
    }
}

/// The password of the first line that fits: fields between colons, `*` fits all, a backslash before what is meant as it is.
fn in_pass_file(text: &str, wanted: [&str; 4]) -> Option<Zeroizing<String>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(fields).find_map(|fields| {
        let [host, port, database, user, password] = fields.as_slice() else {
            return None;
        };
        let fits = [host, port, database, user]
            .into_iter()
            .zip(wanted)
            .all(|(field, wanted)| field.as_str() == "*" || field.as_str() == wanted);
        fits.then(|| password.clone())
    })
}

fn fields(line: &str) -> Vec<Zeroizing<String>> {
    let mut fields = vec![Zeroizing::new(String::new())];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let is_last = fields.len() == 5;
        match character {
            ':' if !is_last => fields.push(Zeroizing::default()),
            '\\' => fields
                .last_mut()
                .into_iter()
                .for_each(|field| field.extend(characters.next())),
            _ => fields
                .last_mut()
                .into_iter()
                .for_each(|field| field.push(character)),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        let text = "# kept by the operators\nother:*:*:*:wrong\ndb.example:5432:status:auditor:a\\:b:c\n*:*:*:*:any\n";
        let find = |wanted| in_pass_file(text, wanted).map(|password| password.to_string());
        assert_eq!(
            find(["db.example", "5432", "status", "auditor"]).as_deref(),
            Some("a:b:c")
        );
        assert_eq!(
            find(["db.example", "5433", "status", "auditor"]).as_deref(),
            Some("any")
        );
        assert!(in_pass_file("db:5432:status", ["db", "5432", "status", "a"]).is_none());
    }
}
