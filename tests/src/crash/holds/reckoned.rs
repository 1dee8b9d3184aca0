//! What callers were told of people who are held, against the referrals that there are and the hooks that took effect. What ends
//! a hold, the [`super::law`] looks into.

use std::collections::{BTreeMap, HashMap};

use statuscheck_proto::referral::v1::Referral;
use statuscheck_proto::v1::answer::Outcome;

use super::people::person_of;
use crate::crash::journal::{Asked, Finding, Kind};

/// What is wrong. `effects`: how many hooks took effect for each referral; each has its own where the taskforce `is_well` and was
/// waited for.
pub(super) fn compare(
    asked: &[Asked],
    referrals: &[Referral],
    effects: &BTreeMap<String, u64>,
    is_well: bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |kind, id: &str, what: String| findings.push(Finding::new(kind, id, what));
    let told = |asked: &Asked| asked.told.as_ref().map(|told| told.case_id.clone());
    let people: HashMap<String, &str> = asked
        .iter()
        .filter_map(|asked| Some((told(asked)?, person_of(&asked.request))))
        .collect();
    let mut opened: HashMap<&str, Vec<&str>> = HashMap::new();
    for referral in referrals {
        let id = referral.referral_id.as_str();
        match people.get(&referral.case_id) {
            Some(person) => opened.entry(person).or_default().push(id),
            None => find(
                Kind::Doubled,
                id,
                "a referral of a case that nobody asked for".into(),
            ),
        }
        match effects.get(id).copied().unwrap_or_default() {
            0 if is_well => find(
                Kind::Lost,
                id,
                "the taskforce was not told of the referral".into(),
            ),
            0 | 1 => {}
            times => find(Kind::Doubled, id, format!("{times} hooks took effect")),
        }
    }
    for id in effects.keys() {
        if !referrals.iter().any(|referral| referral.referral_id == *id) {
            find(
                Kind::Lost,
                id,
                "the taskforce was told of it, and it is not there".into(),
            );
        }
    }
    for asked in asked {
        let id = &asked.request.request_id;
        let answer = asked.told.as_ref().and_then(|told| told.answer.as_ref());
        if let Some(Outcome::Referred(referred)) = answer.and_then(|answer| answer.outcome.as_ref()) {
            let of_person = opened.get(person_of(&asked.request));
            if !of_person.is_some_and(|ids| ids.contains(&referred.referral_id.as_str())) {
                find(Kind::Lost, id, "told of a referral that is not there".into());
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use statuscheck_proto::v1::{Answer, CheckResponse, Referred};

    use super::*;
    use crate::asking::{EMPLOYER, by_name, request};

    fn asked(case: &str, person: &str, outcome: Outcome) -> Asked {
        Asked {
            who: EMPLOYER,
            request: request(by_name("Sam", person, "1960-04-02").work()),
            told: Some(CheckResponse {
                case_id: case.to_owned(),
                answer: Some(Answer {
                    outcome: Some(outcome),
                    ..Answer::default()
                }),
            }),
        }
    }

    fn referred(case: &str, person: &str, referral: &str) -> Asked {
        let outcome = Outcome::Referred(Referred {
            referral_id: referral.to_owned(),
            ..Referred::default()
        });
        asked(case, person, outcome)
    }

    fn open(referral: &str, case: &str) -> Referral {
        Referral {
            referral_id: referral.to_owned(),
            case_id: case.to_owned(),
            ..Referral::default()
        }
    }

    fn found(asked: &[Asked], referrals: &[Referral], effects: &[(&str, u64)], is_well: bool) -> Vec<Kind> {
        let effects = effects.iter().map(|(id, times)| ((*id).to_owned(), *times));
        let findings = compare(asked, referrals, &effects.collect(), is_well);
        findings.iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn one_effect_for_each_referral_is_right_and_nothing_else_is() {
        let both = [referred("1", "Ann", "a"), referred("2", "Ann", "a")];
        let one = [open("a", "1")];
        assert_eq!(found(&both, &one, &[("a", 1)], true), []);
        assert_eq!(found(&both, &one, &[("a", 0)], false), []);
        assert_eq!(found(&both, &one, &[("a", 0)], true), [Kind::Lost]);
        assert_eq!(found(&both, &one, &[], true), [Kind::Lost]);
        assert_eq!(found(&both, &one, &[("a", 2)], false), [Kind::Doubled]);
        assert_eq!(found(&both, &one, &[("a", 1), ("b", 0)], true), [Kind::Lost]);
        assert_eq!(found(&both, &[], &[], true), [Kind::Lost, Kind::Lost]);
        assert_eq!(
            found(
                &both,
                &[open("a", "1"), open("b", "3")],
                &[("a", 1), ("b", 1)],
                true
            ),
            [Kind::Doubled]
        );
    }
}
