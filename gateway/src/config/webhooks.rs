//! Whether what the register has of webhooks fits what `[webhooks]` allows.

use statuscheck_domain::agreement::{Agreement, Register, Webhook};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::OrganisationId;

use super::ConfigError;
use crate::webhook::{Courier, WebhookSettings};

/// Everything that would keep a notice from being sent. Without a webhook in the register nothing is looked at.
pub(super) fn faults(
    settings: &WebhookSettings,
    register: &Register,
    clock: &SharedClock,
) -> Vec<ConfigError> {
    let with_agreement = |agreement| move |(organisation, webhook)| (agreement, organisation, webhook);
    let mut webhooks = register
        .agreements()
        .flat_map(|agreement| agreement.webhooks.iter().map(with_agreement(agreement)))
        .peekable();
    if webhooks.peek().is_none() {
        return Vec::new();
    }
    match Courier::new(settings, clock.clone()) {
        Ok(courier) => webhooks
            .filter_map(|(agreement, organisation, webhook)| {
                fault(&courier, agreement, organisation, webhook)
            })
            .collect(),
        Err(source) => vec![ConfigError::Webhooks(source)],
    }
}

fn fault(
    courier: &Courier,
    agreement: &Agreement,
    organisation: &OrganisationId,
    webhook: &Webhook,
) -> Option<ConfigError> {
    let (agreement, organisation) = (agreement.id.clone(), organisation.clone());
    let destination = match courier.destination(webhook) {
        Ok(destination) => destination,
        Err(source) => {
            return Some(ConfigError::WebhookAddress {
                agreement,
                organisation,
                source,
            });
        }
    };
    let source = destination.secrets().err()?;
    Some(ConfigError::WebhookSecret {
        agreement,
        organisation,
        source,
    })
}
