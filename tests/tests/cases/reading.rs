//! A case as its owner reads it, and as nobody else does.

use prost::Message as _;
use statuscheck_tests::prelude::*;
use tonic::Status;

fn history(case: &v1::Case) -> Vec<String> {
    let versions: Vec<_> = case.history.iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=case.version).collect::<Vec<_>>());
    let step = |event: &v1::CaseEvent| format!("{} {}", event.kind, event.department);
    case.history
        .iter()
        .map(|event| step(event).trim_end().to_owned())
        .collect()
}

#[tokio::test]
async fn an_answered_case_reads_whole() {
    let settled = person("Okafor").settled("2019-06-01");
    let house = House::with([settled.clone()]).await;
    let asked = v1::CheckRequest {
        caller_reference: "row 17".to_owned(),
        ..request(settled.by_name().work())
    };
    let told = house.answered(EMPLOYER, asked).await;
    house.clock.advance(Duration::from_secs(3600));
    let id = &told.case_id;
    let event = |version: u32, kind: &str, department: &str| {
        json!({
            "case_id": id, "version": version.to_string(), "time": NOW, "kind": kind, "department": department,
        })
    };
    assert_eq!(
        case_json(&house.case(EMPLOYER, id).await.unwrap()),
        json!({
            "case_id": id,
            "kind": "CHECK_KIND_RIGHT_TO_WORK",
            "state": "CASE_STATE_ANSWERED",
            "answer": json(&told),
            "caller_reference": "row 17",
            "create_time": NOW,
            "update_time": NOW,
            "version": "4",
            "history": [
                event(1, "received", ""),
                event(2, "asked", "home-office"),
                event(3, "replied", "home-office"),
                event(4, "answered", ""),
            ],
            "sla": {
                "started_at": NOW,
                "due_at": "2026-03-16T10:00:00Z",
                "paused": false,
                "breached": false,
                "explanation": "5 days from Wed 11 Mar 2026 10:00, elapsed time",
            },
        })
    );
}

#[tokio::test]
async fn the_history_names_every_department_that_was_asked() {
    let family = person("Barzani")
        .nass("250700001")
        .supported(true, "2025-07-11", "Part VI, section 95");
    let house = House::with([family.clone()]).await;
    let told = section_95(&house, family.by_nass()).await;
    let case = house.case(COUNCIL, &told.case_id).await.unwrap();
    assert_eq!(
        history(&case),
        [
            "received",
            "asked dfe",
            "replied dfe",
            "asked home-office",
            "replied home-office",
            "answered",
        ]
    );
}

#[tokio::test]
async fn each_kind_of_answer_leaves_its_state() {
    let settled = |id| person(id).settled("2019-06-01");
    let people = [
        settled("answered"),
        settled("open").behaves("home-office", "defer:48h"),
        settled("several").behaves("home-office", "ambiguous"),
        person("nobody"),
    ];
    let house = House::with(people.clone()).await;
    let mut states = Vec::new();
    for person in people {
        let told = right_to_work(&house, person.by_name()).await;
        let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
        assert_eq!(json_of("Answer", case.answer.as_ref().unwrap()), json(&told));
        let paused = case.sla.as_ref().unwrap().paused;
        let mut steps = history(&case);
        steps.retain(|step| !step.starts_with("clock_"));
        let last = steps.pop().unwrap();
        states.push((case.state().as_str_name(), last, paused));
    }
    assert_eq!(
        states,
        [
            ("CASE_STATE_ANSWERED", "answered".to_owned(), false),
            ("CASE_STATE_OPEN", "pending".to_owned(), false),
            (
                "CASE_STATE_AWAITING_INFORMATION",
                "more_information_needed".to_owned(),
                true
            ),
            ("CASE_STATE_ANSWERED", "answered".to_owned(), false),
        ]
    );
}

#[tokio::test]
async fn an_open_case_is_breached_strictly_after_it_was_due_and_an_answered_or_paused_one_never() {
    let settled = |id| person(id).settled("2019-06-01");
    let answered = settled("answered");
    let open = settled("open").behaves("home-office", "defer:48h");
    let several = settled("several").behaves("home-office", "ambiguous");
    let house = House::with([answered.clone(), open.clone(), several.clone()]).await;
    let mut ids = Vec::new();
    for person in [answered, open, several] {
        ids.push(right_to_work(&house, person.by_name()).await.case_id);
    }
    let breached = async || {
        let mut breached = Vec::new();
        for id in &ids {
            let case = house.case(EMPLOYER, id).await.unwrap();
            breached.push(case.sla.unwrap().breached);
        }
        breached
    };
    house.clock.advance(Duration::from_secs(5 * 24 * 3600));
    assert_eq!(breached().await, [false, false, false]);
    house.clock.advance(Duration::from_nanos(1));
    assert_eq!(breached().await, [false, true, false]);
}

/// All that a caller sees of a refusal, the id in it blotted out.
fn seen(status: &Status, id: &str) -> (tonic::Code, String, Vec<u8>, Vec<String>) {
    let blot = |text: &str| text.replace(id, &"-".repeat(36));
    let details = String::from_utf8_lossy(status.details()).into_owned();
    let mut keys: Vec<_> = status
        .metadata()
        .as_ref()
        .keys()
        .map(ToString::to_string)
        .collect();
    keys.sort();
    (
        status.code(),
        blot(status.message()),
        blot(&details).into_bytes(),
        keys,
    )
}

#[tokio::test]
async fn another_organisations_case_and_an_unknown_one_are_not_found_with_the_same_bytes() {
    let settled = person("Okafor").settled("2019-06-01");
    let house = House::with([settled.clone()]).await;
    let theirs = right_to_work(&house, settled.by_name()).await.case_id;
    let nobodys = uuid::Uuid::now_v7().to_string();
    for who in [LANDLORD, STRANGER] {
        let of_another = refused(house.case(who, &theirs).await);
        let of_nobody = refused(house.case(who, &nobodys).await);
        assert_eq!(of_another.code(), tonic::Code::NotFound);
        assert!(String::from_utf8_lossy(of_another.details()).contains(&theirs));
        assert_eq!(seen(&of_another, &theirs), seen(&of_nobody, &nobodys));
    }
    assert_eq!(
        refusal(house.case(LANDLORD, &theirs).await),
        "NotFound NO_SUCH_CASE"
    );
}

#[tokio::test]
async fn a_case_id_that_is_no_uuid_is_bad_input() {
    let house = House::start(Plan::default()).await;
    for id in ["", "17", "not-a-uuid"] {
        assert_eq!(violations(house.case(EMPLOYER, id).await), ["case_id"]);
    }
}

#[tokio::test]
async fn a_case_carries_no_particulars_of_the_person() {
    let family = person("Barzani")
        .nass("250700001")
        .supported(true, "2025-07-11", "Part VI, section 95");
    let house = House::with([family.clone()]).await;
    let told = section_95(&house, family.by_nass()).await;
    let bytes = house.case(COUNCIL, &told.case_id).await.unwrap().encode_to_vec();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("home-office"));
    for particular in ["Barzani", "Sam", "1990-05-01", "250700001"] {
        assert!(!text.contains(particular), "{particular}");
    }
}
