//! Where an organisation is told that something happened to its cases.

use std::fmt;

/// An address of the web and the secrets that it shares with the gateway. Its `Debug` shows the host alone: the rest of the
/// address can hold what lets one in.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// `https://…`; whether anything may be sent there is the gateway's to say.
    pub url: String,
    /// Names of the files of its secrets; two while one takes the place of the other.
    pub secret_files: Vec<String>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Webhook").field(&self.host()).finish()
    }
}

impl Webhook {
    /// The host with its port, which is all that others are shown of the address.
    pub fn host(&self) -> &str {
        let (_scheme, rest) = self.url.split_once("://").unwrap_or_default();
        rest.split(['/', '?', '#', '\\']).next().unwrap_or_default()
    }

    /// What is wrong with it: the key below it, and what.
    pub(super) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let scheme = self.url.split_once("://").map(|(scheme, _)| scheme);
        let printable = self.url.bytes().all(|byte| byte.is_ascii_graphic());
        if !matches!(scheme, Some("https" | "http")) || self.host().is_empty() || !printable {
            faults.push(("url", "must be an https address"));
        } else if self.host().contains('@') {
            faults.push(("url", "must have no user name and no password"));
        }
        if !(1..=2).contains(&self.secret_files.len()) {
            faults.push((
                "secret_files",
                "must be one, or two while one takes the place of the other",
            ));
        }
        if !self.secret_files.iter().all(|name| is_file_name(name)) {
            let what = "must be names of files, of letters, digits, dots, hyphens and underscores";
            faults.push(("secret_files", what));
        }
        faults
    }
}

/// A name that leads nowhere but into the folder of secrets.
fn is_file_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(known)
}
