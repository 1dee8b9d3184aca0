//! Where the agreement withholds that a person is referred, a case that is held is one that waits: in every byte, for as long as it
//! waits, and in every event.

use futures_util::{StreamExt as _, stream};
use prost::Message;
use statuscheck::limits::LimitSettings;
use statuscheck::server::CheckSettings;
use statuscheck_domain::agreement::Agreement;
use statuscheck_domain::clock::Clock as _;
use statuscheck_tests::house::until_some;
use statuscheck_tests::likeness;
use tonic::Streaming;
use v1::{WatchCasesRequest, WatchCasesResponse};

use super::*;

/// Whose callers are not told that a person is referred.
const DISCREET: &str = STRANGER;

fn discreet() -> Agreement {
    let mut agreement = agreement_like("right-to-work", "discreet", "stranger");
    agreement.withholds_referrals = true;
    agreement
}

/// A plan in which a call has its time soon over.
fn plan(people: impl IntoIterator<Item = Resident>) -> Plan {
    Plan {
        people: people.into_iter().collect(),
        checks: CheckSettings {
            budget: Duration::from_millis(400),
            ..CheckSettings::default()
        },
        agreements: vec![discreet()],
        ..Plan::default()
    }
}

/// What is held: there is no record, or one of leave that ended; of a refugee it would bring the due time nearer.
fn held() -> Vec<Resident> {
    let old = |id: &str| person(id).born("1960-04-02");
    let ended = ("2020-01-01", "2025-12-31");
    vec![
        old("nothing").behaves("home-office", "no_record"),
        old("ended").leave("Skilled Worker", ended.0, ended.1),
        old("refuge").leave("Refugee permission to stay", ended.0, ended.1),
    ]
}

/// What waits, for whatever reason.
fn waiting() -> Vec<Resident> {
    let ways = ["defer:90d", "closed", "fail"];
    let waiting = ways.map(|way| {
        person(&way[..4])
            .settled("2019-06-01")
            .behaves("home-office", way)
    });
    waiting.into()
}

/// The message as it goes over the wire, but for the case's id.
fn bytes(message: &impl Message, case_id: &str) -> Vec<u8> {
    let mut bytes = message.encode_to_vec();
    let places = bytes.windows(case_id.len()).enumerate();
    let places: Vec<_> = places
        .filter(|(_, window)| *window == case_id.as_bytes())
        .map(|(place, _)| place)
        .collect();
    assert!(!places.is_empty(), "it names the case");
    for place in places {
        bytes[place..place + case_id.len()].fill(b'-');
    }
    bytes
}

/// Asks about each, and says which cases came of it. All answers are the same bytes.
async fn asked(house: &House, people: impl IntoIterator<Item = Resident>) -> Vec<String> {
    let mut ids = Vec::new();
    let mut first = None;
    for (n, person) in people.into_iter().enumerate() {
        // With a number, so that there are departments to ask for evidence.
        let subject = person.by_name().and_nino(&format!("AB{n:06}C"));
        let told = house.answered(DISCREET, request(subject.work())).await;
        assert_eq!(reason(&told), "pending DEPARTMENT_WORKING home-office");
        let told_bytes = bytes(&told, &told.case_id);
        assert!(*first.get_or_insert(told_bytes.clone()) == told_bytes);
        ids.push(told.case_id);
    }
    ids
}

/// The cases as `DISCREET` reads them once they are the same bytes and have gone on to `steps`.
async fn alike(house: &House, ids: &[String], steps: &[&str]) {
    until_some(async || {
        let mut all = Vec::new();
        for id in ids {
            let case = house.case(DISCREET, id).await.unwrap();
            let has: Vec<_> = case.history.iter().map(|event| event.kind.as_str()).collect();
            all.push((has == steps).then(|| bytes(&case, id))?);
        }
        let is_same = all.windows(2).all(|two| two[0] == two[1]);
        assert!(is_same, "after {steps:?} they differ");
        Some(())
    })
    .await;
    let mut listed = house.cases(DISCREET).await;
    listed.retain(|case| ids.contains(&case.case_id));
    assert_eq!(listed.len(), ids.len());
    let first = bytes(&listed[0], &listed[0].case_id);
    assert!(listed.iter().all(|case| bytes(case, &case.case_id) == first));
}

/// Events until each of `ids` has `count` of them: of each case its own, without the tokens, which number the whole ledger's.
async fn told_of(
    events: &mut Streaming<WatchCasesResponse>,
    ids: &[String],
    count: usize,
) -> Vec<Vec<Vec<u8>>> {
    let mut told = vec![Vec::new(); ids.len()];
    while told.iter().any(|of| of.len() < count) {
        let next = tokio::time::timeout(Duration::from_secs(30), events.message()).await;
        let mut event = next.unwrap().unwrap().unwrap();
        event.resume_token.clear();
        let id = event.event.as_ref().unwrap().case_id.clone();
        let place = ids.iter().position(|known| *known == id).unwrap();
        told[place].push(bytes(&event, &id));
    }
    told
}

#[tokio::test]
async fn a_case_that_is_held_is_one_that_waits_in_every_byte_and_at_every_time() {
    let house = House::start(plan(held().into_iter().chain(waiting()))).await;
    let watched = house
        .client(DISCREET)
        .watch_cases(WatchCasesRequest::default())
        .await;
    let mut events = watched.unwrap().into_inner();
    let ids = asked(&house, held().into_iter().chain(waiting())).await;
    let referrals = listed(&house, &[wire::ReferralState::Open]).await;
    assert_eq!(referrals.len(), held().len(), "they are held");
    house.until_asked(DepartmentId::Hmrc, 1).await;
    alike(&house, &ids, &["received"]).await;

    // An ordinary one is asked about again, and nobody sees it.
    for hours in [1, 24] {
        let asked = house.requests(DepartmentId::HomeOffice);
        house.clock.advance(Duration::from_hours(hours));
        house.until_asked(DepartmentId::HomeOffice, asked + 2).await;
    }
    house.clock.advance(Duration::from_hours(36));
    alike(&house, &ids, &["received", "at_risk"]).await;
    house.clock.advance(Duration::from_hours(10 * 24));
    let late = ["received", "at_risk", "at_risk", "breached"];
    alike(&house, &ids, &late).await;
    let told = told_of(&mut events, &ids, late.len()).await;
    assert!(told.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn what_the_taskforce_does_shows_as_what_a_department_does() {
    let house = House::start(plan(held())).await;
    let ids = asked(&house, held()).await;
    let referral = |id: &str| {
        let id = id.to_owned();
        async {
            let all = listed(&house, &[]).await;
            let mut of = all.into_iter().filter(move |referral| referral.case_id == id);
            of.next().unwrap().referral_id
        }
    };
    let until = house.clock.now() + jiff::SignedDuration::from_hours(30 * 24);
    let longer = Finding::NeedsLonger(wire::NeedsLonger {
        until: Some(prost_types::Timestamp {
            seconds: until.as_second(),
            nanos: 0,
        }),
    });
    resolve(&house, &referral(&ids[0]).await, longer).await.unwrap();
    alike(&house, &ids, &["received"]).await;

    ask_for(&house, &referral(&ids[0]).await, &["home_office_reference"])
        .await
        .unwrap();
    let case = house.case(DISCREET, &ids[0]).await.unwrap();
    assert_eq!(told(&case), "more_information_needed home_office_reference");
    let kinds = |case: &Case| -> Vec<String> {
        let kinds = case.history.iter().map(|event| event.kind.clone());
        kinds.collect()
    };
    assert_eq!(
        kinds(&case),
        ["received", "more_information_needed", "clock_paused"]
    );
    resolve(&house, &referral(&ids[1]).await, not_confirmed())
        .await
        .unwrap();
    let case = house.case(DISCREET, &ids[1]).await.unwrap();
    assert_eq!(told(&case), "not_established EXPIRED");
    assert_eq!(kinds(&case), ["received", "answered", "clock_stopped"]);
}

/// Answers of each kind in the comparison of sizes.
const ANSWERS: usize = 500;

/// Of a person who waits, the number; of one who is held, none.
fn answers() -> impl Iterator<Item = (usize, bool)> {
    (0..ANSWERS).flat_map(|n| [(n, true), (n, false)])
}

#[tokio::test(flavor = "multi_thread")]
async fn no_size_tells_who_is_held() {
    // A number in letters, as many for each.
    let letters = |n: usize| [676, 26, 1].map(|part| char::from(b'a' + u8::try_from(n / part % 26).unwrap()));
    let name = |n: usize, is_held: bool| {
        let kind = if is_held { "Held" } else { "Wait" };
        [kind.to_owned(), letters(n).into_iter().collect()].concat()
    };
    let waits = answers().filter(|(_, is_held)| !is_held).map(|(n, _)| {
        person(&format!("wait-{n}"))
            .named("Ada", &name(n, false))
            .born("1991-06-02")
            .settled("2019-06-01")
            .behaves("home-office", "defer:48h")
    });
    let plenty = 1_000_000.try_into().unwrap();
    let house = House::start(Plan {
        limits: LimitSettings {
            checks_per_second: plenty,
            burst: plenty,
        },
        ..plan(waits)
    })
    .await;
    let sizes = answers().map(|(n, is_held)| {
        let house = &house;
        let born = if is_held { "1960-04-02" } else { "1991-06-02" };
        let subject = by_name("Ada", &name(n, is_held), born);
        async move {
            let told = house.answered(DISCREET, request(subject.work())).await;
            assert_eq!(outcome(&told), "pending");
            let case = house.case(DISCREET, &told.case_id).await.unwrap();
            (is_held, [told.encoded_len(), case.encoded_len()])
        }
    });
    let sizes: Vec<_> = stream::iter(sizes).buffer_unordered(64).collect().await;
    let open = listed(&house, &[wire::ReferralState::Open]).await;
    assert!(!open.is_empty(), "they are held");
    for part in 0..2 {
        let of = |held: bool| -> Vec<f64> {
            let of = sizes.iter().filter(|(is_held, _)| *is_held == held);
            of.map(|(_, sizes)| f64::from(u32::try_from(sizes[part]).unwrap()))
                .collect()
        };
        let area = likeness::area(&of(true), &of(false));
        assert!(area <= 0.55, "{area} by size {part}");
    }
}
