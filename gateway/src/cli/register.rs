//! `statuscheck register`

mod change;
mod due;
mod measures;
mod quotas;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use statuscheck_domain::agreement::Register as Known;
use statuscheck_domain::clock::{Clock as _, SystemClock, london_day};
use statuscheck_proto::register::v1::{
    Agreement, GetAgreementRequest, GetAgreementResponse, ListAgreementsRequest, ListAgreementsResponse,
};
use statuscheck_proto::v1::CheckKind;
use tonic::Status;

use super::client::Connection;
use super::output::{Output, print_json, say, table, waiting};
use crate::register;
use crate::rpc::convert::register as convert;

/// Shows the register of agreements and what falls due in it, and changes it.
#[derive(Subcommand)]
pub(crate) enum Register {
    /// Lists the agreements.
    #[command(after_help = "Examples:\n  \
            statuscheck register list --demo DIR\n  \
            statuscheck register list --register deploy/register")]
    List {
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        at: At,
    },
    /// Shows one agreement whole.
    #[command(after_help = "Example:\n  statuscheck register show right-to-work --register deploy/register")]
    Show {
        /// The agreement's id.
        agreement_id: String,
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
        /// The whole new register: its folder, its files, or one file with [[agreements]] and [[suspensions]].
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
                Ok(listed) => list(shown.json, &listed),
                Err(status) => Output::of(shown.json).error(&status),
            },
            Self::Show {
                agreement_id,
                shown,
                at,
            } => match at.one(agreement_id).await? {
                Ok(found) => show(shown.json, &found),
                Err(status) => Output::of(shown.json).error(&status),
            },
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
                Some(agreement) => Ok(convert::agreement(agreement)),
                None => Err(crate::error::Error::NoSuchAgreement(id)),
            });
            let found = found.map(|agreement| GetAgreementResponse {
                agreement: Some(agreement),
                ..GetAgreementResponse::default()
            });
            return Ok(found.map_err(Status::from));
        }
        let mut client = self.connection.register()?;
        let told = waiting("reading", client.get_agreement(request)).await;
        Ok(told.map(tonic::Response::into_inner))
    }
}

fn list(json: bool, listed: &ListAgreementsResponse) -> anyhow::Result<ExitCode> {
    if json {
        print_json("statuscheck.register.v1.ListAgreementsResponse", listed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table([
        "agreement",
        "title",
        "served",
        "answers within",
        "review",
        "expiry",
        "contact",
    ]);
    for agreement in &listed.agreements {
        table.add_row([
            agreement.agreement_id.clone(),
            agreement.title.clone(),
            served(agreement).to_owned(),
            agreement.sla.clone(),
            or_dash(&agreement.review_on),
            or_dash(&agreement.expires_on),
            working_contact(agreement),
        ]);
    }
    say!("{table}")?;
    Ok(ExitCode::SUCCESS)
}

/// As in the register's files: `right-to-work`.
fn check_name(check: CheckKind) -> String {
    let name = check.as_str_name();
    name.strip_prefix("CHECK_KIND_")
        .unwrap_or(name)
        .replace('_', "-")
        .to_lowercase()
}

/// Days are written so that they sort as texts.
fn served(agreement: &Agreement) -> &'static str {
    let today = today().to_string();
    let Agreement {
        signed_on,
        expires_on,
        ..
    } = agreement;
    if agreement.listed_only {
        "listed only"
    } else if signed_on.is_empty() || today < *signed_on {
        "not signed"
    } else if !expires_on.is_empty() && *expires_on < today {
        "expired"
    } else if agreement.suspension.is_empty() {
        "yes"
    } else {
        "suspended"
    }
}

fn today() -> Date {
    london_day(SystemClock::new().now())
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "–" } else { text }.to_owned()
}

fn working_contact(agreement: &Agreement) -> String {
    let mut contacts = agreement.contacts.iter();
    let contact = contacts.find(|contact| contact.role == "working contact");
    contact.map(|contact| contact.email.clone()).unwrap_or_default()
}

fn show(json: bool, found: &GetAgreementResponse) -> anyhow::Result<ExitCode> {
    if json {
        print_json("statuscheck.register.v1.GetAgreementResponse", found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(agreement) = &found.agreement else {
        anyhow::bail!("the gateway's answer has no agreement");
    };
    say!("{} · {}", agreement.agreement_id, agreement.title)?;
    if found.files_differ {
        say!("{}", change::files_differ(found.register_version))?;
    }
    let checks: Vec<_> = agreement.checks().map(check_name).collect();
    let figure = |figure: u64| {
        if figure == 0 {
            String::new()
        } else {
            figure.to_string()
        }
    };
    let version = |version: u64| match version {
        0 => String::new(),
        version => format!("version {version}"),
    };
    let lines = [
        ("purpose", agreement.purpose.clone()),
        ("law", agreement.legal_basis.clone()),
        ("served", served(agreement).to_owned()),
        ("checks", checks.join(", ")),
        ("organisations", agreement.organisations.join(", ")),
        ("webhooks", agreement.webhooks.join(", ")),
        ("departments", agreement.departments.join(", ")),
        ("operations", agreement.operations.join(", ")),
        ("may be sent", agreement.request_fields.join(", ")),
        ("may be released", agreement.released_fields.join(", ")),
        ("matched by", agreement.match_rule.clone()),
        ("answers within", agreement.sla.clone()),
        ("rate a minute", figure(agreement.rate_per_minute.into())),
        ("questions a month", figure(agreement.monthly_quota)),
        ("larger quota", agreement.uplifts.join("; ")),
        ("kept", agreement.retention.clone()),
        ("signed", agreement.signed_on.clone()),
        ("review", agreement.review_on.clone()),
        ("expiry", agreement.expires_on.clone()),
        ("suspension", agreement.suspension.clone()),
        ("register", version(found.register_version)),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        say!("  {name:<20} {value}")?;
    }
    for line in found.quotas.iter().map(quotas::in_words) {
        say!("  {:<20} {line}", "used")?;
    }
    let mut table = table(["party", "role", "post", "e-mail"]);
    for contact in &agreement.contacts {
        table.add_row([&contact.party, &contact.role, &contact.name, &contact.email]);
    }
    say!("{table}")?;
    Ok(ExitCode::SUCCESS)
}
