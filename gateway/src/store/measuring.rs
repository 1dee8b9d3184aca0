//! What the measures of an agreement are counted from.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::ids::{AgreementId, CaseId};
use statuscheck_domain::measures::Course;

use super::rows::StoredCase;
use super::sealed::Sealer;
use super::{ReadError, remainder};

/// How far the time of a case's receipt is from that in its id at the most: both are read from one clock, one soon after the
/// other. An hour: a second where a demo's clock runs 3,600 times as fast.
const APART_MAX: SignedDuration = SignedDuration::from_hours(1);

/// The courses of a store's cases, those of purged cases too.
#[async_trait]
pub trait Measuring {
    /// One page of the courses of cases, in the order of the cases' ids. Page for page each case is told of once, also one that is
    /// purged meanwhile.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn courses(&self, query: CourseQuery) -> Result<CoursePage, ReadError>;
}

/// Which courses to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CourseQuery {
    /// Under which agreement.
    pub agreement: AgreementId,
    /// Of cases that were received at or after this.
    pub from: Timestamp,
    /// Of cases that were received before this.
    pub to: Timestamp,
    /// Only cases newer than this one: [`CoursePage::next`] of the page before.
    pub after: Option<CaseId>,
    /// At most so many cases are looked at, and at least one; the store has a limit of its own.
    pub limit: usize,
}

/// Some courses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoursePage {
    /// The courses.
    pub courses: Vec<Course>,
    /// Where the next page begins; none after the last.
    pub next: Option<CaseId>,
}

impl CourseQuery {
    /// Between which ids the cases are: after the first, and up to the second.
    pub(super) fn between(&self) -> (CaseId, CaseId) {
        let before = self.from.saturating_sub(APART_MAX).unwrap_or(Timestamp::MIN);
        let behind = self.to.saturating_add(APART_MAX).unwrap_or(Timestamp::MAX);
        let first = self.after.unwrap_or_else(|| CaseId::at(before, &[0; 10]));
        (first, CaseId::at(behind, &[u8::MAX; 10]))
    }

    fn means(&self, course: &Course) -> bool {
        course.agreement == self.agreement && self.from <= course.received && course.received < self.to
    }
}

/// A case that is there, or what a purged one left, of a page: each in the order of ids.
pub(super) struct Found {
    /// Read first: what is purged between the two is in both, and not in neither.
    pub(super) kept: Vec<StoredCase>,
    /// With the payloads of their last entries.
    pub(super) purged: Vec<(CaseId, Vec<u8>)>,
}

impl Found {
    /// The page that they make, where at most `limit` of each were looked for.
    pub(super) fn page(
        self,
        query: &CourseQuery,
        sealer: &Sealer,
        limit: usize,
    ) -> Result<CoursePage, ReadError> {
        let Self { mut kept, mut purged } = self;
        // Of what may go on, no more is told than is complete.
        let last_kept = kept.last().map(|last| last.id).filter(|_| kept.len() >= limit);
        let last_purged = purged.last().map(|(id, _)| *id).filter(|_| purged.len() >= limit);
        let next = last_kept.into_iter().chain(last_purged).min();
        if let Some(last) = next {
            kept.retain(|stored| stored.id <= last);
            purged.retain(|(id, _)| *id <= last);
        }
        kept.retain(|stored| purged.binary_search_by_key(&stored.id, |(id, _)| *id).is_err());
        let mut courses = Vec::with_capacity(kept.len());
        for stored in kept {
            let id = stored.id;
            let history = sealer.history_once(stored)?.into_iter();
            courses.push(
                Course::of(id, history.map(|recorded| recorded.event))
                    .map_err(|_history| ReadError::Corrupt)?,
            );
        }
        for (_id, payload) in purged {
            courses.extend(remainder::course_in(&payload)?);
        }
        courses.retain(|course| query.means(course));
        Ok(CoursePage { courses, next })
    }
}
