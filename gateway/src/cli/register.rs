//! `statuscheck register`

mod change;
mod due;
mod measures;
mod quotas;
mod showing;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use statuscheck_domain::agreement::Register as Known;
use statuscheck_domain::clock::{Clock as _, SystemClock, london_day};
use statuscheck_proto::register::v1::{
    GetAgreementRequest, GetAgreementResponse, ListAgreementsRequest, ListAgreementsResponse,
};
use tonic::{Code, Status};

use super::client::Connection;
use super::output::{Output, waiting};
use crate::register;
use crate::rpc::convert::{orders as convert_orders, register as convert};

/// Shows the register of agreements and what falls due in it, and changes it.
#[derive(Subcommand)]
pub(crate) enum Register {
    /// Lists the agreements, the orders that pause proactive sharing, and the Windrush safeguards.
    #[command(after_help = "Examples:\n  \
            statuscheck register list --demo DIR\n  \
            statuscheck register list --register deploy/register")]
    List {
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        at: At,
    },
    /// Shows one agreement whole, or one suspension order or Windrush safeguard.
    #[command(after_help = "Examples:\n  \
            statuscheck register show right-to-work --register deploy/register\n  \
            statuscheck register show proactive-sharing-2018 --register deploy/register")]
    Show {
        /// The agreement's or the order's id, or the safeguard's version.
        id: String,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        at: At,
    },
    /// Lists reviews, expiries and ends that fall due, and those that were due and were left.
    #[command(after_help = "Example:\n  statuscheck register due --register deploy/register --days 90")]
    Due {
        /// How far to look ahead.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(..=3650))]
        days: u16,
        /// From which day, YYYY-MM-DD; today in London where it is not given.
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
        /// Asks the gateway, too, which quotas of this month are nearly used up.
        #[arg(long)]
        quotas: bool,
        #[command(flatten)]
        shown: Shown,
        /// Folder of the agreements.
        #[arg(long, value_name = "DIR")]
        register: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows in words what another register would change, and the open cases that it touches. Through a gateway it gives a
    /// plan, for another operator to apply; nothing is changed by it.
    #[command(after_help = "Examples:\n  \
            statuscheck register plan new-register --demo DIR\n  \
            statuscheck register plan new-register --register deploy/register")]
    Plan {
        /// The whole new register: its folder, its files, or one file with [[agreements]], [[suspensions]] and
        /// [[windrush]].
        #[arg(required = true, value_name = "DIR|FILE")]
        new: Vec<PathBuf>,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        at: At,
    },
    /// Plans to return to an earlier version. Nothing is changed until another operator applies the plan.
    #[command(after_help = "Example:\n  statuscheck register rollback 3 --demo DIR")]
    Rollback {
        /// The version; 0 for the files that the gateway was started with.
        version: u64,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        connection: Connection,
    },
    /// Applies a plan that another operator made: every gateway serves the new register within seconds, without a restart.
    #[command(after_help = "Example:\n  \
            statuscheck register apply 6f1c1d0e-6f0a-4f4e-9f57-0d5c3f1f2a10 --demo DIR --as ops/duty-2")]
    Apply {
        /// The plan's id.
        plan_id: String,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows how an agreement went: how many checks, how soon they were answered and how, and where the time of calls went.
    #[command(after_help = "Example:\n  \
            statuscheck register measures right-to-work --from 2026-03-01 --to 2026-04-01 --as-of 2026-04-05 --demo DIR")]
    Measures {
        #[command(flatten)]
        wanted: measures::Wanted,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists the versions that were applied: when, who planned and who applied them, and what they changed.
    #[command(after_help = "Example:\n  statuscheck register versions --demo DIR")]
    Versions {
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Args)]
pub(crate) struct Shown {
    /// Prints the contract's message as JSON.
    #[arg(long)]
    json: bool,
}

/// Where the register is: behind a gateway, or in a folder.
#[derive(Args)]
pub(crate) struct At {
    #[command(flatten)]
    connection: Connection,
    /// Folder of the agreements, instead of a gateway's.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["demo", "server"], help_heading = "Offline")]
    register: Option<PathBuf>,
}

impl Register {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { shown, at } => match at.all().await? {
                Ok(listed) => showing::list(shown.json, &listed),
                Err(status) => Output::of(shown.json).error(&status),
            },
            Self::Show { id, shown, at } => {
                let refused = match at.one(id.clone()).await? {
                    Ok(found) => return showing::agreement(shown.json, &found),
                    Err(status) => status,
                };
                // It may be the id of something else.
                if refused.code() == Code::NotFound
                    && let Ok(listed) = at.all().await?
                    && let Some(shown) = showing::beside(shown.json, &listed, &id)
                {
                    return shown;
                }
                Output::of(shown.json).error(&refused)
            }
            Self::Due {
                days,
                on,
                quotas,
                shown,
                register,
                connection,
            } => {
                let known = register::load(&register)?;
                let mut all = known.due(on.unwrap_or_else(today), days);
                if quotas {
                    match quotas::near_end(&connection, &known).await? {
                        Ok(near) => all.extend(near),
                        Err(status) => return Output::of(shown.json).error(&status),
                    }
                }
                due::due(shown.json, &all)
            }
            Self::Plan { new, shown, at } => change::plan(shown.json, &at, &new).await,
            Self::Rollback {
                version,
                shown,
                connection,
            } => change::rollback(shown.json, &connection, version).await,
            Self::Apply {
                plan_id,
                shown,
                connection,
            } => change::apply(shown.json, &connection, plan_id).await,
            Self::Measures {
                wanted,
                shown,
                connection,
            } => measures::measures(&shown, &connection, wanted).await,
            Self::Versions { shown, connection } => change::versions(shown.json, &connection).await,
        }
    }
}

/// Most agreements on a page, as the gateway gives them.
const PAGE: i32 = 100;

impl At {
    fn folder(&self) -> anyhow::Result<Option<Known>> {
        Ok(self.register.as_deref().map(register::load).transpose()?)
    }

    /// Every agreement, page by page.
    async fn all(&self) -> anyhow::Result<Result<ListAgreementsResponse, Status>> {
        let mut all = ListAgreementsResponse::default();
        if let Some(known) = self.folder()? {
            all.agreements = known.agreements().map(convert::agreement).collect();
            all.suspension_orders = convert_orders::orders(&known, today());
            all.windrush_safeguards = convert_orders::safeguards(&known, today());
            return Ok(Ok(all));
        }
        let mut client = self.connection.register()?;
        loop {
            let request = ListAgreementsRequest {
                page_size: PAGE,
                page_token: all.next_page_token,
            };
            match waiting("reading", client.list_agreements(request)).await {
                Ok(page) => {
                    let page = page.into_inner();
                    all.agreements.extend(page.agreements);
                    all.suspension_orders = page.suspension_orders;
                    all.windrush_safeguards = page.windrush_safeguards;
                    all.next_page_token = page.next_page_token;
                }
                Err(status) => return Ok(Err(status)),
            }
            if all.next_page_token.is_empty() {
                return Ok(Ok(all));
            }
        }
    }

    async fn one(&self, agreement_id: String) -> anyhow::Result<Result<GetAgreementResponse, Status>> {
        let request = GetAgreementRequest { agreement_id };
        if let Some(known) = self.folder()? {
            let found = convert::agreement_id(&request).and_then(|id| match known.agreement(&id) {
                Some(agreement) => Ok(GetAgreementResponse {
                    agreement: Some(convert::agreement(agreement)),
                    suspension_orders: convert_orders::about(&known, agreement, today()),
                    ..GetAgreementResponse::default()
                }),
                None => Err(crate::error::Error::NoSuchAgreement(id)),
            });
            return Ok(found.map_err(Status::from));
        }
        let mut client = self.connection.register()?;
        let told = waiting("reading", client.get_agreement(request)).await;
        Ok(told.map(tonic::Response::into_inner))
    }
}

fn today() -> Date {
    london_day(SystemClock::new().now())
}
