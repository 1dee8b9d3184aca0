//! Texts of a file, parsed one after the other while their faults are collected.

use std::fmt::Display;
use std::str::FromStr;

use statuscheck_domain::agreement::Fault;

/// The faults so far.
#[derive(Default)]
pub(super) struct Values(Vec<Fault>);

impl Values {
    /// `what` is wrong with `key`.
    pub(super) fn fault(&mut self, key: &str, what: impl Display) {
        self.0.push(Fault::new(key, what.to_string()));
    }

    /// The value of `key`; none where it does not parse.
    pub(super) fn one<T: FromStr<Err: Display>>(&mut self, key: &str, text: &str) -> Option<T> {
        text.parse().map_err(|error| self.fault(key, error)).ok()
    }

    /// The value of `key` where it is given.
    pub(super) fn optional<T: FromStr<Err: Display>>(&mut self, key: &str, text: Option<&str>) -> Option<T> {
        self.one(key, text?)
    }

    /// The names of `key` that are known, each once.
    pub(super) fn known<T: PartialEq>(
        &mut self,
        key: &str,
        names: &[String],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let mut found = Vec::new();
        for name in names {
            match parse(name) {
                None => self.fault(key, format!("\"{name}\" is not known")),
                Some(value) if found.contains(&value) => {
                    self.fault(key, format!("\"{name}\" is named twice"))
                }
                Some(value) => found.push(value),
            }
        }
        found
    }

    /// What was read where every value fitted and nothing in it is at fault by `more`; else all the faults. A key that
    /// did not parse is not judged a second time.
    pub(super) fn all_fit<T>(self, read: T, more: impl Fn(&T) -> Vec<Fault>) -> Result<T, Vec<Fault>> {
        let root = |fault: &Fault| fault.key.split(['.', '[']).next().map(str::to_owned);
        let at_fault: Vec<_> = self.0.iter().map(root).collect();
        let mut faults = self.0;
        faults.extend(
            more(&read)
                .into_iter()
                .filter(|fault| !at_fault.contains(&root(fault))),
        );
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }
}
