//! What is rare, and a batch of its own: the end of a case, holds, keys wrapped anew, leases, blocks of quotas.

use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::batch::Made;
use super::changes::house;
use super::charges::Charges;
use super::dues::{self, Lease, unlisted};
use super::fault::DatabaseError;
use super::hooks::Posting;
use super::lease::Holding;
use super::notices;
use super::quotas::{self, Refill};
use super::referrals::Referring;
use super::statements::Statements;
use super::work::{Hold, Recorded, Rewrapped, Work};
use super::worklist::Listing;
use crate::store::CommitError;
use crate::store::chain::Entry;
use crate::store::rows::{PURGED, Purge};

/// The one work of a batch.
#[derive(Clone, Copy)]
pub(super) enum Single<'a> {
    Purge(&'a Purge),
    Hold(&'a Hold),
    Rewrap(&'a Rewrapped),
    Lease(&'a Lease),
    LetGo(&'a [Uuid]),
    Refill(&'a Refill),
}

impl<'a> Single<'a> {
    pub(super) fn of(batch: &[&'a Work]) -> Option<Self> {
        match *batch {
            [Work::Purge(purge)] => Some(Self::Purge(purge)),
            [Work::Hold(hold)] => Some(Self::Hold(hold)),
            [Work::Rewrap(rewrapped)] => Some(Self::Rewrap(rewrapped)),
            [Work::Lease(lease)] => Some(Self::Lease(lease)),
            [Work::LetGo(ids)] => Some(Self::LetGo(ids)),
            [Work::Refill(refill)] => Some(Self::Refill(refill)),
            _ => None,
        }
    }
}

/// Makes its changes in the transaction that is begun.
pub(super) async fn make<'a>(
    client: &Client,
    statements: &Statements,
    holding: Holding,
    single: Single<'a>,
) -> Result<Made<'a>, DatabaseError> {
    match single {
        Single::Purge(purge) => self::purge(client, statements, purge).await,
        Single::Hold(hold) => self::hold(client, statements, hold).await,
        Single::Rewrap(rewrapped) => rewrap(client, statements, rewrapped).await,
        Single::Lease(wanted) => dues::lease(client, statements, holding, wanted).await,
        Single::LetGo(ids) => dues::let_go(client, statements, holding, ids).await,
        Single::Refill(refill) => quotas::refill(client, statements, holding, refill).await,
    }
}

/// Done with one entry, or stale.
fn made(entry: Option<Entry<'_>>) -> Made<'_> {
    Made {
        outcomes: vec![entry.map(|_| Recorded::Done).ok_or(CommitError::Stale)],
        is_written: entry.is_some(),
        entries: entry.into_iter().collect(),
        charges: Charges::default(),
        listing: Listing::default(),
        posting: Posting::default(),
        referring: Referring::default(),
        news: None,
    }
}

async fn purge<'a>(
    client: &Client,
    statements: &Statements,
    purge: &'a Purge,
) -> Result<Made<'a>, DatabaseError> {
    let id = purge.case_id.0;
    let case: [&(dyn ToSql + Sync); 2] = [&id, &purge.expected_version];
    let (locked, gone) = tokio::join!(
        client.query_opt(&statements.lock_case, &case[..1]),
        client.query_opt(&statements.purge, &case),
    );
    locked?;
    let entry = gone?.map(|_| Entry {
        case_id: Some(purge.case_id),
        version: purge.expected_version + 1,
        time: purge.time,
        kind: PURGED,
        payload: &purge.payload,
    });
    let news = entry.is_some().then(|| (notices::PURGED, id.to_string()));
    Ok(Made { news, ..made(entry) })
}

async fn hold<'a>(
    client: &Client,
    statements: &Statements,
    hold: &'a Hold,
) -> Result<Made<'a>, DatabaseError> {
    let id = hold.case_id.0;
    let set: [&(dyn ToSql + Sync); 2] = [&id, &hold.note.time];
    let (statement, values) = if hold.held {
        (&statements.hold, set.as_slice())
    } else {
        (&statements.release, &set[..1])
    };
    let (locked, changed) = tokio::join!(
        client.query_opt(&statements.lock_case, &set[..1]),
        client.query_opt(statement, values),
    );
    locked?;
    Ok(made(changed?.map(|_| house(&hold.note))))
}

async fn rewrap<'a>(
    client: &Client,
    statements: &Statements,
    rewrapped: &'a Rewrapped,
) -> Result<Made<'a>, DatabaseError> {
    match rewrapped {
        Rewrapped::Cases(cases) => {
            let ids: Vec<_> = cases.iter().map(|(id, _, _)| id.0).collect();
            let old: Vec<_> = cases.iter().map(|(_, old, _)| old.as_slice()).collect();
            let anew: Vec<_> = cases.iter().map(|(_, _, anew)| anew.as_slice()).collect();
            client.execute(&statements.rewrap, &[&ids, &old, &anew]).await?;
        }
        Rewrapped::Secret(secret) => {
            client.execute(&statements.rewrap_secret, &[secret]).await?;
        }
    }
    Ok(unlisted(true, Recorded::Done))
}
