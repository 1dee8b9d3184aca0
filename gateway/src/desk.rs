//! A department's desk: the questions that it has to reply to, and what it says to them by itself.
//!
//! A desk's reply is a reply as any: recorded with its question, it decides the case, and the case's clock follows. A department
//! that is asked again through its API meanwhile may reply there too; the first reply that settles the question counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use serde::Deserialize;
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::Case;
use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::{AgreementId, DepartmentId, QuestionId};
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::reply::Reply;
use statuscheck_domain::subject::{Field, Subject};
use tokio::sync::{Semaphore, watch};

use crate::asking::{ATTEMPTS_MAX, Asking};
use crate::error::Error;
use crate::register::ServedRegister;
use crate::store::{WorkQuery, WorkRow};

mod feeds;
mod place;
mod watching;

pub(crate) use self::place::{Place, Resume};
pub(crate) use self::watching::{Standing, Told};

/// Cases of one page that are read at once: a few, so that a page leaves readers to checks.
const READS_AT_ONCE: usize = 4;

/// How departments follow their worklists.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct DeskSettings {
    /// Followers of one department at once. 16: a department has a few programs at its desk, and each follower reads all that is
    /// recorded.
    pub followers_max: usize,
    /// How long a follower is told nothing new at the longest, whatever the store says. 5 s: a signal is seldom lost.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub look_every: Duration,
    /// From one look to the next at the least. 100 ms: at a desk that is at once, and a busy gateway's changes are read in pages.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub rest: Duration,
    /// Questions that a follower is known to know as they stand, some 100 bytes each; of others it may be told again. 10,000: more
    /// than a desk has open.
    pub known_max: usize,
    /// Rows of one feed. 1,000,000: more than any department has cases. Nothing is kept of a row, so this bounds time alone.
    pub feed_rows_max: u64,
    /// Rows of a feed that an answer names as rejected, and as held back. 10,000 of each: some hundred kilobytes. All are counted.
    pub feed_named_max: usize,
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            followers_max: 16,
            look_every: Duration::from_secs(5),
            rest: Duration::from_millis(100),
            known_max: 10_000,
            feed_rows_max: 1_000_000,
            feed_named_max: 10_000,
        }
    }
}

/// A step that a desk cannot take.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeskFault {
    /// No such question of this department is or was on its worklist.
    #[error("there is no such question on this worklist")]
    NoSuchQuestion(QuestionId),
    /// The question has another reply already: what was replied first counts.
    #[error("this question was replied to before, and otherwise")]
    RepliedOtherwise(QuestionId),
    /// The question was put anew, with what the caller provided: reply to the new one.
    #[error("this question was put anew under another id; reply to that one")]
    Replaced(QuestionId),
    /// The caller is answered, or needs the case no longer: nobody is asked.
    #[error("the case of this question is over; the caller is asked for nothing more")]
    CaseOver(QuestionId),
    /// The answer does not wait for this question, so the caller is not asked because of it.
    #[error("the answer does not wait for this question, so the caller is asked for nothing because of it")]
    NotWaitedFor(QuestionId),
    /// The agreement does not let the caller send these fields.
    #[error("the agreement does not let the caller send what is asked for; see the field violations")]
    NotCovered {
        /// Which agreement.
        agreement: AgreementId,
        /// Which fields.
        violations: Vec<Violation>,
    },
    /// The department sends no such feed under the agreement: look at the register.
    #[error("this department sends no such feed under this agreement")]
    NoSuchFeed(AgreementId),
    /// The agreement of the feed is not in force today.
    #[error("the agreement of this feed is not in force; nothing of it may be shared")]
    FeedNotInForce {
        /// Which agreement.
        agreement: AgreementId,
        /// Why.
        reason: &'static str,
    },
    /// Part it, or have the operator allow more.
    #[error("a feed may have {0} rows at most; nothing of it was recorded")]
    FeedTooLong(u64),
    /// This gateway stops: follow another, from the last resume token.
    #[error("this gateway stops; follow on from the last resume token")]
    Stopping,
}

/// A question that needs a reply. It tells of a person, so it has no `Debug`.
pub(crate) struct WorkItem {
    pub(crate) id: QuestionId,
    pub(crate) operation: Operation,
    /// With the fields of the operation alone.
    pub(crate) subject: Arc<Subject>,
    pub(crate) asked_at: Timestamp,
    pub(crate) due_at: Timestamp,
    pub(crate) is_breached: bool,
    pub(crate) ticket: Option<String>,
}

/// The desks of all departments.
pub(crate) struct Desk {
    asking: Asking,
    register: Arc<ServedRegister>,
    settings: DeskSettings,
    followers: BTreeMap<DepartmentId, Arc<Semaphore>>,
    stopping: watch::Sender<bool>,
}

impl Desk {
    pub(crate) fn new(asking: Asking, register: Arc<ServedRegister>, settings: DeskSettings) -> Arc<Self> {
        let followers = || Arc::new(Semaphore::new(settings.followers_max.max(1)));
        Arc::new(Self {
            followers: DepartmentId::ALL
                .map(|department| (department, followers()))
                .into(),
            asking,
            register,
            settings,
            stopping: watch::Sender::new(false),
        })
    }

    /// Has followers go.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// A page of the department's worklist, most urgent first, and where the next begins.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn page(
        &self,
        department: DepartmentId,
        after: Option<Place>,
        limit: usize,
    ) -> Result<(Vec<(Place, WorkItem)>, Option<Place>), Error> {
        let query = WorkQuery {
            department,
            after: after.map(|Place { due, id }| (due, id)),
            // One more than wanted shows whether there is a next page.
            limit: limit + 1,
        };
        let mut rows = self.asking.store.worklist(query).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).and_then(Place::of);
        let items = stream::iter(rows).map(|row| self.item(row));
        let items: Vec<_> = items.buffered(READS_AT_ONCE).try_collect().await?;
        Ok((items.into_iter().flatten().collect(), next))
    }

    /// The question of a row with its place; none where it needs no reply, or not any more.
    async fn item(&self, row: WorkRow) -> Result<Option<(Place, WorkItem)>, Error> {
        let Some(place) = Place::of(&row) else {
            return Ok(None);
        };
        let case = self.asking.store.case(row.case_id).await?;
        let item = case.and_then(|case| open(&case, row.id, self.asking.clock.now()));
        Ok(item.map(|item| (place, item)))
    }

    /// Takes a reply, which `parse` reads for what was asked. One that says the same as the one before changes nothing. The reply
    /// to a question whose case is over is recorded, and the answer stays.
    ///
    /// # Errors
    /// [`DeskFault`]; what `parse` finds; nothing can be recorded.
    pub(crate) async fn reply(
        &self,
        department: DepartmentId,
        id: QuestionId,
        parse: impl Fn(Operation) -> Result<Reply, Error>,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let (case, permit) = self.case_of(department, id).await?;
            let put = case.questions.put(id).ok_or(DeskFault::Replaced(id))?;
            let reply = parse(put.operation)?;
            if let Some(settled) = put.settled {
                let same = (*settled == reply).then_some(());
                return same.ok_or_else(|| DeskFault::RepliedOtherwise(id).into());
            }
            let question = (put.operation, id);
            let inquiry = self.asking.resume(permit, case);
            match inquiry.replied(question, reply).await {
                Err(Error::CaseChanged) => {}
                done => return done,
            }
        }
        Err(Error::CaseChanged)
    }

    /// Asks the caller for `fields`, which the desk needs before it can reply. The same again changes nothing; other fields take
    /// the place of those before.
    ///
    /// # Errors
    /// [`DeskFault`]; a field that does not go with the question; nothing can be recorded.
    pub(crate) async fn request_information(
        &self,
        department: DepartmentId,
        id: QuestionId,
        fields: &[Field],
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let (case, permit) = self.case_of(department, id).await?;
            let put = case.questions.put(id).ok_or(DeskFault::Replaced(id))?;
            may_be_asked_for(fields, put.operation, &permit)?;
            if put.settled.is_some() {
                return Err(DeskFault::RepliedOtherwise(id).into());
            }
            if case.is_over() {
                return Err(DeskFault::CaseOver(id).into());
            }
            if put.held_up == Some(fields) {
                return Ok(());
            }
            let question = (put.operation, id);
            let inquiry = self.asking.resume(permit, case);
            match inquiry.held_up(question, fields.to_vec()).await {
                Err(Error::CaseChanged) => {}
                done => return done,
            }
        }
        Err(Error::CaseChanged)
    }

    /// The case of a question of this department, and what it is asked under.
    async fn case_of(&self, department: DepartmentId, id: QuestionId) -> Result<(Case, Permit), Error> {
        let unknown = || DeskFault::NoSuchQuestion(id);
        let row = self.asking.store.question(department, id).await?;
        let case_id = row.ok_or_else(unknown)?.case_id;
        let case = self.asking.store.case(case_id).await?.ok_or_else(unknown)?;
        let permit = self.register.now().register.resume(&case.receipt);
        let permit = permit.ok_or_else(|| Error::NoSuchAgreement(case.receipt.agreement_id.clone()))?;
        Ok((case, permit))
    }
}

fn open(case: &Case, id: QuestionId, now: Timestamp) -> Option<WorkItem> {
    let put = case.questions.put(id)?;
    if case.is_over() || put.settled.is_some() || put.held_up.is_some() {
        return None;
    }
    let question = Question::about(&case.receipt.check, put.operation, id, uuid::Uuid::nil());
    Some(WorkItem {
        id,
        operation: put.operation,
        subject: question.subject,
        asked_at: put.since,
        due_at: case.promise().due_at,
        is_breached: case.is_breached(now),
        ticket: put.ticket.map(str::to_owned),
    })
}

/// What is asked for must be of use for the question, and the caller must be allowed to send it.
fn may_be_asked_for(fields: &[Field], operation: Operation, permit: &Permit) -> Result<(), Error> {
    let faults = |is_at_fault: &dyn Fn(Field) -> bool, description: &str| -> Vec<_> {
        let at_fault = fields
            .iter()
            .enumerate()
            .filter(|(_, field)| is_at_fault(**field));
        let violation = |(place, field): (usize, &Field)| Violation {
            field: format!("fields[{place}]"),
            description: format!("{} {description}", field.as_str()),
        };
        at_fault.map(violation).collect()
    };
    let useless = faults(
        &|field| !operation.fields().contains(&field),
        "does not go with this operation",
    );
    if !useless.is_empty() {
        return Err(Error::Invalid(useless));
    }
    let agreement = permit.agreement();
    let violations = faults(
        &|field| field.is_of_person() && !agreement.request_fields.contains(&field),
        "is not among the fields that the agreement lets the caller send",
    );
    if violations.is_empty() {
        return Ok(());
    }
    let agreement = agreement.id.clone();
    Err(DeskFault::NotCovered {
        agreement,
        violations,
    }
    .into())
}
