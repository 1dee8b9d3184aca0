//! Replies that are none: every field is named, and nothing is recorded.

use super::*;

#[tokio::test]
async fn a_reply_that_is_none_is_refused_with_every_field_named() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    let pending = right_to_work(&house, forgotten.by_name()).await;
    let id = question(&house).await;
    let status = |status| Some(found(Facts::ImmigrationStatus(status)));
    let (path, facts) = ("reply.found.immigration_status", "reply.found.facts");
    let cases: [(Option<Said>, Vec<String>); 8] = [
        (None, vec!["reply".to_owned()]),
        (
            Some(Said::Deferred(desk::Deferred::default())),
            vec!["reply.deferred".to_owned()],
        ),
        (Some(Said::Found(desk::Found::default())), vec![facts.to_owned()]),
        (
            status(desk::ImmigrationStatus::default()),
            ["leave", "valid_from", "may_work", "may_rent"]
                .map(|field| format!("{path}.{field}"))
                .into(),
        ),
        (
            status(desk::ImmigrationStatus {
                valid_from: Some("2019-13-01".to_owned()),
                valid_until: Some("soon".to_owned()),
                may_rent: None,
                ..leave()
            }),
            ["valid_from", "valid_until", "may_rent"]
                .map(|field| format!("{path}.{field}"))
                .into(),
        ),
        (
            status(desk::ImmigrationStatus {
                valid_until: Some("2019-05-31".to_owned()),
                ..leave()
            }),
            vec![format!("{path}.valid_until")],
        ),
        (
            Some(found(Facts::NinoTrace(desk::NinoTrace::default()))),
            vec!["reply.found.nino_trace".to_owned()],
        ),
        (
            Some(Said::Ambiguous(desk::Ambiguous {
                would_settle: vec!["surname".to_owned()],
            })),
            vec!["reply.ambiguous.would_settle[0]".to_owned()],
        ),
    ];
    for (said, fields) in cases {
        let refused = reply_as(&house, HOME_OFFICE, &id, said).await;
        assert_eq!(violations(refused), fields);
    }
    let refused = violations(reply(&house, "none", settled()).await);
    assert_eq!(refused, ["question_id"]);
    let future = desk::ReplyRequest {
        question_id: id.clone(),
        reply: Some(desk::AskResponse {
            reply: Some(settled()),
            as_of: Some(prost_types::Timestamp {
                seconds: 4_102_444_800,
                nanos: 0,
            }),
        }),
    };
    let refused = client(&house, HOME_OFFICE).reply(future).await;
    assert_eq!(violations(refused), ["reply.as_of"]);
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!(times(&case, "replied"), 1, "the department's own");
    assert_eq!(question(&house).await, id);
}
