//! The outbox: who is told of what happens to cases, and where. A notice is queued in the change that it tells of
//! ([`Outbox::telling`]), and [`Delivering`] takes it to its receiver.

use std::sync::Arc;

use statuscheck_domain::agreement::{Agreement, Webhook};
use statuscheck_domain::case::{Case, HistoryError};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::{AgreementId, NoticeId};
use statuscheck_domain::outbox::{Happening, Notice, NoticeEvent, Receiver, tidings, tidings_in_call};
use statuscheck_domain::referral::ReferralEvent;
use statuscheck_domain::sla::Audience;

use crate::random;
use crate::register::ServedRegister;
use crate::webhook::{Channels, WebhookSettings};

mod delivering;
mod places;

pub(crate) use self::delivering::{Attempt, Delivering};

/// Who is told, and where: by the register as it stands, and the channels of this gateway's settings.
#[derive(Clone)]
pub(crate) struct Outbox {
    register: Arc<ServedRegister>,
    channels: Arc<Channels>,
}

impl Outbox {
    pub(crate) fn new(register: Arc<ServedRegister>, settings: &WebhookSettings) -> Self {
        Self {
            register,
            channels: Arc::new(settings.channels()),
        }
    }

    /// `change`, which takes a case from `before` to `after` when its call has ended, together with the notices of it, and the
    /// case after them. Whoever has no webhook is told nothing.
    ///
    /// # Errors
    /// [`HistoryError`] where the case is none.
    pub(crate) fn telling(
        &self,
        before: &Case,
        change: Change,
        after: Case,
    ) -> Result<(Change, Case), HistoryError> {
        let told = tidings(before, &change, &after);
        let told = to_receivers(told, &after);
        self.posting(change, after, told)
    }

    /// The same of a change whose caller is told in the call.
    ///
    /// # Errors
    /// [`HistoryError`] where the case is none.
    pub(crate) fn telling_in_call(
        &self,
        change: Change,
        after: Case,
    ) -> Result<(Change, Case), HistoryError> {
        let told = tidings_in_call(&change, &after);
        let told = to_receivers(told, &after);
        self.posting(change, after, told)
    }

    /// `change`, after which a case is `after`, together with the notices of a referral that it opens, and the case after them: the
    /// taskforce is told, and who subscribed under the safeguard of the case. Of a referral that the case joins they were told before.
    ///
    /// # Errors
    /// [`HistoryError`] where the case is none.
    pub(crate) fn referring(&self, change: Change, after: Case) -> Result<(Change, Case), HistoryError> {
        let opened = change.events.iter().find_map(|event| match &event.kind {
            EventKind::Referral(ReferralEvent::Opened(opening)) if opening.joined.is_none() => {
                Some(opening.id)
            }
            _ => None,
        });
        let Some(referral_id) = opened else {
            return Ok((change, after));
        };
        let register = &self.register.now().register;
        let safeguard = register.safeguard_on(london_day(after.create_time));
        let subscribers = safeguard.subscribers.keys().cloned().map(Receiver::Subscriber);
        let told = std::iter::once(Receiver::Taskforce).chain(subscribers);
        let told = told.map(|receiver| (receiver, Happening::ReferralOpened { referral_id }));
        self.posting(change, after, told.collect())
    }

    /// `change`, after which a case is `after`, together with notices of what is `told` to whom, and the case after them.
    ///
    /// # Errors
    /// [`HistoryError`] where the case is none.
    pub(crate) fn posting(
        &self,
        change: Change,
        after: Case,
        told: Vec<(Receiver, Happening)>,
    ) -> Result<(Change, Case), HistoryError> {
        let Some(time) = change.events.last().map(|event| event.time) else {
            return Ok((change, after));
        };
        let has_webhook = |(receiver, happening): &(Receiver, Happening)| {
            let webhook = self.webhook(receiver, &after.receipt.agreement_id);
            if webhook.is_none() {
                self.tell_log(receiver, happening, &after);
            }
            webhook.is_some()
        };
        let queued = |(receiver, happening)| {
            EventKind::Outbox(NoticeEvent::Queued(Box::new(Notice {
                id: NoticeId::at(time, &random::bytes()),
                receiver,
                happening,
                state: after.state,
                version: after.told_version,
            })))
        };
        let notices: Vec<_> = told.into_iter().filter(has_webhook).map(queued).collect();
        if notices.is_empty() {
            return Ok((change, after));
        }
        let (follows, after) = after.change(time, notices)?;
        Ok((change.followed_by(follows), after))
    }

    /// Where a receiver is told of cases under `agreement`; none where it has no webhook.
    pub(crate) fn webhook(&self, receiver: &Receiver, agreement: &AgreementId) -> Option<Webhook> {
        let register = &self.register.now().register;
        let under = |id: &AgreementId| register.agreement(id);
        match receiver {
            Receiver::Organisation(id) => under(agreement)?.webhooks.get(id).cloned(),
            Receiver::Owner(of) => under(of)?.owner_webhook.clone(),
            Receiver::Ops => self.channels.ops.clone(),
            Receiver::Taskforce => self.channels.taskforce.clone(),
            // By the newest safeguard that has it: a secret that was changed since counts for what was queued before, too.
            Receiver::Subscriber(id) => {
                let mut newest_first = register.safeguards().rev();
                newest_first.find_map(|safeguard| safeguard.subscribers.get(id).cloned())
            }
        }
    }

    /// An owner is told by the log where there is no other way: escalating is what thresholds are for. That the taskforce cannot be
    /// told is for operators to know.
    fn tell_log(&self, receiver: &Receiver, happening: &Happening, case: &Case) {
        match receiver {
            Receiver::Owner(_) => {}
            Receiver::Taskforce => {
                tracing::warn!(case = %case.id, "a referral is opened, and the taskforce has no webhook to be told by");
                return;
            }
            Receiver::Organisation(_) | Receiver::Ops | Receiver::Subscriber(_) => return,
        }
        let register = &self.register.now().register;
        let agreement = register.agreement(&case.receipt.agreement_id);
        tracing::warn!(
            case = %case.id,
            agreement = %case.receipt.agreement_id,
            owner = agreement.and_then(Agreement::owner),
            happening = happening.as_str(),
            "the agreement's owner is to be told, and has no webhook"
        );
    }
}

fn to_receivers(told: Vec<(Audience, Happening)>, case: &Case) -> Vec<(Receiver, Happening)> {
    let told = told.into_iter();
    told.map(|(audience, happening)| (receiver(audience, case), happening))
        .collect()
}

/// Whom an audience is, of a case.
fn receiver(audience: Audience, case: &Case) -> Receiver {
    match audience {
        Audience::Ops => Receiver::Ops,
        Audience::Owner => Receiver::Owner(case.receipt.agreement_id.clone()),
        Audience::Caller => Receiver::Organisation(case.receipt.organisation.clone()),
    }
}
