//! `statuscheck store check`

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use statuscheck_domain::clock::SystemClock;

use super::Place;
use crate::cli::output::{say, table, waiting};
use crate::store::condition::{ChainCondition, Condition, Fault, condition};

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    place: Place,
    /// Counts cases, requests and keys too, and compares them with the ledger. That reads every table once;
    /// `ledger rebuild --check` compares what is in them.
    #[arg(long)]
    rows: bool,
    /// Prints what was found as JSON.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let location = self.place.location()?;
        let clock = SystemClock::shared();
        let looking = condition(&location, self.rows, &clock);
        let found = waiting("looking", looking).await?;
        if self.json {
            say!("{:#}", as_json(&found))?;
        } else {
            say!("{location}")?;
            print(&found)?;
        }
        Ok(ExitCode::from(found.exit_code()))
    }
}

fn as_json(found: &Condition) -> Value {
    let chain = |chain: &ChainCondition| json!({"chain": chain.chain.to_string(), "entries": chain.entries, "holder": chain.holder});
    let fault = |fault: &Fault| json!({"exit_code": fault.exit_code(), "message": fault.to_string()});
    let settings = found.settings.iter().cloned();
    json!({
        "exit_code": found.exit_code(),
        "tables": found.tables,
        "ledger": found.ledger.map(|ledger| ledger.to_string()),
        "chains": found.chains.iter().map(chain).collect::<Vec<_>>(),
        "bytes": found.bytes,
        "settings": settings.map(|(name, value)| (name, value.into())).collect::<serde_json::Map<_, _>>(),
        "faults": found.faults.iter().map(fault).collect::<Vec<_>>(),
    })
}

fn print(found: &Condition) -> anyhow::Result<()> {
    match found.tables {
        Some(version) => say!("tables of version {version}, {} bytes", found.bytes)?,
        None => say!("no tables")?,
    }
    for (name, value) in &found.settings {
        say!("{name} = {}", if value.is_empty() { "''" } else { value })?;
    }
    match found.ledger {
        Some(ledger) => say!("ledger {ledger}")?,
        None => say!("no ledger is begun")?,
    }
    if !found.chains.is_empty() {
        let mut table = table(["chain", "entries", "held by"]);
        for chain in &found.chains {
            let holder = chain.holder.as_deref().unwrap_or("nobody");
            table.add_row([
                chain.chain.to_string(),
                chain.entries.to_string(),
                holder.to_owned(),
            ]);
        }
        say!("{table}")?;
    }
    for fault in &found.faults {
        say!("WRONG: {fault}")?;
    }
    if found.faults.is_empty() {
        say!("nothing is wrong")?;
    }
    Ok(())
}
