use std::fs;
use std::path::PathBuf;

use statuscheck_domain::calendar::Division;
use statuscheck_domain::clock::ManualClock;
use tempfile::TempDir;

use super::*;
use crate::config::CalendarSection;
use crate::store::embedded::{EmbeddedStore, Settings};
use crate::store::seal::Kek;

const SHIPPED: &str = include_str!("../domain/data/bank-holidays.tsv");

/// A store and a file of bank holidays.
struct Desk {
    folder: TempDir,
    store: Arc<EmbeddedStore>,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = Kek::create(&folder.path().join("store.key")).unwrap();
        let settings = Settings::at(folder.path().join("store.db"));
        let store = Arc::new(EmbeddedStore::open(settings, key).await.unwrap());
        fs::write(folder.path().join("holidays.tsv"), SHIPPED).unwrap();
        Self { folder, store }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("holidays.tsv")
    }

    /// The shipped list under another version, with another day off in England and Wales.
    fn put(&self, version: &str, day: &str) {
        let shipped = Calendars::default();
        let shipped = shipped.current().version().as_str();
        let list = SHIPPED.replace(&format!("version\t{shipped}"), &format!("version\t{version}"));
        assert_ne!(list, SHIPPED);
        fs::write(
            self.file(),
            format!("{list}{day}\tengland-and-wales\tA day off\n"),
        )
        .unwrap();
    }

    async fn starts(&self) -> Result<ServedCalendars, CalendarsError> {
        let section = CalendarSection {
            bank_holidays: Some(self.file()),
            ..CalendarSection::default()
        };
        let clock = ManualClock::at("2026-06-10T09:00:00Z".parse().unwrap());
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        ServedCalendars::load(section.load().unwrap(), store, Arc::new(clock)).await
    }

    async fn recorded(&self) -> Vec<HouseEntry> {
        replacements(self.store.as_ref()).await.unwrap()
    }
}

fn version(served: &ServedCalendars) -> String {
    served.now().current().version().to_string()
}

fn is_off(served: &ServedCalendars, version: &str, day: &str) -> bool {
    let calendars = served.now();
    let calendar = calendars.version(&version.parse().unwrap()).unwrap();
    let days = calendar.holidays().of(Division::EnglandAndWales);
    days.iter().any(|holiday| holiday.date.to_string() == day)
}

#[tokio::test]
async fn a_list_in_the_files_place_counts_once_it_is_recorded_and_the_one_before_is_kept() {
    let desk = Desk::new().await;
    let served = desk.starts().await.unwrap();
    let shipped = version(&served);
    assert_eq!(served.look().await.unwrap(), Look::Unchanged);
    assert!(desk.recorded().await.is_empty());

    desk.put("2026-jubilee", "2026-06-12");
    assert_eq!(served.look().await.unwrap(), Look::Replaced);
    assert_eq!(served.look().await.unwrap(), Look::Unchanged);
    assert_eq!(version(&served), "2026-jubilee");
    assert!(is_off(&served, "2026-jubilee", "2026-06-12"));
    assert!(!is_off(&served, &shipped, "2026-06-12"));
    let recorded = desk.recorded().await;
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].details["version"], "2026-jubilee");
    assert_eq!(recorded[0].details["replaced"]["version"], shipped);
    assert_eq!(recorded[0].details["replaced"]["list"], SHIPPED);

    // The next start knows both, although there is but one file.
    let next = desk.starts().await.unwrap();
    assert_eq!(version(&next), "2026-jubilee");
    assert!(!is_off(&next, &shipped, "2026-06-12"));
    // The first may count again: it is the same.
    fs::write(desk.file(), SHIPPED).unwrap();
    assert_eq!(next.look().await.unwrap(), Look::Replaced);
    assert_eq!(version(&next), shipped);
    assert!(is_off(&next, "2026-jubilee", "2026-06-12"));
}

#[tokio::test]
async fn a_file_that_is_none_or_gone_or_has_anothers_version_changes_nothing() {
    let desk = Desk::new().await;
    let served = desk.starts().await.unwrap();
    let shipped = version(&served);
    let other_list = format!("{SHIPPED}2026-06-12\tengland-and-wales\tA day off\n");
    for (list, told) in [("christmas", "line 1"), (other_list.as_str(), "version")] {
        fs::write(desk.file(), list).unwrap();
        let refused = served.look().await.unwrap_err();
        let mut why = refused.to_string();
        let mut source = std::error::Error::source(&refused);
        while let Some(error) = source {
            why = format!("{why}: {error}");
            source = error.source();
        }
        assert!(why.contains(told), "{why}");
    }
    fs::remove_file(desk.file()).unwrap();
    assert!(matches!(served.look().await, Err(CalendarsError::File(_))));
    assert_eq!(version(&served), shipped);
    assert!(!is_off(&served, &shipped, "2026-06-12"));
    assert!(desk.recorded().await.is_empty());
}

#[tokio::test]
async fn another_list_under_a_version_that_has_counted_is_refused_at_the_start_too() {
    let desk = Desk::new().await;
    let served = desk.starts().await.unwrap();
    desk.put("2026-jubilee", "2026-06-12");
    served.look().await.unwrap();
    desk.put("2026-jubilee", "2026-06-15");
    assert!(matches!(served.look().await, Err(CalendarsError::SameVersion(_))));
    assert!(matches!(desk.starts().await, Err(CalendarsError::SameVersion(_))));
}

#[tokio::test]
async fn two_gateways_that_find_the_same_list_record_it_once() {
    let desk = Desk::new().await;
    let (one, other) = (desk.starts().await.unwrap(), desk.starts().await.unwrap());
    desk.put("2026-jubilee", "2026-06-12");
    for served in [&one, &other] {
        assert_eq!(served.look().await.unwrap(), Look::Replaced);
        assert_eq!(version(served), "2026-jubilee");
    }
    assert_eq!(desk.recorded().await.len(), 1);
}
