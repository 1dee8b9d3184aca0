//! The decision table, held against `decide`, and the laws that no row may break.

#[path = "decide_tests/asked.rs"]
mod asked;
#[path = "decide_tests/document.rs"]
mod document;
#[path = "decide_tests/drawn.rs"]
mod drawn;
#[path = "decide_tests/iecas.rs"]
mod iecas;
#[path = "decide_tests/laws.rs"]
mod laws;
#[path = "decide_tests/right_to_rent.rs"]
mod right_to_rent;
#[path = "decide_tests/right_to_work.rs"]
mod right_to_work;
#[path = "decide_tests/row.rs"]
mod row;
#[path = "decide_tests/said.rs"]
mod said;
#[path = "decide_tests/section_95.rs"]
mod section_95;
#[path = "decide_tests/words.rs"]
mod words;

use std::collections::BTreeSet;

use row::{Group, Row};

/// Every failing row is told, not only the first.
fn hold(groups: Vec<Group>) {
    let faults: Vec<String> = groups
        .iter()
        .flat_map(|group| &group.rows)
        .filter_map(Row::fault)
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_row_of_right_to_work_holds() {
    hold(right_to_work::groups());
}

#[test]
fn every_row_of_right_to_rent_holds() {
    hold(right_to_rent::groups());
}

#[test]
fn every_row_of_section_95_holds() {
    hold(section_95::groups());
}

#[test]
fn every_row_of_iecas_holds() {
    hold(iecas::groups());
}

#[test]
fn no_rule_tells_a_situation_twice() {
    let checks = [
        right_to_work::groups(),
        right_to_rent::groups(),
        section_95::groups(),
        iecas::groups(),
    ];
    for group in checks.iter().flatten() {
        let mut labels = BTreeSet::new();
        let mut situations = BTreeSet::new();
        for Row { situation, .. } in &group.rows {
            let told = (words::who(situation), words::replies(situation));
            assert!(labels.insert(&situation.label), "{}", situation.label);
            assert!(situations.insert(told), "{}", situation.label);
        }
    }
}
