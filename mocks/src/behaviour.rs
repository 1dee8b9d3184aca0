//! How a department behaves about one person: the faults of real departments, told by the population file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::SpanParser;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use statuscheck_domain::ids::DepartmentId;

/// How one department behaves about one person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behaviour {
    /// `answer`: as its records say.
    Answer,
    /// `no_record`: as if it had none.
    NoRecord,
    /// `ambiguous`: as if several records fitted.
    Ambiguous,
    /// `fail`: an error of its own, in its own shape.
    Fail,
    /// `garbage`: status 200 with a body that is not what its API promises.
    Garbage,
    /// `slow:DURATION`: answers as its records say after that long, by real time.
    Slow(Duration),
    /// `defer:DURATION`: takes the question, and answers it after that long by the clock.
    Defer(Duration),
    /// `closed`: nobody is at the desk.
    Closed,
}

impl Behaviour {
    /// The department's API has words for it. HMRC and DfE have none for several records, and only the Home Office
    /// has a desk with hours.
    pub const fn is_expressible_by(self, department: DepartmentId) -> bool {
        match self {
            Self::Answer | Self::NoRecord | Self::Fail | Self::Garbage | Self::Slow(_) => true,
            Self::Ambiguous => matches!(department, DepartmentId::HomeOffice | DepartmentId::Dwp),
            Self::Defer(_) => !matches!(department, DepartmentId::Hmrc),
            Self::Closed => matches!(department, DepartmentId::HomeOffice),
        }
    }
}

/// Why a text is no behaviour. It does not repeat the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BehaviourError {
    /// No such word.
    #[error("must be answer, no_record, ambiguous, fail, garbage, slow:DURATION, defer:DURATION or closed")]
    Unknown,
    /// The duration cannot be read, is negative, or has months or years in it.
    #[error("has no usable duration; write 300ms, 2s, 5m, 48h or 3d")]
    Duration,
    /// The department's API has no words for it.
    #[error("cannot be expressed by the API of {0}")]
    NotExpressible(DepartmentId),
}

impl FromStr for Behaviour {
    type Err = BehaviourError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(duration) = text.strip_prefix("slow:") {
            return parse_duration(duration).map(Self::Slow);
        }
        if let Some(duration) = text.strip_prefix("defer:") {
            return parse_duration(duration).map(Self::Defer);
        }
        match text {
            "answer" => Ok(Self::Answer),
            "no_record" => Ok(Self::NoRecord),
            "ambiguous" => Ok(Self::Ambiguous),
            "fail" => Ok(Self::Fail),
            "garbage" => Ok(Self::Garbage),
            "closed" => Ok(Self::Closed),
            _ => Err(BehaviourError::Unknown),
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => formatter.write_str("answer"),
            Self::NoRecord => formatter.write_str("no_record"),
            Self::Ambiguous => formatter.write_str("ambiguous"),
            Self::Fail => formatter.write_str("fail"),
            Self::Garbage => formatter.write_str("garbage"),
            Self::Slow(duration) => write!(formatter, "slow:{}ms", duration.as_millis()),
            Self::Defer(duration) => write!(formatter, "defer:{}ms", duration.as_millis()),
            Self::Closed => formatter.write_str("closed"),
        }
    }
}

/// A duration in jiff's friendly form; a day is 24 hours.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, BehaviourError> {
    SpanParser::new()
        .parse_span(text)
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or(BehaviourError::Duration)
}

/// The behaviour of each department about one person; a department that is not named answers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Behaviours(BTreeMap<DepartmentId, Behaviour>);

impl Behaviours {
    /// Tells a department how to behave.
    ///
    /// # Errors
    /// [`BehaviourError::NotExpressible`] where the department's API has no words for it.
    pub fn tell(&mut self, department: DepartmentId, behaviour: Behaviour) -> Result<(), BehaviourError> {
        if !behaviour.is_expressible_by(department) {
            return Err(BehaviourError::NotExpressible(department));
        }
        self.0.insert(department, behaviour);
        Ok(())
    }

    /// How the department behaves.
    pub fn of(&self, department: DepartmentId) -> Behaviour {
        self.0.get(&department).copied().unwrap_or(Behaviour::Answer)
    }

    /// No department was told anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Behaviours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .map(|(department, behaviour)| (department.as_str(), behaviour.to_string())),
        )
    }
}

impl<'de> Deserialize<'de> for Behaviours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BehavioursVisitor)
    }
}

struct BehavioursVisitor;

impl<'de> Visitor<'de> for BehavioursVisitor {
    type Value = Behaviours;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of departments and their behaviours")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Behaviours, A::Error> {
        let mut behaviours = Behaviours::default();
        while let Some(key) = map.next_key::<String>()? {
            let department: DepartmentId = key.parse().map_err(A::Error::custom)?;
            let Some(text) = map.next_value::<Option<String>>()? else {
                continue;
            };
            let told_before = behaviours.0.contains_key(&department);
            if told_before {
                return Err(A::Error::custom("names a department twice"));
            }
            text.parse()
                .and_then(|behaviour| behaviours.tell(department, behaviour))
                .map_err(A::Error::custom)?;
        }
        Ok(behaviours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_behaviour_reads_back_as_it_was_written() {
        for text in ["answer", "no_record", "ambiguous", "fail", "garbage", "closed"] {
            let behaviour: Behaviour = text.parse().unwrap();
            assert_eq!(behaviour.to_string(), text);
        }
        for behaviour in [
            Behaviour::Slow(Duration::from_millis(300)),
            Behaviour::Defer(Duration::from_secs(48 * 3600)),
        ] {
            assert_eq!(behaviour.to_string().parse(), Ok(behaviour));
        }
    }

    #[test]
    fn durations_read_as_people_write_them_and_a_day_is_24_hours() {
        let seconds = |text: &str| match text.parse() {
            Ok(Behaviour::Defer(duration)) => Some(duration.as_secs_f64()),
            _ => None,
        };
        assert_eq!(seconds("defer:300ms"), Some(0.3));
        assert_eq!(seconds("defer:2s"), Some(2.0));
        assert_eq!(seconds("defer:5m"), Some(300.0));
        assert_eq!(seconds("defer:48h"), Some(172_800.0));
        assert_eq!(seconds("defer:3d"), Some(259_200.0));
        for text in ["defer:", "defer:5", "defer:-2s", "defer:1mo", "slow:soon"] {
            assert_eq!(text.parse::<Behaviour>(), Err(BehaviourError::Duration), "{text}");
        }
        assert_eq!("sleepy".parse::<Behaviour>(), Err(BehaviourError::Unknown));
    }

    #[test]
    fn a_department_is_told_only_what_its_api_can_express() {
        let refused = |department, behaviour: &str| {
            let behaviour: Behaviour = behaviour.parse().unwrap();
            !behaviour.is_expressible_by(department)
        };
        for (department, inexpressible) in [
            (DepartmentId::Hmrc, &["ambiguous", "defer:1h", "closed"][..]),
            (DepartmentId::Dwp, &["closed"][..]),
            (DepartmentId::Dfe, &["ambiguous", "closed"][..]),
            (DepartmentId::HomeOffice, &[][..]),
        ] {
            for behaviour in [
                "answer",
                "no_record",
                "ambiguous",
                "fail",
                "garbage",
                "slow:1s",
                "defer:1h",
                "closed",
            ] {
                assert_eq!(
                    refused(department, behaviour),
                    inexpressible.contains(&behaviour),
                    "{department} {behaviour}"
                );
            }
        }
    }
}
