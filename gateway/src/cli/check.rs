//! `statuscheck check`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use statuscheck_proto::v1::check_request::Check as WireCheck;
use statuscheck_proto::v1::{
    CheckRequest, EducationBenefit, IecasCheck, Person, RightToRentCheck, RightToWorkCheck, Section95Check,
};
use uuid::Uuid;

mod batch;
mod results;
mod rows;
mod wait;

use super::client::Connection;
use super::given;
use super::output::{Output, waiting};

/// Asks one check, or one for each row of a file.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = batch::HELP
)]
pub(crate) struct Check {
    #[command(subcommand)]
    one: Option<One>,
    #[command(flatten)]
    batch: batch::Batch,
}

#[derive(Subcommand)]
enum One {
    /// May this person do this work? Asked by an employer.
    #[command(after_help = "Examples:\n  \
        statuscheck check right-to-work --demo DIR --share-code \"W12 345 678\" --date-of-birth 1990-12-31\n  \
        statuscheck check right-to-work --demo DIR --person person.json --json\n  \
        statuscheck check right-to-work --demo DIR --person person.json --wait --for 2h --exit-code")]
    RightToWork {
        /// Nine-character share code that begins with W; with it only the date of birth is needed.
        #[arg(long, default_value = "")]
        share_code: String,
        #[command(flatten)]
        asked: Asked,
    },
    /// May this person rent a home in England? Asked by a landlord or agent.
    #[command(
        after_help = "Example:\n  statuscheck check right-to-rent --demo DIR --share-code R12345678 \
        --date-of-birth 1990-12-31 --tenancy-start 2027-01-15"
    )]
    RightToRent {
        /// Nine-character share code that begins with R; with it only the date of birth is needed.
        #[arg(long, default_value = "")]
        share_code: String,
        /// First day of the tenancy, YYYY-MM-DD.
        #[arg(long)]
        tenancy_start: String,
        #[command(flatten)]
        asked: Asked,
    },
    /// Is this parent or guardian supported under section 95? Asked by a local education authority or school.
    #[command(
        name = "section-95",
        after_help = "Example:\n  statuscheck check section-95 --demo DIR \
        --asylum-support-reference 2401/012345 --family-name Example --date-of-birth 1990-12-31"
    )]
    Section95 {
        /// What the support is asked for.
        #[arg(long, value_enum, default_value = "free-school-meals")]
        benefit: Benefit,
        #[command(flatten)]
        asked: Asked,
    },
    /// What is this patient's immigration status? Asked by an NHS trust.
    #[command(
        after_help = "Example:\n  statuscheck check iecas --demo DIR --given-names Sam --family-name Example \
        --date-of-birth 1990-12-31"
    )]
    Iecas {
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Benefit {
    FreeSchoolMeals,
    TwoYearOldEarlyEducation,
    EarlyYearsPupilPremium,
}

impl From<Benefit> for EducationBenefit {
    fn from(benefit: Benefit) -> Self {
        match benefit {
            Benefit::FreeSchoolMeals => Self::FreeSchoolMeals,
            Benefit::TwoYearOldEarlyEducation => Self::TwoYearOldEarlyEducation,
            Benefit::EarlyYearsPupilPremium => Self::EarlyYearsPupilPremium,
        }
    }
}

/// The person and the request.
#[derive(Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    person: PersonArgs,
    /// Repeating a check with the same UUID gives the same case. A new one is made where none is given.
    #[arg(long, value_name = "UUID", help_heading = "Request")]
    request_id: Option<Uuid>,
    /// The agreement to ask under, where several cover the check.
    #[arg(long, value_name = "ID", default_value = "", help_heading = "Request")]
    agreement: String,
    /// Your own reference, at most 64 characters; no personal data.
    #[arg(long, value_name = "TEXT", default_value = "", help_heading = "Request")]
    reference: String,
    #[command(flatten)]
    wait: wait::Wait,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
}

/// The person a check is about. What is given here stands above what the file says.
#[derive(Args)]
#[command(next_help_heading = "Person")]
pub(crate) struct PersonArgs {
    /// File with the person as JSON, keys as below with underscores; `-` reads standard input. Keeps personal data out of
    /// the process list and the shell's history.
    #[arg(long, value_name = "FILE")]
    person: Option<PathBuf>,
    /// Given names in order; leave out for a person with one name.
    #[arg(long)]
    given_names: Option<String>,
    /// Family name; for a person with one name, that name.
    #[arg(long)]
    family_name: Option<String>,
    /// Another full name; may be given several times.
    #[arg(long)]
    also_known_as: Vec<String>,
    /// YYYY-MM-DD.
    #[arg(long)]
    date_of_birth: Option<String>,
    /// Two letters, six digits, a letter A to D or none.
    #[arg(long)]
    national_insurance_number: Option<String>,
    /// Any Home Office reference.
    #[arg(long)]
    home_office_reference: Option<String>,
    /// NASS reference: YYMM and five or six digits.
    #[arg(long)]
    asylum_support_reference: Option<String>,
    /// UK postcode.
    #[arg(long)]
    postcode: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PersonFile {
    given_names: String,
    family_name: String,
    also_known_as: Vec<String>,
    date_of_birth: String,
    national_insurance_number: String,
    home_office_reference: String,
    asylum_support_reference: String,
    postcode: String,
}

impl Check {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.one {
            Some(one) => one.run().await,
            None => self.batch.run().await,
        }
    }
}

impl One {
    async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::RightToWork { share_code, asked } => {
                let person = asked.person()?;
                let check = WireCheck::RightToWork(RightToWorkCheck { share_code, person });
                asked.ask(check, "organisation/employer").await
            }
            Self::RightToRent {
                share_code,
                tenancy_start,
                asked,
            } => {
                let person = asked.person()?;
                let check = WireCheck::RightToRent(RightToRentCheck {
                    share_code,
                    person,
                    tenancy_start,
                });
                asked.ask(check, "organisation/landlord").await
            }
            Self::Section95 { benefit, asked } => {
                let check = Section95Check {
                    person: asked.person()?,
                    benefit: EducationBenefit::from(benefit).into(),
                };
                asked
                    .ask(WireCheck::Section95(check), "organisation/council")
                    .await
            }
            Self::Iecas { asked } => {
                let check = WireCheck::Iecas(IecasCheck {
                    person: asked.person()?,
                });
                asked.ask(check, "organisation/trust").await
            }
        }
    }
}

impl Asked {
    async fn ask(self, check: WireCheck, usual: &str) -> anyhow::Result<ExitCode> {
        let request = CheckRequest {
            request_id: self.request_id.unwrap_or_else(Uuid::new_v4).to_string(),
            check: Some(check),
            agreement_id: self.agreement,
            caller_reference: self.reference,
        };
        let mut client = self.connection.client(usual)?;
        match waiting("asking", client.check(request)).await {
            Ok(answered) => {
                let (output, connection) = (&self.output, &self.connection);
                self.wait
                    .end(answered.into_inner(), output, connection, usual)
                    .await
            }
            Err(status) => self.output.error(&status),
        }
    }

    fn person(&self) -> anyhow::Result<Option<Person>> {
        self.person.read().map(Some)
    }
}

impl PersonArgs {
    /// The person of the options and the file; an option wins.
    pub(crate) fn read(&self) -> anyhow::Result<Person> {
        let args = self;
        let file = match &args.person {
            None => PersonFile::default(),
            Some(path) => {
                let text = given::text(path)?;
                serde_json::from_str(&text).map_err(|error| not_a_person(path, &error))?
            }
        };
        let either = |arg: &Option<String>, file: String| arg.clone().unwrap_or(file);
        let aliases = if args.also_known_as.is_empty() {
            file.also_known_as
        } else {
            args.also_known_as.clone()
        };
        Ok(Person {
            given_names: either(&args.given_names, file.given_names),
            family_name: either(&args.family_name, file.family_name),
            also_known_as: aliases,
            date_of_birth: either(&args.date_of_birth, file.date_of_birth),
            national_insurance_number: either(
                &args.national_insurance_number,
                file.national_insurance_number,
            ),
            home_office_reference: either(&args.home_office_reference, file.home_office_reference),
            asylum_support_reference: either(&args.asylum_support_reference, file.asylum_support_reference),
            postcode: either(&args.postcode, file.postcode),
        })
    }
}

/// Says where and, of an unknown key, which; never a value, which serde's own message would quote.
fn not_a_person(path: &Path, error: &serde_json::Error) -> anyhow::Error {
    let place = format!("{}:{}:{}", path.display(), error.line(), error.column());
    let text = error.to_string();
    if text.starts_with("unknown field") {
        anyhow!("{place}: {text}")
    } else {
        anyhow!(
            "{place}: is not a person: one JSON object, every value text but also_known_as, a list of texts"
        )
    }
}
