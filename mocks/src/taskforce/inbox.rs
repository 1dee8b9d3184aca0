//! What came in: every hook once, however often it came.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::Refusal;
use super::event::Opened;

/// A hook that came with a right signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Hook {
    /// Its `webhook-id`.
    pub id: String,
    /// The referral that it is about.
    pub subject: String,
    /// The case of that referral.
    pub case_id: String,
    /// How often it came.
    pub times: u64,
    /// How often it took effect: never while the taskforce is told to fail, and then once.
    pub effects: u64,
    /// When it came first.
    pub first_at: Timestamp,
    /// When it came last.
    pub last_at: Timestamp,
}

/// Everything that came in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Received {
    /// Hooks with a right signature, in the order in which they came first.
    pub hooks: Vec<Hook>,
    /// Referrals that they told of, each with how many hooks took effect for it: more than one is one too many.
    pub referrals: BTreeMap<String, u64>,
    /// What was refused, by why.
    pub refused: BTreeMap<&'static str, u64>,
    /// Hooks that are known no longer, because they are too old or too many.
    pub forgotten: u64,
}

/// Keeps hooks for a while; the oldest go first when there are too many.
pub(super) struct Inbox {
    life: Duration,
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    hooks: HashMap<String, Hook>,
    oldest_first: VecDeque<(Duration, String)>,
    refused: BTreeMap<&'static str, u64>,
    forgotten: u64,
}

impl Inbox {
    pub(super) fn new(life: Duration, most: usize) -> Self {
        Self {
            life,
            most,
            kept: Mutex::default(),
        }
    }

    /// Notes that the hook `id` came, and lets it have its effect where it `takes_in` and had none before.
    pub(super) fn take(&self, id: &str, opened: &Opened, takes_in: bool, now: Timestamp, elapsed: Duration) {
        let mut kept = self.kept();
        if !kept.hooks.contains_key(id) {
            kept.oldest_first.push_back((elapsed, id.to_owned()));
        }
        let hook = kept.hooks.entry(id.to_owned()).or_insert_with(|| Hook {
            id: id.to_owned(),
            subject: opened.referral_id.to_string(),
            case_id: opened.case_id.to_string(),
            times: 0,
            effects: 0,
            first_at: now,
            last_at: now,
        });
        hook.times += 1;
        hook.last_at = now;
        if takes_in && hook.effects == 0 {
            hook.effects += 1;
        }
        self.forget(&mut kept, elapsed);
    }

    pub(super) fn refused(&self, why: Refusal) {
        *self.kept().refused.entry(why.as_str()).or_default() += 1;
    }

    pub(super) fn received(&self) -> Received {
        let kept = self.kept();
        let in_order = kept.oldest_first.iter();
        let hooks: Vec<_> = in_order
            .filter_map(|(_, id)| kept.hooks.get(id))
            .cloned()
            .collect();
        let mut referrals = BTreeMap::new();
        for hook in &hooks {
            *referrals.entry(hook.subject.clone()).or_default() += hook.effects;
        }
        Received {
            hooks,
            referrals,
            refused: kept.refused.clone(),
            forgotten: kept.forgotten,
        }
    }

    fn forget(&self, kept: &mut Kept, elapsed: Duration) {
        while let Some((since, id)) = kept.oldest_first.front().cloned() {
            if kept.hooks.len() <= self.most && elapsed.saturating_sub(since) < self.life {
                break;
            }
            kept.oldest_first.pop_front();
            kept.hooks.remove(&id);
            kept.forgotten += 1;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
