//! How promises were kept lately, agreement by agreement, beside what is agreed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use statuscheck_domain::agreement::Agreement;
use statuscheck_domain::clock::{SharedClock, london, london_day};
use statuscheck_domain::ids::AgreementId;
use statuscheck_domain::measures::Figures;
use statuscheck_domain::sla::{Ground, Promise};

use crate::error::Error;
use crate::measures::{ByDay, Measures, Wanted};
use crate::register::ServedRegister;

/// How old figures may be before they are counted anew. Ten minutes: a month's share moves slowly, and each case is opened for it.
const FRESH: Duration = Duration::from_secs(600);

/// Days that are looked back over, day by day.
const DAYS: u16 = 30;

/// Of the time, counting takes one part in so many at the most.
const REST_FACTOR: u32 = 50;

/// Between two pages of a count. 150 ms: a page is some 13 ms of a processor, and checks are to notice none of it.
const PAGE_REST: Duration = Duration::from_millis(150);

/// Counts promises, at most every ten minutes, and only while somebody looks.
pub(crate) struct Promises {
    measures: Measures,
    register: Arc<ServedRegister>,
    clock: SharedClock,
    newest: ArcSwapOption<Kept>,
    is_counting: AtomicBool,
}

/// What was counted.
pub(crate) struct Kept {
    /// When.
    pub(crate) at: Timestamp,
    /// The agreements that are served here, in their order.
    pub(crate) lines: Vec<KeptLine>,
    /// On the clock's `elapsed`.
    counted: Duration,
    took: Duration,
}

/// How promises under one agreement were kept.
pub(crate) struct KeptLine {
    /// Which agreement.
    pub(crate) id: AgreementId,
    /// The agreement's title.
    pub(crate) title: String,
    /// What is promised.
    pub(crate) agreed: Promise,
    /// The checks received this month in London; none where there are too many to be counted here.
    pub(crate) month: Option<Figures>,
    /// Those of the last thirty days, today among them, and of each day.
    pub(crate) thirty_days: Option<ByDay>,
}

impl Promises {
    /// `measures` bounds what one count may cost.
    pub(crate) fn new(measures: Measures, register: Arc<ServedRegister>, clock: SharedClock) -> Self {
        Self {
            measures: measures.resting(PAGE_REST),
            register,
            clock,
            newest: ArcSwapOption::empty(),
            is_counting: AtomicBool::new(false),
        }
    }

    /// The newest count; none before the first is done. Where it is old, another is begun and not waited for.
    pub(crate) fn now(self: &Arc<Self>) -> Option<Arc<Kept>> {
        let newest = self.newest.load_full();
        let is_fresh = newest.as_ref().is_some_and(|kept| {
            let age = self.clock.elapsed().saturating_sub(kept.counted);
            age < FRESH.max(kept.took.saturating_mul(REST_FACTOR))
        });
        if !is_fresh && !self.is_counting.swap(true, Ordering::AcqRel) {
            let promises = Arc::clone(self);
            tokio::spawn(async move {
                match promises.count().await {
                    Ok(kept) => promises.newest.store(Some(Arc::new(kept))),
                    Err(error) => tracing::warn!(%error, "it cannot be counted how promises were kept"),
                }
                promises.is_counting.store(false, Ordering::Release);
            });
        }
        newest
    }

    async fn count(&self) -> Result<Kept, Error> {
        let (at, began) = (self.clock.now(), self.clock.elapsed());
        let month = london_day(at).first_of_month().to_zoned(london());
        let month = month.map_or(at, |month| month.timestamp());
        let version = self.register.now();
        let mut lines = Vec::new();
        for agreement in version
            .register
            .agreements()
            .filter(|agreement| !agreement.listed_only)
        {
            lines.push(KeptLine {
                id: agreement.id.clone(),
                title: agreement.title.clone(),
                agreed: agreement.sla.promise(Ground::Usual),
                month: self.month(agreement, month).await?,
                thirty_days: counted(self.measures.by_day(&agreement.id, DAYS).await)?,
            });
        }
        let counted = self.clock.elapsed();
        Ok(Kept {
            at,
            lines,
            counted,
            took: counted.saturating_sub(began),
        })
    }

    async fn month(&self, agreement: &Agreement, from: Timestamp) -> Result<Option<Figures>, Error> {
        let wanted = Wanted {
            agreement: agreement.id.clone(),
            from,
            to: None,
            as_of: None,
        };
        let measured = self.measures.count(wanted).await;
        counted(measured.map(|measured| measured.figures))
    }
}

impl Kept {
    /// How they were kept under that agreement; none where it is not served here.
    pub(crate) fn line(&self, id: &AgreementId) -> Option<&KeptLine> {
        self.lines.iter().find(|line| line.id == *id)
    }
}

/// What was counted; none where there is too much of it.
fn counted<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(counted) => Ok(Some(counted)),
        Err(Error::Invalid(_too_many)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Of a hundred promises that were kept or broken, those kept, in tenths; none where there were none.
pub(crate) fn kept_per_mille(figures: &Figures) -> Option<u64> {
    let kept = figures.answered_in_time;
    (kept * 1_000).checked_div(kept + figures.breached)
}
