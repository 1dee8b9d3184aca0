//! `statuscheck demo`

mod file;
mod samples;

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::civil::Date;
use statuscheck_domain::clock::{ScaledClock, SharedClock, SystemClock, london_day};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_mocks::generator::generate;
use statuscheck_mocks::population::Population;
use statuscheck_mocks::settings::PerDepartment;
use statuscheck_mocks::turnaround::by_clerks;
use statuscheck_proto::v1::CheckRequest;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use tokio::sync::oneshot;
use tonic::transport::Channel;

use self::file::{demo_file, forget_demo_file, read_demo_file, write_demo_file};
use self::samples::{Sample, samples};
use super::client::{DemoFile, channel};
use super::output::{complain, outcome_name, say, spinner, summary, table};
use super::serve::{keep_memory_private, stopped};
use crate::dashboard::Usher;
use crate::demo::{self, DemoError, DemoSettings};

/// Whom the link signs in.
const OPERATOR: &str = "ops/duty-1";

/// Starts mock departments, a mock taskforce and a gateway on this machine, asks sample checks, and stays up until Ctrl-C.
///
/// Everybody in it is made up. Started again on the same folder it goes on with the same certificates and cases.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    statuscheck demo\n  \
    statuscheck demo --dir /tmp/demo --once\n  \
    statuscheck demo --population people.jsonl --people 1000 --seed 7\n  \
    statuscheck demo --dir /tmp/fast --clock-rate 3600 --people 100 --clerks 30\n    \
        48 hours pass in 48 seconds: deferred answers, warnings and breaches can be watched")]
pub(crate) struct Demo {
    /// Folder for certificates, keys, the store and demo.json.
    #[arg(long, value_name = "DIR", default_value = "statuscheck-demo")]
    dir: PathBuf,
    /// Ends after the sample checks; with 0 where every one was answered as it should be.
    #[arg(long)]
    once: bool,
    /// Prints the sample checks as JSON.
    #[arg(long)]
    json: bool,
    /// File of more people, one JSON object a line; they join the sixteen sample people.
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    /// How many more people to make up.
    #[arg(long, value_name = "N", default_value_t = 0)]
    people: usize,
    /// Which people are made up: the same seed makes the same ones.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Of a hundred people made up, those whom the Home Office and DWP answer about only after hours or days, most within
    /// 48 hours.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    clerks: u8,
    /// How many times as fast as real time deadlines, desk hours and deferrals pass; calls, limits and certificates
    /// keep real time. Its cases lie in the future, so a folder that it leaves can be gone on with at such a rate alone, until
    /// real time has come that far.
    #[arg(long, value_name = "RATE", default_value = "1", value_parser = clock_rate)]
    clock_rate: NonZeroU32,
    /// Where the gateway listens; port 0 is a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the dashboard is served; port 0 is a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    dashboard: SocketAddr,
    /// Where a mock department listens, e.g. dwp=127.0.0.1:9001; free ports unless given.
    #[arg(long, value_name = "DEPARTMENT=ADDRESS:PORT", value_parser = department_address)]
    department: Vec<(DepartmentId, SocketAddr)>,
}

fn clock_rate(text: &str) -> Result<NonZeroU32, &'static str> {
    /// A day in less than a second: faster, a case is over before anybody could look.
    const RATE_MAX: u32 = 100_000;
    let rate = text
        .parse()
        .ok()
        .filter(|rate: &NonZeroU32| rate.get() <= RATE_MAX);
    rate.ok_or("must be a whole number from 1 to 100000")
}

fn department_address(text: &str) -> Result<(DepartmentId, SocketAddr), String> {
    let (department, address) = text.split_once('=').ok_or("must be DEPARTMENT=ADDRESS:PORT")?;
    let department = department
        .parse()
        .map_err(|error| format!("{department}: {error}"))?;
    let address = address.parse().map_err(|error| format!("{address}: {error}"))?;
    Ok((department, address))
}

/// A sample that was asked.
struct Asked {
    sample: Sample,
    case_id: String,
    outcome: &'static str,
    summary: String,
    took: Duration,
}

impl Demo {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        keep_memory_private()?;
        let clock = self.clock().await?;
        let today = london_day(clock.now());
        self.warn_of_the_clock();
        let starting = spinner("starting mock departments and a gateway");
        let demo = demo::Demo::start(self.settings(&clock, today)?)
            .await
            .map_err(|error| self.explained(error))?;
        // Only now: while another demo holds the folder, the file is that one's.
        forget_demo_file(&self.dir)?;
        let usher = demo.gateway.usher();
        let demo_file = demo_file(&demo, self.is_fast().then_some(self.clock_rate))?;

        let (stop, stopping) = oneshot::channel::<()>();
        let ending = stopped()?;
        let serving = tokio::spawn(demo.gateway.serve(async {
            tokio::select! {
                () = ending => {}
                _ = stopping => {}
            }
        }));
        starting.set_message("asking sample checks");
        let asked = ask_all(&demo_file, &clock, today).await;
        starting.finish_and_clear();
        let asked = asked?;
        // Last, so that whoever waits for the file finds a gateway that answers, and its cases settled.
        write_demo_file(&self.dir, &demo_file)?;
        self.print(&asked)?;
        let as_expected = asked.iter().all(|asked| asked.outcome == asked.sample.expected);
        if self.once {
            drop(stop);
        } else {
            self.print_how_to_ask_more(&demo_file)?;
            self.print_sign_in(usher.as_ref())?;
        }
        serving.await.context("the gateway ended by itself")?;
        demo.mocks.shutdown().await;
        if self.once && !as_expected {
            bail!("a sample check was answered otherwise than it should be");
        }
        Ok(ExitCode::SUCCESS)
    }

    fn is_fast(&self) -> bool {
        self.clock_rate > NonZeroU32::MIN
    }

    /// A fast one goes on where the folder was left, at whatever rate that was.
    async fn clock(&self) -> anyhow::Result<SharedClock> {
        if !self.is_fast() {
            return Ok(SystemClock::shared());
        }
        let left = demo::last_recorded(&self.dir).await?;
        Ok(Arc::new(ScaledClock::new(self.clock_rate, left)))
    }

    /// What to do about a folder that another clock has left ahead of this one.
    fn explained(&self, error: DemoError) -> anyhow::Error {
        let DemoError::Past { until, .. } = &error else {
            return error.into();
        };
        let until = *until;
        let rate = read_demo_file(&self.dir).and_then(|file| file.clock_rate);
        let rate = rate.map_or_else(|| "RATE".to_owned(), |rate| rate.to_string());
        anyhow::Error::new(error).context(format!(
            "start it with --clock-rate {rate} again, after {until}, or in another folder (--dir)"
        ))
    }

    /// On standard error, so that nobody takes the demo's times for real ones, whatever reads its output.
    fn warn_of_the_clock(&self) {
        if self.is_fast() {
            complain!(
                "THE CLOCK OF THIS DEMO RUNS {} TIMES AS FAST AS REAL TIME: its dates and deadlines are not real ones.",
                self.clock_rate
            );
        }
    }

    fn settings(&self, clock: &SharedClock, today: Date) -> anyhow::Result<DemoSettings> {
        let mut population = Population::default();
        population.extend(statuscheck_mocks::samples::samples(today))?;
        let people = generate(self.seed, self.people, today);
        population.extend(by_clerks(people, self.seed, self.clerks))?;
        if let Some(path) = &self.population {
            let file = fs::File::open(path).with_context(|| format!("{}: cannot be read", path.display()))?;
            let read = population.extend_from_lines(BufReader::new(file));
            read.with_context(|| format!("{}: is not a population", path.display()))?;
        }
        let mut settings = DemoSettings::new(self.dir.clone(), population, clock.clone());
        settings.machine_clock = SystemClock::shared();
        settings.listen = self.listen;
        settings.dashboard.listen = Some(self.dashboard);
        for (department, address) in &self.department {
            *place(&mut settings.departments, *department) = *address;
        }
        Ok(settings)
    }

    fn print(&self, asked: &[Asked]) -> anyhow::Result<()> {
        if self.json {
            let checks = asked.iter().map(|asked| {
                serde_json::json!({
                    "who": asked.sample.who,
                    "check": asked.sample.check_name(),
                    "about": asked.sample.about,
                    "case_id": asked.case_id,
                    "outcome": asked.outcome,
                    "expected": asked.sample.expected,
                    "answer": asked.summary,
                    "took_ms": asked.took.as_secs_f64() * 1_000.0,
                })
            });
            let checks: Vec<_> = checks.collect();
            say!(
                "{}",
                serde_json::to_string_pretty(&serde_json::json!({ "checks": checks }))?
            )?;
            return Ok(());
        }
        let mut table = table(["who asked", "check", "about (nobody is real)", "answer", "took"]);
        for asked in asked {
            let note = if asked.outcome == asked.sample.expected {
                ""
            } else {
                " (not as expected)"
            };
            table.add_row([
                asked.sample.who.to_owned(),
                asked.sample.check_name().to_owned(),
                asked.sample.about.to_owned(),
                format!("{}{note}", asked.summary),
                format!("{:.1} ms", asked.took.as_secs_f64() * 1_000.0),
            ]);
        }
        say!("{table}")
    }

    fn print_how_to_ask_more(&self, demo: &DemoFile) -> anyhow::Result<()> {
        if self.json {
            return Ok(());
        }
        let dir = self.dir.display();
        say!(
            "\nThe gateway serves gRPC over mutual TLS on {}; {dir}/demo.json has addresses and certificates.",
            demo.grpc
        )?;
        if let Some(taskforce) = &demo.taskforce {
            say!(
                "The mock Windrush taskforce says what hooks it took: curl {}/hooks",
                taskforce.control
            )?;
        }
        say!("Ask more from another terminal (or `cargo run --release -- …`):")?;
        for line in samples::commands(&dir.to_string()) {
            say!("  {line}")?;
        }
        say!("Ctrl-C ends it; the same --dir goes on where it stopped.")
    }

    /// On standard error: whoever reads the output of a demo need not be let in.
    fn print_sign_in(&self, usher: Option<&Usher>) -> anyhow::Result<()> {
        if let Some(usher) = usher {
            complain!(
                "The dashboard, once and within ten minutes: {}",
                usher.link(OPERATOR)
            );
        }
        Ok(())
    }
}

fn place(addresses: &mut PerDepartment<SocketAddr>, department: DepartmentId) -> &mut SocketAddr {
    match department {
        DepartmentId::HomeOffice => &mut addresses.home_office,
        DepartmentId::Dwp => &mut addresses.dwp,
        DepartmentId::Hmrc => &mut addresses.hmrc,
        DepartmentId::Dfe => &mut addresses.dfe,
    }
}

async fn ask_all(demo: &DemoFile, clock: &SharedClock, today: Date) -> anyhow::Result<Vec<Asked>> {
    let mut channels: BTreeMap<&'static str, Channel> = BTreeMap::new();
    let mut all = Vec::new();
    for sample in samples(today)? {
        let channel = match channels.get(sample.who) {
            Some(channel) => channel.clone(),
            None => {
                let files = demo
                    .identities
                    .get(sample.who)
                    .context("the demo has the sample's identity")?;
                let opened = channel(&demo.grpc, &demo.ca, files, Duration::from_secs(10))?;
                channels.insert(sample.who, opened.clone());
                opened
            }
        };
        all.push(ask(sample, channel, clock).await?);
    }
    Ok(all)
}

async fn ask(sample: Sample, channel: Channel, clock: &SharedClock) -> anyhow::Result<Asked> {
    let request = CheckRequest {
        request_id: uuid::Uuid::new_v4().to_string(),
        check: Some(sample.check.clone()),
        agreement_id: String::new(),
        caller_reference: format!("demo {}", sample.id),
    };
    let started = clock.elapsed();
    let response = StatusCheckServiceClient::new(channel)
        .check(request)
        .await?
        .into_inner();
    let took = clock.elapsed().saturating_sub(started);
    let answer = response.answer.context("the gateway answered")?;
    Ok(Asked {
        sample,
        case_id: response.case_id,
        outcome: outcome_name(&answer),
        summary: summary(&answer),
        took,
    })
}
