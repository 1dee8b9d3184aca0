//! `statuscheck register list` and `show`

use std::process::ExitCode;

use statuscheck_proto::register::v1::{
    Agreement, GetAgreementResponse, ListAgreementsResponse, SuspensionOrder, WindrushSafeguard,
};
use statuscheck_proto::v1::CheckKind;

use super::super::output::{print_json, say, table};
use super::{change, quotas, today};

pub(super) fn list(json: bool, listed: &ListAgreementsResponse) -> anyhow::Result<ExitCode> {
    if json {
        print_json("statuscheck.register.v1.ListAgreementsResponse", listed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table([
        "agreement",
        "title",
        "served",
        "answers within",
        "review",
        "expiry",
        "contact",
    ]);
    for agreement in &listed.agreements {
        table.add_row([
            agreement.agreement_id.clone(),
            agreement.title.clone(),
            served(agreement).to_owned(),
            agreement.sla.clone(),
            or_dash(&agreement.review_on),
            or_dash(&agreement.expires_on),
            working_contact(agreement),
        ]);
    }
    say!("{table}")?;
    for order in &listed.suspension_orders {
        say!("{}", order_in_words(order))?;
    }
    for safeguard in &listed.windrush_safeguards {
        say!("{}", safeguard_in_words(safeguard))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// As in the register's files: `right-to-work`.
fn check_name(check: CheckKind) -> String {
    let name = check.as_str_name();
    name.strip_prefix("CHECK_KIND_")
        .unwrap_or(name)
        .replace('_', "-")
        .to_lowercase()
}

/// Days are written so that they sort as texts.
fn served(agreement: &Agreement) -> &'static str {
    let today = today().to_string();
    let Agreement {
        signed_on,
        expires_on,
        ..
    } = agreement;
    if agreement.listed_only {
        "listed only"
    } else if signed_on.is_empty() || today < *signed_on {
        "not signed"
    } else if !expires_on.is_empty() && *expires_on < today {
        "expired"
    } else if agreement.suspension.is_empty() {
        "yes"
    } else {
        "suspended"
    }
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "–" } else { text }.to_owned()
}

fn working_contact(agreement: &Agreement) -> String {
    let mut contacts = agreement.contacts.iter();
    let contact = contacts.find(|contact| contact.role == "working contact");
    contact.map(|contact| contact.email.clone()).unwrap_or_default()
}

pub(super) fn agreement(json: bool, found: &GetAgreementResponse) -> anyhow::Result<ExitCode> {
    if json {
        print_json("statuscheck.register.v1.GetAgreementResponse", found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(agreement) = &found.agreement else {
        anyhow::bail!("the gateway's answer has no agreement");
    };
    say!("{} · {}", agreement.agreement_id, agreement.title)?;
    if found.files_differ {
        say!("{}", change::files_differ(found.register_version))?;
    }
    let checks: Vec<_> = agreement.checks().map(check_name).collect();
    let figure = |figure: u64| {
        if figure == 0 {
            String::new()
        } else {
            figure.to_string()
        }
    };
    let version = |version: u64| match version {
        0 => String::new(),
        version => format!("version {version}"),
    };
    let lines = [
        ("purpose", agreement.purpose.clone()),
        ("law", agreement.legal_basis.clone()),
        ("served", served(agreement).to_owned()),
        ("checks", checks.join(", ")),
        ("organisations", agreement.organisations.join(", ")),
        ("webhooks", agreement.webhooks.join(", ")),
        ("departments", agreement.departments.join(", ")),
        ("operations", agreement.operations.join(", ")),
        ("may be sent", agreement.request_fields.join(", ")),
        ("may be released", agreement.released_fields.join(", ")),
        ("feed", agreement.feed.clone()),
        ("matched by", agreement.match_rule.clone()),
        ("answers within", agreement.sla.clone()),
        ("rate a minute", figure(agreement.rate_per_minute.into())),
        ("questions a month", figure(agreement.monthly_quota)),
        ("larger quota", agreement.uplifts.join("; ")),
        ("kept", agreement.retention.clone()),
        ("signed", agreement.signed_on.clone()),
        ("review", agreement.review_on.clone()),
        ("expiry", agreement.expires_on.clone()),
        ("suspension", agreement.suspension.clone()),
        ("register", version(found.register_version)),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        say!("  {name:<20} {value}")?;
    }
    for line in found.quotas.iter().map(quotas::in_words) {
        say!("  {:<20} {line}", "used")?;
    }
    for order in &found.suspension_orders {
        say!("  {:<20} {}", "order", order_in_words(order))?;
    }
    let mut table = table(["party", "role", "post", "e-mail"]);
    for contact in &agreement.contacts {
        table.add_row([&contact.party, &contact.role, &contact.name, &contact.email]);
    }
    say!("{table}")?;
    Ok(ExitCode::SUCCESS)
}

/// Such as "suspension order over-30, in force: about people over 30, to dwp, from 2026-06-01; to be reviewed on 2026-09-01".
fn order_in_words(order: &SuspensionOrder) -> String {
    let in_force = if order.in_force {
        "in force"
    } else {
        "not in force"
    };
    let who = order
        .over_age
        .map_or_else(|| "everybody".to_owned(), |age| format!("people over {age}"));
    format!(
        "suspension order {}, {in_force}: nothing is volunteered about {who} to {}, from {}; to be reviewed on {}",
        order.order_id,
        order.departments.join(" and "),
        order.starts_on,
        order.review_on,
    )
}

/// Such as "Windrush safeguard casework-guidance, in force: from 2026-01-05; to be reviewed on 2027-01-05".
fn safeguard_in_words(safeguard: &WindrushSafeguard) -> String {
    let in_force = if safeguard.in_force {
        "in force"
    } else {
        "not in force"
    };
    format!(
        "Windrush safeguard {}, {in_force}: arrival by {}, answered within {}, from {}; to be reviewed on {}",
        safeguard.version, safeguard.last_arrival, safeguard.sla, safeguard.starts_on, safeguard.review_on,
    )
}

/// The order or safeguard of that id; none where there is no such one.
pub(super) fn beside(
    json: bool,
    listed: &ListAgreementsResponse,
    id: &str,
) -> Option<anyhow::Result<ExitCode>> {
    let order = listed.suspension_orders.iter().find(|order| order.order_id == id);
    let safeguard = || {
        listed
            .windrush_safeguards
            .iter()
            .find(|safeguard| safeguard.version == id)
    };
    match (order, order.is_none().then(safeguard).flatten()) {
        (Some(order), _) => Some(suspension_order(json, order)),
        (None, Some(safeguard)) => Some(windrush_safeguard(json, safeguard)),
        (None, None) => None,
    }
}

fn suspension_order(json: bool, order: &SuspensionOrder) -> anyhow::Result<ExitCode> {
    if json {
        print_json("statuscheck.register.v1.SuspensionOrder", order)?;
        return Ok(ExitCode::SUCCESS);
    }
    say!("{}", order_in_words(order))?;
    lines(&[
        ("reason", order.reason.clone()),
        ("owner", order.owner.clone()),
        ("ends", order.ends_on.clone()),
        ("agreements", order.agreement_ids.join(", ")),
    ])
}

fn windrush_safeguard(json: bool, safeguard: &WindrushSafeguard) -> anyhow::Result<ExitCode> {
    if json {
        print_json("statuscheck.register.v1.WindrushSafeguard", safeguard)?;
        return Ok(ExitCode::SUCCESS);
    }
    say!("{}", safeguard_in_words(safeguard))?;
    lines(&[
        ("owner", safeguard.owner.clone()),
        ("settlement by", safeguard.last_settlement.clone()),
        ("grounds", safeguard.grounds.join(", ")),
        ("whom to call", safeguard.contact.clone()),
        ("what is told", safeguard.advice.clone()),
        ("subscribers", safeguard.subscribers.join(", ")),
    ])
}

fn lines(lines: &[(&str, String)]) -> anyhow::Result<ExitCode> {
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        say!("  {name:<20} {value}")?;
    }
    Ok(ExitCode::SUCCESS)
}
