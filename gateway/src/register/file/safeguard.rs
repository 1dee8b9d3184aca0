//! The shape of a file of the Windrush safeguard.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use statuscheck_domain::agreement::{Advice, Fault, Helpline, Safeguard};
use statuscheck_domain::calendar::Division;
use statuscheck_domain::windrush::{Ground, Rules};

use super::{Values, unread};
use crate::register::webhook::WebhookFile;

/// What counts from a day on.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::register) struct SafeguardFile {
    /// Changes whenever anything here does; lower-case letters, digits and hyphens.
    pub(in crate::register) version: String,
    /// The post that answers for it.
    owner: String,
    /// First day.
    starts_on: String,
    /// When it is looked at again.
    review_on: String,
    /// The last day of arrival that counts.
    last_arrival: String,
    /// The last day of settlement that counts.
    last_settlement: String,
    /// Names of the grounds that count.
    grounds: Vec<String>,
    /// How long the taskforce may take, as in an agreement's `sla`.
    promise: String,
    /// Whose bank holidays count. Without it those of England and Wales.
    division: Option<String>,
    /// What to tell the person.
    advice: String,
    /// Whom to call.
    helpline: HelplineFile,
    /// Who is told of a referral beside the taskforce.
    #[serde(default)]
    subscribers: BTreeMap<String, WebhookFile>,
}

/// A post to call.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HelplineFile {
    /// Its name.
    name: String,
    /// Its telephone number.
    phone: String,
    /// Its e-mail address.
    email: String,
}

impl SafeguardFile {
    /// The safeguard.
    ///
    /// # Errors
    /// Every value that does not fit; and where each fits, everything that cannot be meant.
    pub(in crate::register) fn safeguard(self) -> Result<Safeguard, Vec<Fault>> {
        let mut values = Values::default();
        let usual = Safeguard::guidance();
        let version = values.one("version", &self.version);
        let starts_on = values.one("starts_on", &self.starts_on);
        let review_on = values.one("review_on", &self.review_on);
        let last_arrival = values.one("last_arrival", &self.last_arrival);
        let last_settlement = values.one("last_settlement", &self.last_settlement);
        let grounds = values.known("grounds", &self.grounds, Ground::named);
        let promise = values.one("promise", &self.promise);
        let division = values.optional("division", self.division.as_deref());
        let advice = values.one::<Advice>("advice", &self.advice);
        let subscribers = WebhookFile::by_name("subscribers", self.subscribers, &mut values);
        let safeguard = Safeguard {
            rules: Rules {
                version: version.unwrap_or_else(unread),
                owner: self.owner,
                last_arrival: last_arrival.unwrap_or(Date::MAX),
                last_settlement: last_settlement.unwrap_or(Date::MIN),
                grounds,
            },
            starts_on: starts_on.unwrap_or(Date::MIN),
            review_on: review_on.unwrap_or(Date::MAX),
            promise: promise.unwrap_or(usual.promise),
            division: division.unwrap_or(Division::EnglandAndWales),
            helpline: Helpline {
                name: self.helpline.name,
                phone: self.helpline.phone,
                email: self.helpline.email,
            },
            advice: advice.unwrap_or(usual.advice),
            subscribers,
        };
        values.all_fit(safeguard, Safeguard::faults)
    }
}

impl From<&Safeguard> for SafeguardFile {
    fn from(safeguard: &Safeguard) -> Self {
        let Safeguard { rules, helpline, .. } = safeguard;
        let subscribers = safeguard.subscribers.iter();
        Self {
            version: rules.version.to_string(),
            owner: rules.owner.clone(),
            starts_on: safeguard.starts_on.to_string(),
            review_on: safeguard.review_on.to_string(),
            last_arrival: rules.last_arrival.to_string(),
            last_settlement: rules.last_settlement.to_string(),
            grounds: rules
                .grounds
                .iter()
                .map(|ground| ground.as_str().to_owned())
                .collect(),
            promise: safeguard.promise.to_string(),
            division: Some(safeguard.division.as_str().to_owned()),
            advice: safeguard.advice.to_string(),
            helpline: HelplineFile {
                name: helpline.name.clone(),
                phone: helpline.phone.clone(),
                email: helpline.email.clone(),
            },
            subscribers: subscribers
                .map(|(subscriber, webhook)| (subscriber.to_string(), webhook.into()))
                .collect(),
        }
    }
}
