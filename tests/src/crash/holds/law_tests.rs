use statuscheck_proto::referral::v1::{Note, ResolveRequest};
use statuscheck_proto::v1::{Answer, CheckResponse, Established, NotEstablished};

use super::*;
use crate::asking::{EMPLOYER, TRUST, by_name, request};
use crate::crash::holds::office::Said;

/// Two cases about one person, of which the second, of another kind, joined the referral of the first.
const FIRST: &str = "1";
const SECOND: &str = "2";

fn asked(case: &str, outcome: Outcome) -> Asked {
    let ann = by_name("Sam", "Ann", "1960-04-02");
    let (who, check) = match case {
        FIRST => (EMPLOYER, ann.work()),
        _ => (TRUST, ann.status()),
    };
    Asked {
        who,
        request: request(check),
        told: Some(CheckResponse {
            case_id: case.to_owned(),
            answer: Some(Answer {
                outcome: Some(outcome),
                ..Answer::default()
            }),
        }),
    }
}

fn refused(case: &str) -> Asked {
    asked(case, Outcome::NotEstablished(NotEstablished::default()))
}

fn established(case: &str) -> Asked {
    asked(case, Outcome::Established(Established::default()))
}

fn row(referral: &str, case: &str, is_joined: bool, state: &str) -> Row {
    Row {
        referral: referral.to_owned(),
        case: case.to_owned(),
        is_joined,
        state: state.to_owned(),
    }
}

fn file(said: &[(What, End)]) -> File {
    let said = (1..).zip(said).map(|(number, (what, end))| {
        let request = ResolveRequest {
            note: format!("note {number}"),
            ..ResolveRequest::default()
        };
        Said::new(*what, request, *end)
    });
    File::of(CheckKind::RightToWork, said.collect(), "note 1")
}

fn found(asked: &[Asked], what: What, steps: &[(&str, &str)], rows: Vec<Row>) -> Vec<Kind> {
    let files = Files::from([("a".to_owned(), file(&[(what, End::Taken)]))]);
    let findings = compare(asked, &files, &Ledger::of(steps, rows));
    findings.iter().map(|finding| finding.kind).collect()
}

const WHOLE: [(&str, &str); 6] = [
    (FIRST, OPENED),
    (SECOND, JOINED),
    (FIRST, ANSWERED),
    (FIRST, RESOLVED),
    (SECOND, ANSWERED),
    (SECOND, RESOLVED),
];

fn rows(state: &str) -> Vec<Row> {
    vec![row("a", FIRST, false, state), row("a", SECOND, true, state)]
}

#[test]
fn who_is_told_what_was_found_once_it_was_is_told_rightly() {
    let both = [refused(FIRST), refused(SECOND)];
    assert_eq!(
        found(&both, What::NotConfirmed, &WHOLE, rows("not_confirmed")),
        []
    );
    let both = [established(FIRST), established(SECOND)];
    assert_eq!(found(&both, What::Confirmed, &WHOLE, rows("confirmed")), []);
}

#[test]
fn nobody_is_refused_before_it_was_found_that_they_may_be_nor_after_a_status_was_confirmed() {
    let one = [refused(FIRST)];
    let refused_only = |steps: &[_], state| {
        let rows = vec![row("a", FIRST, false, state)];
        found(&one, What::NotConfirmed, steps, rows)
    };
    assert_eq!(
        refused_only(&[(FIRST, OPENED), (FIRST, ANSWERED)], "open"),
        [Kind::Adverse]
    );
    let early = [
        (FIRST, OPENED),
        (FIRST, ANSWERED),
        (SECOND, RECALLED),
        (FIRST, RESOLVED),
    ];
    assert_eq!(refused_only(&early, "not_confirmed"), [Kind::Adverse]);
    assert_eq!(
        found(&one, What::NotConfirmed, &[(FIRST, ANSWERED)], vec![]),
        [Kind::Adverse]
    );
    let both = [established(FIRST), refused(SECOND)];
    assert_eq!(
        found(&both, What::Confirmed, &WHOLE, rows("confirmed")),
        [Kind::Adverse]
    );
    let both = [established(FIRST), refused(FIRST)];
    assert_eq!(
        found(
            &both,
            What::NotConfirmed,
            &WHOLE[..4],
            vec![row("a", FIRST, false, "not_confirmed")]
        ),
        [Kind::Adverse]
    );
    // A status with an end says nothing about another check.
    let both = [established(FIRST), established(SECOND)];
    assert_eq!(
        found(&both, What::Limited, &WHOLE, rows("confirmed")),
        [Kind::Adverse]
    );
}

#[test]
fn what_was_found_before_is_told_of_later_cases_and_of_none_before_it() {
    let rows = || vec![row("a", FIRST, false, "not_confirmed")];
    let later = [
        (FIRST, OPENED),
        (FIRST, RESOLVED),
        (SECOND, ANSWERED),
        (SECOND, RECALLED),
    ];
    let both = || [asked(FIRST, Outcome::Pending(<_>::default())), refused(SECOND)];
    assert_eq!(found(&both(), What::NotConfirmed, &later, rows()), []);
    let before = [
        (FIRST, OPENED),
        (SECOND, ANSWERED),
        (SECOND, RECALLED),
        (FIRST, RESOLVED),
    ];
    assert_eq!(
        found(&both(), What::NotConfirmed, &before, rows()),
        [Kind::Adverse]
    );
}

#[test]
fn nobody_has_two_referrals_at_once_nor_another_after_a_status_was_confirmed() {
    let both = [
        established(FIRST),
        asked(SECOND, Outcome::Pending(<_>::default())),
    ];
    let two = |state: &str| vec![row("a", FIRST, false, state), row("b", SECOND, false, "open")];
    let one_first = [
        (FIRST, OPENED),
        (SECOND, OPENED),
        (FIRST, ANSWERED),
        (FIRST, RESOLVED),
    ];
    assert_eq!(
        found(&both, What::Limited, &one_first, two("confirmed")),
        [Kind::Doubled]
    );
    let one_last = [
        (FIRST, OPENED),
        (FIRST, ANSWERED),
        (FIRST, RESOLVED),
        (SECOND, OPENED),
    ];
    assert_eq!(found(&both, What::Limited, &one_last, two("confirmed")), []);
    assert_eq!(
        found(&both, What::Confirmed, &one_last, two("confirmed")),
        [Kind::Doubled]
    );
}

#[test]
fn a_finding_is_recorded_once_in_each_case_that_it_ends() {
    let both = [refused(FIRST), refused(SECOND)];
    let twice = [&WHOLE[..], &[(SECOND, RESOLVED)]].concat();
    assert_eq!(
        found(&both, What::NotConfirmed, &twice, rows("not_confirmed")),
        [Kind::Doubled]
    );
    assert_eq!(
        found(&both, What::NotConfirmed, &WHOLE[..5], rows("not_confirmed")),
        [Kind::Lost]
    );
}

#[test]
fn a_case_is_held_behind_its_referral_where_it_joined_before_that_was_closed() {
    let held = |steps: &[(&str, &str)]| {
        let rows = vec![
            row("a", FIRST, false, "not_confirmed"),
            row("a", SECOND, true, "open"),
        ];
        let ledger = Ledger::of(steps, rows);
        let behind = ledger.held_behind();
        behind
            .iter()
            .map(|(row, before)| (row.case.clone(), *before))
            .collect::<Vec<_>>()
    };
    let (opened, joined, resolved) = ((FIRST, OPENED), (SECOND, JOINED), (FIRST, RESOLVED));
    assert_eq!(held(&[opened, joined, resolved]), [(SECOND.to_owned(), true)]);
    assert_eq!(held(&[opened, resolved, joined]), [(SECOND.to_owned(), false)]);
}

#[test]
fn what_is_read_of_a_referral_is_what_was_said_and_taken() {
    let kinds = |said: &[(What, End)], notes: &[&str], state: ReferralState| {
        let notes = notes.iter().map(|note| {
            let (text, finding) = note.split_once(": ").expect("a note and its finding");
            Note {
                text: text.to_owned(),
                finding: finding.to_owned(),
                ..Note::default()
            }
        });
        let referral = Referral {
            state: state.into(),
            notes: notes.collect(),
            ..Referral::default()
        };
        let findings = read(&referral, &file(said));
        findings.iter().map(|finding| finding.kind).collect::<Vec<_>>()
    };
    use End::{Refused, Taken, Unanswered};
    use What::{Confirmed, NotConfirmed};
    let (open, confirmed, not) = (
        ReferralState::Open,
        ReferralState::Confirmed,
        ReferralState::NotConfirmed,
    );
    assert_eq!(
        kinds(&[(Confirmed, Taken)], &["note 1: CONFIRMED"], confirmed),
        []
    );
    assert_eq!(
        kinds(&[(Confirmed, Unanswered)], &["note 1: CONFIRMED"], confirmed),
        []
    );
    assert_eq!(kinds(&[(Confirmed, Unanswered)], &[], open), []);
    assert_eq!(kinds(&[(Confirmed, Taken)], &[], open), [Kind::Lost]);
    assert_eq!(kinds(&[(Confirmed, Unanswered)], &[], confirmed), [Kind::Altered]);
    assert_eq!(
        kinds(&[(Confirmed, Taken)], &["note 1: CONFIRMED"], open),
        [Kind::Altered]
    );
    assert_eq!(
        kinds(&[(Confirmed, Taken)], &["note 1: NOT_CONFIRMED"], open),
        [Kind::Altered]
    );
    assert_eq!(kinds(&[(Confirmed, Refused)], &[], open), [Kind::Altered]);
    assert_eq!(kinds(&[], &["note 1: CONFIRMED"], open), [Kind::Altered]);
    let twice = ["note 1: CONFIRMED", "note 1: CONFIRMED"];
    assert_eq!(
        kinds(&[(Confirmed, Taken)], &twice, confirmed),
        [Kind::Doubled, Kind::Doubled]
    );
    let both = [(NotConfirmed, Taken), (Confirmed, Refused)];
    assert_eq!(kinds(&both, &["note 1: NOT_CONFIRMED"], not), []);
    let notes = ["note 1: NOT_CONFIRMED", "note 2: CONFIRMED"];
    assert_eq!(kinds(&both, &notes, not), [Kind::Altered, Kind::Doubled]);
}
