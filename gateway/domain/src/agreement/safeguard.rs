//! The Windrush safeguard as the register has it: by which rules a person is held back from a refusal, how long the taskforce
//! may take, what is said meanwhile, and who is told beside the taskforce (report 3.21–3.25, 6.56).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::{Fault, Webhook};
use crate::calendar::Division;
use crate::ids::{ReferralId, SubscriberId};
use crate::sla::{Promise, WorkingDays};
use crate::windrush::Rules;

/// What counts from a day on, until the next one begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Safeguard {
    /// Who has a profile, under a name and with an owner.
    pub rules: Rules,
    /// The first day on which cases are received under it.
    pub starts_on: Date,
    /// When it is looked at again: the suspension of 2018 had no such day (report 5.43).
    pub review_on: Date,
    /// How long the taskforce may take.
    pub promise: Promise,
    /// Whose bank holidays count.
    pub division: Division,
    /// Whom the caller or the person can turn to.
    pub helpline: Helpline,
    /// What to tell the person.
    pub advice: Advice,
    /// Who is told that a referral was opened, beside the taskforce: an ops channel, a local authority's liaison.
    pub subscribers: BTreeMap<SubscriberId, Webhook>,
}

/// Whom to call. A post, never a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Helpline {
    /// Its name.
    pub name: String,
    /// Its telephone number.
    pub phone: String,
    /// Its e-mail address.
    pub email: String,
}

/// Such as "Windrush helpline, 0808 157 0123, windrush@home-office.example".
impl fmt::Display for Helpline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, phone, email } = self;
        write!(formatter, "{name}, {phone}, {email}")
    }
}

/// What to tell the person, with `{referral}` and `{due}` where the referral's id and the day of the finding go. It knows no
/// other place, so that nothing about a person can get into it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advice(String);

/// Is no text to tell somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AdviceError {
    /// It says nothing, or too much to be read out.
    #[error("must have 1 to {ADVICE_LENGTH_MAX} characters on one line")]
    Length,
    /// There is nothing to put there.
    #[error("may have {{referral}} and {{due}} in braces, and nothing else")]
    Place,
}

/// Characters of an advice: a minute to read out.
const ADVICE_LENGTH_MAX: usize = 1_000;

/// Subscribers of one safeguard: each is told of every referral, and tells nobody how it went.
const SUBSCRIBERS_MAX: usize = 16;

impl FromStr for Advice {
    type Err = AdviceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_one_line = !text.chars().any(char::is_control);
        if text.trim().is_empty() || text.chars().count() > ADVICE_LENGTH_MAX || !is_one_line {
            return Err(AdviceError::Length);
        }
        let rest = text.replace("{referral}", "").replace("{due}", "");
        if rest.contains(['{', '}']) {
            return Err(AdviceError::Place);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Advice {
    /// As it is written, places and all.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Advice {
    /// What to tell the person of this referral, whose finding is due on `due`.
    pub fn about(&self, referral: ReferralId, due: Date) -> String {
        let text = self.0.replace("{referral}", &referral.to_string());
        text.replace("{due}", &due.to_string())
    }
}

impl Safeguard {
    /// What counts where the register says nothing: current casework guidance, for ever.
    pub fn guidance() -> Self {
        Self {
            rules: Rules::default(),
            starts_on: Date::MIN,
            review_on: Date::MAX,
            promise: Promise::Working(WorkingDays::FIVE),
            division: Division::EnglandAndWales,
            helpline: Helpline {
                name: "Windrush Taskforce".to_owned(),
                phone: "0808 157 0123".to_owned(),
                email: "windrush-taskforce@home-office.example".to_owned(),
            },
            advice: Advice(
                "You may have rights that a record does not show. Nothing is refused to you while the Windrush Taskforce \
                 looks into it, at no cost to you; its finding on referral {referral} is due on {due}."
                    .to_owned(),
            ),
            subscribers: BTreeMap::new(),
        }
    }

    /// Everything that cannot be meant.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let Rules {
            owner,
            last_arrival,
            last_settlement,
            grounds,
            ..
        } = &self.rules;
        super::faults::not_blank("owner", owner, &mut faults);
        if last_settlement > last_arrival {
            let what = format!("{last_settlement} is after last_arrival");
            faults.push(Fault::new("last_settlement", what));
        }
        if grounds.is_empty() {
            faults.push(Fault::new("grounds", "is empty: nobody would be held back"));
        }
        if self.review_on < self.starts_on {
            let what = format!("{} is before starts_on", self.review_on);
            faults.push(Fault::new("review_on", what));
        }
        self.helpline_at_fault(&mut faults);
        if self.subscribers.len() > SUBSCRIBERS_MAX {
            let what = format!("must be at most {SUBSCRIBERS_MAX}");
            faults.push(Fault::new("subscribers", what));
        }
        for (subscriber, webhook) in &self.subscribers {
            let fault = |(part, what)| Fault::new(format!("subscribers.{subscriber}.{part}"), what);
            faults.extend(webhook.faults().into_iter().map(fault));
        }
        faults
    }

    fn helpline_at_fault(&self, faults: &mut Vec<Fault>) {
        let Helpline { name, phone, email } = &self.helpline;
        super::faults::not_blank("helpline.name", name, faults);
        let is_of_phone = |sign: char| sign.is_ascii_digit() || matches!(sign, ' ' | '+' | '(' | ')');
        if !phone.chars().any(|sign| sign.is_ascii_digit()) || !phone.chars().all(is_of_phone) {
            faults.push(Fault::new("helpline.phone", "must be a telephone number"));
        }
        super::faults::e_mail("helpline.email", email, faults);
    }
}

#[cfg(test)]
#[path = "safeguard_tests.rs"]
mod tests;
