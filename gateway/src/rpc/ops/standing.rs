//! How cases and departments stand, closing departments by hand, and having parked notices tried anew.

use statuscheck_proto::ops::v1::{
    GetSlaSummaryResponse, ListCasesRequest, ListCasesResponse, ListDepartmentsResponse, RetryHookRequest,
    RetryHookResponse, SetDepartmentRequest, SetDepartmentResponse,
};

use super::Operations;
use crate::error::Error;
use crate::ops::Live;
use crate::rpc::convert::{hooks, standings};

impl Operations {
    pub(super) async fn sla_summary(&self, actor: &str) -> Result<GetSlaSummaryResponse, Error> {
        let live = self.live()?;
        live.views.record(actor, actor, "summary").await?;
        let (open, referrals) = (live.overview.now().await?, live.referrals.now().await?);
        Ok(standings::summary(&open, &referrals, &*live.notices.now().await?))
    }

    pub(super) async fn open_cases(
        &self,
        actor: &str,
        request: &ListCasesRequest,
    ) -> Result<ListCasesResponse, Error> {
        let live = self.live()?;
        let now = self.clock.now();
        let query = standings::query(request, now)?;
        live.views.record(actor, actor, "cases").await?;
        let found = live.store.most_urgent(query).await?;
        let next = found
            .last()
            .filter(|_| found.len() == query.limit)
            .map(|last| last.urgency());
        let mut cases = Vec::with_capacity(found.len());
        for open in &found {
            // One that was purged meanwhile is left out.
            cases.extend(live.store.case(open.case_id).await?);
        }
        Ok(standings::page(&cases, next, now))
    }

    pub(super) async fn departments(&self, actor: &str) -> Result<ListDepartmentsResponse, Error> {
        let live = self.live()?;
        live.views.record(actor, actor, "departments").await?;
        let open = live.overview.now().await?;
        let found = live.conditions(&open).await?;
        Ok(standings::departments(
            &found,
            &live.desk_hours(),
            self.clock.now(),
        ))
    }

    pub(super) async fn set_department(
        self,
        actor: String,
        request: SetDepartmentRequest,
    ) -> Result<SetDepartmentResponse, Error> {
        let live = self.live()?;
        let order = standings::order(&request, self.clock.now())?;
        live.closures
            .set(&actor, order.department, order.closed, &order.reason)
            .await?;
        let open = live.overview.now().await?;
        let after = live.condition(order.department, &open).await?;
        Ok(SetDepartmentResponse {
            department: Some(standings::department(&after, self.clock.now())),
        })
    }

    pub(super) async fn retry_hook(
        self,
        actor: String,
        request: RetryHookRequest,
    ) -> Result<RetryHookResponse, Error> {
        let live = self.live()?;
        let (id, reason) = hooks::retry(&request)?;
        live.retry_hook(&self.housekeeping, &actor, id, reason.as_ref())
            .await?;
        Ok(RetryHookResponse {})
    }

    fn live(&self) -> Result<&Live, Error> {
        self.live.as_ref().ok_or(Error::NotServed)
    }
}
