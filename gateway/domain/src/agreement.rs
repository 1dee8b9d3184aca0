//! The register of agreements: nothing is asked or told but under one of them (report, recommendations 1 and 2).

use std::sync::Arc;

use crate::check::{Check, CheckKind};
use crate::ids::{AgreementId, OrganisationId};
use crate::question::Operation;
use crate::sla::Target;
use crate::subject::Field;

/// What some organisations may ask, and on what terms.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// Its title.
    pub title: String,
    /// What it is for, in a sentence.
    pub purpose: String,
    /// The law that allows it, in full.
    pub legal_basis: String,
    /// The checks it covers.
    pub checks: Vec<CheckKind>,
    /// Who may ask.
    pub organisations: Vec<OrganisationId>,
    /// What departments may be asked under it.
    pub operations: Vec<Operation>,
    /// Fields of the person that may be sent.
    pub request_fields: Vec<Field>,
    /// Names of the facts that may be released.
    pub released_fields: Vec<String>,
    /// How long an answer may take.
    pub sla: Target,
    /// Whom to turn to about it.
    pub contact: String,
}

/// Every agreement.
#[derive(Clone, Debug, Default)]
pub struct Register {
    agreements: Vec<Arc<Agreement>>,
}

/// Proof that an agreement covers a check: only [`Register::authorise`] makes one.
#[derive(Clone, Debug)]
pub struct Permit {
    organisation: OrganisationId,
    agreement: Arc<Agreement>,
}

impl Permit {
    /// Who may ask.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// Under what.
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }
}

/// Why a check may not be asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// No agreement names the organisation, or not the one that was named.
    #[error("no agreement covers this organisation")]
    NoAgreement,
    /// The organisation's agreements do not cover this check.
    #[error("the organisation's agreements do not cover this check")]
    CheckNotCovered {
        /// Whom to turn to.
        agreement: Arc<Agreement>,
    },
    /// The agreement does not cover these fields.
    #[error("the agreement does not cover every field that was sent; see the field violations")]
    FieldsNotCovered {
        /// The agreement.
        agreement: Arc<Agreement>,
        /// The fields that must be left out.
        fields: Vec<Field>,
    },
    /// Several agreements cover the check and the caller named none.
    #[error("several agreements cover this check; name one")]
    SeveralFit(Vec<AgreementId>),
}

/// The same id twice.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("two agreements have the id {0}")]
pub struct DuplicateAgreement(pub AgreementId);

impl Register {
    /// A register of `agreements`.
    ///
    /// # Errors
    /// Two of them have one id.
    pub fn new(agreements: impl IntoIterator<Item = Agreement>) -> Result<Self, DuplicateAgreement> {
        let mut register = Self::default();
        for agreement in agreements {
            if register.agreements.iter().any(|known| known.id == agreement.id) {
                return Err(DuplicateAgreement(agreement.id));
            }
            register.agreements.push(Arc::new(agreement));
        }
        Ok(register)
    }

    /// Every agreement, in the order of the register.
    pub fn agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.agreements.iter().map(AsRef::as_ref)
    }

    /// The agreement under which `organisation` may ask `check`: the one `named`, or the only one that fits.
    ///
    /// # Errors
    /// [`Refusal`]; see its variants.
    pub fn authorise(
        &self,
        organisation: &OrganisationId,
        check: &Check,
        named: Option<&AgreementId>,
    ) -> Result<Permit, Refusal> {
        let of_caller = |agreement: &&Arc<Agreement>| {
            agreement.organisations.contains(organisation) && named.is_none_or(|id| *id == agreement.id)
        };
        let theirs: Vec<_> = self.agreements.iter().filter(of_caller).collect();
        let fitting: Vec<_> = theirs
            .iter()
            .filter(|agreement| agreement.checks.contains(&check.kind()))
            .collect();
        let agreement = match (fitting.as_slice(), theirs.first()) {
            ([agreement], _) => Arc::clone(agreement),
            ([], None) => return Err(Refusal::NoAgreement),
            ([], Some(nearest)) => {
                return Err(Refusal::CheckNotCovered {
                    agreement: Arc::clone(nearest),
                });
            }
            (several, _) => {
                return Err(Refusal::SeveralFit(
                    several.iter().map(|agreement| agreement.id.clone()).collect(),
                ));
            }
        };
        let uncovered = |field: &Field| field.is_of_person() && !agreement.request_fields.contains(field);
        let fields: Vec<_> = check.subject.fields().into_iter().filter(uncovered).collect();
        if !fields.is_empty() {
            return Err(Refusal::FieldsNotCovered { agreement, fields });
        }
        Ok(Permit {
            organisation: organisation.clone(),
            agreement,
        })
    }
}
