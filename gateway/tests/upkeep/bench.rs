//! A store on disk, a clock that is moved by hand, and cases in few words.

use std::num::NonZeroU8;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use rusqlite::Connection;
use serde_json::Value;
use statuscheck::register::ServedRegister;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck::store::{Received, Store};
use statuscheck::upkeep::Housekeeping;
use statuscheck_domain::agreement::{Agreement, Register};
use statuscheck_domain::answer::{Answer, Facts, Negative, Outcome};
use statuscheck_domain::case::Case;
use statuscheck_domain::check::{CheckKind, Draft, EducationBenefit};
use statuscheck_domain::clock::ManualClock;
use statuscheck_domain::event::{Change, EventKind, Receipt};
use statuscheck_domain::ids::{CaseId, RequestId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::sla::{OrganisationKind, SlaPolicy, Target};
use statuscheck_domain::subject::Field;
use tempfile::TempDir;
use uuid::Uuid;

/// Who does what is done here, as the ledger shall name them.
pub(crate) const ACTOR: &str = "ops/duty-1";

pub(crate) const START: &str = "2026-03-02T09:00:00Z";

pub(crate) struct Bench {
    directory: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) store: Arc<EmbeddedStore>,
    register: Arc<ServedRegister>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        Kek::create(&directory.path().join("key")).ok().unwrap();
        let store = open(&directory).await;
        Self {
            directory,
            clock: ManualClock::at(START.parse().unwrap()),
            store,
            register: Arc::new(ServedRegister::of_files(register())),
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn keeping(&self) -> Housekeeping {
        let clock = Arc::new(self.clock.clone());
        Housekeeping::new(
            self.store.clone(),
            Arc::clone(&self.register),
            Arc::default(),
            clock,
        )
    }

    /// The same with no agreement in the register.
    pub(crate) fn keeping_without_agreements(&self) -> Housekeeping {
        let clock = Arc::new(self.clock.clone());
        Housekeeping::new(self.store.clone(), Arc::default(), Arc::default(), clock)
    }

    /// Closes the store and opens it again.
    pub(crate) async fn reopen(&mut self) {
        self.store.close().await;
        self.store = open(&self.directory).await;
    }

    /// A connection past the store, as a stranger might have.
    pub(crate) fn stranger(&self) -> Connection {
        Connection::open(self.file("store.db")).unwrap()
    }

    pub(crate) fn set(&self, time: &str) {
        self.clock.set_wall(time.parse().unwrap());
    }

    /// Every byte of every file beside the key.
    pub(crate) fn every_byte(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.directory.path()).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let stores = paths.filter(|path| path.file_name().is_some_and(|name| name != "key"));
        stores.flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// Receives `case`, now.
    pub(crate) async fn receive(&self, case: &Asked<'_>) -> CaseId {
        let now: Timestamp = statuscheck_domain::clock::Clock::now(&self.clock);
        let id = CaseId::at(now, &case.number.to_be_bytes()[6..].try_into().unwrap());
        let receipt = case.receipt(now);
        let content = receipt.check.canonical();
        let change = Change::new(id, now, [EventKind::Received(Box::new(receipt))]);
        assert_eq!(self.store.receive(change, content).await, Ok(Received::New));
        id
    }

    /// Answers a case that was only received, now.
    pub(crate) async fn answer(&self, id: CaseId) {
        let now = statuscheck_domain::clock::Clock::now(&self.clock);
        let case = self.store.case(id).await.unwrap().unwrap();
        let (change, _) = case.change(now, [EventKind::Decided(answer())]).unwrap();
        assert_eq!(self.store.commit(change).await, Ok(()));
    }

    /// Adds a National Insurance number to the check of a case, now.
    pub(crate) async fn provide(&self, id: CaseId, nino: &str) {
        let now = statuscheck_domain::clock::Clock::now(&self.clock);
        let case = self.store.case(id).await.ok().flatten().unwrap();
        let given = Draft {
            national_insurance_number: nino,
            ..Draft::default()
        };
        let Ok(check) = case.receipt.check.with(&given, date(2026, 3, 2)) else {
            panic!("the number is well formed")
        };
        let (change, _) = case
            .change(now, [EventKind::Provided(Box::new(check))])
            .ok()
            .unwrap();
        assert_eq!(self.store.commit(change).await, Ok(()));
    }

    /// Receives and answers, now.
    pub(crate) async fn answered(&self, case: &Asked<'_>) -> CaseId {
        let id = self.receive(case).await;
        self.answer(id).await;
        id
    }

    /// A case that is there, as it stands.
    pub(crate) async fn case(&self, id: CaseId) -> Case {
        self.store.case(id).await.ok().flatten().unwrap()
    }

    /// Kinds of the entries of the house.
    pub(crate) fn house_kinds(&self) -> Vec<String> {
        self.house().into_iter().map(|(kind, _)| kind).collect()
    }

    pub(crate) async fn is_there(&self, id: CaseId) -> bool {
        self.store.case(id).await.unwrap().is_some()
    }

    /// Kind and payload of every entry of the house, in order.
    pub(crate) fn house(&self) -> Vec<(String, Value)> {
        let stranger = self.stranger();
        let mut entries = stranger
            .prepare("SELECT kind, payload FROM entries WHERE case_id IS NULL ORDER BY place")
            .unwrap();
        let rows = entries.query_map([], |row| {
            let payload: Vec<u8> = row.get(1)?;
            Ok((row.get(0)?, serde_json::from_slice(&payload).unwrap()))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }
}

async fn open(directory: &TempDir) -> Arc<EmbeddedStore> {
    let key = Kek::load(&directory.path().join("key")).ok().unwrap();
    let settings = Settings::at(directory.path().join("store.db"));
    Arc::new(EmbeddedStore::open(settings, key).await.unwrap())
}

/// What is asked, and about whom.
#[derive(Clone)]
pub(crate) struct Asked<'a> {
    pub(crate) number: u128,
    pub(crate) kind: CheckKind,
    pub(crate) draft: Draft<'a>,
}

/// Whether Ann Smith, born on 6 May 1970, may work.
pub(crate) fn worker(number: u128) -> Asked<'static> {
    Asked {
        number,
        kind: CheckKind::RightToWork,
        draft: Draft {
            given_names: "Ann",
            family_name: "Smith",
            date_of_birth: "1970-05-06",
            home_office_reference: "HO1234",
            ..Draft::default()
        },
    }
}

/// The same of another check.
pub(crate) fn asked(number: u128, kind: CheckKind) -> Asked<'static> {
    let mut asked = worker(number);
    asked.kind = kind;
    match kind {
        CheckKind::RightToRent => asked.draft.tenancy_start = "2026-03-10",
        CheckKind::Section95 => {
            asked.draft.given_names = "";
            asked.draft.home_office_reference = "";
            asked.draft.asylum_support_reference = "2401/12345";
            asked.draft.benefit = Some(EducationBenefit::FreeSchoolMeals);
        }
        CheckKind::RightToWork | CheckKind::Iecas => {}
    }
    asked
}

impl Asked<'_> {
    fn receipt(&self, now: Timestamp) -> Receipt {
        let Ok(check) = self.draft.parse(self.kind, date(2026, 3, 2)) else {
            panic!("the draft is well formed")
        };
        Receipt {
            organisation: "north".parse().unwrap(),
            request_id: RequestId(Uuid::from_u128(self.number)),
            check,
            caller_reference: "desk 4".to_owned().into(),
            agreement_id: "all".parse().unwrap(),
            legal_basis: "Immigration Act 2014, section 20".to_owned(),
            clock: Target::DEFAULT.start(now),
            is_discreet: false,
        }
    }
}

pub(crate) fn answer() -> Answer {
    Answer {
        outcome: Outcome::NotEstablished(Negative::ALL[0]),
        legal_basis: "Immigration Act 2014, section 20".to_owned(),
        agreement_id: "all".parse().unwrap(),
        as_of: None,
    }
}

/// One agreement, `all`, with the usual times.
fn register() -> Register {
    let agreement = Agreement {
        id: "all".parse().unwrap(),
        title: "All".to_owned(),
        purpose: "To see everything.".to_owned(),
        legal_basis: "Immigration Act 2014, section 20".to_owned(),
        parties: Vec::new(),
        checks: CheckKind::ALL.to_vec(),
        benefits: EducationBenefit::ALL.to_vec(),
        organisations: [("north".parse().unwrap(), OrganisationKind::LocalAuthority)].into(),
        webhooks: [].into(),
        owner_webhook: None,
        operations: Operation::ALL.to_vec(),
        request_fields: Field::ALL.to_vec(),
        released_fields: Facts::FIELDS.map(str::to_owned).to_vec(),
        match_rule: String::new(),
        sla: SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT),
        rate: None,
        weight: NonZeroU8::MIN,
        quotas: Vec::new(),
        retention: None,
        signed_on: Some(date(2026, 1, 1)),
        review_on: Some(date(2027, 1, 1)),
        expires_on: None,
        suspension: None,
        feed: None,
        listed_only: false,
        proactive: false,
        withholds_referrals: false,
    };
    Register::new([agreement], []).unwrap()
}
