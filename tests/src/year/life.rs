//! One gateway of the year: it does what is due and is called, until the year ends or it dies.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use statuscheck::again::AgainSettings;
use statuscheck::rpc::works::{Through, Works, WorksSetup};
use statuscheck::server::CheckSettings;
use statuscheck::store::Store;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck::timekeeper::TimekeeperSettings;

use super::calls::{Call, call};
use super::{Op, Year};

/// How a gateway ended.
pub(super) enum End {
    OfTheYear,
    Died,
}

/// Turns of one moment. Far more than all cases of the year need for all their steps: what takes more never ends.
const TURNS_MAX: u32 = 1_000;

/// Most moments are full hours, so that a year has some ten thousand of them, and many things in each.
const GRID: SignedDuration = SignedDuration::from_hours(1);

/// Departments are asked again ever later, up to five days: as often as in a quarter of an hour would be a simulation of asking.
fn checks() -> CheckSettings {
    CheckSettings {
        again: AgainSettings {
            first: Duration::from_hours(1),
            longest: Duration::from_hours(5 * 24),
            ..AgainSettings::default()
        },
        ..CheckSettings::default()
    }
}

pub(super) async fn life(year: &mut Year) -> anyhow::Result<End> {
    year.clock.advance(year.fate.next_life());
    let store = open(year).await?;
    let fate = year.fate.clone();
    let ended = tokio::select! {
        biased;
        () = fate.death() => Ok(End::Died),
        ended = live(year, Arc::clone(&store) as Arc<dyn Store>) => ended,
    };
    // What the writer had taken by then it records, as a disk does when a process dies.
    store.close().await;
    ended
}

/// The store of the year, as it was left.
pub(super) async fn open(year: &Year) -> anyhow::Result<Arc<EmbeddedStore>> {
    let key_file = year.folder.path().join("store.key");
    let key = if key_file.exists() {
        Kek::load(&key_file)?
    } else {
        Kek::create(&key_file)?
    };
    let mut settings = Settings::at(database(year));
    // Opening looks for faults of the disk, which has none here, and would read the whole file each time.
    settings.look_over_pages_max = 0;
    let store = EmbeddedStore::open(settings, key).await;
    Ok(Arc::new(store.context("the store cannot be opened")?))
}

pub(super) fn database(year: &Year) -> std::path::PathBuf {
    year.folder.path().join("year.db")
}

async fn live(year: &mut Year, store: Arc<dyn Store>) -> anyhow::Result<End> {
    let mortal: Arc<dyn Store> = Arc::new(Through {
        around: year.fate.clone(),
        store,
    });
    let works = Works::new(WorksSetup {
        store: Arc::clone(&mortal),
        departments: year.world.departments(&year.clock),
        register: year.owner.register()?,
        webhooks: year.owner.settings(),
        trust_domain: "status.example".parse().expect("a trust domain"),
        checks: checks(),
        timekeeper: TimekeeperSettings::default(),
        clock: Arc::new(year.clock.clone()),
    })
    .await?;
    loop {
        year.begin();
        year.owner.answer(year.now());
        let (called, turned) = tokio::join!(year.call(&works), works.turn());
        called?;
        turned?;
        works.settled().await;
        year.work_off(&works, mortal.as_ref()).await?;
        let now = year.now();
        year.looks.push(now);
        match year.next_moment(mortal.next_wake().await?) {
            Some(next) => year.clock.advance(next.duration_since(now).unsigned_abs()),
            None => return Ok(End::OfTheYear),
        }
    }
}

impl Year {
    /// What has come by now.
    fn begin(&mut self) {
        let now = self.now();
        while let Some((_, op)) = self.ahead.pop_front_if(|(at, _)| *at <= now) {
            match op {
                Op::Call(number, call) => self.open.push((number, call)),
                Op::Crash(death) => self.fate.decree(death),
            }
        }
    }

    /// All callers at once; whoever was not answered before calls again.
    async fn call(&mut self, works: &Works) -> anyhow::Result<()> {
        let (people, told, asked_on) = (Arc::clone(&self.people), &mut self.told, &self.asked_on);
        // A caller asks before anything else.
        let is_first = |told: &[super::Told], (number, call): &(u32, Call)| {
            *call == Call::Ask || told[*number as usize].case_id.is_some()
        };
        loop {
            let calls: Vec<_> = self
                .open
                .iter()
                .copied()
                .filter(|open| is_first(told, open))
                .collect();
            let Some(_) = calls.first() else {
                return Ok(());
            };
            for (number, call) in &calls {
                told[*number as usize].calls.push(*call);
            }
            let ask = |(number, what): (u32, Call)| {
                let place = number as usize;
                let (person, known) = (&people[place], told[place].clone());
                let day = asked_on[place];
                async move { (number, what, call(works, person, what, &known, day).await) }
            };
            let mut calling: FuturesUnordered<_> = calls.into_iter().map(ask).collect();
            while let Some((number, call, said)) = calling.next().await {
                told[number as usize].take(&people[number as usize], call, said);
                if let Some(place) = self.open.iter().position(|open| *open == (number, call)) {
                    self.open.swap_remove(place);
                }
            }
        }
    }

    /// Whatever is due by now.
    async fn work_off(&mut self, works: &Works, store: &dyn Store) -> anyhow::Result<()> {
        let now = self.now();
        for _ in 0..TURNS_MAX {
            if store.next_wake().await?.is_none_or(|next| next > now) {
                return Ok(());
            }
            works.turn().await?;
            works.settled().await;
        }
        self.findings.push(format!("what is due at {now} is never done"));
        Ok(())
    }

    /// When something happens next: to the hour, or now and then at the very instant, or just before it, when nothing may.
    fn next_moment(&mut self, wake: Option<Timestamp>) -> Option<Timestamp> {
        let ahead = self.ahead.front().map(|(at, _)| *at);
        let next = wake.into_iter().chain(ahead).min()?.max(self.now());
        if next > Self::end() {
            return None;
        }
        let just_before = next - SignedDuration::from_nanos(1);
        Some(match self.dice.random_range(0..8) {
            0 => next,
            1 if just_before > self.now() => just_before,
            _ => next_full(next),
        })
    }
}

fn next_full(instant: Timestamp) -> Timestamp {
    let grid = GRID.as_nanos();
    let full = (instant.as_nanosecond() + grid - 1) / grid * grid;
    Timestamp::from_nanosecond(full).unwrap_or(instant)
}
