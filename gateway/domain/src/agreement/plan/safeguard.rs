//! What would change about the Windrush safeguard, in words.

use super::{Words, listed};
use crate::agreement::Safeguard;

pub(super) fn introduced(safeguard: &Safeguard) -> String {
    let Safeguard { rules, .. } = safeguard;
    let grounds: Vec<_> = rules
        .grounds
        .iter()
        .map(|ground| ground.as_str().to_owned())
        .collect();
    let subscribers: Vec<_> = safeguard.subscribers.keys().map(ToString::to_string).collect();
    let told = if subscribers.is_empty() {
        "nobody beside the taskforce".to_owned()
    } else {
        listed(&subscribers)
    };
    format!(
        "a new Windrush safeguard, by {}, from {}, to be reviewed on {}: arrival by {}, settlement by {}, on {}; answered within {} \
         ({}); {told} is told of referrals",
        rules.owner,
        safeguard.starts_on,
        safeguard.review_on,
        rules.last_arrival,
        rules.last_settlement,
        listed(&grounds),
        safeguard.promise,
        safeguard.division,
    )
}

pub(super) fn changes(old: &Safeguard, new: &Safeguard, words: &mut Words) {
    words.text("owner", &old.rules.owner, &new.rules.owner);
    words.value("first day", &old.starts_on, &new.starts_on);
    words.value("review", &old.review_on, &new.review_on);
    words.value(
        "last day of arrival",
        &old.rules.last_arrival,
        &new.rules.last_arrival,
    );
    words.value(
        "last day of settlement",
        &old.rules.last_settlement,
        &new.rules.last_settlement,
    );
    let grounds = |of: &Safeguard| -> Vec<String> {
        let grounds = of.rules.grounds.iter();
        grounds.map(|ground| ground.as_str().to_owned()).collect()
    };
    words.list("grounds", &grounds(old), &grounds(new));
    words.value("promise of the taskforce", &old.promise, &new.promise);
    words.value("division", &old.division, &new.division);
    words.value("helpline", &old.helpline, &new.helpline);
    words.text("advice", &old.advice.to_string(), &new.advice.to_string());
    let ids = |of: &Safeguard| -> Vec<String> { of.subscribers.keys().map(ToString::to_string).collect() };
    words.list("subscribers", &ids(old), &ids(new));
    for (subscriber, webhook) in &new.subscribers {
        let before = old.subscribers.get(subscriber);
        if let Some(before) = before {
            words.webhook(subscriber, before, webhook);
        }
    }
    // Whoever answers for it may change, and so may words and whom to call.
    let counts = |of: &Safeguard| {
        let days = (of.starts_on, of.rules.last_arrival, of.rules.last_settlement);
        (days, of.rules.grounds.clone(), of.promise, of.division)
    };
    if counts(old) != counts(new) {
        let what = "what counts changes and its version does not: give it a file, a version and a later day of its own";
        words.0.push(what.to_owned());
    }
}
