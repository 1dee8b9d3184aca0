//! The parts of the trait that only read rows beside the ledger.

use async_trait::async_trait;
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{CaseId, DepartmentId, NoticeId, QuestionId, ReferralId};
use statuscheck_domain::subject::Identity;

use super::{Around, Through};
use crate::store::{
    CoursePage, CourseQuery, HookQuery, HookRow, Hooks, Line, Marks, Measuring, OpenCase, ReadError,
    ReferralQuery, ReferralRow, ReferralRows, Standings, UrgentQuery, WorkQuery, WorkRow, Worklists,
};

#[async_trait]
impl<A: Around> Worklists for Through<A> {
    async fn worklist(&self, query: WorkQuery) -> Result<Vec<WorkRow>, ReadError> {
        self.other("read a worklist", self.store.worklist(query)).await
    }

    async fn question(&self, department: DepartmentId, id: QuestionId) -> Result<Option<WorkRow>, ReadError> {
        self.other("read a question", self.store.question(department, id))
            .await
    }

    async fn questions_of(
        &self,
        department: DepartmentId,
        cases: &[CaseId],
    ) -> Result<Vec<WorkRow>, ReadError> {
        self.other("read questions", self.store.questions_of(department, cases))
            .await
    }
}

#[async_trait]
impl<A: Around> Hooks for Through<A> {
    async fn hooks(&self, query: HookQuery) -> Result<Vec<HookRow>, ReadError> {
        self.other("read hooks", self.store.hooks(query)).await
    }

    async fn hook(&self, id: NoticeId) -> Result<Option<HookRow>, ReadError> {
        self.other("read a hook", self.store.hook(id)).await
    }
}

#[async_trait]
impl<A: Around> Measuring for Through<A> {
    async fn courses(&self, query: CourseQuery) -> Result<CoursePage, ReadError> {
        self.other("read courses", self.store.courses(query)).await
    }
}

#[async_trait]
impl<A: Around> Standings for Through<A> {
    async fn lines(&self, marks: Marks) -> Result<Vec<Line>, ReadError> {
        self.other("count open cases", self.store.lines(marks)).await
    }

    async fn most_urgent(&self, query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError> {
        self.other("read urgent cases", self.store.most_urgent(query))
            .await
    }
}

#[async_trait]
impl<A: Around> ReferralRows for Through<A> {
    async fn referrals(&self, query: ReferralQuery) -> Result<Vec<ReferralRow>, ReadError> {
        self.other("read referrals", self.store.referrals(query)).await
    }

    async fn referral(&self, id: ReferralId) -> Result<Option<ReferralRow>, ReadError> {
        self.other("read a referral", self.store.referral(id)).await
    }

    async fn joined(&self, id: ReferralId) -> Result<Vec<CaseId>, ReadError> {
        self.other("read who joined", self.store.joined(id)).await
    }

    async fn referred(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError> {
        self.other("look who was referred", self.store.referred(identities, limit))
            .await
    }
}
