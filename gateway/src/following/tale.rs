//! A case told event by event: read once, and folded as it is told.

use std::collections::VecDeque;

use statuscheck_domain::case::{Case, HistoryError, Sight};
use statuscheck_domain::event::{Event, EventKind};
use statuscheck_domain::ids::CaseId;

use crate::store::{LedgerPlace, PlacedEvent, Position};

pub(super) struct Tale {
    id: CaseId,
    places: Vec<LedgerPlace>,
    /// Of each event, whether its caller is told nothing of it.
    hidden: Vec<bool>,
    /// As far as it was told.
    told: Option<Case>,
    rest: VecDeque<Event>,
}

impl Tale {
    pub(super) fn of(id: CaseId, history: Vec<PlacedEvent>) -> Self {
        let (places, rest): (_, VecDeque<Event>) = history
            .into_iter()
            .map(|placed| (placed.place, placed.event))
            .unzip();
        Self {
            id,
            places,
            hidden: hidden(&rest),
            told: None,
            rest,
        }
    }

    /// The event after which the case is at `version` is in it.
    pub(super) fn goes_to(&self, version: u64) -> bool {
        self.places.len() as u64 >= version
    }

    /// The event after which the case is at `version` is none of its caller's business.
    pub(super) fn is_hidden(&self, version: u64) -> bool {
        (1..)
            .zip(&self.hidden)
            .any(|(at, hidden)| at == version && *hidden)
    }

    /// Where the first event before `version` is that `reached` does not cover.
    pub(super) fn missing(&self, version: u64, reached: &Position) -> Option<LedgerPlace> {
        let mut before = (1..version).zip(&self.places).map(|(_, place)| *place);
        before.find(|place| !reached.covers(*place))
    }

    /// The case at `version`, which is not before the one that was told last.
    ///
    /// # Errors
    /// The events are no history of a case.
    pub(super) fn told_to(&mut self, version: u64) -> Result<&Case, HistoryError> {
        let mut case = self.told.take();
        while case.as_ref().is_none_or(|case| case.version < version) {
            let event = self.rest.pop_front().ok_or(HistoryError::OutOfOrder)?;
            case = Some(match case {
                Some(case) => case.after(event)?,
                None => Case::fold(self.id, [event])?,
            });
        }
        let case = case.filter(|case| case.version == version);
        self.told = case;
        self.told.as_ref().ok_or(HistoryError::OutOfOrder)
    }
}

/// Of each event of a whole history, whether the caller sees nothing of it.
fn hidden(history: &VecDeque<Event>) -> Vec<bool> {
    let mut sight = match history.front().map(|first| &first.kind) {
        Some(EventKind::Received(receipt)) => Sight::of(receipt),
        // No history of a case, which folding it says.
        _ => return vec![false; history.len()],
    };
    let received = std::iter::once(false);
    let rest = history.iter().skip(1).map(|event| !sight.sees(&event.kind));
    received.chain(rest).collect()
}
