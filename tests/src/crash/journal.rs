//! What was asked and what was answered, outside of the process that is killed.

use std::fmt;
use std::sync::Mutex;

use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::{Answer, CheckRequest, CheckResponse};

/// What may be wrong after a crash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An acknowledged check is not there.
    Lost,
    /// One request has two cases, or a case was never asked for.
    Doubled,
    /// A case has another answer than the one that was given.
    Altered,
    /// More was asked than a quota allows.
    Overshot,
    /// What is held back was told.
    Adverse,
    /// Somebody is held, and nothing holds them any more.
    Held,
    /// The ledger is not what was recorded.
    Broken,
    /// The program failed in a way of its own.
    Fault,
}

/// Something that is wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind of wrong.
    pub kind: Kind,
    request_id: String,
    what: String,
}

impl Finding {
    pub(super) fn new(kind: Kind, request_id: &str, what: impl Into<String>) -> Self {
        Self {
            kind,
            request_id: request_id.to_owned(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:?}: request {}: {}",
            self.kind, self.request_id, self.what
        )
    }
}

/// One request.
#[derive(Clone)]
pub(super) struct Asked {
    /// Who asked.
    pub(super) who: &'static str,
    pub(super) request: CheckRequest,
    /// What was answered last.
    pub(super) told: Option<CheckResponse>,
}

/// Every request, in the order in which they were first sent.
#[derive(Default)]
pub(super) struct Journal {
    asked: Mutex<Vec<Asked>>,
}

impl Journal {
    /// Writes a request down, before it is sent; its place.
    pub(super) fn begin(&self, who: &'static str, request: CheckRequest) -> usize {
        let mut asked = self.asked();
        asked.push(Asked {
            who,
            request,
            told: None,
        });
        asked.len() - 1
    }

    /// Writes an answer down, and compares it with what was answered before; `known` is what was told when it was asked,
    /// for what comes from another gateway meanwhile may be the newer answer.
    pub(super) fn tell(
        &self,
        place: usize,
        known: Option<&CheckResponse>,
        response: CheckResponse,
    ) -> Option<Finding> {
        let mut asked = self.asked();
        let entry = &mut asked[place];
        let id = &entry.request.request_id;
        let latest = entry.told.as_ref();
        if latest.is_some_and(|latest| latest.case_id != response.case_id) {
            return Some(Finding::new(Kind::Doubled, id, "a repeat has another case"));
        }
        let answer = response.answer.as_ref();
        let is_older = latest.is_some_and(|latest| is_final(latest.answer.as_ref())) && !is_final(answer);
        let before = if is_older { known } else { latest };
        let finding = before.and_then(|before| disagreement(id, before.answer.as_ref(), answer));
        if !is_older {
            entry.told = Some(response);
        }
        finding
    }

    pub(super) fn entry(&self, place: usize) -> Asked {
        self.asked()[place].clone()
    }

    pub(super) fn len(&self) -> usize {
        self.asked().len()
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.asked().iter().filter(|asked| asked.told.is_some()).count()
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, Vec<Asked>> {
        self.asked.lock().expect("nobody panics with the journal")
    }
}

fn is_final(answer: Option<&Answer>) -> bool {
    answer.is_some_and(|answer| {
        matches!(
            answer.outcome,
            Some(Outcome::Established(_) | Outcome::NotEstablished(_))
        )
    })
}

/// An answer stands once it is given; one that is not final may be followed by another.
pub(super) fn disagreement(
    request_id: &str,
    before: Option<&Answer>,
    after: Option<&Answer>,
) -> Option<Finding> {
    let stands = after.is_some() && (before == after || !is_final(before));
    (!stands).then(|| {
        Finding::new(
            Kind::Altered,
            request_id,
            "the answer is another than the one given",
        )
    })
}

#[cfg(test)]
mod tests {
    use statuscheck_proto::v1::{Established, NotEstablished, Pending};

    use super::*;
    use crate::asking::{EMPLOYER, by_name, request};

    fn told(case_id: &str, outcome: Outcome) -> CheckResponse {
        CheckResponse {
            case_id: case_id.to_owned(),
            answer: Some(Answer {
                outcome: Some(outcome),
                ..Answer::default()
            }),
        }
    }

    fn found(answers: [CheckResponse; 2]) -> Option<Kind> {
        let journal = Journal::default();
        let place = journal.begin(EMPLOYER, request(by_name("Sam", "Sample", "1990-05-01").work()));
        answers
            .into_iter()
            .find_map(|answer| journal.tell(place, journal.entry(place).told.as_ref(), answer))
            .map(|finding| finding.kind)
    }

    #[test]
    fn a_repeat_must_have_the_same_case_and_a_final_answer_must_stand() {
        let established = || told("a", Outcome::Established(Established::default()));
        let refused = || told("a", Outcome::NotEstablished(NotEstablished::default()));
        let pending = || told("a", Outcome::Pending(Pending::default()));
        assert_eq!(found([established(), established()]), None);
        assert_eq!(found([pending(), established()]), None);
        assert_eq!(found([established(), refused()]), Some(Kind::Altered));
        assert_eq!(found([refused(), pending()]), Some(Kind::Altered));
        let journal = Journal::default();
        let place = journal.begin(EMPLOYER, request(by_name("Sam", "Sample", "1990-05-01").work()));
        // Asked before the final answer was told, and told after it.
        assert!(journal.tell(place, None, established()).is_none());
        assert!(journal.tell(place, None, pending()).is_none());
        let altered = journal.tell(place, None, refused()).map(|finding| finding.kind);
        assert_eq!(altered, Some(Kind::Altered));
        let other = told("b", Outcome::Pending(Pending::default()));
        assert_eq!(found([pending(), other]), Some(Kind::Doubled));
    }
}
