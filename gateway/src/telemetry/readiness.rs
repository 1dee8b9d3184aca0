//! Whether the gateway lives, and whether checks should be sent to it; each with the reason.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use super::Figures;
use super::catalogue::PARTS;

/// How long the timekeeper may be without a turn before the process counts as dead. A minute: a turn is every half second,
/// and each wait in it has a limit of seconds.
const STILL_MAX: Duration = Duration::from_secs(60);

/// What is needed to serve, as it was when it was last looked at, which is every second.
pub(crate) struct Readiness(watch::Sender<Parts>);

/// In the order of [`PARTS`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The store records.
    pub(crate) records: bool,
    /// The register is known to be the one that counts.
    pub(crate) is_current: bool,
    /// Nobody told it to stop.
    pub(crate) serves: bool,
}

/// What a page says.
#[derive(Serialize)]
pub(super) struct Told {
    pub(super) ok: bool,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    part: &'static str,
    ok: bool,
    reason: &'static str,
}

impl Told {
    fn of(parts: Vec<Part>) -> Self {
        Self {
            ok: parts.iter().all(|part| part.ok),
            parts,
        }
    }

    /// One line for each part.
    pub(super) fn text(&self) -> String {
        let line = |part: &Part| {
            let ok = if part.ok { "ok" } else { "not ok" };
            format!("{}: {ok}: {}\n", part.part, part.reason)
        };
        self.parts.iter().map(line).collect()
    }
}

impl Readiness {
    /// A gateway that serves.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(Parts {
            records: true,
            is_current: true,
            serves: true,
        })))
    }

    pub(crate) fn tell(&self, parts: Parts) {
        self.0.send_replace(parts);
    }

    /// It was told to stop.
    pub(crate) fn end(&self) {
        self.0.send_modify(|parts| parts.serves = false);
    }

    /// Whether each of [`PARTS`] is as it must be.
    pub(super) fn parts(&self) -> [bool; PARTS.len()] {
        let Parts {
            records,
            is_current,
            serves,
        } = *self.0.borrow();
        [records, is_current, serves]
    }

    /// Whether checks should be sent here.
    pub(super) fn ready(&self) -> Told {
        let reasons = [
            ("it records", "it does not record, so no check is taken"),
            (
                "its version is known to count",
                "whether its version counts cannot be told, so no check is taken",
            ),
            ("calls are taken", "it was told to stop, and lets calls end"),
        ];
        let parts = PARTS.into_iter().zip(self.parts()).zip(reasons);
        let part = |((part, ok), (well, ill))| Part {
            part,
            ok,
            reason: if ok { well } else { ill },
        };
        Told::of(parts.map(part).collect())
    }
}

/// Whether the process does anything at all: where not, only to start it anew helps.
pub(super) fn alive(figures: &Figures) -> Told {
    let ok = figures.stillness() < STILL_MAX;
    let reason = if ok {
        "it takes its turns"
    } else {
        "it has taken no turn for a minute"
    };
    Told::of(vec![Part {
        part: "timekeeper",
        ok,
        reason,
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_which_part_is_at_fault() {
        let readiness = Readiness::new();
        assert!(readiness.ready().ok);
        readiness.tell(Parts {
            records: false,
            is_current: true,
            serves: true,
        });
        let told = readiness.ready();
        assert!(!told.ok);
        assert_eq!(
            told.text(),
            "store: not ok: it does not record, so no check is taken\n\
             register: ok: its version is known to count\n\
             serving: ok: calls are taken\n"
        );
        readiness.end();
        assert_eq!(readiness.parts(), [false, true, false]);
    }
}
