//! People of the synthetic population, in a line or two each.

use serde_json::{Map, Value, json};

use crate::asking::{Subject, by_code, by_name, by_nass, by_nino};

/// One person, as a line of a population file. Made with [`person`].
#[derive(Clone)]
pub struct Resident {
    fields: Map<String, Value>,
}

/// Somebody born on 1 May 1990 whose family name is `id`, without any record.
pub fn person(id: &str) -> Resident {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(id));
    let person = Resident { fields };
    person.named("Sam", id).born("1990-05-01")
}

impl Resident {
    /// Given names and family name.
    pub fn named(self, given: &str, family: &str) -> Self {
        self.with("given_names", json!(given))
            .with("family_name", json!(family))
    }

    /// Another full name.
    pub fn also_known_as(self, name: &str) -> Self {
        self.with("also_known_as", json!([name]))
    }

    /// Date of birth, as all days here `YYYY-MM-DD`.
    pub fn born(self, day: &str) -> Self {
        self.with("date_of_birth", json!(day))
    }

    /// National Insurance number.
    pub fn nino(self, number: &str) -> Self {
        self.with("national_insurance_number", json!(number))
    }

    /// Home Office reference.
    pub fn reference(self, reference: &str) -> Self {
        self.with("home_office_reference", json!(reference))
    }

    /// Asylum support reference.
    pub fn nass(self, reference: &str) -> Self {
        self.with("asylum_support_reference", json!(reference))
    }

    /// A share code that was issued that day.
    pub fn code(self, code: &str, issued_on: &str) -> Self {
        self.with("share_codes", json!([{ "code": code, "issued_on": issued_on }]))
    }

    /// Several share codes that were issued that day.
    pub fn codes(self, codes: &[&str], issued_on: &str) -> Self {
        let issued = codes
            .iter()
            .map(|code| json!({ "code": code, "issued_on": issued_on }));
        self.with("share_codes", issued.collect())
    }

    /// First day in the United Kingdom.
    pub fn arrived(self, day: &str) -> Self {
        self.with("arrived_on", json!(day))
    }

    /// Leave without an end that carries work and rent.
    pub fn settled(self, from: &str) -> Self {
        let leave =
            json!({ "kind": "Settled status", "valid_from": from, "may_work": true, "may_rent": true });
        self.with("leave", leave)
    }

    /// Leave from one day to another that carries work and rent.
    pub fn leave(self, kind: &str, from: &str, until: &str) -> Self {
        let leave = json!({
            "kind": kind, "valid_from": from, "valid_until": until, "may_work": true, "may_rent": true,
        });
        self.with("leave", leave)
    }

    /// Changes one field of the leave, such as `may_work`, `conditions` or `health_surcharge_paid`.
    pub fn leave_with(mut self, field: &str, value: Value) -> Self {
        self.fields["leave"][field] = value;
        self
    }

    /// Asylum support since that day, under a basis such as "Part VI, section 95".
    pub fn supported(self, in_force: bool, since: &str, basis: &str) -> Self {
        let support = json!({ "in_force": in_force, "since": since, "legal_basis": basis });
        self.with("section_95", support)
    }

    /// Asylum support whose letter leaves out the legal basis.
    pub fn supported_without_basis(self, since: &str) -> Self {
        self.with("section_95", json!({ "in_force": true, "since": since }))
    }

    /// DfE's record, from the feed `source`.
    pub fn education(self, eligible: bool, source: &str) -> Self {
        self.with("education", json!({ "eligible": eligible, "source": source }))
    }

    /// An employment that goes on.
    pub fn employed(self, employer: &str, from: &str) -> Self {
        self.with("employments", json!([{ "employer": employer, "from": from }]))
    }

    /// An employment that ended.
    pub fn worked(self, employer: &str, from: &str, to: &str) -> Self {
        self.with(
            "employments",
            json!([{ "employer": employer, "from": from, "to": to }]),
        )
    }

    /// A benefit that ended.
    pub fn benefited(self, from: &str, to: &str) -> Self {
        self.with(
            "benefits",
            json!([{ "kind": "income_support", "from": from, "to": to }]),
        )
    }

    /// How a department behaves about them: `no_record`, `ambiguous`, `fail`, `garbage`, `slow:300ms`, `defer:2h`,
    /// `closed`.
    pub fn behaves(mut self, department: &str, behaviour: &str) -> Self {
        let told = self.fields.entry("behaviour").or_insert_with(|| json!({}));
        told[department] = json!(behaviour);
        self
    }

    /// The line of the population file.
    pub fn line(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    /// Asked about by names and date of birth.
    pub fn by_name(&self) -> Subject {
        by_name(
            self.text("given_names"),
            self.text("family_name"),
            self.text("date_of_birth"),
        )
    }

    /// Asked about by share code and date of birth.
    pub fn by_code(&self) -> Subject {
        let code = self.fields["share_codes"][0]["code"].as_str();
        by_code(code.expect("a code"), self.text("date_of_birth"))
    }

    /// Asked about by asylum support reference, family name and date of birth.
    pub fn by_nass(&self) -> Subject {
        by_nass(
            self.text("asylum_support_reference"),
            self.text("family_name"),
            self.text("date_of_birth"),
        )
    }

    /// Asked about by National Insurance number, family name and date of birth.
    pub fn by_nino(&self) -> Subject {
        by_nino(
            self.text("national_insurance_number"),
            self.text("family_name"),
            self.text("date_of_birth"),
        )
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.fields.insert(field.to_owned(), value);
        self
    }

    fn text(&self, field: &str) -> &str {
        self.fields
            .get(field)
            .and_then(Value::as_str)
            .expect("the person has it")
    }
}
