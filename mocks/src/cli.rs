//! The command line of `statuscheck-mocks`.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, value_parser};
use jiff::civil::Date;
use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::subject::iso_date;

use crate::generator::generate;
use crate::person::Person;
use crate::population::{Population, PopulationError};
use crate::samples::samples;
use crate::settings::{PerDepartment, Settings, TlsSettings};
use crate::{Mocks, StartError, start};

mod taskforce;

use self::taskforce::TaskforceArguments;

const EXAMPLES: &str = "\
Examples:
  statuscheck-mocks
      The sixteen sample people, on four free ports; their URLs are printed.
  statuscheck-mocks --people 10000 --seed 7 --home-office 127.0.0.1:9001
      Ten thousand generated people more; the Home Office on a port of its own.
  statuscheck-mocks --generate 1000 --seed 7 > people.jsonl
  statuscheck-mocks --population people.jsonl
      The same people from a file, which may be edited in between.
  statuscheck-mocks --dump-samples
      The sixteen sample people as JSON lines, to copy from.
  statuscheck-mocks --taskforce-secret taskforce.secret --taskforce-order 3xfail:503
      A Windrush taskforce beside them, which turns its first three hooks away.
  statuscheck-mocks --json > urls.json &
      The URLs for a script. RUST_LOG=debug says more on standard error.

Nobody in any of these populations is real.";

/// The departments' HTTP APIs over a synthetic population: Home Office, DWP, HMRC and DfE; and the Windrush taskforce.
///
/// They run until Ctrl-C or SIGTERM. The sixteen sample people are always there.
#[derive(Parser)]
#[command(name = "statuscheck-mocks", version, after_help = EXAMPLES)]
pub struct Arguments {
    /// Adds the people of a file of JSON lines.
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,

    /// Adds this many generated people, at most a million.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u32).range(..=1_000_000))]
    people: u32,

    /// What generated people are drawn from: the same seed gives the same people on the same day.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// Writes this many generated people as JSON lines to standard output, and serves nothing.
    #[arg(long, value_name = "N", conflicts_with_all = ["population", "people", "dump_samples", "json"])]
    generate: Option<u32>,

    /// Writes the sixteen sample people as JSON lines to standard output, and serves nothing.
    #[arg(long, conflicts_with_all = ["population", "people", "json"])]
    dump_samples: bool,

    /// The day on which written people are as they are, YYYY-MM-DD; today in London unless given.
    #[arg(long, value_name = "DAY", value_parser = iso_date, conflicts_with_all = ["population", "people", "json"])]
    today: Option<Date>,

    /// Where the Home Office listens; a free port of this machine unless given.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ANY_PORT, help_heading = "Addresses")]
    home_office: SocketAddr,

    /// Where DWP listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ANY_PORT, help_heading = "Addresses")]
    dwp: SocketAddr,

    /// Where HMRC listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ANY_PORT, help_heading = "Addresses")]
    hmrc: SocketAddr,

    /// Where DfE listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = ANY_PORT, help_heading = "Addresses")]
    dfe: SocketAddr,

    /// DWP's certificate, PEM: with it DWP speaks TLS and demands a client certificate.
    #[arg(long, value_name = "FILE", requires_all = ["dwp_key", "dwp_client_ca"], help_heading = "TLS at DWP")]
    dwp_certificate: Option<PathBuf>,

    /// The private key of that certificate, PEM.
    #[arg(
        long,
        value_name = "FILE",
        requires = "dwp_certificate",
        help_heading = "TLS at DWP"
    )]
    dwp_key: Option<PathBuf>,

    /// The authorities whose client certificates DWP accepts, PEM.
    #[arg(
        long,
        value_name = "FILE",
        requires = "dwp_certificate",
        help_heading = "TLS at DWP"
    )]
    dwp_client_ca: Option<PathBuf>,

    #[command(flatten)]
    taskforce: TaskforceArguments,

    /// Prints the URLs as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Nobody outside this machine reaches a mock unless it is told so.
const ANY_PORT: &str = "127.0.0.1:0";

/// What went wrong, by what can be done about it. None of it repeats anything of a person.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The population file cannot be opened: another path, or rights to it.
    #[error("cannot open the population file {}", path.display())]
    Open {
        /// As it was given.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The population file is to be mended.
    #[error("cannot use the population file {}", path.display())]
    File {
        /// As it was given.
        path: PathBuf,
        /// What is to be mended, by line and field.
        source: PopulationError,
    },
    /// The generated people do not fit: fewer of them, or another seed than the file's.
    #[error("cannot add the generated people")]
    Generated(#[source] PopulationError),
    /// The departments cannot be started: other addresses, mostly.
    #[error("cannot start the departments")]
    Start(#[from] StartError),
    /// People or URLs cannot be written: a full disk, say.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
}

/// Does what the arguments say: writes people, or serves the departments until `stop`. What is asked for goes to `out`.
///
/// # Errors
/// See [`CliError`].
pub async fn run(
    arguments: Arguments,
    clock: SharedClock,
    mut out: impl Write,
    stop: impl Future<Output = ()>,
) -> Result<(), CliError> {
    let today = arguments.today.unwrap_or_else(|| london_day(clock.now()));
    if let Some(count) = arguments.generate {
        return write_lines(generate(arguments.seed, count as usize, today), out);
    }
    if arguments.dump_samples {
        return write_lines(samples(today).into_iter(), out);
    }
    let population = population(&arguments, today)?;
    let people = population.people().len();
    let mut settings = Settings::new(population, clock);
    settings.listen = PerDepartment {
        home_office: arguments.home_office,
        dwp: arguments.dwp,
        hmrc: arguments.hmrc,
        dfe: arguments.dfe,
    };
    let certificate = (
        arguments.dwp_certificate,
        arguments.dwp_key,
        arguments.dwp_client_ca,
    );
    if let (Some(certificate), Some(key), Some(client_ca)) = certificate {
        settings.dwp_tls = Some(TlsSettings {
            certificate,
            key,
            client_ca,
        });
    }
    settings.taskforce = arguments.taskforce.settings();
    let departments = start(settings).await?;
    let told = if arguments.json {
        json(people, &departments)
    } else {
        list(people, &departments)
    };
    tell(&told, &mut out)?;
    stop.await;
    tracing::info!("stopping");
    departments.shutdown().await;
    Ok(())
}

fn list(people: usize, mocks: &Mocks) -> String {
    let line = |what: &str, url: &str| format!("  {what:<12} {url}\n");
    let mut lines = String::new();
    for department in DepartmentId::ALL {
        lines += &line(department.as_str(), &mocks.url(department));
    }
    if let (Some(hooks), Some(control)) = (mocks.hooks_url(), mocks.control_url()) {
        lines += &line("taskforce", &format!("{hooks} (control: {control})"));
    }
    format!("{people} synthetic people are known to:\n{lines}Ctrl-C ends them.\n")
}

fn json(people: usize, mocks: &Mocks) -> String {
    let url = |department: DepartmentId| (department.as_str().to_owned(), mocks.url(department).into());
    let departments: serde_json::Map<String, serde_json::Value> =
        DepartmentId::ALL.into_iter().map(url).collect();
    let mut told = serde_json::json!({ "people": people, "departments": departments });
    if let (Some(hooks), Some(control)) = (mocks.hooks_url(), mocks.control_url()) {
        told["taskforce"] = serde_json::json!({ "hooks": hooks, "control": control });
    }
    format!("{told}\n")
}

/// At once, for a script that waits for it. A reader that is gone wants nothing told.
fn tell(text: &str, out: &mut impl Write) -> Result<(), CliError> {
    unless_reader_gone(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// The people that are asked for: the samples, those of a file, and generated ones.
fn population(arguments: &Arguments, today: Date) -> Result<Population, CliError> {
    let mut population = Population::default();
    population.extend(samples(today)).map_err(CliError::Generated)?;
    if let Some(path) = &arguments.population {
        let path = || path.clone();
        let file = File::open(path()).map_err(|source| CliError::Open { path: path(), source })?;
        let added = population.extend_from_lines(BufReader::new(file));
        added.map_err(|source| CliError::File { path: path(), source })?;
    }
    let generated = generate(arguments.seed, arguments.people as usize, today);
    population.extend(generated).map_err(CliError::Generated)?;
    Ok(population)
}

/// One person a line.
fn write_lines(people: impl Iterator<Item = Person>, out: impl Write) -> Result<(), CliError> {
    let mut out = BufWriter::new(out);
    let mut write = |person: Person| {
        serde_json::to_writer(&mut out, &person)?;
        out.write_all(b"\n")
    };
    let mut people = people;
    unless_reader_gone(people.try_for_each(&mut write).and_then(|()| out.flush()))
}

/// A reader that has seen enough, such as `head`, ends the writing and is no error.
fn unless_reader_gone(written: io::Result<()>) -> Result<(), CliError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Write(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "cli_tests.rs"]
mod tests;
