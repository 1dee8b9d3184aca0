//! How an event is written: MessagePack with the names of fields, version 1, always inside a seal. It says what JSON would in a
//! fifth fewer bytes. The domain knows no serde; the mirrors here are checked by the compiler to have the domain's fields.
//!
//! Ids, names of fields, departments and operations, and all that belongs to a person are kept as their normal text and
//! parsed again on reading, so that what comes out is as sound as what came in. An unknown field is passed over: a
//! field may be added under the same version, and an older program then still reads the case. What changes the meaning
//! of a field takes a new version.

use std::io;

use jiff::Timestamp;
use jiff::civil::Date;
use rmp_serde::Serializer;
use serde::{Deserialize, Serialize};
use statuscheck_domain::case::Use;
use statuscheck_domain::check::{Check, EducationBenefit, Terms};
use statuscheck_domain::event::{EventKind, Receipt};
use statuscheck_domain::ids::{AgreementId, OrganisationId, QuestionId, RequestId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::quota::Month;
use statuscheck_domain::reply::Reply;
use statuscheck_domain::sla::SlaClock;
use statuscheck_domain::subject::{
    AsylumSupportReference, DateOfBirth, Field, HomeOfficeReference, Name, Nino, Postcode, ShareCode, Subject,
};
use statuscheck_domain::timing::Timing;
use uuid::Uuid;
use zeroize::Zeroizing;

use self::answer::AnswerRecord;
use self::clock::ClockEventRecord;
use self::outbox::NoticeEventRecord;
use self::referral::ReferralEventRecord;
use self::reply::ReplyRecord;
use super::seal::ContentDigest;

/// What is large the domain boxes; the record does not show that.
macro_rules! boxed {
    ($name:ident: $kept:ty as $record:ident) => {
        mod $name {
            use serde::{Deserializer, Serializer};

            use super::*;

            pub(super) fn serialize<S: Serializer>(kept: &$kept, serializer: S) -> Result<S::Ok, S::Error> {
                $record::serialize(kept, serializer)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Box<$kept>, D::Error> {
                $record::deserialize(deserializer).map(Box::new)
            }
        }
    };
}

mod answer;
mod clock;
mod outbox;
mod referral;
mod reply;
mod text;
mod timing;

/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;

/// Bytes that nearly every record fits in.
const USUAL: usize = 1_000;

/// The bytes are not a record of this version. The parser's own words are left out: they quote what they read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the record of an event cannot be read")]
pub(super) struct RecordError;

/// The record of `event`, and of the content of the request that it is the receipt of, with `spare` bytes of room behind it. It is wiped when dropped, and was never copied.
pub(super) fn write(
    event: &EventKind,
    content: Option<&ContentDigest>,
    spare: usize,
) -> Result<Zeroizing<Vec<u8>>, RecordError> {
    let record = Written {
        v: VERSION,
        content,
        event,
    };
    // A buffer that grows leaves copies of itself behind, so it never does: what a usual record needs is there at once,
    // and where it is not enough the record is counted first.
    let mut bytes = Fixed(Zeroizing::new(Vec::with_capacity(USUAL + spare)));
    if record.write(&mut bytes).is_ok() && bytes.room() >= spare {
        return Ok(bytes.0);
    }
    let mut length = Length(0);
    record.write(&mut length)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0 + spare));
    record.write(&mut *bytes)?;
    Ok(bytes)
}

/// The event of a record; with the receipt of a case, and with it alone, the digest of the request's content.
pub(super) fn read(bytes: &[u8]) -> Result<(EventKind, Option<ContentDigest>), RecordError> {
    let Read { v, content, event } = rmp_serde::from_slice(bytes).map_err(|_quotes| RecordError)?;
    let content = content
        .map(|digest| {
            digest
                .try_into()
                .map(ContentDigest)
                .map_err(|_length| RecordError)
        })
        .transpose()?;
    let is_receipt = matches!(event, EventKind::Received(_));
    if v == VERSION && content.is_some() == is_receipt {
        Ok((event, content))
    } else {
        Err(RecordError)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    v: u8,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "digest")]
    content: Option<&'a ContentDigest>,
    #[serde(serialize_with = "EventRecord::serialize")]
    event: &'a EventKind,
}

impl Written<'_> {
    fn write(&self, to: &mut impl io::Write) -> Result<(), RecordError> {
        let mut serializer = Serializer::new(to).with_struct_map();
        self.serialize(&mut serializer).map_err(|_quotes| RecordError)
    }
}

/// As bytes.
fn digest<S: serde::Serializer>(digest: &Option<&ContentDigest>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(digest.map_or(&[], |digest| &digest.0))
}

#[derive(Deserialize)]
struct Read<'a> {
    v: u8,
    #[serde(borrow)]
    content: Option<&'a [u8]>,
    #[serde(deserialize_with = "EventRecord::deserialize")]
    event: EventKind,
}

/// Takes as much as it has room for.
struct Fixed(Zeroizing<Vec<u8>>);

impl Fixed {
    fn room(&self) -> usize {
        self.0.capacity() - self.0.len()
    }
}

impl io::Write for Fixed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room());
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts, and keeps nothing.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "EventKind", rename_all = "snake_case")]
enum EventRecord {
    Received(#[serde(with = "boxed_receipt")] Box<Receipt>),
    Asked {
        #[serde(with = "QuestionIdRecord")]
        question_id: QuestionId,
        #[serde(with = "text::one")]
        operation: Operation,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "month_or_none")]
        charged: Option<Month>,
    },
    Replied {
        #[serde(with = "QuestionIdRecord")]
        question_id: QuestionId,
        #[serde(with = "text::one")]
        operation: Operation,
        #[serde(with = "ReplyRecord")]
        reply: Reply,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "month_or_none")]
        refunded: Option<Month>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "timing")]
        timing: Option<Timing>,
    },
    InformationRequested {
        #[serde(with = "QuestionIdRecord")]
        question_id: QuestionId,
        #[serde(with = "text::one")]
        operation: Operation,
        #[serde(with = "text::many")]
        fields: Vec<Field>,
    },
    Postponed {
        until: Timestamp,
    },
    Decided(#[serde(with = "AnswerRecord")] statuscheck_domain::answer::Answer),
    Provided(#[serde(with = "boxed_check")] Box<Check>),
    Disputed {
        reason: Zeroizing<String>,
    },
    Feedback(#[serde(with = "text::one")] Use),
    Withdrawn,
    Lapsed,
    Clock(#[serde(with = "ClockEventRecord")] statuscheck_domain::case_clock::ClockEvent),
    Outbox(#[serde(with = "NoticeEventRecord")] statuscheck_domain::outbox::NoticeEvent),
    Referral(#[serde(with = "ReferralEventRecord")] statuscheck_domain::referral::ReferralEvent),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "QuestionId")]
struct QuestionIdRecord(Uuid);

#[derive(Serialize, Deserialize)]
#[serde(remote = "RequestId")]
struct RequestIdRecord(Uuid);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Receipt")]
struct ReceiptRecord {
    #[serde(with = "text::one")]
    organisation: OrganisationId,
    #[serde(with = "RequestIdRecord")]
    request_id: RequestId,
    #[serde(with = "CheckRecord")]
    check: Check,
    caller_reference: Zeroizing<String>,
    #[serde(with = "text::one")]
    agreement_id: AgreementId,
    legal_basis: String,
    #[serde(with = "SlaClockRecord")]
    clock: SlaClock,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_discreet: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SlaClock")]
struct SlaClockRecord {
    started_at: Timestamp,
    due_at: Timestamp,
    explanation: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Check")]
struct CheckRecord {
    #[serde(with = "TermsRecord")]
    terms: Terms,
    #[serde(with = "SubjectRecord")]
    subject: Subject,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Terms", rename_all = "snake_case")]
enum TermsRecord {
    RightToWork,
    RightToRent {
        tenancy_start: Date,
    },
    #[serde(rename = "section_95")]
    Section95 {
        #[serde(with = "EducationBenefitRecord")]
        benefit: EducationBenefit,
    },
    Iecas,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "EducationBenefit", rename_all = "snake_case")]
enum EducationBenefitRecord {
    FreeSchoolMeals,
    TwoYearOldEarlyEducation,
    EarlyYearsPupilPremium,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Subject")]
struct SubjectRecord {
    #[serde(with = "name", default, skip_serializing_if = "Option::is_none")]
    name: Option<Name>,
    also_known_as: Vec<Zeroizing<String>>,
    #[serde(with = "date_of_birth")]
    date_of_birth: DateOfBirth,
    #[serde(with = "text::maybe", default, skip_serializing_if = "Option::is_none")]
    nino: Option<Nino>,
    #[serde(with = "text::maybe", default, skip_serializing_if = "Option::is_none")]
    home_office_reference: Option<HomeOfficeReference>,
    #[serde(with = "text::maybe", default, skip_serializing_if = "Option::is_none")]
    asylum_support_reference: Option<AsylumSupportReference>,
    #[serde(with = "text::maybe", default, skip_serializing_if = "Option::is_none")]
    postcode: Option<Postcode>,
    #[serde(with = "text::maybe", default, skip_serializing_if = "Option::is_none")]
    share_code: Option<ShareCode>,
}

boxed!(boxed_receipt: Receipt as ReceiptRecord);
boxed!(boxed_check: Check as CheckRecord);

/// A name as the pair of given names and family name.
mod name {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use statuscheck_domain::subject::Name;

    pub(super) fn serialize<S: Serializer>(name: &Option<Name>, serializer: S) -> Result<S::Ok, S::Error> {
        name.as_ref()
            .map(|name| (name.given(), name.family()))
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Name>, D::Error> {
        // Borrowed, so that no copy stays behind.
        Option::<(&str, &str)>::deserialize(deserializer)?
            .map(|(given, family)| Name::parse(given, family))
            .transpose()
            .map_err(|_parts| D::Error::custom("not a name"))
    }
}

/// A month as it is written, or none.
mod month_or_none {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use statuscheck_domain::quota::Month;

    pub(super) fn serialize<S: Serializer>(month: &Option<Month>, serializer: S) -> Result<S::Ok, S::Error> {
        month.map(|month| month.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Month>, D::Error> {
        let text = Option::<&str>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(|_other| D::Error::custom("not a month")))
            .transpose()
    }
}

/// A date of birth was judged against the day on which it was given, so it is not judged again.
mod date_of_birth {
    use jiff::civil::Date;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use statuscheck_domain::subject::DateOfBirth;

    pub(super) fn serialize<S: Serializer>(date: &DateOfBirth, serializer: S) -> Result<S::Ok, S::Error> {
        date.date().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateOfBirth, D::Error> {
        Date::deserialize(deserializer).map(DateOfBirth::of)
    }
}

#[cfg(test)]
mod clock_tests;
#[cfg(test)]
mod outbox_tests;
#[cfg(test)]
mod referral_tests;
#[cfg(test)]
mod tests;
