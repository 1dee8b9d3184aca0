//! What a department's desk sees of the questions of a case, and what it may do with them.
//!
//! A question comes onto the worklist with the decision that leaves its case open while no reply settles it. So a check that is
//! answered in its call has none there.

use jiff::Timestamp;

use super::{Asked, Questions};
use crate::ids::{DepartmentId, QuestionId};
use crate::question::Operation;
use crate::reply::{Outcome, Reply};
use crate::subject::Field;

/// How a question stands on its department's worklist. Once there, it is found by its id for as long as its case is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The question.
    pub id: QuestionId,
    /// Whose worklist.
    pub department: DepartmentId,
    /// When its case is to be answered; none where the question needs no reply, or not before the caller has done something.
    pub due: Option<Timestamp>,
}

/// A question that was put to a department and not replaced by another since.
#[derive(Clone, Copy)]
pub struct Put<'a> {
    /// What is asked.
    pub operation: Operation,
    /// When it first went out.
    pub since: Timestamp,
    /// The department's reference for the work.
    pub ticket: Option<&'a str>,
    /// The reply that settles it.
    pub settled: Option<&'a Reply>,
    /// Fields that the department's desk needs from the caller before it can reply.
    pub held_up: Option<&'a [Field]>,
}

impl Questions {
    /// The question of that id; none where there is none, or another took its place.
    pub fn put(&self, id: QuestionId) -> Option<Put<'_>> {
        let asked = self.asked.iter().find(|asked| asked.id == id)?;
        Some(Put {
            operation: asked.operation,
            since: asked.since,
            ticket: asked.ticket.as_deref(),
            settled: asked.reply.as_ref().filter(|_| asked.is_settled()),
            held_up: asked.needed(),
        })
    }

    /// A reply to the question of that id would change nothing: it has one that counts for more, and was not put again since.
    pub fn stands_against(&self, id: QuestionId, reply: &Reply) -> bool {
        let mut all = self.asked.iter();
        all.any(|asked| asked.id == id && asked.stands_against(reply))
    }

    /// Puts what no reply settles onto the worklists.
    pub(crate) fn list(&mut self) {
        for asked in &mut self.asked {
            asked.is_listed |= asked.is_open();
        }
    }

    /// Everything is asked anew: what was on a worklist needs no reply any more.
    pub(crate) fn begin_anew(&mut self) {
        let before = std::mem::take(&mut self.asked);
        let listed = before.iter().filter(|asked| asked.is_listed);
        self.replaced
            .extend(listed.map(|asked| (asked.operation, asked.id)));
    }

    pub(crate) fn listed(&self, due: Option<Timestamp>) -> Vec<Listed> {
        let listed = self.asked.iter().filter(|asked| asked.is_listed);
        let listed = listed.map(|asked| Listed {
            id: asked.id,
            department: asked.operation.department(),
            due: due.filter(|_| asked.is_open()),
        });
        let replaced = self.replaced.iter().map(|(operation, id)| Listed {
            id: *id,
            department: operation.department(),
            due: None,
        });
        replaced.chain(listed).collect()
    }

    /// The desk cannot reply before the caller has given `fields`. Until then the question is not asked again.
    pub(crate) fn hold_up(&mut self, operation: Operation, id: QuestionId, fields: Vec<Field>) {
        if let Some(asked) = self.question(operation, id).filter(|asked| !asked.is_settled()) {
            asked.is_out = false;
            asked.is_held_up = true;
            asked.again = None;
            asked.reply = Some(Reply::of(Outcome::Ambiguous { would_settle: fields }));
        }
    }
}

impl Asked {
    fn is_open(&self) -> bool {
        !self.is_held_up && !self.is_settled()
    }

    fn is_settled(&self) -> bool {
        let settles = |reply: &Reply| reply.outcome.settles();
        !self.is_held_up && self.reply.as_ref().is_some_and(settles)
    }

    fn needed(&self) -> Option<&[Field]> {
        match &self.reply.as_ref()?.outcome {
            Outcome::Ambiguous { would_settle } if self.is_held_up => Some(would_settle),
            _ => None,
        }
    }

    /// Two replies can be under way, one from the department's desk and one from its API. The first that settles the
    /// question counts, and neither that nor what the desk needs is undone by "not yet".
    pub(super) fn stands_against(&self, reply: &Reply) -> bool {
        let is_said = self.is_settled() || (self.is_held_up && !reply.outcome.settles());
        is_said && !self.is_out
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::reply::Facts;

    const TRACE: Operation = Operation::NinoTrace;
    const ID: QuestionId = QuestionId(Uuid::from_u128(7));

    fn now() -> Timestamp {
        "2026-06-10T09:00:00Z".parse().unwrap()
    }

    /// One question, out when its caller was told.
    fn listed() -> Questions {
        let mut questions = Questions::default();
        questions.ask(TRACE, ID, now());
        questions.list();
        questions
    }

    fn is_open(questions: &Questions) -> Option<bool> {
        let listed = questions.listed(Some(now()));
        listed.first().map(|listed| listed.due.is_some())
    }

    fn matches(matches: bool) -> Reply {
        Reply::of(Outcome::Found(Facts::NinoTrace { matches }))
    }

    fn deferred() -> Reply {
        let ticket = "t-1".to_owned();
        Reply::of(Outcome::Deferred {
            expected_by: None,
            ticket,
        })
    }

    #[test]
    fn a_question_is_listed_with_the_decision_that_leaves_it_open_and_stays_known() {
        let mut questions = Questions::default();
        questions.ask(TRACE, ID, now());
        assert_eq!(is_open(&questions), None);
        questions.list();
        assert_eq!(is_open(&questions), Some(true));
        questions.reply(TRACE, ID, matches(true), None);
        assert_eq!(is_open(&questions), Some(false));
        questions.ask(TRACE, QuestionId(Uuid::from_u128(8)), now());
        assert!(questions.put(ID).is_none());
        assert_eq!(is_open(&questions), Some(false), "it was replaced");
    }

    #[test]
    fn what_was_listed_needs_no_reply_once_everything_is_asked_anew() {
        let mut questions = listed();
        questions.begin_anew();
        assert_eq!(is_open(&questions), Some(false));
        assert!(questions.put(ID).is_none());
        assert_eq!(questions.again(), None);
    }

    #[test]
    fn what_is_settled_before_anybody_is_told_is_never_listed() {
        let mut questions = Questions::default();
        questions.ask(TRACE, ID, now());
        questions.reply(TRACE, ID, matches(true), None);
        questions.list();
        assert_eq!(is_open(&questions), None);
    }

    #[test]
    fn of_two_replies_the_first_that_settles_counts() {
        let mut questions = listed();
        questions.reply(TRACE, ID, matches(true), None);
        for late in [deferred(), matches(false)] {
            assert!(questions.stands_against(ID, &late));
            questions.reply(TRACE, ID, late, Some(now()));
        }
        assert!(questions.put(ID).unwrap().settled == Some(&matches(true)));
        assert_eq!(questions.again(), None);
        // Put again, it may be replied to again.
        questions.ask(TRACE, ID, now());
        assert!(!questions.stands_against(ID, &matches(false)));
    }

    #[test]
    fn a_question_that_is_held_up_waits_for_the_caller_or_a_reply_that_settles_it() {
        let mut questions = listed();
        questions.reply(TRACE, ID, deferred(), Some(now()));
        let fields = vec![Field::GivenNames];
        questions.hold_up(TRACE, ID, fields.clone());
        assert_eq!(is_open(&questions), Some(false));
        assert_eq!(questions.again(), None, "nobody is asked meanwhile");
        questions.reply(TRACE, ID, deferred(), Some(now()));
        let put = questions.put(ID).unwrap();
        assert!(put.settled.is_none() && put.held_up == Some(&fields));
        assert_eq!(put.ticket, Some("t-1"));
        questions.reply(TRACE, ID, matches(true), None);
        let put = questions.put(ID).unwrap();
        assert!(put.settled.is_some() && put.held_up.is_none());
        // It is settled, and the caller is not asked because of it.
        questions.hold_up(TRACE, ID, fields);
        assert!(questions.put(ID).unwrap().held_up.is_none());
    }
}
