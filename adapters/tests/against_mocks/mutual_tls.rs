//! DWP's door: a connection without our certificate is no connection.

use std::path::{Path, PathBuf};

use crate::bench::{Bench, ana, ask, facts, kind_of, person, question};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::Facts;
use statuscheck_mocks::settings::TlsSettings;

/// An authority of the test's own, writing PEM files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    fn at(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Certificate and key for that host.
    fn issue(&self, host: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |end: &str| self.folder.join(format!("{host}.{end}"));
        std::fs::write(file("pem"), certificate.pem()).unwrap();
        std::fs::write(file("key"), key.serialize_pem()).unwrap();
        (file("pem"), file("key"))
    }
}

async fn guarded(authority: &Authority) -> Bench {
    let (certificate, key) = authority.issue("127.0.0.1");
    Bench::with(&[person("")], |settings| {
        settings.dwp_tls = Some(TlsSettings {
            certificate,
            key,
            client_ca: authority.ca(),
        });
    })
    .await
}

#[tokio::test]
async fn dwp_answers_over_mutual_tls_and_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::at(folder.path(), "ours");
    let strange = Authority::at(folder.path(), "strange");
    let bench = guarded(&ours).await;
    let question = question(Operation::NinoTrace, &ana());
    let asked_with = async |trusted: &Authority, issuer: &Authority| {
        let mut settings = bench.settings(DepartmentId::Dwp);
        let (certificate, key) = issuer.issue("us");
        settings.tls.ca_file = Some(trusted.ca());
        settings.tls.certificate_file = Some(certificate);
        settings.tls.key_file = Some(key);
        ask(&bench.department_with(DepartmentId::Dwp, &settings), &question).await
    };
    assert!(facts(asked_with(&ours, &ours).await) == Facts::NinoTrace { matches: true });
    assert_eq!(kind_of(&asked_with(&ours, &strange).await), "unavailable");
    assert_eq!(kind_of(&asked_with(&strange, &ours).await), "unavailable");
    assert_eq!(bench.mocks.requests(DepartmentId::Dwp), 1);
}
