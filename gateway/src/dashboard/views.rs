//! What can be looked at.

mod agreement;
mod agreements;
mod case;
mod charts;
mod departments;
mod ledger;
mod now;
mod promises;
mod referrals;
mod words;

use maud::Markup;
use statuscheck_domain::ids::{AgreementId, CaseId};

use super::access::Operator;
use super::{Board, Sources};
use crate::store::{CommitError, ReadError};

pub(super) use self::words::{agreement_words, department_name, time, whose_words};

/// A view. Its name is its path, and stands in the ledger where somebody looked at it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum View {
    /// What is late, what will be, and whose turn it is.
    Now,
    /// How departments are doing.
    Departments,
    /// Where referrals stand, and what receivers have not taken.
    Referrals,
    /// The register.
    Agreements,
    /// One agreement, and how it went.
    Agreement(AgreementId),
    /// Load, latency and turnaround, drawn.
    Charts,
    /// One case, step by step.
    Case(CaseId),
    /// The ledger itself.
    Ledger,
}

/// Why nothing is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ViewError {
    /// There is no such case or agreement, or it is purged.
    #[error("there is no such case or agreement")]
    NotFound,
    /// Who looks cannot be recorded.
    #[error("it cannot be recorded who looks")]
    Commit(#[from] CommitError),
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Read(#[from] ReadError),
}

impl View {
    /// Those that have a place in the navigation.
    pub(super) const LISTED: [Self; 6] = [
        Self::Now,
        Self::Departments,
        Self::Referrals,
        Self::Agreements,
        Self::Charts,
        Self::Ledger,
    ];

    /// The view of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.split_once('/') {
            Some(("cases", id)) => id.parse().ok().map(Self::Case),
            Some(("agreements", id)) => id.parse().ok().map(Self::Agreement),
            Some(_) => None,
            None => Self::LISTED.into_iter().find(|view| view.name() == name),
        }
    }

    /// `now`, `departments`, `referrals`, `agreements`, `charts`, `ledger`, `agreements/<id>` or `cases/<id>`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Now => "now".to_owned(),
            Self::Departments => "departments".to_owned(),
            Self::Referrals => "referrals".to_owned(),
            Self::Agreements => "agreements".to_owned(),
            Self::Charts => "charts".to_owned(),
            Self::Ledger => "ledger".to_owned(),
            Self::Agreement(id) => format!("agreements/{id}"),
            Self::Case(id) => format!("cases/{id}"),
        }
    }

    /// How many updates of others go by for one of it: what is drawn is large, and moves by minutes.
    pub(super) const fn updates_of_others(&self) -> u32 {
        match self {
            Self::Charts | Self::Agreement(_) => 5,
            _ => 1,
        }
    }

    /// Its heading.
    pub(super) const fn title(&self) -> &'static str {
        match self {
            Self::Now => "Now",
            Self::Departments => "Departments",
            Self::Referrals => "Referrals",
            Self::Agreements => "Agreements",
            Self::Agreement(_) => "Agreement",
            Self::Charts => "Charts",
            Self::Ledger => "Ledger",
            Self::Case(_) => "Case",
        }
    }
}

impl Board {
    /// What `view` shows, once it is recorded that `operator` looks at it.
    pub(super) async fn show(
        &self,
        operator: &Operator,
        view: &View,
    ) -> Result<std::sync::Arc<str>, ViewError> {
        let views = &self.sources.live.views;
        views
            .record(&operator.actor, &operator.session(), &view.name())
            .await?;
        self.rendered.of(view, content(&self.sources, view)).await
    }
}

async fn content(sources: &Sources, view: &View) -> Result<Markup, ViewError> {
    match view {
        View::Now => now::now(sources).await,
        View::Departments => departments::departments(sources).await,
        View::Referrals => referrals::referrals(sources).await,
        View::Agreements => agreements::agreements(sources).await,
        View::Agreement(id) => agreement::agreement(sources, id).await,
        View::Charts => charts::charts(sources),
        View::Case(id) => case::case(sources, *id).await,
        View::Ledger => ledger::ledger(sources).await,
    }
}
