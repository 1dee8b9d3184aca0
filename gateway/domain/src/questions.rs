//! What was asked about a case, what came of it, and when to ask again: folded from the case's events.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::ids::QuestionId;
use crate::question::Operation;
use crate::reply::{Outcome, Reply};
use crate::route::Replies;

mod worklist;

pub use self::worklist::{Listed, Put};

/// No question is out for longer: by then its reply is in, or whoever waited for it is gone, and it is asked again. A minute
/// is six times what a question may take, and short beside any promise.
pub const OUT_MAX: Duration = Duration::from_secs(60);

/// The questions of a case, each operation once. They carry replies, so no `Debug`.
#[derive(Clone, Default)]
pub struct Questions {
    asked: Vec<Asked>,
    /// Questions that were on a worklist before another question took their place.
    replaced: Vec<(Operation, QuestionId)>,
}

/// A question that was asked, perhaps several times.
#[derive(Clone)]
struct Asked {
    operation: Operation,
    id: QuestionId,
    /// When it first went out.
    since: Timestamp,
    /// When it last went out.
    at: Timestamp,
    times: u32,
    /// No reply since.
    is_out: bool,
    /// The last reply. It counts until another comes, also while the question is put again.
    reply: Option<Reply>,
    /// The department's reference for the work that it has taken on.
    ticket: Option<String>,
    /// When it is to be asked again; none where the reply settles it.
    again: Option<Timestamp>,
    /// It is or was on its department's worklist.
    is_listed: bool,
    /// The department's desk needs something from the caller before it can go on. The reply says what.
    is_held_up: bool,
}

/// A question that is to be asked again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// What is asked.
    pub operation: Operation,
    /// Its id, the same as before.
    pub id: QuestionId,
    /// The department's reference for the work that it has taken on, where it has.
    pub ticket: Option<String>,
}

impl Questions {
    pub(crate) fn ask(&mut self, operation: Operation, id: QuestionId, at: Timestamp) {
        match self.question(operation, id) {
            Some(asked) => {
                asked.at = at;
                asked.times = asked.times.saturating_add(1);
                asked.is_out = true;
            }
            // Another id is another question.
            None => {
                let replaced = |asked: &Asked| asked.operation == operation && asked.is_listed;
                let replaced = self.asked.iter().find(|asked| replaced(asked));
                self.replaced.extend(replaced.map(|asked| (operation, asked.id)));
                self.asked.retain(|asked| asked.operation != operation);
                self.asked.push(Asked {
                    operation,
                    id,
                    since: at,
                    at,
                    times: 1,
                    is_out: true,
                    reply: None,
                    ticket: None,
                    again: None,
                    is_listed: false,
                    is_held_up: false,
                });
            }
        }
    }

    pub(crate) fn reply(
        &mut self,
        operation: Operation,
        id: QuestionId,
        reply: Reply,
        again: Option<Timestamp>,
    ) {
        if let Some(asked) = self
            .question(operation, id)
            .filter(|asked| !asked.stands_against(&reply))
        {
            asked.is_out = false;
            asked.is_held_up = false;
            match &reply.outcome {
                Outcome::Deferred { ticket, .. } => asked.ticket = Some(ticket.clone()),
                // It keeps the work that it has taken on, however often it cannot be reached.
                Outcome::Unavailable(_) | Outcome::Closed { .. } => {}
                Outcome::Found(_) | Outcome::NoRecord | Outcome::Ambiguous { .. } => asked.ticket = None,
            }
            asked.reply = Some(reply);
            asked.again = again;
        }
    }

    /// Whatever is to be asked again before `until` is to be asked then.
    pub(crate) fn postpone(&mut self, until: Timestamp) {
        for asked in &mut self.asked {
            if asked.again().is_some_and(|again| again < until) {
                asked.is_out = false;
                asked.again = Some(until);
            }
        }
    }

    /// The questions as a decision takes them.
    pub fn replies(&self) -> Replies {
        let mut replies = Replies::default();
        for asked in &self.asked {
            match &asked.reply {
                Some(reply) => replies.reply(asked.operation, reply.clone()),
                None => replies.ask(asked.operation),
            }
        }
        replies
    }

    /// How often `operation` was asked.
    pub fn times(&self, operation: Operation) -> u32 {
        self.asked
            .iter()
            .find(|asked| asked.operation == operation)
            .map_or(0, |asked| asked.times)
    }

    /// When the next of them is to be asked again; none where every reply settles its question.
    pub fn again(&self) -> Option<Timestamp> {
        self.asked.iter().filter_map(Asked::again).min()
    }

    /// Those that are to be asked again by `now`.
    pub fn due(&self, now: Timestamp) -> Vec<Repeat> {
        let is_due = |asked: &&Asked| asked.again().is_some_and(|again| again <= now);
        let repeat = |asked: &Asked| Repeat {
            operation: asked.operation,
            id: asked.id,
            ticket: asked.ticket.clone(),
        };
        self.asked.iter().filter(is_due).map(repeat).collect()
    }

    /// One that counts as lost by `now` went out less than `lately` before: its reply may still be on its way where the wall
    /// clock runs faster than a department answers.
    pub fn is_lost_early(&self, now: Timestamp, lately: Duration) -> bool {
        let lately = SignedDuration::try_from(lately).unwrap_or(SignedDuration::MAX);
        let is_due = |asked: &Asked| asked.again().is_some_and(|again| again <= now);
        let is_recent = |asked: &Asked| now.duration_since(asked.at) < lately;
        let mut all = self.asked.iter();
        all.any(|asked| asked.is_out && is_due(asked) && is_recent(asked))
    }

    fn question(&mut self, operation: Operation, id: QuestionId) -> Option<&mut Asked> {
        let mut all = self.asked.iter_mut();
        all.find(|asked| asked.operation == operation && asked.id == id)
    }
}

impl Asked {
    fn again(&self) -> Option<Timestamp> {
        if self.is_out {
            let longest = SignedDuration::try_from(OUT_MAX).unwrap_or(SignedDuration::MAX);
            Some(self.at.saturating_add(longest).unwrap_or(Timestamp::MAX))
        } else {
            self.again
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use uuid::Uuid;

    use super::*;
    use crate::reply::{Facts, Unavailable};

    const TRACE: Operation = Operation::NinoTrace;
    const ID: QuestionId = QuestionId(Uuid::from_u128(7));

    fn at(minute: i8) -> Timestamp {
        let start: Timestamp = "2026-06-10T09:00:00Z".parse().unwrap();
        start + i64::from(minute).minutes()
    }

    fn deferred() -> Reply {
        Reply::of(Outcome::Deferred {
            expected_by: None,
            ticket: "t-1".to_owned(),
        })
    }

    fn repeat(ticket: Option<&str>) -> Vec<Repeat> {
        vec![Repeat {
            operation: TRACE,
            id: ID,
            ticket: ticket.map(str::to_owned),
        }]
    }

    #[test]
    fn a_question_whose_reply_never_came_is_asked_again() {
        let mut questions = Questions::default();
        questions.ask(TRACE, ID, at(0));
        assert_eq!(questions.again(), Some(at(1)));
        assert_eq!(questions.due(at(0)), []);
        assert_eq!(questions.due(at(1)), repeat(None));
    }

    #[test]
    fn what_is_lost_by_a_fast_clock_may_still_be_on_its_way() {
        let mut questions = Questions::default();
        questions.ask(TRACE, ID, at(0));
        let (real, fast) = (OUT_MAX, OUT_MAX * 60);
        assert!(!questions.is_lost_early(at(0), fast), "it is not lost yet");
        assert!(!questions.is_lost_early(at(1), real));
        assert!(questions.is_lost_early(at(1), fast));
        assert!(questions.is_lost_early(at(59), fast));
        assert!(!questions.is_lost_early(at(60), fast));
        questions.reply(TRACE, ID, deferred(), Some(at(5)));
        assert!(!questions.is_lost_early(at(5), fast));
    }

    #[test]
    fn a_reply_that_settles_a_question_ends_it() {
        let mut questions = Questions::default();
        questions.ask(TRACE, ID, at(0));
        let matches = Outcome::Found(Facts::NinoTrace { matches: true });
        questions.reply(TRACE, ID, Reply::of(matches), None);
        assert_eq!(questions.again(), None);
        assert_eq!(questions.due(at(99)), []);
        assert_eq!(questions.replies().facts().count(), 1);
    }

    #[test]
    fn a_ticket_is_kept_until_the_question_is_settled() {
        let mut questions = Questions::default();
        questions.ask(TRACE, ID, at(0));
        questions.reply(TRACE, ID, deferred(), Some(at(5)));
        assert_eq!(questions.due(at(5)), repeat(Some("t-1")));
        questions.ask(TRACE, ID, at(5));
        assert!(
            questions.replies().of(TRACE) == Some(&deferred()),
            "it counts while asked again"
        );
        questions.reply(
            TRACE,
            ID,
            Reply::of(Outcome::Unavailable(Unavailable::Failed)),
            Some(at(9)),
        );
        assert_eq!(questions.due(at(9)), repeat(Some("t-1")));
        assert_eq!(questions.times(TRACE), 2);
        questions.ask(TRACE, QuestionId(Uuid::from_u128(8)), at(9));
        assert_eq!(questions.times(TRACE), 1);
        assert!(questions.due(at(90)).iter().all(|repeat| repeat.ticket.is_none()));
        questions.reply(TRACE, ID, deferred(), None);
        assert!(
            questions.replies().is_out(TRACE),
            "it was the reply to another question"
        );
    }

    #[test]
    fn what_is_postponed_is_asked_then_and_what_is_settled_is_not() {
        let mut questions = Questions::default();
        questions.ask(TRACE, ID, at(0));
        questions.ask(Operation::ImmigrationStatus, ID, at(0));
        questions.reply(
            Operation::ImmigrationStatus,
            ID,
            Reply::of(Outcome::NoRecord),
            None,
        );
        questions.postpone(at(30));
        assert_eq!(questions.again(), Some(at(30)));
        assert_eq!(questions.due(at(30)), repeat(None));
    }
}
