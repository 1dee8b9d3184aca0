//! The synthetic people that all departments know, found by number, code or name in one step each.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};

use jiff::civil::Date;
use serde_json::error::Category;
use statuscheck_domain::names::comparison_key;
use statuscheck_domain::subject::{AsylumSupportReference, HomeOfficeReference, Nino, ShareCode};

use crate::person::{IssuedCode, Person, whole_key};

/// Faults told of one file: enough to see what is wrong with all of it, few enough to read.
const FAULTS_MAX: usize = 20;

/// Bytes of one line: a person with a long history needs a few thousand.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// People of one population: a million fit in the memory of a small machine.
const PEOPLE_MAX: usize = 1_000_000;

/// People, and the indexes by which departments find them.
#[derive(Clone, Default)]
pub struct Population {
    people: Vec<Person>,
    places: HashMap<String, usize>,
    by_share_code: HashMap<String, Vec<usize>>,
    by_nino: HashMap<String, Vec<usize>>,
    by_home_office_reference: HashMap<String, Vec<usize>>,
    by_asylum_support_reference: HashMap<String, Vec<usize>>,
    by_family_name: HashMap<(String, Date), Vec<usize>>,
    by_full_name: HashMap<(String, Date), Vec<usize>>,
    by_birth: HashMap<Date, Vec<usize>>,
}

/// One fault of a population file. It never repeats a value of the file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {field}{fault}")]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// Path of the field with a colon and a space after it, or empty where the whole line is at fault.
    pub field: String,
    /// What is wrong and what would be right.
    pub fault: String,
}

/// Why people were not taken. None of them was.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    /// The file could not be read.
    #[error("the population cannot be read")]
    Read(#[source] io::Error),
    /// Lines of the file are to be mended: the first 20 of them.
    #[error("the population has faults: {}", in_a_row(.0))]
    Faults(Vec<Fault>),
    /// The id of the person in that place, from 1, is taken already.
    #[error("the id of person {0} is taken already; give every person an id of their own")]
    DuplicateId(usize),
    /// More people than a population holds.
    #[error("a population has at most {PEOPLE_MAX} people")]
    TooMany,
}

fn in_a_row(faults: &[Fault]) -> String {
    let mut texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
    if faults.len() == FAULTS_MAX {
        texts.push("and perhaps more".to_owned());
    }
    texts.join("; ")
}

impl Population {
    /// Reads JSON lines, one person each; blank lines are passed over.
    ///
    /// # Errors
    /// The file cannot be read, or every fault of it up to the twentieth; see [`PopulationError`].
    pub fn from_lines(reader: impl BufRead) -> Result<Self, PopulationError> {
        let mut population = Self::default();
        population.extend_from_lines(reader)?;
        Ok(population)
    }

    /// Adds the people of a file, as [`Population::from_lines`] reads them.
    ///
    /// # Errors
    /// As there, and where a line has an id that is taken already. Then nobody of the file is added.
    pub fn extend_from_lines(&mut self, mut reader: impl BufRead) -> Result<(), PopulationError> {
        let mut people = Vec::new();
        let mut ids = HashSet::new();
        let mut faults = Vec::new();
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            if !read_line(&mut reader, &mut bytes).map_err(PopulationError::Read)? {
                break;
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match person(line, &bytes) {
                Ok(person) if self.places.contains_key(&person.id) || !ids.insert(person.id.clone()) => {
                    faults.push(fault_at(line, "id: ", "is taken already"));
                }
                Ok(person) => people.push(person),
                Err(fault) => faults.push(fault),
            }
            if self.people.len() + people.len() > PEOPLE_MAX {
                return Err(PopulationError::TooMany);
            }
            if faults.len() == FAULTS_MAX {
                break;
            }
        }
        if !faults.is_empty() {
            return Err(PopulationError::Faults(faults));
        }
        people.into_iter().for_each(|person| self.add(person));
        Ok(())
    }

    /// Adds people.
    ///
    /// # Errors
    /// An id is taken already, or there are too many. Then nobody is added.
    pub fn extend(&mut self, people: impl IntoIterator<Item = Person>) -> Result<(), PopulationError> {
        let people: Vec<Person> = people.into_iter().collect();
        let mut ids = HashSet::new();
        for (place, person) in people.iter().enumerate() {
            if self.places.contains_key(&person.id) || !ids.insert(person.id.as_str()) {
                return Err(PopulationError::DuplicateId(place + 1));
            }
        }
        if self.people.len() + people.len() > PEOPLE_MAX {
            return Err(PopulationError::TooMany);
        }
        people.into_iter().for_each(|person| self.add(person));
        Ok(())
    }

    fn add(&mut self, person: Person) {
        let place = self.people.len();
        self.places.insert(person.id.clone(), place);
        for issued in &person.share_codes {
            note(&mut self.by_share_code, issued.code.expose().to_owned(), place);
        }
        if let Some(nino) = &person.national_insurance_number {
            note(&mut self.by_nino, without_suffix(nino), place);
        }
        if let Some(reference) = &person.home_office_reference {
            note(
                &mut self.by_home_office_reference,
                reference.expose().to_owned(),
                place,
            );
        }
        if let Some(reference) = &person.asylum_support_reference {
            note(
                &mut self.by_asylum_support_reference,
                reference.expose().to_owned(),
                place,
            );
        }
        for key in person.family_keys() {
            note(&mut self.by_family_name, (key, person.date_of_birth), place);
        }
        for key in person.whole_keys() {
            note(&mut self.by_full_name, (key, person.date_of_birth), place);
        }
        note(&mut self.by_birth, person.date_of_birth, place);
        self.people.push(person);
    }

    /// Everyone, in the order in which they were added.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Where the person stands among [`Population::people`]; none for a person of another population.
    pub fn place_of(&self, person: &Person) -> Option<usize> {
        self.places.get(&person.id).copied()
    }

    /// Whose share code it is, and when it was issued.
    pub fn with_share_code(&self, code: &ShareCode) -> impl Iterator<Item = (&Person, &IssuedCode)> {
        self.at(self.by_share_code.get(code.expose()))
            .flat_map(|person| person.share_codes.iter().map(move |issued| (person, issued)))
            .filter(|(_, issued)| issued.code == *code)
    }

    /// Whose number it is; a missing suffix agrees with any.
    pub fn with_nino(&self, nino: &Nino) -> impl Iterator<Item = &Person> {
        self.at(self.by_nino.get(&without_suffix(nino)))
            .filter(move |person| {
                person
                    .national_insurance_number
                    .as_ref()
                    .is_some_and(|held| held.agrees_with(nino))
            })
    }

    /// Whose Home Office reference it is.
    pub fn with_home_office_reference(
        &self,
        reference: &HomeOfficeReference,
    ) -> impl Iterator<Item = &Person> {
        self.at(self.by_home_office_reference.get(reference.expose()))
    }

    /// Whose NASS reference it is.
    pub fn with_asylum_support_reference(
        &self,
        reference: &AsylumSupportReference,
    ) -> impl Iterator<Item = &Person> {
        self.at(self.by_asylum_support_reference.get(reference.expose()))
    }

    /// Who has that family name, as registered or in an alias, and was born that day.
    pub fn with_family_name(&self, family: &str, born: Date) -> impl Iterator<Item = &Person> {
        self.at(self.by_family_name.get(&(comparison_key(family), born)))
    }

    /// Who goes by that name, as registered or by an alias, and was born that day.
    pub fn called(&self, given: &str, family: &str, born: Date) -> impl Iterator<Item = &Person> {
        self.at(self.by_full_name.get(&(whole_key(given, family), born)))
            .filter(move |person| person.is_called(given, family))
    }

    /// Who goes by that full name, which nobody has cut into parts, and was born that day.
    pub fn known_as(&self, full_name: &str, born: Date) -> impl Iterator<Item = &Person> {
        self.at(self.by_full_name.get(&(comparison_key(full_name), born)))
    }

    /// Who was born that day.
    pub fn born_on(&self, day: Date) -> impl Iterator<Item = &Person> {
        self.at(self.by_birth.get(&day))
    }

    fn at<'a>(&'a self, places: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a Person> + use<'a> {
        places.into_iter().flatten().map(|place| &self.people[*place])
    }
}

impl IntoIterator for Population {
    type Item = Person;
    type IntoIter = std::vec::IntoIter<Person>;

    fn into_iter(self) -> Self::IntoIter {
        self.people.into_iter()
    }
}

/// A person whose registered name and alias fold to the same key is noted once.
fn note<K: std::hash::Hash + Eq>(index: &mut HashMap<K, Vec<usize>>, key: K, place: usize) {
    let places = index.entry(key).or_default();
    if places.last() != Some(&place) {
        places.push(place);
    }
}

fn without_suffix(nino: &Nino) -> String {
    nino.expose()[..8].to_owned()
}

/// Reads one line without its end, at most one byte more than a line may have; false at the end of the file.
fn read_line(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let mut seen = false;
    loop {
        let available = reader.fill_buf()?;
        if available.is_empty() {
            return Ok(seen);
        }
        seen = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(available.len());
        let room = (LINE_BYTES_MAX + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(&available[..taken.min(room)]);
        let consumed = taken + usize::from(end.is_some());
        reader.consume(consumed);
        if end.is_some() {
            return Ok(true);
        }
    }
}

fn person(line: usize, bytes: &[u8]) -> Result<Person, Fault> {
    if bytes.len() > LINE_BYTES_MAX {
        return Err(fault_at(line, "", "is longer than 65,536 bytes"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let person: Person = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let field = if matches!(path.as_str(), "." | "?") {
            String::new()
        } else {
            format!("{path}: ")
        };
        fault_at(line, &field, &without_values(error.inner()))
    })?;
    deserializer
        .end()
        .map_err(|_rest| fault_at(line, "", "has text after the object"))?;
    match disorder(&person) {
        Some(field) => Err(fault_at(line, field, "ends before it begins")),
        None => Ok(person),
    }
}

/// A period that ends before it begins.
fn disorder(person: &Person) -> Option<&'static str> {
    let reversed = |from: Date, to: Option<Date>| to.is_some_and(|to| to < from);
    let leave = person.leave.as_ref();
    if leave.is_some_and(|leave| {
        leave
            .valid_from
            .is_some_and(|from| reversed(from, leave.valid_until))
    }) {
        return Some("leave: ");
    }
    if person.employments.iter().any(|work| reversed(work.from, work.to)) {
        return Some("employments: ");
    }
    let benefits = person.benefits.iter();
    benefits
        .clone()
        .any(|benefit| reversed(benefit.from, benefit.to))
        .then_some("benefits: ")
}

fn fault_at(line: usize, field: &str, fault: &str) -> Fault {
    Fault {
        line,
        field: field.to_owned(),
        fault: fault.to_owned(),
    }
}

/// What serde says of a fault, without the value that it quotes.
fn without_values(error: &serde_json::Error) -> String {
    if error.classify() != Category::Data {
        return "is not one JSON object".to_owned();
    }
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    let quotes_value = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
    ]
    .iter()
    .any(|start| text.starts_with(start));
    if quotes_value {
        let expected = text
            .rsplit_once(", expected ")
            .map_or("another shape", |(_, kind)| kind);
        return format!("must be {expected}");
    }
    if text.starts_with("unknown field") {
        return "there is no such key".to_owned();
    }
    text.to_owned()
}

#[cfg(test)]
#[path = "population_tests.rs"]
mod tests;
