//! Where an organisation is told of its cases, as an agreement's file has it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statuscheck_domain::agreement::Webhook;
use statuscheck_domain::ids::OrganisationId;

use super::values::Values;

/// One webhook.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookFile {
    /// `https://…`
    url: String,
    /// Names of files in the gateway's folder of secrets.
    secret_files: Vec<String>,
}

impl From<&Webhook> for WebhookFile {
    fn from(webhook: &Webhook) -> Self {
        Self {
            url: webhook.url.clone(),
            secret_files: webhook.secret_files.clone(),
        }
    }
}

impl WebhookFile {
    pub(super) fn webhook(self) -> Webhook {
        Webhook {
            url: self.url,
            secret_files: self.secret_files,
        }
    }

    /// Those of an agreement, by organisation. What is wrong with one beside its organisation is for the agreement to say.
    pub(super) fn webhooks(
        by_organisation: BTreeMap<String, Self>,
        values: &mut Values,
    ) -> BTreeMap<OrganisationId, Webhook> {
        let webhook = |(id, file): (String, Self)| {
            let organisation = values.one(&format!("webhooks.{id}"), &id)?;
            Some((organisation, file.webhook()))
        };
        by_organisation.into_iter().filter_map(webhook).collect()
    }
}
