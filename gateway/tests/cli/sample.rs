//! A folder with everything that the sample configuration names, and that configuration with its paths turned to it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use statuscheck::demo::authority::{Authority, Identity};
use statuscheck::store::seal::Kek;
use statuscheck::store::signing::SigningKey;
use tempfile::TempDir;

pub(crate) const SAMPLE: &str = include_str!("../../../deploy/statuscheck.toml");

pub(crate) struct Host {
    folder: TempDir,
    pub(crate) authority: Authority,
}

impl Host {
    /// As the sample's comments say to set it up.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in ["tls", "secrets", "authority"] {
            fs::create_dir(root.join(path)).unwrap();
        }
        copy_register(&root.join("register"));
        let authority = Authority::open(&root.join("authority")).unwrap();
        fs::copy(
            authority.certificate_path(),
            root.join("tls/client-authorities.pem"),
        )
        .unwrap();
        let host = Self { folder, authority };
        host.install("gateway");
        host.install("dwp-client");
        for department in ["home-office", "dwp", "hmrc", "dfe"] {
            fs::write(host.path(&format!("secrets/{department}")), "mock-secret\n").unwrap();
        }
        Kek::create(&host.path("store.key")).unwrap();
        SigningKey::create(&host.path("signing.key")).unwrap();
        host
    }

    /// Puts a new certificate with its key in the place of `tls/<name>.pem`.
    pub(crate) fn install(&self, name: &str) {
        let installed = self.path(&format!("tls/{name}.pem")).exists();
        let issued = if installed {
            self.authority.server(&format!("{name}-renewed"))
        } else {
            self.authority.server(name)
        };
        let Identity { cert, key } = issued.unwrap();
        fs::copy(cert, self.path(&format!("tls/{name}.pem"))).unwrap();
        fs::copy(key, self.path(&format!("tls/{name}.key"))).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration after `change`, and says where.
    pub(crate) fn configure(&self, change: impl FnOnce(String) -> String) -> PathBuf {
        let text = SAMPLE
            .replace("/etc/statuscheck/", "")
            .replace("/var/lib/statuscheck/", "");
        let path = self.path("statuscheck.toml");
        fs::write(&path, change(text)).unwrap();
        path
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
}

fn copy_register(to: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/register");
    for folder in ["", "suspensions", "windrush"] {
        fs::create_dir(to.join(folder)).unwrap();
        for entry in fs::read_dir(shipped.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, to.join(folder).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
}
