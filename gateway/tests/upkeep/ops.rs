//! Operators' acts through a running gateway, over mutual TLS.

use std::fs;
use std::sync::Arc;

use rusqlite::Connection;
use statuscheck::demo::authority::Identity;
use statuscheck::demo::{Demo, DemoSettings};
use statuscheck_domain::clock::{ManualClock, SystemClock};
use statuscheck_mocks::population::Population;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::ops::v1::{
    ExportSubjectRequest, RotateKeysRequest, RunRetentionRequest, SetLegalHoldRequest, VerifyLedgerRequest,
    VerifyLedgerResponse,
};
use statuscheck_proto::v1::check_request::Check;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use statuscheck_proto::v1::{CheckRequest, GetCaseRequest, IecasCheck, Person};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::bench::START;

/// A demo that serves.
struct Gateway {
    folder: TempDir,
    clock: ManualClock,
    address: String,
    ca: std::path::PathBuf,
    identities: std::collections::BTreeMap<String, Identity>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Gateway {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = ManualClock::at(START.parse().unwrap());
        let shared = Arc::new(clock.clone());
        let mut settings = DemoSettings::new(folder.path().to_owned(), Population::default(), shared);
        settings.machine_clock = SystemClock::shared();
        let demo = Demo::start(settings).await.unwrap();
        let address = demo.gateway.address().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            // The mocks live as long as the gateway.
            let _mocks = demo.mocks;
            demo.gateway.serve(async { drop(stopped.await) }).await;
        });
        Self {
            folder,
            clock,
            address,
            ca: demo.ca,
            identities: demo.identities,
            stop,
            serving,
        }
    }

    async fn channel(&self, who: &str) -> Channel {
        let files = &self.identities[who];
        let identity = tonic::transport::Identity::from_pem(
            fs::read(&files.cert).unwrap(),
            fs::read(&files.key).unwrap(),
        );
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(fs::read(&self.ca).unwrap()))
            .identity(identity);
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address)).unwrap();
        endpoint.tls_config(tls).unwrap().connect().await.unwrap()
    }

    async fn operator(&self) -> OpsServiceClient<Channel> {
        OpsServiceClient::new(self.channel("ops/duty-1").await)
    }

    async fn trust(&self) -> StatusCheckServiceClient<Channel> {
        StatusCheckServiceClient::new(self.channel("organisation/trust").await)
    }

    /// The one chain of the store.
    fn chain(&self) -> String {
        let store = Connection::open(self.folder.path().join("statuscheck.db")).unwrap();
        let id = "SELECT lower(hex(id)) FROM chains";
        store.query_row(id, [], |row| row.get(0)).unwrap()
    }

    /// Kinds of the entries of the house that name the operator, in order.
    fn acts(&self) -> Vec<String> {
        let store = Connection::open(self.folder.path().join("statuscheck.db")).unwrap();
        let mut entries = store
            .prepare(
                "SELECT kind FROM entries WHERE case_id IS NULL
                 AND json_extract(CAST(payload AS TEXT), '$.actor') = 'ops/duty-1' ORDER BY place",
            )
            .unwrap();
        let kinds = entries.query_map([], |row| row.get(0)).unwrap();
        kinds.map(Result::unwrap).collect()
    }

    async fn stop(self) {
        drop(self.stop);
        self.serving.await.unwrap();
    }
}

fn person() -> Person {
    Person {
        given_names: "Ann".to_owned(),
        family_name: "Quackenbush".to_owned(),
        date_of_birth: "1990-05-06".to_owned(),
        ..Person::default()
    }
}

fn check() -> CheckRequest {
    let check = Check::Iecas(IecasCheck {
        person: Some(person()),
    });
    CheckRequest {
        request_id: Uuid::new_v4().to_string(),
        check: Some(check),
        ..CheckRequest::default()
    }
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().unwrap().reason.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_exports_holds_purges_and_rotates_and_each_act_is_in_the_ledger() {
    let gateway = Gateway::start().await;
    let mut trust = gateway.trust().await;
    let answered = trust.check(check()).await.unwrap().into_inner();
    let case_id = answered.case_id;
    let mut operator = gateway.operator().await;

    let sought = ExportSubjectRequest {
        person: Some(person()),
        share_code: String::new(),
    };
    let found = operator.export_subject(sought).await.unwrap().into_inner();
    assert_eq!(found.checks.len(), 1);
    let export = &found.checks[0];
    assert_eq!(
        (&export.case_id, export.organisation.as_str()),
        (&case_id, "trust")
    );
    assert!(export.purpose.contains("NHS trusts"));
    assert!(export.legal_basis.contains("Charges to Overseas Visitors"));
    assert!(export.answer == answered.answer);

    let hold = |held| SetLegalHoldRequest {
        case_id: case_id.clone(),
        held,
        reason: "Claim 2026/17".to_owned(),
    };
    operator.set_legal_hold(hold(true)).await.unwrap();
    gateway.clock.set_wall("2027-03-02T09:00:00Z".parse().unwrap());
    let purge = RunRetentionRequest { dry_run: false };
    let kept = operator.run_retention(purge).await.unwrap().into_inner();
    assert_eq!((kept.lines[0].held, kept.lines[0].purged), (1, 0));
    operator.set_legal_hold(hold(false)).await.unwrap();
    let done = operator.run_retention(purge).await.unwrap().into_inner();
    assert_eq!((done.lines[0].held, done.lines[0].purged), (0, 1));
    assert!(done.log_emptied);
    let rotated = operator.rotate_keys(RotateKeysRequest {}).await.unwrap();
    assert_eq!(rotated.into_inner().generation, 2);

    let acts = [
        "subject_accessed",
        "legal_hold_set",
        "retention_run",
        "retention_run",
        "legal_hold_released",
        "retention_run",
        "retention_run",
        "key_rotated",
        "key_rotated",
    ];
    assert_eq!(gateway.acts(), acts);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_the_ledger_verified_and_what_was_found_is_in_it() {
    let gateway = Gateway::start().await;
    gateway.trust().await.check(check()).await.unwrap();
    let mut operator = gateway.operator().await;
    let whole = VerifyLedgerRequest::default();
    let found = operator.verify_ledger(whole.clone()).await.unwrap().into_inner();
    assert!(found.intact && found.fault.is_empty());
    assert!(found.entries >= 3, "{}", found.entries);
    let part = VerifyLedgerRequest {
        from_sequence: 2,
        to_sequence: 3,
        chain: gateway.chain(),
    };
    let found = operator.verify_ledger(part).await.unwrap().into_inner();
    assert_eq!((found.intact, found.entries), (true, 2));

    let stranger = Connection::open(gateway.folder.path().join("statuscheck.db")).unwrap();
    let alteration = "UPDATE entries SET payload = x'00' WHERE place = 2";
    stranger.execute_batch(alteration).unwrap();
    let VerifyLedgerResponse { intact, fault, .. } =
        operator.verify_ledger(whole).await.unwrap().into_inner();
    let words = format!(
        "alteration: entry 2 of chain {} is not what was recorded",
        gateway.chain()
    );
    assert_eq!((intact, fault), (false, words));

    assert_eq!(gateway.acts(), ["ledger_verified"; 3]);
    let details = "SELECT json_extract(CAST(payload AS TEXT), '$.details') FROM entries
        WHERE kind = 'ledger_verified' ORDER BY place";
    let mut entries = stranger.prepare(details).unwrap();
    let details: Vec<String> = entries
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        details[1],
        format!(
            r#"{{"chain":"{}","entries":2,"exit_code":0,"from":2,"intact":true,"to":3}}"#,
            gateway.chain()
        )
    );
    assert!(
        details[2].contains(r#""exit_code":11,"intact":false"#),
        "{}",
        details[2]
    );

    let asked = |from_sequence, to_sequence, chain: String| VerifyLedgerRequest {
        from_sequence,
        to_sequence,
        chain,
    };
    for (wrong, field) in [
        (asked(9_999, 3, gateway.chain()), "from_sequence"),
        (asked(2, u64::MAX, gateway.chain()), "to_sequence"),
        (asked(2, 3, "00".repeat(16)), "chain"),
        (asked(2, 3, "the first".to_owned()), "chain"),
    ] {
        let status = operator.verify_ledger(wrong).await.err().unwrap();
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, field);
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_verified_by_one_at_a_time() {
    let gateway = Gateway::start().await;
    // Whoever reads it waits until somebody writes to it.
    let pipe = gateway.folder.path().join("statuscheck.db.checkpoints.old");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let mut operator = gateway.operator().await;
    let verifying = tokio::spawn(async move { operator.verify_ledger(VerifyLedgerRequest::default()).await });
    let writing = tokio::task::spawn_blocking(move || fs::OpenOptions::new().write(true).open(pipe));
    let writer = writing.await.unwrap().unwrap();
    let mut other = gateway.operator().await;
    let refused = other
        .verify_ledger(VerifyLedgerRequest::default())
        .await
        .err()
        .unwrap();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::ResourceExhausted, "BUSY")
    );
    assert!(
        refused
            .get_error_details()
            .retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
    drop(writer);
    assert!(verifying.await.unwrap().unwrap().into_inner().intact);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_case_is_not_found_like_one_that_never_was() {
    let gateway = Gateway::start().await;
    let mut trust = gateway.trust().await;
    let case_id = trust.check(check()).await.unwrap().into_inner().case_id;
    gateway.clock.set_wall("2027-03-02T09:00:00Z".parse().unwrap());
    let purge = RunRetentionRequest { dry_run: false };
    gateway.operator().await.run_retention(purge).await.unwrap();

    let never = Uuid::new_v4().to_string();
    let mut told = Vec::new();
    for id in [&case_id, &never] {
        let request = GetCaseRequest { case_id: id.clone() };
        let Err(status) = trust.get_case(request).await else {
            panic!("there is no such case")
        };
        assert_eq!(status.code(), Code::NotFound);
        let details = String::from_utf8_lossy(status.details()).replace(id, "");
        told.push((status.message().replace(id, ""), details));
    }
    assert_eq!(told[0], told[1]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_operator_may_act() {
    let gateway = Gateway::start().await;
    for who in ["organisation/trust", "department/dwp", "taskforce/windrush"] {
        let mut stranger = OpsServiceClient::new(gateway.channel(who).await);
        let refusals = [
            stranger.run_retention(RunRetentionRequest::default()).await.err(),
            stranger
                .set_legal_hold(SetLegalHoldRequest::default())
                .await
                .err(),
            stranger
                .export_subject(ExportSubjectRequest::default())
                .await
                .err(),
            stranger.rotate_keys(RotateKeysRequest {}).await.err(),
            stranger.verify_ledger(VerifyLedgerRequest::default()).await.err(),
        ];
        for refused in refusals {
            let status = refused.unwrap();
            assert_eq!(status.code(), Code::PermissionDenied);
            assert_eq!(reason(&status), "WRONG_PEER");
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_asks_wrongly_is_told_field_by_field() {
    let gateway = Gateway::start().await;
    let mut operator = gateway.operator().await;
    let mut wrong = person();
    wrong.date_of_birth = "6 May 1990".to_owned();
    wrong.national_insurance_number = "QQ123456C".to_owned();
    let request = ExportSubjectRequest {
        person: Some(wrong),
        share_code: "short".to_owned(),
    };
    let status = operator.export_subject(request).await.err().unwrap();
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let fields: Vec<_> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|fault| fault.field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "person.date_of_birth",
            "person.national_insurance_number",
            "share_code"
        ]
    );
    let request = SetLegalHoldRequest {
        case_id: Uuid::new_v4().to_string(),
        held: true,
        reason: "  ".to_owned(),
    };
    let status = operator.set_legal_hold(request).await.err().unwrap();
    assert_eq!(status.code(), Code::InvalidArgument);
    gateway.stop().await;
}
