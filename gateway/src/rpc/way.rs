//! The way of a check to the departments: sent alone, in a batch, or for a case that is asked about anew.

use std::sync::Arc;
use std::time::Duration;

use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::Case;
use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::ids::{CaseId, OrganisationId};
use statuscheck_proto::v1 as wire;

use crate::admission::{Admission, Admitted, Class, Seat};
use crate::authorise::authorise;
use crate::batch::{BatchSettings, Patience};
use crate::cases::{Cases, CheckRequest, Step};
use crate::error::Error;
use crate::limits::{Allowance, Limits, Reserved};
use crate::register::{ServedRegister, Version};
use crate::rpc::convert;
use crate::telemetry::{Figures, Stage};

/// What a check passes through.
pub(crate) struct Way {
    pub(crate) register: Arc<ServedRegister>,
    pub(crate) limits: Limits,
    pub(crate) admission: Admission,
    pub(crate) cases: Arc<Cases>,
    pub(crate) clock: SharedClock,
    /// How long a check may take when the caller gives more.
    pub(crate) budget: Duration,
    pub(crate) batch: BatchSettings,
    pub(crate) figures: Arc<Figures>,
}

/// A row of a batch that may be asked.
pub(crate) struct Row {
    asked: CheckRequest,
    reserved: Reserved,
}

impl Way {
    /// Parses a check and finds what permits it.
    fn permit(
        &self,
        organisation: &OrganisationId,
        request: &wire::CheckRequest,
    ) -> Result<(CheckRequest, Permit), Error> {
        let began = self.figures.begin();
        let today = london_day(self.clock.now());
        let asked = convert::check_request(request, today)?;
        let named = asked.agreement_id.as_ref();
        let permit = authorise(
            &self.version()?.register,
            organisation,
            &asked.check,
            named,
            today,
        )?;
        self.figures.stage(Stage::Authorise, began);
        Ok((asked, permit))
    }

    /// The register under which something may be asked now; the rates go by it from here on.
    fn version(&self) -> Result<Arc<Version>, Error> {
        let version = self.register.to_ask_under().ok_or(Error::CannotRecord)?;
        self.limits.keep_up(version.number, &version.register);
        Ok(version)
    }

    /// Asks one check; with its case comes what is left of the rates.
    pub(crate) async fn check(
        &self,
        organisation: &OrganisationId,
        request: &wire::CheckRequest,
        budget: Duration,
    ) -> Result<(Case, Allowance), Error> {
        let asked = self.ask(organisation, request, budget).await;
        match &asked {
            Ok((case, _)) => self.figures.answered(case),
            Err(error) => self.figures.refused(error),
        }
        asked
    }

    async fn ask(
        &self,
        organisation: &OrganisationId,
        request: &wire::CheckRequest,
        budget: Duration,
    ) -> Result<(Case, Allowance), Error> {
        let (asked, permit) = self.permit(organisation, request)?;
        let (admitted, allowance, left) = self.let_in(permit, budget).await?;
        Ok((self.cases.check(admitted, asked, left).await?, allowance))
    }

    /// Takes a step that has a case asked about anew, under the agreement of that case. What is left of the rates comes with
    /// it, unless the case says so already.
    pub(crate) async fn reopen(
        &self,
        organisation: &OrganisationId,
        id: CaseId,
        step: Step,
        budget: Duration,
    ) -> Result<(Case, Option<Allowance>), Error> {
        let case = self.cases.case(organisation, id).await?;
        let Some(event) = step(&case)? else {
            return Ok((self.cases.as_it_stands(id, budget).await?, None));
        };
        let receipt = &case.receipt;
        let (check, today) = (
            event.check().unwrap_or(&receipt.check),
            london_day(self.clock.now()),
        );
        let named = Some(&receipt.agreement_id);
        let permit = authorise(&self.version()?.register, organisation, check, named, today)?;
        let (admitted, allowance, left) = self.let_in(permit, budget).await?;
        let case = self.cases.reopen(admitted, id, step, left).await?;
        Ok((case, Some(allowance)))
    }

    /// Reserves, and waits for a seat for half of `budget` at the longest: the other half is for the departments. Who gets
    /// none has spent nothing. With it comes what is left of `budget`.
    async fn let_in(
        &self,
        permit: Permit,
        budget: Duration,
    ) -> Result<(Admitted, Allowance, Duration), Error> {
        let began = self.figures.begin();
        let reserved = self.limits.reserve(permit)?;
        let allowance = reserved.allowance();
        let arrived = self.clock.elapsed();
        let seat = self.seat(reserved.permit(), Class::Single, budget / 2).await;
        self.figures.stage(Stage::Reserve, began);
        let admitted = admitted(reserved, seat)?;
        let left = budget.saturating_sub(self.clock.elapsed().saturating_sub(arrived));
        Ok((admitted, allowance, left))
    }

    async fn seat(&self, permit: &Permit, class: Class, patience: Duration) -> Result<Seat, Error> {
        let (organisation, weight) = (permit.organisation(), permit.agreement().weight);
        Ok(self
            .admission
            .admit(organisation, weight, class, patience)
            .await?)
    }

    /// Parses a row of a batch, finds what permits it, and waits for the rates.
    pub(crate) async fn begin_row(
        &self,
        organisation: &OrganisationId,
        request: &wire::CheckRequest,
    ) -> Result<Row, Error> {
        let begun = self.row(organisation, request).await;
        begun.inspect_err(|error| self.figures.refused(error))
    }

    async fn row(&self, organisation: &OrganisationId, request: &wire::CheckRequest) -> Result<Row, Error> {
        let (asked, permit) = self.permit(organisation, request)?;
        let mut patience = Patience::of(self.batch.wait_max);
        loop {
            match self.limits.reserve(permit.clone()) {
                Ok(reserved) => return Ok(Row { asked, reserved }),
                Err(over) => patience.with(over).await?,
            }
        }
    }

    /// Waits for a seat and asks, which may take `budget` from then on.
    pub(crate) async fn end_row(&self, row: Row, budget: Duration) -> Result<Case, Error> {
        let asked = self.ask_row(row, budget).await;
        match &asked {
            Ok(case) => self.figures.answered(case),
            Err(error) => self.figures.refused(error),
        }
        asked
    }

    async fn ask_row(&self, row: Row, budget: Duration) -> Result<Case, Error> {
        let Row { asked, reserved } = row;
        let seat = self.row_seat(reserved.permit(), budget).await;
        let admitted = admitted(reserved, seat)?;
        self.cases.check(admitted, asked, budget).await
    }

    async fn row_seat(&self, permit: &Permit, budget: Duration) -> Result<Seat, Error> {
        let mut patience = Patience::of(self.batch.wait_max);
        loop {
            match self.seat(permit, Class::Batch, budget).await {
                Ok(seat) => return Ok(seat),
                Err(overloaded) => patience.with(overloaded).await?,
            }
        }
    }
}

/// Spends what was reserved on the seat, or puts it back where there is none.
fn admitted(reserved: Reserved, seat: Result<Seat, Error>) -> Result<Admitted, Error> {
    match seat {
        Ok(seat) => Ok(Admitted {
            permit: reserved.spend(),
            seat,
        }),
        Err(error) => {
            reserved.refund();
            Err(error)
        }
    }
}
