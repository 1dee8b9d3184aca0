//! Where an organisation is told of its cases, or somebody of referrals, as a file of the register has it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use statuscheck_domain::agreement::Webhook;

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

    /// Those under `key`, by whom they tell. What is wrong with one beside its name is for what has it to say.
    pub(super) fn by_name<T: Ord + FromStr<Err: Display>>(
        key: &str,
        by_name: BTreeMap<String, Self>,
        values: &mut Values,
    ) -> BTreeMap<T, Webhook> {
        let webhook = |(name, file): (String, Self)| {
            let whose = values.one(&format!("{key}.{name}"), &name)?;
            Some((whose, file.webhook()))
        };
        by_name.into_iter().filter_map(webhook).collect()
    }
}
