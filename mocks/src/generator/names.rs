//! Names as the people of the United Kingdom bear them, drawn from a word list.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::Dice;

const LIST: &str = include_str!("../../data/names.txt");

/// How people came to be where their status is checked; each origin of the word list says how often it comes by which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Route {
    /// Born here, or British since.
    Home,
    /// Came from the Commonwealth between 1948 and 1971.
    Commonwealth,
    /// Came from Europe under free movement.
    European,
    /// Came for work, study or family.
    Work,
    /// Came for protection.
    Asylum,
    /// Came under the schemes for Ukraine.
    Ukraine,
    /// Came from Hong Kong.
    HongKong,
}

impl Route {
    const ALL: [(Self, &str); 7] = [
        (Self::Home, "home"),
        (Self::Commonwealth, "commonwealth"),
        (Self::European, "european"),
        (Self::Work, "work"),
        (Self::Asylum, "asylum"),
        (Self::Ukraine, "ukraine"),
        (Self::HongKong, "hongkong"),
    ];

    fn named(name: &str) -> Option<Self> {
        let mut routes = Self::ALL.into_iter();
        routes.find(|route| route.1 == name).map(|route| route.0)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Custom {
    #[default]
    FamilyName,
    TwoSurnames,
    Patronymic,
    Joined,
    OneName,
}

impl Custom {
    fn named(name: &str) -> Option<Self> {
        match name {
            "family-name" => Some(Self::FamilyName),
            "two-surnames" => Some(Self::TwoSurnames),
            "patronymic" => Some(Self::Patronymic),
            "joined" => Some(Self::Joined),
            "one-name" => Some(Self::OneName),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Origin {
    from: Vec<(Route, u32)>,
    custom: Custom,
    women: Vec<&'static str>,
    men: Vec<&'static str>,
    /// The man's and the woman's form.
    family: Vec<(&'static str, &'static str)>,
}

/// What a person is called. No `Debug`: it has the shape of a person's name, invented or not.
#[derive(Clone)]
pub(super) struct Called {
    pub(super) given: String,
    pub(super) family: String,
    pub(super) also_known_as: Vec<String>,
}

/// The word list, read.
pub(super) struct NameList(Vec<Origin>);

/// A line of the word list that cannot be read, from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {0} of the word list cannot be read")]
pub(super) struct BadLine(usize);

impl NameList {
    /// The list that is part of the program.
    pub(super) fn read() -> Result<Self, BadLine> {
        let mut origins: Vec<Origin> = Vec::new();
        for (place, line) in LIST.lines().enumerate() {
            let bad = || BadLine(place + 1);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with('[') {
                origins.push(Origin::default());
                continue;
            }
            let origin = origins.last_mut().ok_or_else(bad)?;
            let (key, words) = line.split_once(": ").ok_or_else(bad)?;
            let mut words = words.split(',').map(str::trim);
            match key {
                "from" => {
                    for word in words {
                        let (route, weight) = word.split_once(' ').ok_or_else(bad)?;
                        let route = Route::named(route).ok_or_else(bad)?;
                        let weight = weight.parse().map_err(|_not_a_number| bad())?;
                        origin.from.push((route, weight));
                    }
                }
                "custom" => {
                    origin.custom = words.next().and_then(Custom::named).ok_or_else(bad)?;
                }
                "women" => origin.women.extend(words),
                "men" => origin.men.extend(words),
                "family" => {
                    let forms = |word: &'static str| word.split_once('/').unwrap_or((word, word));
                    origin.family.extend(words.map(forms));
                }
                _ => return Err(bad()),
            }
        }
        Ok(Self(origins))
    }

    /// A name of somebody who came by that route.
    pub(super) fn draw(&self, route: Route, dice: &mut Dice) -> Called {
        let weight = |origin: &&Origin| {
            let of_route = origin.from.iter().filter(|from| from.0 == route);
            of_route.map(|from| from.1).sum::<u32>()
        };
        let total: u32 = self.0.iter().map(|origin| weight(&origin)).sum();
        let mut left = dice.random_range(0..total.max(1));
        let drawn = self.0.iter().find(|origin| {
            let here = left < weight(origin);
            left = left.saturating_sub(weight(origin));
            here
        });
        drawn.map_or_else(
            || Called {
                given: String::new(),
                family: "Nobody".to_owned(),
                also_known_as: Vec::new(),
            },
            |origin| origin.draw(dice),
        )
    }
}

impl Origin {
    fn draw(&self, dice: &mut Dice) -> Called {
        let woman = dice.random_ratio(1, 2);
        let forename = self.forename(woman, dice);
        let (given, family) = match self.custom {
            Custom::FamilyName => {
                let second = dice.random_ratio(2, 5).then(|| self.forename(woman, dice));
                let given = second
                    .filter(|second| *second != forename)
                    .map_or_else(|| forename.to_owned(), |second| format!("{forename} {second}"));
                (given, self.family_or_double(woman, dice))
            }
            Custom::TwoSurnames => {
                let mother = dice.random_ratio(17, 20).then(|| self.family(woman, dice));
                let father = self.family(woman, dice);
                let family = mother.map_or_else(|| father.to_owned(), |mother| format!("{father} {mother}"));
                (forename.to_owned(), family)
            }
            Custom::Patronymic => {
                let father = self.forename(false, dice);
                let family = if dice.random_ratio(1, 2) {
                    format!("{father} {}", self.family(woman, dice))
                } else {
                    self.family(woman, dice).to_owned()
                };
                (forename.to_owned(), family)
            }
            Custom::Joined => (
                joined_otherwise(forename, dice),
                self.family(woman, dice).to_owned(),
            ),
            Custom::OneName if dice.random_ratio(1, 2) => (String::new(), forename.to_owned()),
            Custom::OneName => (forename.to_owned(), self.family(woman, dice).to_owned()),
        };
        let also_known_as = self.aliases(woman, &given, &family, dice);
        Called {
            given,
            family,
            also_known_as,
        }
    }

    fn forename(&self, woman: bool, dice: &mut Dice) -> &'static str {
        let names = if woman { &self.women } else { &self.men };
        names.choose(dice).copied().unwrap_or("Noname")
    }

    fn family(&self, woman: bool, dice: &mut Dice) -> &'static str {
        let forms = self.family.choose(dice).copied().unwrap_or(("Noname", "Noname"));
        if woman { forms.1 } else { forms.0 }
    }

    /// About one in twenty bears two family names: mostly with a hyphen, some with none.
    fn family_or_double(&self, woman: bool, dice: &mut Dice) -> String {
        let first = self.family(woman, dice);
        if dice.random_ratio(19, 20) {
            return first.to_owned();
        }
        let second = self.family(woman, dice);
        let between = if dice.random_ratio(4, 5) { '-' } else { ' ' };
        format!("{first}{between}{second}")
    }

    /// Other names under which records are kept: from before a marriage, as other offices spelt or cut them.
    fn aliases(&self, woman: bool, given: &str, family: &str, dice: &mut Dice) -> Vec<String> {
        let mut aliases = Vec::new();
        if given.is_empty() {
            if dice.random_ratio(1, 4) {
                // Systems that insist on two names print the one name twice, or a placeholder.
                aliases.push(format!("{family} {family}"));
            }
            return aliases;
        }
        if woman && self.custom == Custom::FamilyName && dice.random_ratio(1, 10) {
            aliases.push(format!("{given} {}", self.family(woman, dice)));
        }
        if self.custom == Custom::TwoSurnames && dice.random_ratio(1, 4) {
            let father = family.rsplit_once(' ').map_or(family, |parts| parts.0);
            aliases.push(format!("{given} {father}"));
        }
        if matches!(self.custom, Custom::Patronymic | Custom::Joined) && dice.random_ratio(1, 8) {
            aliases.push(format!("{family} {given}"));
        }
        if let Some(respelt) = respelt(given).filter(|_| dice.random_ratio(1, 4)) {
            aliases.push(format!("{respelt} {family}"));
        }
        let whole = format!("{given} {family}");
        aliases.retain(|alias| *alias != whole);
        aliases
    }
}

/// A forename of two parts as it stands, or with its parts cut otherwise: `Wing-Yan`, `Wing Yan`, `Wingyan`.
fn joined_otherwise(forename: &str, dice: &mut Dice) -> String {
    let Some((first, second)) = forename.split_once(['-', ' ']) else {
        return forename.to_owned();
    };
    match dice.random_range(0..4) {
        0 => format!("{first} {second}"),
        1 => format!("{first}{}", second.to_lowercase()),
        _ => forename.to_owned(),
    }
}

/// Names that one person's papers spell in several ways.
const SPELLINGS: [(&str, &str); 10] = [
    ("Mohammed", "Muhammad"),
    ("Muhammad", "Mohammad"),
    ("Mohamed", "Mohammed"),
    ("Md", "Mohammed"),
    ("Ahmad", "Ahmed"),
    ("Oleksandr", "Alexander"),
    ("Andrii", "Andrey"),
    ("Nataliia", "Natalia"),
    ("Yusuf", "Yousef"),
    ("Hossein", "Hussein"),
];

fn respelt(given: &str) -> Option<String> {
    let first = given.split(' ').next()?;
    let (from, to) = SPELLINGS.into_iter().find(|(from, _)| *from == first)?;
    Some(given.replacen(from, to, 1))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use statuscheck_domain::subject::name_part;

    use super::*;

    #[test]
    fn every_line_of_the_word_list_is_understood_and_every_word_is_a_name() {
        let list = NameList::read().unwrap();
        assert!(list.0.len() > 40);
        for origin in &list.0 {
            assert!(!origin.from.is_empty() && !origin.women.is_empty());
            assert!(!origin.men.is_empty() && !origin.family.is_empty());
            let family = origin.family.iter().flat_map(|forms| [forms.0, forms.1]);
            for word in origin.women.iter().chain(&origin.men).copied().chain(family) {
                assert!(name_part(word).is_ok(), "{word}");
            }
        }
    }

    #[test]
    fn every_route_has_origins_to_draw_from() {
        let list = NameList::read().unwrap();
        let mut dice = Dice::seed_from_u64(1);
        for (route, _) in Route::ALL {
            let called = list.draw(route, &mut dice);
            assert_ne!(called.family, "Nobody", "{route:?}");
        }
    }

    #[test]
    fn names_of_every_difficult_kind_come_up() {
        let list = NameList::read().unwrap();
        let mut dice = Dice::seed_from_u64(2);
        let routes = Route::ALL.iter().cycle().take(20_000);
        let drawn: Vec<Called> = routes.map(|(route, _)| list.draw(*route, &mut dice)).collect();
        let some = |kind: &dyn Fn(&Called) -> bool| drawn.iter().any(kind);
        assert!(some(&|called| called.given.is_empty()), "one name only");
        assert!(some(&|called| called.family.chars().count() == 1), "one letter");
        assert!(some(&|called| called.family.chars().count() == 2), "two letters");
        assert!(
            some(&|called| called.family.contains('’')),
            "typographic apostrophe"
        );
        assert!(some(&|called| called.family.contains('\'')), "plain apostrophe");
        assert!(some(&|called| called.family.contains('-')), "hyphen");
        assert!(some(&|called| called.family.contains(' ')), "two surnames");
        assert!(some(&|called| called.family.starts_with("de ")), "particle");
        assert!(some(&|called| !called.family.is_ascii()), "accent");
        assert!(some(&|called| !called.also_known_as.is_empty()), "alias");
    }
}
