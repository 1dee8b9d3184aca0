//! Who is asked about: half of them are held, and half wait because of how the Home Office answers about them.

use statuscheck_domain::clock::{SystemClock, london_day};
use statuscheck_mocks::population::Population;
use statuscheck_tests::asking::{Subject, by_name};
use statuscheck_tests::person::person;

/// How the Home Office keeps somebody waiting: work that it takes on, a desk that is closed, a reply that is too late.
const WAYS: [&str; 4] = ["defer:48h", "defer:48h", "closed", "slow:3s"];

/// Somebody.
pub(crate) struct Person {
    n: u32,
    /// There is no record of them, and they may be of the Windrush generation.
    pub(crate) is_held: bool,
}

impl Person {
    pub(crate) const fn held(n: u32) -> Self {
        Self { n, is_held: true }
    }

    pub(crate) const fn waiting(n: u32) -> Self {
        Self { n, is_held: false }
    }

    fn family(&self) -> String {
        let kind = if self.is_held { "Held" } else { "Wait" };
        let letter = |part: u32| char::from_u32(u32::from('a') + self.n / part % 26).expect("a letter");
        let letters: String = [17_576, 676, 26, 1].map(letter).into_iter().collect();
        format!("{kind}{letters}")
    }

    const fn born(&self) -> &'static str {
        if self.is_held { "1960-04-02" } else { "1991-06-02" }
    }

    /// As a caller names them, with a number, so that there are departments to ask for evidence.
    pub(crate) fn subject(&self) -> Subject {
        let prefix = if self.is_held { "AB" } else { "AE" };
        let number = format!("{prefix}{:06}C", self.n);
        by_name("Ada", &self.family(), self.born()).and_nino(&number)
    }
}

/// The samples, and `count` people who wait.
pub(crate) fn population(count: u32) -> Population {
    let mut population = Population::default();
    let today = london_day(SystemClock::shared().now());
    let samples = statuscheck_mocks::samples::samples(today);
    population.extend(samples).expect("samples");
    let line = |n: u32| {
        let waiting = Person::waiting(n);
        let resident = person(&format!("wait-{n}"))
            .named("Ada", &waiting.family())
            .born(waiting.born())
            .settled("2019-06-01");
        let way = WAYS[usize::try_from(n).expect("a place") % WAYS.len()];
        resident.behaves("home-office", way).line()
    };
    let lines: Vec<String> = (0..count).map(line).collect();
    population
        .extend_from_lines(lines.join("\n").as_bytes())
        .expect("people of the measurement");
    population
}
