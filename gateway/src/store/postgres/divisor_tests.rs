use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Moments that a row lives after its renewal.
const LEASE: u32 = 6;

/// The rows, as the database keeps them.
#[derive(Default)]
struct Rows(BTreeMap<usize, Row>);

#[derive(Clone, Copy)]
struct Row {
    divisor: Option<NonZeroU32>,
    until: u32,
    step: u32,
}

impl Rows {
    /// What the statement of a renewal does.
    fn renew(&mut self, who: usize, renewal: &Renewal, now: u32) -> Option<Seen> {
        self.0.retain(|_, row| row.until >= now);
        let others = self.0.iter().filter(|(other, _)| **other != who);
        let least = others.clone().filter_map(|(_, row)| row.divisor).min();
        let count = NonZeroU32::MIN.saturating_add(u32::try_from(others.count()).unwrap());
        let may_take = |wish: NonZeroU32| wish >= count && least.is_none_or(|least| least >= wish);
        let before = self.0.get(&who).copied();
        if before.is_some_and(|row| row.step >= renewal.step) {
            return None;
        }
        let had = before.and_then(|row| row.divisor);
        let taken = renewal
            .wish
            .filter(|wish| had.is_some_and(|had| *wish >= had) || may_take(*wish));
        let row = Row {
            divisor: taken.or(had),
            until: now + LEASE,
            step: renewal.step,
        };
        self.0.insert(who, row);
        Some(Seen {
            row: row.divisor,
            count,
        })
    }
}

/// A renewal under way.
#[derive(Clone, Copy)]
struct Renewal {
    wish: Option<NonZeroU32>,
    step: u32,
    sent: u32,
    /// It got to the database, which answered that.
    answer: Option<Seen>,
}

#[derive(Clone, Default)]
struct Gateway {
    divisor: Divisor,
    /// Until its share is lost.
    until: u32,
    /// What the questions that are open were let in by, where that was more than is had now.
    open_by: Option<NonZeroU32>,
    steps: u32,
    under_way: Option<Renewal>,
    /// Sent and given up, and may still get there.
    stray: Option<Renewal>,
}

impl Gateway {
    /// What it uses at the most.
    fn used(&self, now: u32) -> Option<NonZeroU32> {
        let own = self.divisor.own().filter(|_| now < self.until)?;
        Some(self.open_by.map_or(own, |by| by.min(own)))
    }

    fn send(&mut self, now: u32) {
        self.steps += 1;
        self.stray = self.under_way.take().filter(|renewal| renewal.answer.is_none());
        self.under_way = Some(Renewal {
            wish: self.divisor.wish(self.open_by.is_none()),
            step: self.steps,
            sent: now,
            answer: None,
        });
    }

    fn hear(&mut self) {
        if let Some(Renewal {
            answer: Some(seen),
            sent,
            ..
        }) = self.under_way
        {
            let before = self.divisor.own();
            self.divisor.learn(seen);
            self.until = sent + LEASE;
            if self.open_by.is_none() && self.divisor.own() > before {
                self.open_by = before;
            }
            self.under_way = None;
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Joins,
    Leaves(usize),
    Sends(usize),
    Arrives(usize),
    Hears(usize),
    StrayArrives(usize),
    QuestionsEnd(usize),
    TimePasses(u32),
}

fn happening() -> impl Strategy<Value = Happening> {
    let who = 0..5_usize;
    prop_oneof![
        1 => Just(Happening::Joins),
        1 => who.clone().prop_map(Happening::Leaves),
        8 => who.clone().prop_map(Happening::Sends),
        8 => who.clone().prop_map(Happening::Arrives),
        8 => who.clone().prop_map(Happening::Hears),
        1 => who.clone().prop_map(Happening::StrayArrives),
        3 => who.prop_map(Happening::QuestionsEnd),
        4 => (0..4_u32).prop_map(Happening::TimePasses),
    ]
}

/// Gateways by their number; each that joins is another one.
#[derive(Default)]
struct World {
    rows: Rows,
    gateways: BTreeMap<usize, Gateway>,
    joined: usize,
    now: u32,
}

impl World {
    fn happen(&mut self, happening: Happening) {
        let living: Vec<_> = self.gateways.keys().copied().collect();
        let chosen = |place: usize| living.get(place % living.len().max(1)).copied();
        let World {
            rows, gateways, now, ..
        } = self;
        match happening {
            Happening::Joins => {}
            Happening::TimePasses(moments) => *now += moments,
            Happening::Leaves(place) => {
                // Its questions have ended.
                if let Some(who) = chosen(place) {
                    gateways.remove(&who);
                    rows.0.remove(&who);
                }
            }
            Happening::Sends(place)
            | Happening::Arrives(place)
            | Happening::Hears(place)
            | Happening::StrayArrives(place)
            | Happening::QuestionsEnd(place) => {
                let Some((who, gateway)) = chosen(place).and_then(|who| Some((who, gateways.get_mut(&who)?)))
                else {
                    return;
                };
                match happening {
                    Happening::Sends(_) => gateway.send(*now),
                    Happening::Arrives(_) => {
                        if let Some(renewal) = gateway
                            .under_way
                            .as_mut()
                            .filter(|renewal| renewal.answer.is_none())
                        {
                            renewal.answer = rows.renew(who, renewal, *now);
                        }
                    }
                    Happening::Hears(_) => gateway.hear(),
                    Happening::StrayArrives(_) => {
                        if let Some(stray) = gateway.stray.take() {
                            rows.renew(who, &stray, *now);
                        }
                    }
                    _ => gateway.open_by = None,
                }
            }
        }
    }

    fn join(&mut self) {
        if self.gateways.len() < 5 {
            self.gateways.insert(self.joined, Gateway::default());
            self.joined += 1;
        }
    }

    /// All shares that are used, in parts of which each count of gateways has a whole number.
    fn parts_used(&self) -> u32 {
        let used = self
            .gateways
            .values()
            .filter_map(|gateway| gateway.used(self.now));
        used.map(|divisor| WHOLE.div_ceil(divisor.get())).sum()
    }

    /// A whole renewal: as often as it is of use. Questions that are open end on the way.
    fn renew(&mut self, who: usize) {
        for _ in 0..crate::store::postgres::shares::TRIPS_MAX {
            for happening in [Happening::Sends, Happening::Arrives, Happening::Hears] {
                let place = self.gateways.keys().position(|other| *other == who).unwrap();
                self.happen(happening(place));
            }
            if let Some(gateway) = self.gateways.get_mut(&who) {
                gateway.open_by = None;
            }
        }
    }
}

const WHOLE: u32 = 27_720;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_shares_never_add_up_to_more_than_one_and_all_have_theirs_two_renewals_after_the_last_change(
        happenings in prop::collection::vec(happening(), 0..150),
        order in prop::collection::vec(any::<u32>(), 10),
    ) {
        let mut world = World::default();
        world.join();
        for happening in happenings {
            if matches!(happening, Happening::Joins) {
                world.join();
            }
            world.happen(happening);
            prop_assert!(world.parts_used() <= WHOLE, "after {happening:?}");
        }

        // Nothing changes any more: open questions end, and what was not renewed ends.
        for gateway in world.gateways.values_mut() {
            (gateway.open_by, gateway.stray, gateway.under_way) = (None, None, None);
        }
        let all: Vec<_> = world.gateways.keys().copied().collect();
        world.rows.0.retain(|who, _| all.contains(who));
        // Those that never renewed have a row from here on.
        for who in &all {
            world.renew(*who);
        }
        for round in 0..2 {
            world.now += 2;
            let mut turns = all.clone();
            turns.sort_by_key(|who| order[(who + round * 5) % 10]);
            for who in turns {
                world.renew(who);
                prop_assert!(world.parts_used() <= WHOLE);
            }
        }
        for gateway in world.gateways.values() {
            prop_assert_eq!(gateway.used(world.now).map(NonZeroU32::get), u32::try_from(all.len()).ok());
        }
    }
}

#[test]
fn the_only_gateway_has_the_whole_after_its_first_renewal() {
    let mut world = World::default();
    world.join();
    world.renew(0);
    assert_eq!(world.parts_used(), WHOLE);
}

#[test]
fn no_share_is_asked_for_anew_while_questions_are_open_that_one_let_in_which_ran_out() {
    let two = NonZeroU32::MIN.saturating_add(1);
    let mut divisor = Divisor::default();
    divisor.learn(Seen {
        row: None,
        count: two,
    });
    assert_eq!(divisor.wish(false), None);
    assert_eq!(divisor.wish(true), Some(two));
}
