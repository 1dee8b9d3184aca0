//! Callers who are asked for more and stay silent.

use statuscheck::demo::shipped_register;
use statuscheck_domain::agreement::Register;
use statuscheck_proto::referral::v1::referral_service_client::ReferralServiceClient;
use statuscheck_proto::referral::v1::resolve_request::Finding;
use statuscheck_proto::referral::v1::{ListReferralsRequest, NotConfirmed, ResolveRequest};

use super::*;

const FOUR_WEEKS: Duration = Duration::from_hours(28 * 24);
const NANOSECOND: Duration = Duration::from_nanos(1);

/// Several records fit.
fn several(id: &str) -> Resident {
    person(id)
        .settled("2019-06-01")
        .behaves("home-office", "ambiguous")
}

fn asked_for_more(told: &v1::CheckResponse) -> &str {
    assert_eq!(reason(told), "more_information_needed home_office_reference");
    &told.case_id
}

async fn read(house: &House, id: &str) -> Case {
    house.case(EMPLOYER, id).await.unwrap()
}

#[tokio::test]
async fn a_silent_callers_case_lapses_at_its_time_and_one_with_a_windrush_profile_is_referred() {
    let (silent, elder) = (several("Okafor"), several("Adeyemi").born("1951-02-03"));
    let waiting = person("Nair")
        .settled("2019-06-01")
        .behaves("home-office", "defer:90d");
    let people = [silent.clone(), elder.clone(), waiting.clone()];
    let house = House::with(people).await;
    let silent = right_to_work(&house, silent.by_name()).await;
    let elder = right_to_work(&house, elder.by_name()).await;
    let waiting = right_to_work(&house, waiting.by_name()).await;
    let ids = [asked_for_more(&silent), asked_for_more(&elder)];

    house.clock.advance(FOUR_WEEKS - NANOSECOND);
    // Somebody else's case shows that what was due by then is done.
    case_when(&house, &waiting.case_id, |case| times(case, "breached") == 1).await;
    assert!(read(&house, ids[0]).await.state() == CaseState::AwaitingInformation);
    let house = house.stop().await.start().await;
    house.clock.advance(NANOSECOND);
    let lapsed = case_when(&house, ids[0], |case| case.state() == CaseState::Withdrawn).await;
    assert_eq!(
        steps(&lapsed)[4..],
        ["clock_started", "clock_paused", "lapsed", "clock_stopped"]
    );
    let at = lapsed.history[6].time.unwrap();
    let start: jiff::Timestamp = NOW.parse().unwrap();
    let end = start + jiff::SignedDuration::try_from(FOUR_WEEKS).unwrap();
    assert_eq!((at.seconds, at.nanos), (end.as_second(), end.subsec_nanosecond()));
    assert_eq!(told_of(&lapsed), "more_information_needed", "no answer was given");
    assert!(!is_late(&lapsed), "it was the caller's turn");

    // It is over for good, and says so.
    let given = v1::ProvideInformationRequest {
        case_id: ids[0].to_owned(),
        person: Some(v1::Person {
            home_office_reference: "HO12345678".to_owned(),
            ..v1::Person::default()
        }),
        ..v1::ProvideInformationRequest::default()
    };
    let refused = house.provide(EMPLOYER, given).await;
    assert_eq!(refusal(refused), "FailedPrecondition CASE_WITHDRAWN");
    house.clock.advance(FOUR_WEEKS);
    let asked = times(&read(&house, &waiting.case_id).await, "replied");
    case_when(&house, &waiting.case_id, |case| times(case, "replied") > asked).await;
    assert_eq!(read(&house, ids[0]).await.version, lapsed.version);

    let elder = case_when(&house, ids[1], |case| case.state() == CaseState::Referred).await;
    assert_eq!(
        steps(&elder)[4..8],
        ["clock_started", "clock_paused", "referred", "clock_resumed"]
    );
    let referred = elder.history[6].time.unwrap();
    assert_eq!((referred.seconds, referred.nanos), (at.seconds, at.nanos));
    assert_eq!(
        case_json(&elder)["answer"]["referred"]["fields"],
        json!(["home_office_reference"]),
        "it may still be provided"
    );
    let mut taskforce = ReferralServiceClient::new(house.channel("taskforce/windrush"));
    let listed = taskforce.list_referrals(ListReferralsRequest::default()).await;
    let referrals = listed.unwrap().into_inner().referrals;
    assert_eq!(referrals.len(), 1);
    assert_eq!(
        (referrals[0].case_id.as_str(), referrals[0].held.as_str()),
        (ids[1], "SILENCE")
    );
    let resolved = taskforce
        .resolve(ResolveRequest {
            referral_id: referrals[0].referral_id.clone(),
            finding: Some(Finding::NotConfirmed(NotConfirmed {})),
            note: "Came in 1999.".to_owned(),
        })
        .await;
    resolved.unwrap();
    let elder = read(&house, ids[1]).await;
    assert!(elder.state() == CaseState::Withdrawn);
    assert_eq!(times(&elder, "lapsed"), 1, "then it is over");
}

#[tokio::test]
async fn who_is_referred_for_a_callers_silence_goes_by_the_safeguard_of_the_cases_day() {
    // Born in time by the guidance that is shipped, and too late for the register's own.
    let younger = several("Adeyemi").born("1980-02-03");
    let house = House::with([younger.clone()]).await;
    let shipped = shipped_register().unwrap();
    let mut safeguard = shipped.safeguards().next().unwrap().clone();
    safeguard.rules.last_arrival = safeguard.rules.last_settlement;
    let register = Register::new(shipped.agreements().cloned(), shipped.orders().iter().cloned()).unwrap();
    let register = register.with_safeguards([safeguard]).unwrap();
    house.apply(&register).await;
    let told = right_to_work(&house, younger.by_name()).await;
    let id = asked_for_more(&told);
    house.clock.advance(FOUR_WEEKS);
    let lapsed = case_when(&house, id, |case| case.state() == CaseState::Withdrawn).await;
    assert_eq!(times(&lapsed, "lapsed"), 1);
}

#[tokio::test]
async fn what_a_caller_provides_ends_the_silence_and_another_question_begins_it_anew() {
    let several = several("Okafor").reference("HO12345678");
    let house = House::with([several.clone()]).await;
    let told = right_to_work(&house, several.by_name()).await;
    let id = asked_for_more(&told);
    let mut events = house
        .client(EMPLOYER)
        .watch_cases(v1::WatchCasesRequest {
            case_id: id.to_owned(),
            resume_token: String::new(),
        })
        .await
        .unwrap()
        .into_inner();
    house.clock.advance(FOUR_WEEKS - HOUR);
    let given = v1::ProvideInformationRequest {
        case_id: id.to_owned(),
        person: Some(v1::Person {
            home_office_reference: "HO12345678".to_owned(),
            ..v1::Person::default()
        }),
        ..v1::ProvideInformationRequest::default()
    };
    let case = house.provide(EMPLOYER, given).await.unwrap();
    assert_eq!(times(&case, "more_information_needed"), 2);
    house.clock.advance(HOUR * 2);
    house.clock.advance(FOUR_WEEKS - HOUR * 2);
    // Whoever follows the case is told, and told when.
    let start: jiff::Timestamp = NOW.parse().unwrap();
    let provided = start + jiff::SignedDuration::try_from(FOUR_WEEKS - HOUR).unwrap();
    let end = provided + jiff::SignedDuration::try_from(FOUR_WEEKS).unwrap();
    loop {
        let told = tokio::time::timeout(Duration::from_secs(30), events.message()).await;
        let told = told.unwrap().unwrap().unwrap();
        let event = told.event.unwrap();
        if event.kind == "lapsed" {
            assert_eq!(event.time.unwrap().seconds, end.as_second());
            assert!(told.case.unwrap().state() == CaseState::Withdrawn);
            break;
        }
    }
}
