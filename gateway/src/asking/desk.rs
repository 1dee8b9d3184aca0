//! What a department's desk says by itself: a step of the case like that of asking, taken once or not at all.

use statuscheck_domain::decide::{Verdict, Wait};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{Outcome, Reply};
use statuscheck_domain::subject::Field;

use super::inquiry::Answered;
use super::referral::Concluded;
use super::{Inquiry, Planned};
use crate::departments::Asked;
use crate::desk::DeskFault;
use crate::error::Error;

impl Inquiry {
    /// Records `reply`, what it decides, and what is to be asked because of it. That is not sent from here: it is asked as a
    /// question that was lost, within [`OUT_MAX`]. Seldom is there anything, for a call asks all that may be of use.
    ///
    /// # Errors
    /// [`Error::CaseChanged`] where the case went on meanwhile: look at it again. Nothing can be recorded.
    ///
    /// [`OUT_MAX`]: statuscheck_domain::questions::OUT_MAX
    pub(crate) async fn replied(
        mut self,
        (operation, id): (Operation, QuestionId),
        reply: Reply,
    ) -> Result<(), Error> {
        self.take(Answered {
            operation,
            question_id: id,
            charged: None,
            asked: Asked {
                reply,
                is_sent: true,
                timing: None,
            },
        });
        let _concluded = self.decided_by_desk().await?;
        if !self.case.is_over() && self.decide().wait == Wait::WhileTimeLasts {
            let further = self.next(true).await;
            self.unrecorded.extend(further.iter().map(Planned::asked));
        }
        self.try_to_record().await
    }

    /// Records that the desk needs `fields` before it can reply, and that the caller is asked for them.
    ///
    /// # Errors
    /// [`DeskFault::NotWaitedFor`] where the caller would not be asked; [`Error::CaseChanged`] where the case went on meanwhile.
    pub(crate) async fn held_up(
        mut self,
        (operation, question_id): (Operation, QuestionId),
        fields: Vec<Field>,
    ) -> Result<(), Error> {
        let would_settle = fields.clone();
        self.replies
            .reply(operation, Reply::of(Outcome::Ambiguous { would_settle }));
        match self.decide().verdict {
            Verdict::MoreInformation { fields: asked }
                if fields.iter().all(|field| asked.contains(field)) => {}
            _ => return Err(DeskFault::NotWaitedFor(question_id).into()),
        }
        self.unrecorded.push(EventKind::InformationRequested {
            question_id,
            operation,
            fields,
        });
        let _concluded = self.decided_by_desk().await?;
        self.try_to_record().await
    }

    async fn decided_by_desk(&mut self) -> Result<Concluded, Error> {
        if self.case.is_over() {
            return Ok(Concluded::default());
        }
        let verdict = self.decide().verdict;
        self.conclude(verdict).await
    }
}
