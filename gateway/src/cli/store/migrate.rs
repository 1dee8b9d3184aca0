//! `statuscheck store migrate`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::Place;
use crate::cli::output::{say, waiting};
use crate::store::Location;
use crate::store::postgres::{Migrated, migrate};

#[derive(Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    place: Place,
    /// Prints what was done as JSON.
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let location = self.place.location()?;
        let Location::Database(settings) = &location else {
            if self.json {
                say!("{:#}", json!({"from": null, "to": null, "done": []}))?;
            } else {
                say!(
                    "{location}: a file has nothing to be brought up to date; a gateway makes its tables when it starts"
                )?;
            }
            return Ok(ExitCode::SUCCESS);
        };
        let migrated = waiting("bringing the tables up to date", migrate(settings)).await?;
        if self.json {
            let Migrated { from, to, done } = migrated;
            say!("{:#}", json!({"from": from, "to": to, "done": done}))?;
        } else {
            print(&location, &migrated)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(location: &Location, migrated: &Migrated) -> anyhow::Result<()> {
    let from = migrated
        .from
        .map_or_else(|| "none".to_owned(), |from| from.to_string());
    say!("{location}: tables {from} → {}", migrated.to)?;
    for done in &migrated.done {
        say!("done: {done}")?;
    }
    if migrated.done.is_empty() {
        say!("they were up to date")?;
    }
    say!("the roles have their rights")
}
