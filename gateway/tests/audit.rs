//! A whole gateway keeps its ledger so that an auditor finds it sound.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use statuscheck::audit::{self, Subject};
use statuscheck::demo::{Demo, DemoSettings};
use statuscheck_domain::clock::SystemClock;
use statuscheck_mocks::population::Population;

#[tokio::test]
async fn a_gateway_signs_the_end_of_its_ledger_with_a_key_that_is_found_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    for runs in 1..=2 {
        let settings = DemoSettings::new(
            folder.path().to_owned(),
            Population::default(),
            SystemClock::shared(),
        );
        let demo = Demo::start(settings).await.ok().unwrap();
        demo.gateway.serve(async {}).await;
        let subject = Subject {
            store: folder.path().join("statuscheck.db").into(),
            public_keys: vec![folder.path().join("signing.key.pub")],
            ..Subject::default()
        };
        let report = audit::verify(&subject, |_done, _of| {}).unwrap();
        assert_eq!(report.findings, []);
        // What was signed at the end speaks for every entry. A run that lasts longer than a look of its notary has signed before, too.
        assert_eq!(
            (report.signatures_checked, report.entries_after_checkpoints),
            (true, 0)
        );
        assert!(
            report.checkpoints >= runs,
            "{} in {runs} runs",
            report.checkpoints
        );
    }
}
