//! `statuscheck check --batch`

use std::collections::{HashMap, HashSet, VecDeque};
use std::error::Error as _;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::clock::{Clock as _, SystemClock, london_day};
use statuscheck_proto::v1::check_batch_response::Result as Outcome;
use statuscheck_proto::v1::{CheckBatchRequest, CheckBatchResponse, CheckRequest};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::results::{Earlier, Results};
use super::rows::{Common, Row, Rows};
use crate::cli::Cli;
use crate::cli::client::{Client, Connection};
use crate::cli::output::{complain, refusal};

/// Behind the options in `statuscheck check --help`.
pub(super) const HELP: &str = include_str!("batch.txt");

/// Rows that are sent and not answered. 256: four times what the gateway works on at once, so that it never waits for us.
const OUTSTANDING_MAX: usize = 256;

/// Rows read ahead of those.
const READ_AHEAD: usize = 16;

/// Streams that may break off one after the other without a single answer; and the pause before the next, which grows.
const BREAKS_MAX: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Longest wait for the next answer. Five minutes: a gateway answers a row, or says that it cannot, within two.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// Many checks.
#[derive(Args)]
pub(crate) struct Batch {
    /// Asks a check for each row of this CSV file; `-` reads standard input. See below.
    #[arg(long, value_name = "FILE", help_heading = "Batch")]
    batch: Option<PathBuf>,
    /// The check of rows that do not say which they are.
    #[arg(long, value_enum, help_heading = "Batch", requires = "batch")]
    check: Option<Kind>,
    /// What the batch is called. The rows of a batch keep their request ids, so name it to send it again another day; by
    /// default it is the file's name and today's date in London, or as the results in --output have it.
    #[arg(long, value_name = "TEXT", help_heading = "Batch", requires = "batch")]
    batch_id: Option<String>,
    /// Writes the results here, and goes on where an earlier run of the batch broke off.
    #[arg(long, value_name = "FILE", help_heading = "Batch", requires = "batch")]
    output: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    RightToWork,
    RightToRent,
    #[value(name = "section-95")]
    Section95,
    Iecas,
}

impl From<Kind> for CheckKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::RightToWork => Self::RightToWork,
            Kind::RightToRent => Self::RightToRent,
            Kind::Section95 => Self::Section95,
            Kind::Iecas => Self::Iecas,
        }
    }
}

impl Batch {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let Some(file) = &self.batch else {
            let missing = "say which check to ask, or give a file of them with --batch";
            Cli::command().error(ErrorKind::MissingSubcommand, missing).exit();
        };
        let earlier = match &self.output {
            Some(output) => Earlier::read(output)?,
            None => Earlier::default(),
        };
        let today = london_day(SystemClock::new().now());
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
        let batch = match (&self.batch_id, &earlier.batch) {
            (Some(given), Some(there)) if given != there => {
                bail!("the results in --output are those of another batch; name another file");
            }
            (Some(id), _) | (None, Some(id)) => id.clone(),
            (None, None) => format!("{name} {today}"),
        };
        let common = Common {
            kind: self.check.map(CheckKind::from),
            batch: batch.clone(),
            today,
        };
        let client = self.connection.client("organisation/employer")?;
        let total = if file.as_os_str() == "-" {
            None
        } else {
            Some(count(file)?)
        };
        let results = match &self.output {
            Some(output) => Results::in_file(output, batch.clone(), &earlier)?,
            None => Results::on_stdout(batch.clone())?,
        };
        let progress = self.progress(total);
        let rows = read(file, common)?;
        let mut run = Run {
            results,
            answered_before: earlier.answered,
            progress,
            outstanding: HashMap::new(),
            sent: 0,
            tally: Tally::default(),
        };
        let ended = run.pursue(client, rows).await;
        run.progress.finish_and_clear();
        run.tally.tell(&batch, run.sent);
        match ended? {
            None => Ok(run.tally.exit_code()),
            Some(status) => refusal::show(&status, false),
        }
    }

    /// On a terminal, unless the results go there too.
    fn progress(&self, total: Option<u64>) -> ProgressBar {
        if self.output.is_none() && io::stdout().is_terminal() {
            return ProgressBar::hidden();
        }
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{bar:40} {pos} of {len} rows, {eta} left",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {pos} rows, {elapsed}"),
        };
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_wrong_template) => bar,
        }
    }
}

fn open(file: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(io::stdin()));
    }
    let opened = File::open(file).with_context(|| format!("{}: cannot be read", file.display()))?;
    Ok(Box::new(opened))
}

fn count(file: &Path) -> anyhow::Result<u64> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(open(file)?);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader
        .read_byte_record(&mut record)
        .with_context(|| format!("{}: cannot be read", file.display()))?
    {
        rows += 1;
    }
    Ok(rows)
}

/// Reads the file on a thread of its own, a few rows ahead.
fn read(file: &Path, common: Common) -> anyhow::Result<mpsc::Receiver<anyhow::Result<Row>>> {
    let path = file.display().to_string();
    let mut rows = Rows::open(open(file)?, common).with_context(|| path.clone())?;
    let (send, read) = mpsc::channel(READ_AHEAD);
    tokio::task::spawn_blocking(move || {
        while let Some(row) = rows.next().with_context(|| path.clone()).transpose() {
            // Nobody takes it where the run has ended.
            if send.blocking_send(row).is_err() {
                return;
            }
        }
    });
    Ok(read)
}

/// A batch under way.
struct Run {
    results: Results,
    answered_before: HashSet<String>,
    progress: ProgressBar,
    /// Rows that were sent, by request id. Of several rows with one id each gets one of the answers.
    outstanding: HashMap<String, VecDeque<Row>>,
    sent: usize,
    tally: Tally,
}

/// Why a stream came to its end.
enum End {
    /// Every row has its result.
    Done,
    /// The gateway, or what is between, ended it.
    Broken(Status),
}

impl Run {
    /// Asks every row; a status where the gateway refuses to go on, or cannot be reached.
    async fn pursue(
        &mut self,
        mut client: Client,
        mut rows: mpsc::Receiver<anyhow::Result<Row>>,
    ) -> anyhow::Result<Option<Status>> {
        let mut breaks = 0;
        loop {
            let told = self.tally.answered + self.tally.failed;
            let status = match self.stream(&mut client, &mut rows).await? {
                End::Done => return Ok(None),
                End::Broken(status) => status,
            };
            if self.tally.answered + self.tally.failed > told {
                breaks = 0;
            }
            breaks += 1;
            // A status that the gateway did not send has a source: the connection broke, or there is none.
            let worth_it = status.source().is_some() || refusal::exit_code(status.code()) == refusal::REPEAT;
            if !worth_it || breaks > BREAKS_MAX {
                return Ok(Some(status));
            }
            tokio::time::sleep(PAUSE * breaks).await;
        }
    }

    /// Sends what was sent before and not answered, then further rows, and writes down what comes back.
    async fn stream(
        &mut self,
        client: &mut Client,
        rows: &mut mpsc::Receiver<anyhow::Result<Row>>,
    ) -> anyhow::Result<End> {
        let (send, requests) = mpsc::channel(OUTSTANDING_MAX);
        for row in self.outstanding.values().flatten() {
            // There is room for all that may be outstanding.
            send.try_send(message(row)).ok();
        }
        let mut answers = match client.check_batch(ReceiverStream::new(requests)).await {
            Ok(response) => response.into_inner(),
            Err(status) => return Ok(End::Broken(status)),
        };
        let mut send = Some(send);
        loop {
            let more = send.is_some() && self.sent < OUTSTANDING_MAX;
            tokio::select! {
                row = rows.recv(), if more => match row.transpose()? {
                    Some(row) => {
                        if let (Some(row), Some(send)) = (self.due(row)?, &send) {
                            // A stream that has ended is told of by its answers.
                            send.try_send(message(&row)).ok();
                            self.await_answer(row);
                        }
                    }
                    None => send = None,
                },
                answer = next(&mut answers) => match answer {
                    Ok(Some(answer)) => self.take(answer)?,
                    Ok(None) if send.is_none() && self.sent == 0 => return Ok(End::Done),
                    Ok(None) => {
                        let early = "the gateway ended the batch before its end";
                        return Ok(End::Broken(Status::unavailable(early)));
                    }
                    Err(status) => return Ok(End::Broken(status)),
                },
            }
        }
    }

    /// The row, unless it has its result already.
    fn due(&mut self, row: Row) -> anyhow::Result<Option<Row>> {
        if self.answered_before.contains(&row.id) {
            self.tally.before += 1;
            self.progress.inc(1);
            return Ok(None);
        }
        if row.faults.is_empty() {
            return Ok(Some(row));
        }
        self.results.at_fault(&row.id, &row.request, &row.faults)?;
        self.tally.fail(Code::InvalidArgument);
        self.progress.inc(1);
        Ok(None)
    }

    fn await_answer(&mut self, row: Row) {
        let waiting = self.outstanding.entry(row.request.request_id.clone());
        waiting.or_default().push_back(row);
        self.sent += 1;
    }

    fn take(&mut self, answer: CheckBatchResponse) -> anyhow::Result<()> {
        let Some(waiting) = self.outstanding.get_mut(&answer.request_id) else {
            bail!("the gateway answered a row that was not sent");
        };
        let row = waiting.pop_front();
        if waiting.is_empty() {
            self.outstanding.remove(&answer.request_id);
        }
        let (Some(row), Some(result)) = (row, answer.result) else {
            bail!("the gateway's answer to a row is empty");
        };
        self.sent -= 1;
        match result {
            Outcome::Response(response) => {
                self.results.answered(&row.id, &row.request, &response)?;
                self.tally.answered += 1;
            }
            Outcome::Error(error) => {
                self.results.refused(&row.id, &row.request, &error)?;
                self.tally.fail(Code::from_i32(error.code));
            }
        }
        self.progress.inc(1);
        Ok(())
    }
}

async fn next(answers: &mut Streaming<CheckBatchResponse>) -> Result<Option<CheckBatchResponse>, Status> {
    match tokio::time::timeout(SILENCE_MAX, answers.message()).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(Status::deadline_exceeded("no row was answered for minutes")),
    }
}

fn message(row: &Row) -> CheckBatchRequest {
    let check: Option<CheckRequest> = Some(row.request.clone());
    CheckBatchRequest { check }
}

#[derive(Default)]
struct Tally {
    answered: u64,
    before: u64,
    failed: u64,
    /// The worst of the failed rows' exit codes.
    worst: u8,
}

impl Tally {
    fn fail(&mut self, code: Code) {
        self.failed += 1;
        self.worst = match (self.worst, refusal::exit_code(code)) {
            (0, first) => first,
            (refusal::REPEAT, other) => other,
            (worst, refusal::REPEAT) => worst,
            // What is no fault of the row stands above what is.
            (worst, other) => worst.min(other),
        };
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.worst)
    }

    fn tell(&self, batch: &str, without: usize) {
        let Self {
            answered,
            before,
            failed,
            ..
        } = self;
        complain!("batch \"{batch}\": {answered} rows answered, {before} answered before, {failed} failed");
        if without > 0 {
            complain!("  {without} rows were sent and have no result; run the batch again to get theirs");
        }
    }
}
