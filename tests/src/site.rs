//! What the real program runs on: a folder with its configuration, certificates, keys and store, and departments in this
//! process, which outlive it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use statuscheck::demo::authority::{Authority, IDENTITIES, Identity, TRUST_DOMAIN};
use statuscheck_domain::clock::{SystemClock, london_day};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_mocks::Mocks;
use statuscheck_mocks::population::Population;
use statuscheck_mocks::settings::{Credentials, Settings as MockSettings, TaskforceSettings};
use statuscheck_mocks::taskforce::Taskforce;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use tempfile::TempDir;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::house::PATIENCE;
use crate::person::Resident;

/// The folder of the agreements that ship with the program.
const REGISTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/register");

/// The folder of the secrets that hooks are signed with.
const HOOK_SECRETS: &str = "hook-secrets";

/// What the taskforce and the gateway share.
fn hook_secret() -> String {
    format!("whsec_{}\n", STANDARD.encode([3; 32]))
}

/// A site. Dropping it removes the folder and stops the departments.
pub struct Site {
    folder: TempDir,
    mocks: Mocks,
    identities: BTreeMap<String, Identity>,
    store: PathBuf,
}

impl Site {
    /// A site whose departments know these people beside the samples; desks, codes and ages go by today's date.
    pub async fn with(people: impl IntoIterator<Item = Resident>) -> Self {
        let mut population = Population::default();
        let today = london_day(SystemClock::shared().now());
        let samples = statuscheck_mocks::samples::samples(today);
        population.extend(samples).expect("samples");
        let lines: Vec<_> = people.into_iter().map(|person| person.line()).collect();
        population
            .extend_from_lines(lines.join("\n").as_bytes())
            .expect("people of the test");
        Self::of(population).await
    }

    /// A site whose departments know these people and nobody else.
    pub async fn of(population: Population) -> Self {
        Self::beside(MockSettings::new(population, SystemClock::shared())).await
    }

    /// The same with a taskforce, which takes hooks over plain HTTP. No gateway is told where: [`Site::hooks_at`].
    pub async fn of_with_taskforce(population: Population) -> Self {
        let secret = tempfile::NamedTempFile::new().expect("a file of ours");
        fs::write(&secret, hook_secret()).expect("a secret");
        let mut settings = MockSettings::new(population, SystemClock::shared());
        settings.taskforce = Some(TaskforceSettings::new(vec![secret.path().to_owned()]));
        let site = Self::beside(settings).await;
        fs::create_dir(site.folder().join(HOOK_SECRETS)).expect("a folder of ours");
        site.write_secret(&format!("{HOOK_SECRETS}/taskforce"), &hook_secret());
        site
    }

    async fn beside(settings: MockSettings) -> Self {
        let mocks = statuscheck_mocks::start(settings).await.expect("departments");
        let folder = TempDir::new().expect("a folder");
        let authority = Authority::open(folder.path()).expect("an authority");
        authority.server("gateway").expect("a certificate");
        let identities = authority.identities(&IDENTITIES).expect("certificates");
        let store = folder.path().join("store");
        fs::create_dir(&store).expect("a folder for the store");
        let site = Self {
            folder,
            mocks,
            identities,
            store: store.join("statuscheck.db"),
        };
        site.write_secret("secret", &Credentials::default().client_secret);
        site.write_secret("store.key", &"0f".repeat(32));
        site.write_secret("signing.key", &"1e".repeat(32));
        let urls = DepartmentId::ALL.map(|department| (department, site.mocks.url(department)));
        site.configure(&BTreeMap::from(urls), "");
        site
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("statuscheck.toml")
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database file; its log and lock lie beside it.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// The taskforce of a site that has one.
    pub fn taskforce(&self) -> &Taskforce {
        self.mocks.taskforce().expect("a taskforce")
    }

    /// Where the taskforce takes hooks, without the path.
    pub fn hooks(&self) -> SocketAddr {
        let url = self.mocks.hooks_url().expect("a taskforce");
        let address = url
            .strip_prefix("http://")
            .and_then(|url| url.strip_suffix("/hooks"));
        address
            .and_then(|address| address.parse().ok())
            .expect("an address")
    }

    /// The section of a configuration that has the taskforce told at `address`, and told again within a tenth of a second where it
    /// did not take a hook: a test has no hours for that.
    pub fn hooks_at(address: SocketAddr) -> String {
        format!(
            r#"
[webhooks]
allow_hosts = ["127.0.0.1"]
allow_networks = ["127.0.0.1"]
allow_http = true
secrets = "{HOOK_SECRETS}"
taskforce = {{ url = "http://{address}/hooks", secret_files = ["taskforce"] }}
timeouts = {{ connect = "500ms", total = "500ms" }}
retry = {{ first_pause = "100ms", growth = 1, pause_max = "100ms" }}
delivery = {{ at_once_per_receiver = 16, under_way_per_receiver_max = 256, put_off = "200ms" }}
"#
        )
    }

    /// Requests to the department since the site was made; tokens are not counted.
    pub fn requests(&self, department: DepartmentId) -> u64 {
        self.mocks.requests(department)
    }

    /// Where the department's API is, such as `http://127.0.0.1:40123`.
    pub fn department(&self, department: DepartmentId) -> String {
        self.mocks.url(department)
    }

    /// Requests to all departments.
    pub fn requests_to_all(&self) -> u64 {
        DepartmentId::ALL
            .map(|department| self.requests(department))
            .iter()
            .sum()
    }

    /// Writes the configuration anew: departments at those addresses, and `more` sections.
    pub fn configure(&self, departments: &BTreeMap<DepartmentId, String>, more: &str) {
        let path = format!("path = \"{}\"", self.store.display());
        self.write_config(&self.config(), &path, departments, more);
    }

    /// Writes the configuration anew with `more` sections.
    pub fn configure_more(&self, more: &str) {
        let urls = DepartmentId::ALL.map(|department| (department, self.department(department)));
        self.configure(&BTreeMap::from(urls), more);
    }

    /// Writes a configuration beside the usual one, `<name>.toml`, for a gateway of its own on the same departments: `store`
    /// says where it records, as keys of the table `[store]` with commas between.
    pub fn configure_another(&self, name: &str, store: &str) -> PathBuf {
        let config = self.folder().join(name).with_extension("toml");
        let urls = DepartmentId::ALL.map(|department| (department, self.mocks.url(department)));
        // No department is asked a question twice over, so that what they were asked can be counted.
        let mut more: String = DepartmentId::ALL
            .iter()
            .map(|department| format!("[departments.{department}.retry]\nrepeats_max = 0\n"))
            .collect();
        more.push_str("[departments.hmrc.hmrc]\nname_variants_max = 1\n");
        self.write_config(&config, store, &BTreeMap::from(urls), &more);
        config
    }

    /// Gives the agreement of that id another quota instead of its only one, for every configuration that is written after.
    pub fn set_quota(&self, agreement: &str, monthly: u64) {
        let own = self.register();
        fs::create_dir(&own).expect("a folder of ours");
        for entry in fs::read_dir(REGISTER).expect("the register") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                fs::copy(&path, own.join(path.file_name().expect("a name"))).expect("a file of ours");
            }
        }
        let path = own.join(agreement).with_extension("toml");
        let text = fs::read_to_string(&path).expect("an agreement");
        let is_quota = |line: &&str| line.starts_with("monthly = ");
        assert_eq!(text.lines().filter(is_quota).count(), 1);
        let line = format!("monthly = {monthly}");
        let lines: Vec<_> = text
            .lines()
            .map(|old| if is_quota(&old) { &line } else { old })
            .collect();
        fs::write(&path, lines.join("\n")).expect("a file of ours");
    }

    /// A register of the site's own.
    fn register(&self) -> PathBuf {
        self.folder().join("register")
    }

    fn write_config(
        &self,
        config: &Path,
        store: &str,
        departments: &BTreeMap<DepartmentId, String>,
        more: &str,
    ) {
        let own = self.register();
        let register = if own.is_dir() {
            own.as_path()
        } else {
            Path::new(REGISTER)
        }
        .display();
        let mut text = format!(
            r#"listen = "127.0.0.1:0"
trust_domain = "{TRUST_DOMAIN}"
register = "{register}"
tls = {{ certificate = "gateway.pem", key = "gateway.key", client_ca = "ca.pem" }}
store = {{ {store}, key_file = "store.key", signing_key_file = "signing.key" }}
limits = {{ checks_per_second = 100000, burst = 100000 }}
quotas = {{ look_every = "50ms" }}
probing = {{ checks_a_day = 4000000000, not_found_an_hour = 4000000000, alike_at_once = 4000000000 }}
"#
        );
        text.push_str("[telemetry]\nlisten = \"127.0.0.1:0\"\n");
        let client_id = Credentials::default().client_id;
        for (department, url) in departments {
            write!(
                text,
                r#"
[departments.{department}]
url = "{url}"
client_id = "{client_id}"
client_secret_file = "secret"
rate = {{ per_second = 100000 }}
"#
            )
            .expect("memory");
        }
        text.push_str(more);
        fs::write(config, text).expect("a configuration");
    }

    /// Gives the site to another user, who then can run the program in it.
    pub fn give_to(&self, user: u32) {
        let mut folders = vec![self.folder().to_owned()];
        while let Some(folder) = folders.pop() {
            chown(&folder, Some(user), Some(user)).expect("a folder of ours");
            for entry in fs::read_dir(&folder).expect("a folder of ours") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    chown(&path, Some(user), Some(user)).expect("a file of ours");
                }
            }
        }
    }

    /// The status check service at `address`, as `name` calls it. It connects when it is first used.
    pub fn client(&self, address: SocketAddr, name: &str) -> StatusCheckServiceClient<Channel> {
        StatusCheckServiceClient::new(self.channel(address, name))
    }

    /// A connection of `name` to the program at `address`, made when it is first used.
    pub fn channel(&self, address: SocketAddr, name: &str) -> Channel {
        let read = |path: &Path| fs::read(path).expect("a file of the site");
        let identity = &self.identities[name];
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(read(&self.folder().join("ca.pem"))))
            .identity(tonic::transport::Identity::from_pem(
                read(&identity.cert),
                read(&identity.key),
            ));
        Endpoint::from_shared(format!("https://{address}"))
            .and_then(|endpoint| endpoint.tls_config(tls))
            .expect("an address and certificates")
            .timeout(PATIENCE)
            .connect_lazy()
    }

    fn write_secret(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        let options = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path);
        std::io::Write::write_all(&mut options.expect("a secret"), text.as_bytes()).expect("a secret");
    }
}
