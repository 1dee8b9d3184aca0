//! `statuscheck.register.v1.RegisterService`: the register, for whoever may want to use it, and what another would change.

use std::sync::Arc;

use statuscheck_domain::agreement::{Register, plan};
use statuscheck_proto::register::v1::register_service_server::RegisterService;
use statuscheck_proto::register::v1::{
    ApplyRegisterRequest, ApplyRegisterResponse, GetAgreementRequest, GetAgreementResponse,
    GetMeasuresRequest, GetMeasuresResponse, ListAgreementsRequest, ListAgreementsResponse,
    PlanRegisterRequest, PlanRegisterResponse,
};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::quota::Quotas;
use crate::register;
use crate::rpc::convert::register as convert;

/// Registers that are read at once. 1: each may have four megabytes, and operators can wait for each other.
const PLANS_MAX: usize = 1;

/// The service.
pub(crate) struct Agreements {
    register: Arc<Register>,
    quotas: Quotas,
    planning: Arc<Semaphore>,
}

impl Agreements {
    pub(crate) fn new(register: Arc<Register>, quotas: Quotas) -> Self {
        Self {
            register,
            quotas,
            planning: Arc::new(Semaphore::new(PLANS_MAX)),
        }
    }
}

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl RegisterService for Agreements {
    async fn list_agreements(
        &self,
        request: Request<ListAgreementsRequest>,
    ) -> Reply<ListAgreementsResponse> {
        let page = convert::page(request.get_ref(), &self.register)?;
        Ok(Response::new(convert::listed(&self.register, &page)))
    }

    async fn get_agreement(&self, request: Request<GetAgreementRequest>) -> Reply<GetAgreementResponse> {
        let id = convert::agreement_id(request.get_ref())?;
        let agreement = self.register.agreement(&id).ok_or(Error::NoSuchAgreement(id))?;
        let usage = self.quotas.usage(agreement).await.map_err(Error::from)?;
        Ok(Response::new(GetAgreementResponse {
            agreement: Some(convert::agreement(agreement)),
            quotas: usage.iter().map(convert::quota_use).collect(),
        }))
    }

    async fn plan_register(&self, request: Request<PlanRegisterRequest>) -> Reply<PlanRegisterResponse> {
        let text = convert::whole_register(request.into_inner())?;
        let planning = Arc::clone(&self.planning).acquire_owned().await;
        let current = Arc::clone(&self.register);
        // Reading four megabytes takes longer than a thread of the runtime may be held.
        let planned = tokio::task::spawn_blocking(move || {
            let changes = register::parse_whole(&text).map(|new| plan(&current, &new));
            drop(planning);
            changes
        });
        let changes = planned.await.map_err(|panicked| Error::internal(&panicked))?;
        let changes = changes.map_err(|error| convert::at_fault(&error))?;
        Ok(Response::new(convert::planned(&changes)))
    }

    // In the contract, and served once the store keeps versions of the register and counts cases by agreement.

    async fn apply_register(&self, _: Request<ApplyRegisterRequest>) -> Reply<ApplyRegisterResponse> {
        Err(Error::NotServed.into())
    }

    async fn get_measures(&self, _: Request<GetMeasuresRequest>) -> Reply<GetMeasuresResponse> {
        Err(Error::NotServed.into())
    }
}
