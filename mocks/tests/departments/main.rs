//! The mock departments over real HTTP, one test a rule. Time stands still at 10:00 on Monday 5 January 2026.

#![cfg(test)]

mod behaviour;
mod dfe;
mod dwp;
mod hmrc;
mod home_office;
mod home_office_names;
mod oauth;
mod serving;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use statuscheck_domain::clock::{Clock as _, ManualClock};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_mocks::population::Population;
use statuscheck_mocks::{Mocks, Settings, start};

/// Any UUID of version 4.
const CORRELATION_ID: &str = "5f0c1d4e-8a6b-4c3d-9e2f-1a2b3c4d5e6f";

struct World {
    mocks: Mocks,
    clock: ManualClock,
    client: Client,
}

struct Said {
    status: u16,
    headers: reqwest::header::HeaderMap,
    /// Null where the body is no JSON.
    body: Value,
}

impl Said {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl World {
    async fn of(people: &[Value]) -> Self {
        Self::with(people, |_| {}).await
    }

    async fn with(people: &[Value], change: impl FnOnce(&mut Settings)) -> Self {
        let lines: Vec<String> = people.iter().map(Value::to_string).collect();
        let population = match Population::from_lines(lines.join("\n").as_bytes()) {
            Ok(population) => population,
            Err(error) => panic!("{error}"),
        };
        let clock = ManualClock::at("2026-01-05T10:00:00Z".parse().unwrap());
        let mut settings = Settings::new(population, Arc::new(clock.clone()));
        change(&mut settings);
        let mocks = match start(settings).await {
            Ok(mocks) => mocks,
            Err(error) => panic!("{error}"),
        };
        Self {
            mocks,
            clock,
            client: Client::new(),
        }
    }

    fn advance_secs(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn advance_days(&self, days: u64) {
        self.advance_secs(days * 24 * 3600);
    }

    fn get(&self, department: DepartmentId, path: &str) -> RequestBuilder {
        self.client.get(self.mocks.url(department) + path)
    }

    fn post(&self, department: DepartmentId, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.mocks.url(department) + path).json(body)
    }

    async fn ask_for_token(&self, department: DepartmentId, form: &[(&str, &str)]) -> Said {
        let path = if department == DepartmentId::Hmrc {
            "/oauth/token"
        } else {
            "/oauth2/token"
        };
        said(self.client.post(self.mocks.url(department) + path).form(form)).await
    }

    async fn token(&self, department: DepartmentId, scope: &str) -> String {
        let mut form = vec![
            ("client_id", "statuscheck"),
            ("client_secret", "mock-secret"),
            ("grant_type", "client_credentials"),
        ];
        if !scope.is_empty() {
            form.push(("scope", scope));
        }
        let given = self.ask_for_token(department, &form).await;
        assert_eq!(given.status, 200, "{}", given.body);
        given.body["access_token"].as_str().unwrap().to_owned()
    }

    fn now(&self) -> String {
        self.clock.now().to_string()
    }
}

async fn said(request: RequestBuilder) -> Said {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    Said {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    }
}

/// A person with the fields of `more` beside names and date of birth.
fn person(id: &str, given: &str, family: &str, born: &str, more: Value) -> Value {
    let mut person = json!({
        "id": id, "given_names": given, "family_name": family, "date_of_birth": born,
    });
    for (key, value) in more.as_object().unwrap() {
        person[key] = value.clone();
    }
    person
}

/// Ada O’Brien, born 1 February 1990, with a number, a reference, leave and whatever `more` says.
fn ada(more: Value) -> Value {
    let mut ada = person(
        "ada",
        "Ada May",
        "O’Brien",
        "1990-02-01",
        json!({
            "also_known_as": ["Ada Bell"],
            "national_insurance_number": "AB123456C",
            "home_office_reference": "HO123456",
            "asylum_support_reference": "240112345",
            "leave": { "kind": "Skilled Worker", "valid_from": "2024-01-01", "may_work": true, "may_rent": true },
        }),
    );
    for (key, value) in more.as_object().unwrap() {
        ada[key] = value.clone();
    }
    ada
}
