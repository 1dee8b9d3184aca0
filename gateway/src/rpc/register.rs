//! `statuscheck.register.v1.RegisterService`: the register, for whoever may want to use it, and its changes.

use std::sync::Arc;

use statuscheck_proto::register::v1::register_service_server::RegisterService;
use statuscheck_proto::register::v1::{
    ApplyRegisterRequest, ApplyRegisterResponse, GetAgreementRequest, GetAgreementResponse,
    GetMeasuresRequest, GetMeasuresResponse, ListAgreementsRequest, ListAgreementsResponse,
    ListVersionsRequest, ListVersionsResponse, PlanRegisterRequest, PlanRegisterResponse,
};
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::measures::Measures;
use crate::quota::Quotas;
use crate::register::RegisterChanges;
use crate::rpc::convert::{measures, orders, register as convert, versions};
use crate::rpc::measures::may_measure;
use crate::rpc::operator::{operator, to_the_end};

/// For refusals.
const SERVICE: &str = "statuscheck.register.v1.RegisterService";

/// The service.
pub(crate) struct Agreements {
    pub(crate) changes: Arc<RegisterChanges>,
    pub(crate) quotas: Quotas,
    pub(crate) measures: Measures,
}

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl RegisterService for Agreements {
    async fn list_agreements(
        &self,
        request: Request<ListAgreementsRequest>,
    ) -> Reply<ListAgreementsResponse> {
        let register = &self.changes.served().now().register;
        let page = convert::page(request.get_ref(), register)?;
        Ok(Response::new(convert::listed(
            register,
            &page,
            self.changes.today(),
        )))
    }

    async fn get_agreement(&self, request: Request<GetAgreementRequest>) -> Reply<GetAgreementResponse> {
        let id = convert::agreement_id(request.get_ref())?;
        let version = self.changes.served().now();
        let agreement = version.register.agreement(&id);
        let agreement = agreement.ok_or(Error::NoSuchAgreement(id))?;
        let usage = self.quotas.usage(agreement).await.map_err(Error::from)?;
        Ok(Response::new(GetAgreementResponse {
            agreement: Some(convert::agreement(agreement)),
            register_version: version.number,
            files_differ: version.files_differ,
            quotas: usage.iter().map(convert::quota_use).collect(),
            suspension_orders: orders::about(&version.register, agreement, self.changes.today()),
        }))
    }

    async fn plan_register(&self, request: Request<PlanRegisterRequest>) -> Reply<PlanRegisterResponse> {
        let planned_by = operator(SERVICE, &request)?;
        let wanted = versions::wanted(request.into_inner())?;
        let changes = Arc::clone(&self.changes);
        to_the_end(async move {
            let planned = changes.plan(&planned_by, wanted).await;
            Ok(versions::planned(planned.map_err(versions::refused)?))
        })
        .await
    }

    async fn apply_register(&self, request: Request<ApplyRegisterRequest>) -> Reply<ApplyRegisterResponse> {
        let applied_by = operator(SERVICE, &request)?;
        let plan_id = versions::plan_id(request.get_ref())?;
        let changes = Arc::clone(&self.changes);
        to_the_end(async move {
            let version = changes.apply(&applied_by, plan_id).await?;
            Ok(ApplyRegisterResponse {
                version: version.number,
            })
        })
        .await
    }

    async fn list_versions(&self, request: Request<ListVersionsRequest>) -> Reply<ListVersionsResponse> {
        let page = versions::page(request.get_ref())?;
        // One more than wanted shows whether there is a next page.
        let found = self.changes.versions(page.before, page.limit + 1).await;
        let found = found.map_err(Error::from)?;
        let served = self.changes.served().now();
        Ok(Response::new(versions::versions(found, &page, &served)))
    }

    async fn get_measures(&self, request: Request<GetMeasuresRequest>) -> Reply<GetMeasuresResponse> {
        let wanted = measures::wanted(request.get_ref())?;
        let register = &self.changes.served().now().register;
        may_measure(SERVICE, &request, &wanted.agreement, register)?;
        let measured = self.measures.count(wanted).await?;
        Ok(Response::new(measures::measured(&measured)))
    }
}
