//! What the stores of the benchmark list beside cases: what the store below does, or nothing.

use async_trait::async_trait;
use statuscheck::store::{
    CoursePage, CourseQuery, HookQuery, HookRow, Hooks, Line, Marks, Measuring, OpenCase, ReadError,
    ReferralQuery, ReferralRow, ReferralRows, Standings, UrgentQuery, WorkQuery, WorkRow, Worklists,
};
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{CaseId, DepartmentId, NoticeId, QuestionId, ReferralId};
use statuscheck_domain::subject::Identity;

use crate::meter::{CountingStore, MeteredStore};

#[async_trait]
impl Worklists for MeteredStore {
    async fn worklist(&self, query: WorkQuery) -> Result<Vec<WorkRow>, ReadError> {
        self.inner.worklist(query).await
    }

    async fn question(&self, department: DepartmentId, id: QuestionId) -> Result<Option<WorkRow>, ReadError> {
        self.inner.question(department, id).await
    }

    async fn questions_of(
        &self,
        department: DepartmentId,
        cases: &[CaseId],
    ) -> Result<Vec<WorkRow>, ReadError> {
        self.inner.questions_of(department, cases).await
    }
}

#[async_trait]
impl Hooks for MeteredStore {
    async fn hooks(&self, query: HookQuery) -> Result<Vec<HookRow>, ReadError> {
        self.inner.hooks(query).await
    }

    async fn hook(&self, id: NoticeId) -> Result<Option<HookRow>, ReadError> {
        self.inner.hook(id).await
    }
}

#[async_trait]
impl Measuring for MeteredStore {
    async fn courses(&self, query: CourseQuery) -> Result<CoursePage, ReadError> {
        self.inner.courses(query).await
    }
}

#[async_trait]
impl Hooks for CountingStore {
    async fn hooks(&self, _query: HookQuery) -> Result<Vec<HookRow>, ReadError> {
        Ok(Vec::new())
    }

    async fn hook(&self, _id: NoticeId) -> Result<Option<HookRow>, ReadError> {
        Ok(None)
    }
}

#[async_trait]
impl Worklists for CountingStore {
    async fn worklist(&self, _query: WorkQuery) -> Result<Vec<WorkRow>, ReadError> {
        Ok(Vec::new())
    }

    async fn question(
        &self,
        _department: DepartmentId,
        _id: QuestionId,
    ) -> Result<Option<WorkRow>, ReadError> {
        Ok(None)
    }

    async fn questions_of(
        &self,
        _department: DepartmentId,
        _cases: &[CaseId],
    ) -> Result<Vec<WorkRow>, ReadError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Measuring for CountingStore {
    async fn courses(&self, _query: CourseQuery) -> Result<CoursePage, ReadError> {
        Err(ReadError::Unavailable)
    }
}

#[async_trait]
impl Standings for MeteredStore {
    async fn lines(&self, marks: Marks) -> Result<Vec<Line>, ReadError> {
        self.inner.lines(marks).await
    }

    async fn most_urgent(&self, query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError> {
        self.inner.most_urgent(query).await
    }
}

#[async_trait]
impl Standings for CountingStore {
    async fn lines(&self, _marks: Marks) -> Result<Vec<Line>, ReadError> {
        Ok(Vec::new())
    }

    async fn most_urgent(&self, _query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ReferralRows for MeteredStore {
    async fn referrals(&self, query: ReferralQuery) -> Result<Vec<ReferralRow>, ReadError> {
        self.inner.referrals(query).await
    }

    async fn referral(&self, id: ReferralId) -> Result<Option<ReferralRow>, ReadError> {
        self.inner.referral(id).await
    }

    async fn joined(&self, id: ReferralId) -> Result<Vec<CaseId>, ReadError> {
        self.inner.joined(id).await
    }

    async fn referred(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError> {
        self.inner.referred(identities, limit).await
    }
}

#[async_trait]
impl ReferralRows for CountingStore {
    async fn referrals(&self, _query: ReferralQuery) -> Result<Vec<ReferralRow>, ReadError> {
        Ok(Vec::new())
    }

    async fn referral(&self, _id: ReferralId) -> Result<Option<ReferralRow>, ReadError> {
        Ok(None)
    }

    async fn joined(&self, _id: ReferralId) -> Result<Vec<CaseId>, ReadError> {
        Ok(Vec::new())
    }

    async fn referred(&self, _identities: &[Identity], _limit: usize) -> Result<Vec<Case>, ReadError> {
        Ok(Vec::new())
    }
}
