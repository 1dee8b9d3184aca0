//! Whether what the register has of webhooks fits what `[webhooks]` allows.

use statuscheck_domain::agreement::{Agreement, Register, Safeguard, Webhook};
use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::ids::{OrganisationId, SubscriberId};

use super::ConfigError;
use crate::webhook::{Courier, NotAllowed, SecretError, WebhookSettings};

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
    let with_safeguard = |safeguard| move |(subscriber, webhook)| (safeguard, subscriber, webhook);
    // Nobody is told under a safeguard that is over.
    let mut subscribers = register
        .safeguards_from(london_day(clock.now()))
        .flat_map(|safeguard| safeguard.subscribers.iter().map(with_safeguard(safeguard)))
        .peekable();
    if webhooks.peek().is_none() && subscribers.peek().is_none() {
        return Vec::new();
    }
    let courier = match Courier::new(settings, clock.clone()) {
        Ok(courier) => courier,
        Err(source) => return vec![ConfigError::Webhooks(source)],
    };
    let of_agreements = webhooks.filter_map(|(agreement, organisation, webhook)| {
        Some(of_agreement(fault(&courier, webhook)?, agreement, organisation))
    });
    let of_safeguards = subscribers.filter_map(|(safeguard, subscriber, webhook)| {
        Some(of_safeguard(fault(&courier, webhook)?, safeguard, subscriber))
    });
    of_agreements.chain(of_safeguards).collect()
}

/// Why nothing can be sent to a webhook.
enum WebhookFault {
    Address(NotAllowed),
    Secret(SecretError),
}

fn fault(courier: &Courier, webhook: &Webhook) -> Option<WebhookFault> {
    match courier.destination(webhook) {
        Ok(destination) => destination.secrets().err().map(WebhookFault::Secret),
        Err(error) => Some(WebhookFault::Address(error)),
    }
}

fn of_agreement(fault: WebhookFault, agreement: &Agreement, organisation: &OrganisationId) -> ConfigError {
    let (agreement, organisation) = (agreement.id.clone(), organisation.clone());
    match fault {
        WebhookFault::Address(source) => ConfigError::WebhookAddress {
            agreement,
            organisation,
            source,
        },
        WebhookFault::Secret(source) => ConfigError::WebhookSecret {
            agreement,
            organisation,
            source,
        },
    }
}

fn of_safeguard(fault: WebhookFault, safeguard: &Safeguard, subscriber: &SubscriberId) -> ConfigError {
    let (version, subscriber) = (safeguard.rules.version.clone(), subscriber.clone());
    match fault {
        WebhookFault::Address(source) => ConfigError::SubscriberAddress {
            version,
            subscriber,
            source,
        },
        WebhookFault::Secret(source) => ConfigError::SubscriberSecret {
            version,
            subscriber,
            source,
        },
    }
}
