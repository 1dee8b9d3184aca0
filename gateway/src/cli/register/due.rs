//! What falls due in the register, as people and programs see it.

use std::process::ExitCode;

use statuscheck_domain::agreement::Due;

use super::super::output::{say, table};

/// Shows it.
pub(super) fn due(json: bool, all: &[Due]) -> anyhow::Result<ExitCode> {
    if json {
        let line = |due: &Due| {
            serde_json::json!({
                "id": due.id,
                "what": due.kind.as_str(),
                "on": due.on.map(|day| day.to_string()),
                "overdue": due.is_overdue,
                "contact": due.contact,
            })
        };
        let lines: Vec<_> = all.iter().map(line).collect();
        say!(
            "{}",
            serde_json::to_string_pretty(&serde_json::json!({ "due": lines }))?
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    if all.is_empty() {
        say!("nothing falls due")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table(["day", "", "agreement or order", "what", "contact"]);
    for due in all {
        table.add_row([
            due.on.map_or_else(|| "–".to_owned(), |day| day.to_string()),
            if due.is_overdue { "overdue" } else { "" }.to_owned(),
            due.id.clone(),
            due.kind.as_str().to_owned(),
            due.contact.clone(),
        ]);
    }
    say!("{table}")?;
    Ok(ExitCode::SUCCESS)
}
