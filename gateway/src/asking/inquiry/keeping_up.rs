//! The case as others left it, and what follows beyond it.

use statuscheck_domain::event::EventKind;
use statuscheck_domain::referral::Hold;

use super::Inquiry;
use crate::asking::referral::Concluded;
use crate::error::Error;

impl Inquiry {
    /// Reads the case as it is now. What is in and not recorded counts on top.
    pub(super) async fn catch_up(&mut self) -> Result<(), Error> {
        let id = self.case.id;
        self.case = self.asking.store.case(id).await?.ok_or(Error::NoSuchCase(id))?;
        self.replies = self.case.questions.replies();
        // What a desk replied meanwhile counts. A unit that is to be given back still is.
        let questions = &self.case.questions;
        self.unrecorded.retain(|kind| match kind {
            EventKind::Replied {
                question_id,
                reply,
                refunded: None,
                ..
            } => !questions.stands_against(*question_id, reply),
            _ => true,
        });
        for kind in &self.unrecorded {
            if let EventKind::Replied { operation, reply, .. } = kind {
                self.replies.reply(*operation, reply.clone());
            }
        }
        Ok(())
    }

    /// Refers the person of a case whose caller stays silent, as `hold` says, and takes in what departments say about residence.
    ///
    /// # Errors
    /// [`Error::CaseChanged`] where the case went on meanwhile: look at it again. Nothing can be recorded.
    pub(crate) async fn refer(mut self, hold: Hold) -> Result<(), Error> {
        let concluded = self.hold(&hold).await?;
        self.try_to_record().await?;
        self.follow_up(concluded).await;
        self.rest().await
    }

    /// What a conclusion has as its consequence beyond the case, once it is recorded. What cannot be done now is left to the
    /// timekeeper, for the case is due until it is done.
    pub(super) async fn follow_up(&mut self, concluded: Concluded) {
        let id = self.case.id;
        // It is recorded, so others about the person may go on; so may this case, which can come to a hold anew by what follows.
        drop(concluded.person);
        let Concluded {
            joined,
            releases,
            evidence,
            ..
        } = concluded;
        self.send(evidence, self.asking.again.within);
        if !joined && !releases {
            return;
        }
        let followed = self.follow_referrals(joined, releases).await;
        let followed = match followed {
            Ok(()) => self.catch_up().await,
            Err(error) => Err(error),
        };
        if let Err(error) = followed {
            tracing::warn!(case = %id, %error, "what follows from a referral is left for later");
        }
    }

    async fn follow_referrals(&mut self, joined: bool, releases: bool) -> Result<(), Error> {
        if releases {
            self.asking.release(self.case.id).await?;
        }
        if joined {
            self.asking.follow(self.case.id).await?;
        }
        Ok(())
    }
}
