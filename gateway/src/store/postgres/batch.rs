//! One batch: several changes in one transaction, each recorded or refused alone, in two round trips; in one, where it is
//! such a batch as most are ([`whole`]), and then the next may be sent before it is answered.
//!
//! The first asks for the chain and makes the changes; what the server answers tells which of them hold. The second adds
//! their entries, says where the chain ends, and commits. Statements of one trip are sent together; once one fails the
//! server does none after it. Only where somebody is referred is there a trip before them, which tells who was meanwhile.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use futures_util::future::OptionFuture;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use self::usual::Expectation;
use super::changes::{Advance, Changes, Judged, Open};
use super::charges::Charges;
use super::connect::{Connected, Connector};
use super::fault::{DatabaseError, Fault};
use super::hooks::Posting;
use super::lease::{self, Holding, LeaseError};
use super::notices;
use super::quotas::Taken;
use super::referrals::{Lookups, Referring};
use super::single::{self, Single};
use super::statements::Statements;
use super::work::{Outcome, Work};
use super::worklist::Listing;
use crate::store::chain::{Entry, Head};

mod second;
mod usual;
mod whole;

/// The writer's connection with its statements.
pub(super) struct Session {
    connected: Connected,
    pub(super) statements: Statements,
    expectation: Expectation,
    /// How long one round trip may take.
    answer_max: Duration,
    /// How far a commit prolongs the lease.
    lease: Duration,
}

/// What a batch came to.
pub(super) struct Settled {
    pub(super) outcomes: Vec<Outcome>,
    /// Where the chain ends with it; none where it added no entry.
    pub(super) head: Option<Head>,
}

/// Why a batch is not known to be recorded.
pub(super) enum Failure {
    /// The chain has another writer. Nothing was recorded.
    Fenced,
    /// Nothing was recorded.
    Refused(DatabaseError),
    /// The commit was sent, and its answer did not come: it is recorded, as this has it, or it is not.
    Unknown(DatabaseError, Settled),
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Refused(error)
    }
}

/// The changes of a transaction that is not committed yet.
pub(super) struct Made<'a> {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) entries: Vec<Entry<'a>>,
    /// What they use of quotas.
    pub(super) charges: Charges,
    /// How questions stand on worklists after them.
    pub(super) listing: Listing,
    /// How notices stand after them.
    pub(super) posting: Posting,
    /// How referrals stand after them.
    pub(super) referring: Referring,
    /// Something was written, with an entry or without one.
    pub(super) is_written: bool,
    /// What to tell the other gateways beside that the chain grew.
    pub(super) news: Option<(&'static str, String)>,
}

impl Session {
    pub(super) async fn open(
        connector: &Connector,
        answer_max: Duration,
        lease: Duration,
    ) -> Result<Self, DatabaseError> {
        let connected = connector.connect().await?;
        let statements = in_time(answer_max, Box::pin(Statements::prepare(&connected.client))).await?;
        Ok(Self {
            connected,
            statements,
            expectation: Expectation::default(),
            answer_max,
            lease,
        })
    }

    pub(super) const fn client(&self) -> &Client {
        &self.connected.client
    }

    /// Waits for `trip` as long as a round trip may take.
    pub(super) async fn trip<T, E: Into<DatabaseError>>(
        &self,
        trip: impl Future<Output = Result<T, E>>,
    ) -> Result<T, DatabaseError> {
        in_time(self.answer_max, async { trip.await.map_err(Into::into) }).await
    }

    /// Takes a chain for `holder`.
    pub(super) async fn claim(&self, holder: Uuid) -> Result<(Holding, Head), LeaseError> {
        // Up to three statements: the time of as many trips.
        timeout(
            self.answer_max * 3,
            lease::take(self.client(), holder, self.lease),
        )
        .await
        .unwrap_or_else(|_elapsed| Err(DatabaseError::unanswered().into()))
    }

    /// Records `batch`, which has `taken` units out of blocks: on return it is on disk. Where it `tells`, the other gateways
    /// hear that the chain grew. None where it was recorded before, which left the chain `before`, and nobody was told.
    pub(super) async fn record(
        &self,
        holding: Holding,
        batch: &[&Work],
        taken: &Taken,
        (tells, before): (bool, Option<Head>),
    ) -> Result<Option<Settled>, Failure> {
        let made = match Single::of(batch) {
            Some(single) => self.begin_single(holding, single).await,
            None => self.begin_changes(holding, &Changes::of(batch), taken).await,
        };
        // Whatever comes of it, only the server knows where the chain ends until it has said so.
        self.expectation.ended(holding, None);
        // Nobody adds to the chain from here on: also what a lost connection left at the server can come no more.
        if let (Ok(_), Some(before)) = (&made, before)
            && self.is_at(holding, before).await?
        {
            self.roll_back().await?;
            return Ok(None);
        }
        match made {
            Ok((made, head)) if made.is_written => {
                let settled = self.commit(holding, made, head, tells).await?;
                self.expectation.ended(holding, settled.head.or(Some(head)));
                Ok(Some(settled))
            }
            Ok((made, _)) => {
                self.roll_back().await?;
                Ok(Some(Settled {
                    outcomes: made.outcomes,
                    head: None,
                }))
            }
            Err(failure) => {
                // Where the server cannot be told any more, it rolls back by itself.
                if !matches!(&failure, Failure::Refused(error) if error.fault() == Fault::Lost) {
                    self.roll_back().await.ok();
                }
                Err(failure)
            }
        }
    }

    async fn begin_changes<'a>(
        &self,
        holding: Holding,
        changes: &Changes<'a>,
        taken: &Taken,
    ) -> Result<(Made<'a>, Head), Failure> {
        let (client, statements) = (self.client(), &self.statements);
        let open = changes.open_parameters();
        let lookups = changes.lookups();
        if self.expectation.is_usual() && lookups.is_none() {
            let advance = changes.advance_parameters(&HashSet::new());
            if let Some(head) = self.begin_usual(holding, open.as_ref(), advance.as_ref()).await? {
                return Ok((changes.judge(&Judged::all(), taken), head));
            }
            self.expectation.was_wrong();
            self.roll_back().await?;
        }
        let looked = match lookups {
            Some(lookups) => Some(self.begin_looking(holding, &lookups).await?),
            None => None,
        };
        let (begun, stale) = looked.unzip();
        let advance = changes.advance_parameters(&stale.unwrap_or_default());
        let first = async {
            let (locked, opened, advanced) = tokio::join!(
                OptionFuture::from(begun.is_none().then(|| self.begin(holding))),
                OptionFuture::from(open.as_ref().map(|open| open.run(client, &statements.open))),
                OptionFuture::from(
                    advance
                        .as_ref()
                        .map(|advance| advance.run(client, &statements.advance))
                ),
            );
            Ok::<_, DatabaseError>((
                locked.transpose()?.flatten(),
                opened.transpose()?.unwrap_or_default(),
                advanced.transpose()?.unwrap_or_default(),
            ))
        };
        let (locked, opened, advanced) = self.trip(Box::pin(first)).await?;
        let head = begun.map_or_else(|| unfenced(locked), Ok)?;
        let mut judged = Judged::of(&opened, &advanced)?;
        if let Some(asked) = changes.repeats(&judged) {
            judged.add_known(&self.trip(asked.run(client, &statements.known)).await?)?;
        }
        Ok((changes.judge(&judged, taken), head))
    }

    /// Asks for the chain, in a transaction of its own from here on.
    async fn begin(&self, holding: Holding) -> Result<Option<Row>, DatabaseError> {
        let held: [&(dyn ToSql + Sync); 2] = [&holding.number, &holding.fence];
        let (begun, locked) = tokio::join!(
            self.client()
                .batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
            self.client().query_opt(&self.statements.lock, &held),
        );
        begun?;
        Ok(locked?)
    }

    /// The trip before the first, where changes rest on a look for somebody: where the chain ends, and the cases that are
    /// overtaken.
    async fn begin_looking(
        &self,
        holding: Holding,
        lookups: &Lookups<'_>,
    ) -> Result<(Head, HashSet<Uuid>), Failure> {
        let looking = async {
            let (locked, overtaken) = tokio::join!(
                self.begin(holding),
                lookups.overtaken(self.client(), &self.statements)
            );
            Ok::<_, DatabaseError>((locked?, overtaken?))
        };
        let (locked, overtaken) = self.trip(Box::pin(looking)).await?;
        Ok((unfenced(locked)?, overtaken))
    }

    /// None where the batch is not a usual one; then it has to be undone.
    async fn begin_usual(
        &self,
        holding: Holding,
        open: Option<&Open<'_>>,
        advance: Option<&Advance<'_>>,
    ) -> Result<Option<Head>, Failure> {
        let first = async {
            let (locked, made) = tokio::join!(
                self.begin(holding),
                usual::make(self.client(), &self.statements, open, advance),
            );
            Ok::<_, DatabaseError>((locked?, made?))
        };
        let (locked, is_usual) = self.trip(Box::pin(first)).await?;
        let head = unfenced(locked)?;
        Ok(is_usual.then_some(head))
    }

    async fn begin_single<'a>(
        &self,
        holding: Holding,
        single: Single<'a>,
    ) -> Result<(Made<'a>, Head), Failure> {
        let first = async {
            let (locked, made) = tokio::join!(
                self.begin(holding),
                single::make(self.client(), &self.statements, holding, single),
            );
            Ok::<_, DatabaseError>((locked?, made?))
        };
        let (locked, made) = self.trip(Box::pin(first)).await?;
        Ok((made, unfenced(locked)?))
    }

    async fn tell(&self, topic: &str, news: &str) -> Result<(), DatabaseError> {
        self.client()
            .execute(&self.statements.notify, &[&topic, &news])
            .await?;
        Ok(())
    }

    /// Tells every gateway that something may have changed.
    pub(super) async fn tell_of_change(&self) -> Result<(), DatabaseError> {
        self.trip(self.tell(notices::CHANGED, "")).await
    }

    async fn roll_back(&self) -> Result<(), DatabaseError> {
        self.trip(self.client().batch_execute("ROLLBACK")).await
    }

    /// A batch whose outcome was not told is recorded: its last entry is there, and where commits wait for a standby, there
    /// as well. Waits until whoever sent it, on a connection that is lost, can commit no more.
    pub(super) async fn is_recorded(&self, holding: Holding, head: Head) -> Result<bool, DatabaseError> {
        let (client, statements) = (self.client(), &self.statements);
        let warnings = self.connected.warnings();
        // The transaction of the lost connection has the row locked as long as it lives. Its end may have come from a wait for
        // a standby that was broken off; locking a row is a commit too, and waits for everything before it.
        self.trip(client.query_opt(&statements.settle, &[&holding.number]))
            .await?;
        if self.connected.warnings() != warnings {
            return Err(DatabaseError::lost(
                "it warned of something, and may be ahead of its standbys",
            ));
        }
        self.is_at(holding, head).await
    }

    /// The chain has, or had, its end there.
    async fn is_at(&self, holding: Holding, head: Head) -> Result<bool, DatabaseError> {
        let place: [&(dyn ToSql + Sync); 2] = [&holding.number, &head.sequence];
        let found = self.client().query_opt(&self.statements.hash_at, &place);
        Ok(match self.trip(found).await? {
            Some(row) => lease::array(&row, 0)? == head.hash,
            None => false,
        })
    }
}

fn unfenced(locked: Option<Row>) -> Result<Head, Failure> {
    let row = locked.ok_or(Failure::Fenced)?;
    Ok(lease::head(&row, 0)?)
}

pub(super) async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    timeout(limit, work)
        .await
        .unwrap_or_else(|_elapsed| Err(DatabaseError::unanswered()))
}
