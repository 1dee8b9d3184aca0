//! `statuscheck register plan`, `rollback`, `apply` and `versions`

use std::path::PathBuf;
use std::process::ExitCode;

use statuscheck_proto::register::v1::plan_register_request::Source;
use statuscheck_proto::register::v1::{
    ApplyRegisterRequest, ListVersionsRequest, ListVersionsResponse, PlanRegisterRequest,
    PlanRegisterResponse, RegisterVersion,
};

use super::super::client::Connection;
use super::super::output::{Output, print_json, say, table, time, waiting};
use super::At;
use crate::register;
use crate::rpc::convert::{register as convert, versions as convert_versions};

/// Most versions on a page, as the gateway gives them.
const PAGE: i32 = 20;

pub(super) async fn plan(json: bool, at: &At, new: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let new = register::whole_of(new)?;
    let Some(known) = at.folder()? else {
        return ask(json, &at.connection, Source::Toml(new)).await;
    };
    match register::parse_whole(&new) {
        Ok(new) => {
            let compared = convert_versions::compared(&known, &new);
            show(
                json,
                &compared,
                "a folder's files are nobody's to apply: plan through a gateway to change what it serves",
            )
        }
        Err(error) => Output::of(json).error(&convert::at_fault(&error).into()),
    }
}

pub(super) async fn rollback(json: bool, connection: &Connection, version: u64) -> anyhow::Result<ExitCode> {
    ask(json, connection, Source::Version(version)).await
}

async fn ask(json: bool, connection: &Connection, source: Source) -> anyhow::Result<ExitCode> {
    let mut client = connection.register()?;
    let source = Some(source);
    match waiting("planning", client.plan_register(PlanRegisterRequest { source })).await {
        Ok(planned) => {
            let planned = planned.into_inner();
            let expiry = time(planned.expire_time.as_ref());
            let how = format!(
                "another operator applies it, until {expiry}: statuscheck register apply {}",
                planned.plan_id
            );
            show(json, &planned, &how)
        }
        Err(status) => Output::of(json).error(&status),
    }
}

fn show(json: bool, planned: &PlanRegisterResponse, how: &str) -> anyhow::Result<ExitCode> {
    if json {
        print_json("statuscheck.register.v1.PlanRegisterResponse", planned)?;
        return Ok(ExitCode::SUCCESS);
    }
    if planned.changes.is_empty() {
        say!("nothing would change")?;
        return Ok(ExitCode::SUCCESS);
    }
    for change in &planned.changes {
        say!("{change}")?;
    }
    if !planned.plan_id.is_empty() {
        let cases = match planned.cases_affected {
            0 => "no open case is".to_owned(),
            1 => "1 open case is".to_owned(),
            count => format!("{count} open cases are"),
        };
        say!("{cases} under agreements that change; open cases keep what they were promised")?;
    }
    say!("{how}")?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn apply(json: bool, connection: &Connection, plan_id: String) -> anyhow::Result<ExitCode> {
    let mut client = connection.register()?;
    match waiting(
        "applying",
        client.apply_register(ApplyRegisterRequest { plan_id }),
    )
    .await
    {
        Ok(applied) => {
            let applied = applied.into_inner();
            if json {
                print_json("statuscheck.register.v1.ApplyRegisterResponse", &applied)?;
            } else {
                say!(
                    "version {} of the register is served from now on; other gateways of the store take it up within seconds",
                    applied.version
                )?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(status) => Output::of(json).error(&status),
    }
}

pub(super) async fn versions(json: bool, connection: &Connection) -> anyhow::Result<ExitCode> {
    let mut client = connection.register()?;
    let mut all = ListVersionsResponse::default();
    loop {
        let request = ListVersionsRequest {
            page_size: PAGE,
            page_token: all.next_page_token,
        };
        let page = match waiting("reading", client.list_versions(request)).await {
            Ok(page) => page.into_inner(),
            Err(status) => return Output::of(json).error(&status),
        };
        all.versions.extend(page.versions);
        (all.served_version, all.files_differ) = (page.served_version, page.files_differ);
        all.next_page_token = page.next_page_token;
        if all.next_page_token.is_empty() {
            break;
        }
    }
    if json {
        print_json("statuscheck.register.v1.ListVersionsResponse", &all)?;
        return Ok(ExitCode::SUCCESS);
    }
    list(&all)
}

fn list(all: &ListVersionsResponse) -> anyhow::Result<ExitCode> {
    if all.versions.is_empty() {
        say!("no version was ever applied: the gateway serves the files that it was started with")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table(["version", "applied", "planned by", "applied by", "what changed"]);
    for version in &all.versions {
        let RegisterVersion {
            version,
            apply_time,
            planned_by,
            applied_by,
            changes,
            ..
        } = version;
        table.add_row([
            version.to_string(),
            time(apply_time.as_ref()),
            planned_by.clone(),
            applied_by.clone(),
            changes.join("\n"),
        ]);
    }
    say!("{table}")?;
    say!("version {} is served", all.served_version)?;
    if all.files_differ {
        say!("{}", files_differ(all.served_version))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What an operator has to know where the gateway was started with other files than the version that counts.
pub(super) fn files_differ(version: u64) -> String {
    format!(
        "the gateway's files differ from version {version}, which was applied and counts; `statuscheck register plan DIR` \
         brings them in"
    )
}
