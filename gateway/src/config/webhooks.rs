//! Whether the webhooks of the register and of the settings fit what `[webhooks]` allows.

use statuscheck_domain::agreement::{Agreement, Register, Safeguard, Webhook};
use statuscheck_domain::clock::{SharedClock, london_day};

use super::ConfigError;
use crate::webhook::{Courier, WebhookSettings};

/// Everything that would keep a notice from being sent. Without a webhook nothing is looked at.
pub(super) fn faults(
    settings: &WebhookSettings,
    register: &Register,
    clock: &SharedClock,
) -> Vec<ConfigError> {
    let channels = settings.channels();
    let named = [
        ("webhooks.ops", channels.ops),
        ("webhooks.taskforce", channels.taskforce),
    ];
    let of_settings = named
        .into_iter()
        .filter_map(|(name, webhook)| Some((name.to_owned(), webhook?)));
    let webhooks: Vec<_> = register
        .agreements()
        .flat_map(of_agreement)
        // Nobody is told under a safeguard that is over.
        .chain(
            register
                .safeguards_from(london_day(clock.now()))
                .flat_map(of_safeguard),
        )
        .chain(of_settings)
        .collect();
    if webhooks.is_empty() {
        return Vec::new();
    }
    match Courier::new(settings, clock.clone()) {
        Ok(courier) => webhooks
            .into_iter()
            .filter_map(|(name, webhook)| fault(&courier, name, &webhook))
            .collect(),
        Err(source) => vec![ConfigError::Webhooks(source)],
    }
}

/// Those that a safeguard names, each with whose it is.
fn of_safeguard(safeguard: &Safeguard) -> Vec<(String, Webhook)> {
    let version = &safeguard.rules.version;
    let subscribers = safeguard.subscribers.iter();
    subscribers
        .map(|(subscriber, webhook)| {
            (
                format!("webhook of {subscriber} under the Windrush safeguard {version}"),
                webhook.clone(),
            )
        })
        .collect()
}

/// Those that an agreement names, each with whose it is.
fn of_agreement(agreement: &Agreement) -> Vec<(String, Webhook)> {
    let id = &agreement.id;
    let organisations = agreement.webhooks.iter();
    let organisations = organisations
        .map(|(organisation, webhook)| (format!("webhook of {organisation} under {id}"), webhook.clone()));
    let owner = agreement.owner_webhook.iter();
    let owner = owner.map(|webhook| (format!("webhook of the owner of {id}"), webhook.clone()));
    organisations.chain(owner).collect()
}

fn fault(courier: &Courier, name: String, webhook: &Webhook) -> Option<ConfigError> {
    let destination = match courier.destination(webhook) {
        Ok(destination) => destination,
        Err(source) => {
            return Some(ConfigError::WebhookAddress {
                webhook: name,
                source,
            });
        }
    };
    let source = destination.secrets().err()?;
    Some(ConfigError::WebhookSecret {
        webhook: name,
        source,
    })
}
