//! Results of a batch as CSV, written so that a run which was broken off can be gone on with.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use csv::StringRecord;
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::{Answer, CheckRequest, CheckResponse, RowError};
use tonic::Code;

use super::rows::Fault;
use crate::cli::output::{NobodyReads, refusal};

/// The first line.
pub(super) const COLUMNS: [&str; 13] = [
    "batch",
    "row",
    "caller_reference",
    "request_id",
    "case_id",
    "outcome",
    "may_refuse",
    "reason",
    "due",
    "error",
    "message",
    "faults",
    "retry_after_seconds",
];

/// Where `batch`, `row` and `error` stand in a line.
const BATCH: usize = 0;
const ROW: usize = 1;
const ERROR: usize = 9;

/// Where results go.
pub(super) struct Results {
    writer: csv::Writer<Box<dyn Write + Send>>,
    batch: String,
}

/// What an earlier run left.
#[derive(Default)]
pub(super) struct Earlier {
    /// There was a run, so the header is there.
    was: bool,
    /// What its batch is called; none where it came to no result.
    pub(super) batch: Option<String>,
    /// The rows that were answered.
    pub(super) answered: HashSet<String>,
}

impl Results {
    /// Results on standard output.
    pub(super) fn on_stdout(batch: String) -> anyhow::Result<Self> {
        let mut results = Self::into(Box::new(io::stdout()), batch);
        results.line(&COLUMNS)?;
        Ok(results)
    }

    /// Results in a file, behind those that `Earlier::read` found there.
    pub(super) fn in_file(path: &Path, batch: String, earlier: &Earlier) -> anyhow::Result<Self> {
        let file = private()
            .append(true)
            .open(path)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
        let mut results = Self::into(Box::new(file), batch);
        if !earlier.was {
            results.line(&COLUMNS)?;
        }
        Ok(results)
    }

    fn into(output: Box<dyn Write + Send>, batch: String) -> Self {
        let writer = csv::Writer::from_writer(output);
        Self { writer, batch }
    }

    pub(super) fn answered(
        &mut self,
        row: &str,
        request: &CheckRequest,
        response: &CheckResponse,
    ) -> anyhow::Result<()> {
        let answer = response.answer.clone().unwrap_or_default();
        let (outcome, reason, due) = told(&answer);
        let may_refuse = if answer.may_refuse { "yes" } else { "no" };
        self.line(&[
            &self.batch.clone(),
            row,
            &request.caller_reference,
            &request.request_id,
            &response.case_id,
            outcome,
            may_refuse,
            &reason,
            &due,
            "",
            "",
            "",
            "",
        ])
    }

    pub(super) fn refused(
        &mut self,
        row: &str,
        request: &CheckRequest,
        error: &RowError,
    ) -> anyhow::Result<()> {
        let code = refusal::code_name(Code::from_i32(error.code));
        let faults = error.violations.iter();
        let faults: Vec<_> = faults
            .map(|fault| format!("{}: {}", fault.field, fault.description))
            .collect();
        let retry = error.retry_after.map(|after| {
            let seconds = u64::try_from(after.seconds).unwrap_or_default();
            // Up to the next whole second, so that nobody comes early.
            (seconds + u64::from(after.nanos > 0)).to_string()
        });
        self.line(&[
            &self.batch.clone(),
            row,
            &request.caller_reference,
            &request.request_id,
            "",
            "",
            "",
            "",
            "",
            &format!("{code} {}", error.reason),
            &error.message,
            &faults.join("; "),
            &retry.unwrap_or_default(),
        ])
    }

    /// A row that was not asked.
    pub(super) fn at_fault(
        &mut self,
        row: &str,
        request: &CheckRequest,
        faults: &[Fault],
    ) -> anyhow::Result<()> {
        let violations = faults.iter().map(|fault| statuscheck_proto::v1::FieldViolation {
            field: fault.field.clone(),
            description: fault.description.clone(),
        });
        let error = RowError {
            code: Code::InvalidArgument.into(),
            reason: "INVALID_ROW".to_owned(),
            message: "the row is malformed and was not asked".to_owned(),
            violations: violations.collect(),
            retry_after: None,
        };
        self.refused(row, request, &error)
    }

    /// Each line is written at once, whole: whatever ends the run, only its last line can be torn.
    fn line(&mut self, values: &[&str; COLUMNS.len()]) -> anyhow::Result<()> {
        let written = self.writer.write_record(values).map_err(io::Error::from);
        match written.and_then(|()| self.writer.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(NobodyReads.into()),
            Err(error) => Err(anyhow::Error::new(error).context("the results cannot be written")),
        }
    }
}

/// The outcome, its reason, and when it is due. Facts are left out: they are about a person.
fn told(answer: &Answer) -> (&'static str, String, String) {
    match &answer.outcome {
        Some(Outcome::Established(_)) => ("established", String::new(), String::new()),
        Some(Outcome::Pending(pending)) => {
            let name = pending.reason().as_str_name();
            let reason = name.strip_prefix("PENDING_REASON_").unwrap_or(name).to_owned();
            let due = pending.sla.as_ref().and_then(|sla| sla.due_at.as_ref());
            ("pending", reason, instant(due))
        }
        Some(Outcome::MoreInformationNeeded(needed)) => {
            ("more_information_needed", needed.fields.join(" "), String::new())
        }
        Some(Outcome::Referred(referred)) => {
            let due = referred.sla.as_ref().and_then(|sla| sla.due_at.as_ref());
            ("referred", referred.referral_id.clone(), instant(due))
        }
        Some(Outcome::NotEstablished(not)) => ("not_established", not.reason.clone(), String::new()),
        None => ("", String::new(), String::new()),
    }
}

/// UTC, as RFC 3339 has it.
fn instant(time: Option<&prost_types::Timestamp>) -> String {
    let instant = time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
    instant.map(|time| time.to_string()).unwrap_or_default()
}

/// A file for its owner alone: outcomes are nobody else's business.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

impl Earlier {
    /// Reads what an earlier run left in `path`, and takes out of it what is not to stay: a line that was not finished, and
    /// rows that failed, which are asked again.
    ///
    /// # Errors
    /// It cannot be read or written, or is something else.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(anyhow::Error::new(error).context(format!("{}: cannot be read", path.display())));
            }
        };
        let whole = whole_lines(&file).with_context(|| format!("{}: cannot be read", path.display()))?;
        if whole == 0 && file.metadata()?.len() == 0 {
            return Ok(Self::default());
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".resumed");
        let beside = Path::new(&beside);
        let earlier = keep(File::open(path)?.take(whole), beside)
            .with_context(|| format!("{}: cannot be gone on with", path.display()))?;
        fs::rename(beside, path).with_context(|| format!("{}: cannot be written", path.display()))?;
        Ok(earlier)
    }
}

/// Bytes up to the end of the last line that has one.
fn whole_lines(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut whole = 0;
    while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        whole += line.len() as u64;
        line.clear();
    }
    Ok(whole)
}

fn keep(results: impl Read, beside: &Path) -> anyhow::Result<Earlier> {
    let mut reader = csv::Reader::from_reader(results);
    if reader.headers()? != &StringRecord::from(COLUMNS.to_vec()) {
        bail!("it is no file of results");
    }
    let file = private().write(true).truncate(true).open(beside)?;
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(COLUMNS)?;
    let mut earlier = Earlier {
        was: true,
        batch: None,
        answered: HashSet::new(),
    };
    for line in reader.records() {
        let line = line?;
        let (batch, row, error) = (&line[BATCH], &line[ROW], &line[ERROR]);
        if earlier.batch.get_or_insert_with(|| batch.to_owned()) != batch {
            bail!("it has the results of more than one batch");
        }
        if error.is_empty() {
            writer.write_record(&line)?;
            earlier.answered.insert(row.to_owned());
        }
    }
    writer.flush()?;
    Ok(earlier)
}
