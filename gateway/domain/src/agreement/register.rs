//! Every agreement together, and who may ask what under which.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use super::{Agreement, Safeguard, Standing, SuspensionOrder};
use crate::check::{Check, CheckKind, EducationBenefit};
use crate::event::Receipt;
use crate::ids::{AgreementId, OrderId, OrganisationId, RulesVersion};
use crate::sla::{Ground, OrganisationKind};
use crate::subject::Field;

/// Every agreement, the orders that pause proactive sharing, and the Windrush safeguard.
#[derive(Clone, Debug, Default)]
pub struct Register {
    agreements: Vec<Arc<Agreement>>,
    orders: Vec<SuspensionOrder>,
    /// In the order of their first days.
    safeguards: Vec<Arc<Safeguard>>,
    /// Whom each agreement names, so that a check is authorised in the same time whatever the size of the register.
    by_organisation: HashMap<OrganisationId, Vec<Arc<Agreement>>>,
}

/// Proof that an agreement covers a check: only [`Register::authorise`] makes one, and [`Register::resume`] for a case that
/// was received under one.
#[derive(Clone, Debug)]
pub struct Permit {
    organisation: OrganisationId,
    kind: OrganisationKind,
    check: CheckKind,
    agreement: Arc<Agreement>,
}

impl Permit {
    /// Who may ask.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// What.
    pub fn check(&self) -> CheckKind {
        self.check
    }

    /// Under what.
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// On what ground the answer is promised: by what is asked and who asks.
    pub fn ground(&self) -> Ground {
        Ground::of(self.check, Some(self.kind))
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
    /// The agreement covers the check, and not for what it is asked.
    #[error("the agreement does not cover this check for this purpose")]
    PurposeNotCovered {
        /// Whom to turn to.
        agreement: Arc<Agreement>,
        /// For what.
        benefit: EducationBenefit,
    },
    /// The agreement would cover it, and is not in force today.
    #[error("the agreement that covers this check is not in force")]
    NotInForce {
        /// Whom to turn to.
        agreement: Arc<Agreement>,
        /// The day.
        today: Date,
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

/// Agreements that cannot stand together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegisterFault {
    /// The same id twice.
    #[error("two agreements have the id {0}")]
    DuplicateAgreement(AgreementId),
    /// The same id twice.
    #[error("two suspension orders have the id {0}")]
    DuplicateOrder(OrderId),
    /// The same version twice.
    #[error("two Windrush safeguards have the version {0}")]
    DuplicateSafeguard(RulesVersion),
    /// Two begin on one day, so that nobody could tell which counts.
    #[error("the Windrush safeguards {first} and {second} both start on {starts_on}")]
    SameStart {
        /// One.
        first: RulesVersion,
        /// The other.
        second: RulesVersion,
        /// Their day.
        starts_on: Date,
    },
    /// One organisation is two things, and what it is promised depends on what it is.
    #[error("{organisation} is {first} in one agreement and {second} in {agreement}")]
    TwoKinds {
        /// Who.
        organisation: OrganisationId,
        /// What it is first.
        first: OrganisationKind,
        /// What it is then.
        second: OrganisationKind,
        /// Where.
        agreement: AgreementId,
    },
}

impl Register {
    /// A register of `agreements` and `orders`.
    ///
    /// # Errors
    /// Every reason for which they cannot stand together.
    pub fn new(
        agreements: impl IntoIterator<Item = Agreement>,
        orders: impl IntoIterator<Item = SuspensionOrder>,
    ) -> Result<Self, Vec<RegisterFault>> {
        let mut register = Self::default();
        let mut faults = Vec::new();
        let mut kinds = BTreeMap::new();
        let mut ids = std::collections::HashSet::new();
        for agreement in agreements {
            if !ids.insert(agreement.id.clone()) {
                faults.push(RegisterFault::DuplicateAgreement(agreement.id.clone()));
            }
            for (organisation, kind) in &agreement.organisations {
                let first = *kinds.entry(organisation.clone()).or_insert(*kind);
                if first != *kind {
                    faults.push(RegisterFault::TwoKinds {
                        organisation: organisation.clone(),
                        first,
                        second: *kind,
                        agreement: agreement.id.clone(),
                    });
                }
            }
            register.add(Arc::new(agreement));
        }
        for order in orders {
            if register.orders.iter().any(|known| known.id == order.id) {
                faults.push(RegisterFault::DuplicateOrder(order.id.clone()));
            }
            register.orders.push(order);
        }
        if faults.is_empty() {
            Ok(register)
        } else {
            Err(faults)
        }
    }

    /// The register with these Windrush safeguards.
    ///
    /// # Errors
    /// Every reason for which they cannot stand together.
    pub fn with_safeguards(
        mut self,
        safeguards: impl IntoIterator<Item = Safeguard>,
    ) -> Result<Self, Vec<RegisterFault>> {
        self.safeguards = safeguards.into_iter().map(Arc::new).collect();
        self.safeguards.sort_by_key(|safeguard| safeguard.starts_on);
        let mut faults = Vec::new();
        for (place, safeguard) in self.safeguards.iter().enumerate() {
            let (before, version) = (&self.safeguards[..place], &safeguard.rules.version);
            if before.iter().any(|known| known.rules.version == *version) {
                faults.push(RegisterFault::DuplicateSafeguard(version.clone()));
            }
            let last = before.last().filter(|last| last.starts_on == safeguard.starts_on);
            faults.extend(last.map(|last| RegisterFault::SameStart {
                first: last.rules.version.clone(),
                second: version.clone(),
                starts_on: safeguard.starts_on,
            }));
        }
        if faults.is_empty() { Ok(self) } else { Err(faults) }
    }

    fn add(&mut self, agreement: Arc<Agreement>) {
        for organisation in agreement.organisations.keys() {
            let theirs = self.by_organisation.entry(organisation.clone()).or_default();
            theirs.push(Arc::clone(&agreement));
        }
        self.agreements.push(agreement);
    }

    /// Every agreement, in the order of the register.
    pub fn agreements(&self) -> impl Iterator<Item = &Agreement> {
        self.agreements.iter().map(AsRef::as_ref)
    }

    /// The agreement of that id.
    pub fn agreement(&self, id: &AgreementId) -> Option<&Agreement> {
        self.agreements().find(|agreement| agreement.id == *id)
    }

    /// Some agreement names `organisation`.
    pub fn has(&self, organisation: &OrganisationId) -> bool {
        self.by_organisation.contains_key(organisation)
    }

    /// The orders that pause proactive sharing, in the order of the register.
    pub fn orders(&self) -> &[SuspensionOrder] {
        &self.orders
    }

    /// The Windrush safeguards, in the order of their first days.
    pub fn safeguards(&self) -> impl DoubleEndedIterator<Item = &Safeguard> {
        self.safeguards.iter().map(AsRef::as_ref)
    }

    /// The Windrush safeguard of cases that are received on `day`, in London: the last that has started, and before the first
    /// the casework guidance as the program knows it. There is no day without one.
    pub fn safeguard_on(&self, day: Date) -> Arc<Safeguard> {
        let started = self.safeguards.iter().rev();
        let last = started
            .filter(|safeguard| safeguard.starts_on <= day)
            .map(Arc::clone)
            .next();
        last.unwrap_or_else(|| Arc::new(Safeguard::guidance()))
    }

    /// The safeguards that are not over on `day`: the one that counts, and those that are still to start.
    pub fn safeguards_from(&self, day: Date) -> impl Iterator<Item = &Safeguard> {
        let started = self.safeguards().filter(|safeguard| safeguard.starts_on <= day);
        self.safeguards().skip(started.count().saturating_sub(1))
    }

    /// The agreement in force on `today` (in London) under which `organisation` may ask `check` for its purpose: the one
    /// `named`, or the only one that fits.
    ///
    /// # Errors
    /// [`Refusal`]; see its variants. Of several reasons the first that the caller could do something about is told:
    /// an agreement that would cover the check and is not in force, before one that does not cover it.
    pub fn authorise(
        &self,
        organisation: &OrganisationId,
        check: &Check,
        named: Option<&AgreementId>,
        today: Date,
    ) -> Result<Permit, Refusal> {
        let theirs = self
            .by_organisation
            .get(organisation)
            .map_or(&[][..], Vec::as_slice);
        let theirs = theirs
            .iter()
            .filter(|agreement| named.is_none_or(|id| *id == agreement.id));
        let (kind, benefit) = (check.kind(), check.benefit());
        let mut fitting = Vec::new();
        // The nearest to an agreement that fits, for the reason and the contact.
        let mut nearest: Option<(u8, &Arc<Agreement>)> = None;
        for agreement in theirs {
            let is_in_force = agreement.standing(today) == Standing::InForce;
            let distance = match (agreement.checks.contains(&kind), is_in_force) {
                (true, true) if agreement.covers_purpose(benefit) => {
                    fitting.push(agreement);
                    continue;
                }
                (true, true) => 0,
                (true, false) => 1 + distance(agreement.standing(today)),
                (false, true) => 10,
                (false, false) => 11,
            };
            if nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, agreement));
            }
        }
        let agreement = match (fitting.as_slice(), nearest) {
            ([agreement], _) => Arc::clone(agreement),
            ([], None) => return Err(Refusal::NoAgreement),
            ([], Some((_, nearest))) => return Err(refusal(Arc::clone(nearest), check, today)),
            (several, _) => {
                let ids = several.iter().map(|agreement| agreement.id.clone());
                return Err(Refusal::SeveralFit(ids.collect()));
            }
        };
        let uncovered = |field: &Field| field.is_of_person() && !agreement.request_fields.contains(field);
        let fields: Vec<_> = check.subject.fields().into_iter().filter(uncovered).collect();
        if !fields.is_empty() {
            return Err(Refusal::FieldsNotCovered { agreement, fields });
        }
        let Some((organisation, kind)) = agreement.organisations.get_key_value(organisation) else {
            return Err(Refusal::NoAgreement);
        };
        Ok(Permit {
            organisation: organisation.clone(),
            kind: *kind,
            check: check.kind(),
            agreement: Arc::clone(&agreement),
        })
    }
}

impl Register {
    /// The permit of a case that was received before, as its agreement stands in the register now, in force or not. The case
    /// may be decided and its clock goes on whatever has become of the agreement; whoever asks departments about it looks at
    /// [`Agreement::standing`] first. None where the agreement is gone, or no longer names
    /// the organisation.
    pub fn resume(&self, receipt: &Receipt) -> Option<Permit> {
        let theirs = self.by_organisation.get(&receipt.organisation)?;
        let agreement = theirs
            .iter()
            .find(|agreement| agreement.id == receipt.agreement_id)?;
        let (organisation, kind) = agreement.organisations.get_key_value(&receipt.organisation)?;
        Some(Permit {
            organisation: organisation.clone(),
            kind: *kind,
            check: receipt.check.kind(),
            agreement: Arc::clone(agreement),
        })
    }
}

/// How far an agreement is from being in force again.
const fn distance(standing: Standing<'_>) -> u8 {
    match standing {
        Standing::InForce => 0,
        Standing::Suspended(_) => 1,
        Standing::Expired => 2,
        Standing::NotSigned => 3,
        Standing::ListedOnly => 4,
    }
}

fn refusal(agreement: Arc<Agreement>, check: &Check, today: Date) -> Refusal {
    let is_in_force = agreement.standing(today) == Standing::InForce;
    match check.benefit() {
        _ if !agreement.checks.contains(&check.kind()) => Refusal::CheckNotCovered { agreement },
        _ if !is_in_force => Refusal::NotInForce { agreement, today },
        Some(benefit) => Refusal::PurposeNotCovered { agreement, benefit },
        None => Refusal::CheckNotCovered { agreement },
    }
}
