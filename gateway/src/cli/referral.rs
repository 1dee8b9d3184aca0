//! `statuscheck referral`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use statuscheck_proto::referral::v1::resolve_request::Finding;
use statuscheck_proto::referral::v1::{
    GetReferralRequest, ListReferralsRequest, NeedsLonger, NotConfirmed, ReferralState,
    RequestInformationRequest, ResolveRequest,
};
use statuscheck_proto::v1::established::Facts;
use statuscheck_proto::v1::{Entitlement, Established, IecasFacts, RightToRentFacts, RightToWorkFacts};

use super::client::Connection;
use super::given;
use super::output::{Output, print_json, say, table, waiting};

mod shown;

/// Works on people who are held back from a refusal, for the Windrush taskforce.
#[derive(Subcommand)]
pub(crate) enum Referral {
    /// Lists referrals, oldest first.
    #[command(after_help = "Examples:\n  \
        statuscheck referral list --demo DIR\n  \
        statuscheck referral list --demo DIR --state confirmed --state not-confirmed --json")]
    List {
        /// Only referrals in this state; may be given several times. Without it, those that are open.
        #[arg(long = "state", value_enum)]
        states: Vec<State>,
        /// Most referrals to list, at most 100.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=100))]
        limit: i32,
        /// Goes on after an earlier page, with the token that it ended with.
        #[arg(long, value_name = "TOKEN", default_value = "")]
        page_token: String,
        /// Prints the contract's message as JSON, with its field names.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows a referral with the person, what departments hold as a line of time, and what was said. That you looked is recorded.
    #[command(after_help = "Example:\n  statuscheck referral show 0193f1d2-… --demo DIR")]
    Show {
        /// The referral's id.
        referral_id: String,
        /// Prints the contract's message as JSON, with its field names.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Says what was found. The caller is answered at once; a finding is final.
    #[command(after_help = "Examples:\n  \
        statuscheck referral resolve 0193f1d2-… --unlimited right-to-work --note \"School register, 1966\" --demo DIR\n  \
        statuscheck referral resolve 0193f1d2-… --confirmed facts.json --note-file note.txt --demo DIR\n  \
        statuscheck referral resolve 0193f1d2-… --not-confirmed --note-file - --demo DIR\n  \
        statuscheck referral resolve 0193f1d2-… --needs-longer 2026-04-01T17:00:00Z --note \"Archive asked\" --demo DIR\n\n\
        A file of facts has the contract's Established, such as:\n  \
        {\"right_to_rent\": {\"entitlement\": \"ENTITLEMENT_UNLIMITED\"}}")]
    Resolve {
        /// The referral's id.
        referral_id: String,
        #[command(flatten)]
        found: FoundArgs,
        #[command(flatten)]
        note: NoteArgs,
        /// Prints the contract's message as JSON, with its field names.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Asks the caller of the person's check for more.
    #[command(after_help = "Example:\n  \
        statuscheck referral ask-for 0193f1d2-… home_office_reference --demo DIR")]
    AskFor {
        /// The referral's id.
        referral_id: String,
        /// Fields of the person, as the contract names them.
        #[arg(required = true, value_name = "FIELD")]
        fields: Vec<String>,
        /// Prints a refusal as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        connection: Connection,
    },
}

/// Where a referral stands.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum State {
    Open,
    Confirmed,
    NotConfirmed,
    Superseded,
}

/// A check whose status can be confirmed without end.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Check {
    RightToWork,
    RightToRent,
    Iecas,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct FoundArgs {
    /// A status without end and conditions is confirmed, for this check.
    #[arg(long, value_enum, value_name = "CHECK")]
    unlimited: Option<Check>,
    /// A status is confirmed: these facts, as JSON of the contract's Established; - reads standard input.
    #[arg(long, value_name = "FILE")]
    confirmed: Option<PathBuf>,
    /// It is no Windrush case: what was held back is released.
    #[arg(long)]
    not_confirmed: bool,
    /// The finding takes until then.
    #[arg(long, value_name = "TIME")]
    needs_longer: Option<jiff::Timestamp>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct NoteArgs {
    /// Why, at most 2,000 characters. It is about a person, and a command line is seen by others on this machine.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The same from a file; - reads standard input.
    #[arg(long, value_name = "FILE")]
    note_file: Option<PathBuf>,
}

/// Who works where `--as` names nobody.
const USUAL: &str = "taskforce/windrush";

impl Referral {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::List {
                states,
                limit,
                page_token,
                json,
                connection,
            } => {
                let states = if states.is_empty() {
                    vec![State::Open]
                } else {
                    states
                };
                let request = ListReferralsRequest {
                    page_size: limit,
                    page_token,
                    states: states.into_iter().map(|state| state.wire().into()).collect(),
                };
                list(request, json, &connection).await
            }
            Self::Show {
                referral_id,
                json,
                connection,
            } => {
                let mut client = connection.taskforce(USUAL)?;
                let request = GetReferralRequest { referral_id };
                match waiting("reading", client.get_referral(request)).await {
                    Ok(read) if json => {
                        print_json("statuscheck.referral.v1.GetReferralResponse", read.get_ref())?;
                        Ok(ExitCode::SUCCESS)
                    }
                    Ok(read) => shown::print(&read.into_inner().referral.context("no referral was told")?),
                    Err(status) => Output::of(json).error(&status),
                }
            }
            Self::Resolve {
                referral_id,
                found,
                note,
                json,
                connection,
            } => {
                let request = ResolveRequest {
                    referral_id,
                    finding: Some(found.read()?),
                    note: note.read()?,
                };
                let mut client = connection.taskforce(USUAL)?;
                match waiting("resolving", client.resolve(request)).await {
                    Ok(resolved) if json => {
                        print_json("statuscheck.referral.v1.ResolveResponse", resolved.get_ref())?;
                        Ok(ExitCode::SUCCESS)
                    }
                    Ok(resolved) => {
                        let referral = resolved.into_inner().referral.unwrap_or_default();
                        say!("the referral is {}", shown::state(referral.state()))?;
                        Ok(ExitCode::SUCCESS)
                    }
                    Err(status) => Output::of(json).error(&status),
                }
            }
            Self::AskFor {
                referral_id,
                fields,
                json,
                connection,
            } => {
                let request = RequestInformationRequest { referral_id, fields };
                let mut client = connection.taskforce(USUAL)?;
                match waiting("asking", client.request_information(request)).await {
                    Ok(_asked) => {
                        say!("the caller is asked")?;
                        Ok(ExitCode::SUCCESS)
                    }
                    Err(status) => Output::of(json).error(&status),
                }
            }
        }
    }
}

async fn list(
    request: ListReferralsRequest,
    json: bool,
    connection: &Connection,
) -> anyhow::Result<ExitCode> {
    let mut client = connection.taskforce(USUAL)?;
    let listed = match waiting("reading", client.list_referrals(request)).await {
        Ok(listed) => listed.into_inner(),
        Err(status) => return Output::of(json).error(&status),
    };
    if json {
        print_json("statuscheck.referral.v1.ListReferralsResponse", &listed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table([
        "referral", "check", "state", "since", "due", "late", "held", "grounds",
    ]);
    for referral in &listed.referrals {
        table.add_row(shown::cells(referral));
    }
    say!("{table}")?;
    if !listed.next_page_token.is_empty() {
        say!("There are more: --page-token {}", listed.next_page_token)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl State {
    const fn wire(self) -> ReferralState {
        match self {
            Self::Open => ReferralState::Open,
            Self::Confirmed => ReferralState::Confirmed,
            Self::NotConfirmed => ReferralState::NotConfirmed,
            Self::Superseded => ReferralState::Superseded,
        }
    }
}

impl Check {
    fn unlimited(self) -> Facts {
        let entitlement = Entitlement::Unlimited.into();
        match self {
            Self::RightToWork => Facts::RightToWork(RightToWorkFacts {
                entitlement,
                ..RightToWorkFacts::default()
            }),
            Self::RightToRent => Facts::RightToRent(RightToRentFacts {
                entitlement,
                ..RightToRentFacts::default()
            }),
            Self::Iecas => Facts::Iecas(IecasFacts {
                immigration_status: "indefinite leave to remain".to_owned(),
                ..IecasFacts::default()
            }),
        }
    }
}

impl FoundArgs {
    fn read(self) -> anyhow::Result<Finding> {
        let confirmed = |facts| {
            Finding::Confirmed(Established {
                facts: Some(facts),
                withheld_fields: Vec::new(),
            })
        };
        Ok(match self {
            Self {
                unlimited: Some(check),
                ..
            } => confirmed(check.unlimited()),
            Self {
                confirmed: Some(file),
                ..
            } => Finding::Confirmed(given::message("statuscheck.v1.Established", &file)?),
            Self {
                needs_longer: Some(until),
                ..
            } => Finding::NeedsLonger(NeedsLonger {
                until: Some(prost_types::Timestamp {
                    seconds: until.as_second(),
                    nanos: until.subsec_nanosecond(),
                }),
            }),
            Self {
                not_confirmed: true, ..
            } => Finding::NotConfirmed(NotConfirmed {}),
            Self { .. } => bail!("say what was found"),
        })
    }
}

impl NoteArgs {
    fn read(self) -> anyhow::Result<String> {
        match (self.note, self.note_file) {
            (Some(note), _) => Ok(note),
            (None, Some(file)) => given::text(&file),
            (None, None) => bail!("say why: --note or --note-file"),
        }
    }
}
