//! Callers who are asked for more and stay silent.

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
async fn a_silent_callers_case_lapses_at_its_time_and_a_windrush_profile_never_does() {
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
    let elder = read(&house, ids[1]).await;
    assert!(elder.state() == CaseState::AwaitingInformation);
    assert_eq!(times(&elder, "lapsed"), 0);
    assert_eq!(read(&house, ids[0]).await.version, lapsed.version);
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
