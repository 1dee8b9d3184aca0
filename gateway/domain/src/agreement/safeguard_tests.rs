use jiff::civil::date;

use super::super::tests::sample;
use super::*;
use crate::agreement::{Due, DueKind, Register, plan};
use crate::sla::Target;
use crate::windrush::Ground;

fn safeguard(version: &str, starts_on: Date) -> Safeguard {
    let mut safeguard = Safeguard::guidance();
    safeguard.rules.version = version.parse().unwrap();
    safeguard.starts_on = starts_on;
    safeguard.review_on = starts_on.saturating_add(jiff::Span::new().months(6));
    safeguard
}

fn register(safeguards: &[Safeguard]) -> Register {
    let register = Register::new([sample("a")], []).unwrap();
    register.with_safeguards(safeguards.iter().cloned()).unwrap()
}

const FIRST: Date = date(2026, 3, 1);
const SECOND: Date = date(2026, 5, 1);

#[test]
fn a_case_goes_by_the_last_safeguard_that_had_started_when_it_was_received() {
    // The order of the files is not the order of the days.
    let register = register(&[safeguard("second", SECOND), safeguard("first", FIRST)]);
    for (day, version) in [
        (date(2026, 2, 28), "casework-guidance"),
        (FIRST, "first"),
        (date(2026, 4, 30), "first"),
        (SECOND, "second"),
        (date(2040, 1, 1), "second"),
    ] {
        assert_eq!(
            register.safeguard_on(day).rules.version.as_str(),
            version,
            "{day}"
        );
    }
    let nothing = Register::default().safeguard_on(FIRST);
    assert_eq!(*nothing, Safeguard::guidance());
    assert_eq!(nothing.faults(), []);
}

#[test]
fn the_safeguards_that_are_not_over_are_the_one_that_counts_and_those_to_come() {
    let register = register(&[safeguard("first", FIRST), safeguard("second", SECOND)]);
    let on = |day| -> Vec<String> {
        let from = register.safeguards_from(day);
        from.map(|safeguard| safeguard.rules.version.to_string())
            .collect()
    };
    assert_eq!(on(date(2026, 2, 28)), ["first", "second"]);
    assert_eq!(on(FIRST), ["first", "second"]);
    assert_eq!(on(SECOND), ["second"]);
}

#[test]
fn the_safeguard_that_counts_is_reviewed_and_no_earlier_one() {
    let register = register(&[safeguard("first", FIRST), safeguard("second", SECOND)]);
    let due: Vec<Due> = register.due(date(2026, 12, 1), 30);
    let of_safeguards: Vec<_> = due
        .iter()
        .filter(|due| due.kind == DueKind::SafeguardReview)
        .collect();
    let [due] = &of_safeguards[..] else {
        panic!("one is due: {of_safeguards:?}")
    };
    assert_eq!(
        (due.id.as_str(), due.on, due.is_overdue),
        ("second", Some(date(2026, 11, 1)), true)
    );
    assert_eq!(due.contact, "Head of the Windrush Taskforce");
}

#[test]
fn advice_has_places_for_the_referral_and_the_day_and_for_nothing_about_a_person() {
    let referral: ReferralId = "019c0000-0000-7000-8000-0000000000ef".parse().unwrap();
    let advice: Advice = "Quote {referral} by {due}, {referral}.".parse().unwrap();
    assert_eq!(
        advice.about(referral, FIRST),
        "Quote 019c0000-0000-7000-8000-0000000000ef by 2026-03-01, 019c0000-0000-7000-8000-0000000000ef."
    );
    for (text, fault) in [
        ("Dear {family_name}", AdviceError::Place),
        ("{ref{referral}erral}", AdviceError::Place),
        ("half {", AdviceError::Place),
        ("", AdviceError::Length),
        ("two\nlines", AdviceError::Length),
    ] {
        assert_eq!(text.parse::<Advice>(), Err(fault), "{text}");
    }
    assert!("x".repeat(1_000).parse::<Advice>().is_ok());
    assert_eq!("x".repeat(1_001).parse::<Advice>(), Err(AdviceError::Length));
}

fn webhook(host: &str) -> Webhook {
    Webhook {
        url: format!("https://{host}/t0ken"),
        secret_files: vec!["ops".to_owned()],
    }
}

/// What is changed, in place.
type Edit = fn(&mut Safeguard);

#[test]
fn no_field_of_a_safeguard_can_change_without_a_word() {
    let changes: [(&str, Edit); 11] = [
        ("owner", |s| s.rules.owner.push('!')),
        ("review", |s| s.review_on = Date::MAX),
        ("helpline", |s| s.helpline.phone.push('1')),
        ("advice", |s| s.advice = "Other.".parse().unwrap()),
        ("subscribers: ops added", |s| {
            s.subscribers
                .insert("ops".parse().unwrap(), webhook("ops.example"));
        }),
        ("first day", |s| s.starts_on = SECOND),
        ("last day of arrival", |s| {
            s.rules.last_arrival = date(1987, 12, 31)
        }),
        ("last day of settlement", |s| {
            s.rules.last_settlement = date(1971, 12, 31)
        }),
        ("grounds", |s| {
            s.rules
                .grounds
                .retain(|ground| *ground != Ground::CouldHaveArrived)
        }),
        ("promise of the taskforce", |s| {
            s.promise = Target::VULNERABLE.into()
        }),
        ("division", |s| s.division = Division::Scotland),
    ];
    let words_of = |edit: Edit| -> Vec<String> {
        let mut new = safeguard("first", FIRST);
        edit(&mut new);
        let planned = plan(&register(&[safeguard("first", FIRST)]), &register(&[new]));
        planned.iter().map(ToString::to_string).collect()
    };
    for (place, (told, edit)) in changes.into_iter().enumerate() {
        let words = words_of(edit);
        assert!(
            words[0].starts_with(&format!("first: {told}")),
            "{told}: {words:?}"
        );
        // What decides about people is to have a version of its own.
        let expected = if place < 5 { 1 } else { 2 };
        assert_eq!(words.len(), expected, "{told}: {words:?}");
    }
}

#[test]
fn a_safeguard_that_comes_or_goes_is_told_and_a_subscriber_by_its_host_alone() {
    let mut with = safeguard("first", FIRST);
    with.subscribers = [("ops".parse().unwrap(), webhook("ops.example"))].into();
    let (old, new) = (register(&[]), register(&[with.clone()]));
    let told = |old: &Register, new: &Register| -> Vec<String> {
        plan(old, new).iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        told(&old, &new),
        [
            "first: a new Windrush safeguard, by Head of the Windrush Taskforce, from 2026-03-01, to be reviewed on 2026-09-01: \
          arrival by 1988-12-31, settlement by 1972-12-31, on SETTLED_BEFORE_1973, ARRIVED_BEFORE_1989, COULD_HAVE_ARRIVED; \
          answered within 5 working days (England and Wales); ops is told of referrals"
        ]
    );
    assert_eq!(told(&new, &old), ["first: is taken out of the register"]);
    let mut other = with;
    other.subscribers = [("ops".parse().unwrap(), webhook("other.example"))].into();
    assert_eq!(
        told(&new, &register(&[other])),
        ["first: webhook of ops: ops.example becomes other.example"]
    );
}
