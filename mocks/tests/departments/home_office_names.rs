use serde_json::{Value, json};

use crate::home_office::{matched, names};
use crate::{World, ada, person};

const BORN: &str = "1984-07-09";

/// Somebody born on the day that is asked about, with leave.
fn holder(id: &str, given: &str, family: &str) -> Value {
    let leave = json!({ "kind": "ILR", "valid_from": "2020-01-01", "may_work": true, "may_rent": true });
    let more = json!({ "home_office_reference": "HO777777", "leave": leave });
    person(id, given, family, BORN, more)
}

async fn status(world: &World, given: &str, family: &str) -> u16 {
    matched(world, &names(given, family, BORN)).await.status
}

#[tokio::test]
async fn a_variant_of_the_name_finds_the_one_person_it_fits() {
    for (given, family, variants) in [
        (
            "Ana María José",
            "Pérez",
            [("Ana", "Perez"), ("José", "Pérez"), ("Ana Maria", "Perez")].as_slice(),
        ),
        ("Ana", "Pérez", &[("Ana María", "Pérez"), ("María Ana", "Pérez")]),
        (
            "Lucía",
            "García Núñez",
            &[("Lucia", "Garcia"), ("Lucia", "Nunez")],
        ),
        (
            "Lucía",
            "García",
            &[("Lucía", "García Núñez"), ("Lucía", "Núñez-García")],
        ),
        ("Sam", "Smith-Jones", &[("Sam", "Smith Jones"), ("Sam", "Jones")]),
        ("Wei", "Zhang", &[("Zhang", "Wei")]),
        (
            "Ann",
            "O'Neill",
            &[("Ann", "O Neill"), ("Ann", "ONEILL"), ("O’Neill", "Ann")],
        ),
        (
            "Luis",
            "de Souza",
            &[("Luis de", "Souza"), ("Luis", "DeSouza"), ("Luis", "Souza")],
        ),
        ("Omar", "El Amin", &[("Omar El", "Amin"), ("Omar", "Elamin")]),
        ("", "Suryani", &[("Suryani", "Suryani"), ("", "SURYANI")]),
        ("", "Sai Ram", &[("Sai", "Ram"), ("Ram", "Sai")]),
        ("Li", "O", &[("O", "Li"), ("Li Na", "O")]),
    ] {
        let world = World::of(&[holder("held", given, family)]).await;
        for (asked_given, asked_family) in variants {
            let asked = status(&world, asked_given, asked_family).await;
            assert_eq!(asked, 200, "{given} {family} as {asked_given} {asked_family}");
        }
    }
}

#[tokio::test]
async fn names_that_are_both_cut_short_or_differ_are_no_match() {
    for (given, family, others) in [
        (
            "Ana María",
            "García Núñez",
            [("Ana Luz", "García López"), ("Luz", "García Núñez")].as_slice(),
        ),
        (
            "Ana",
            "Pérez",
            &[("Ana", "Peraz"), ("Eva", "Pérez"), ("", "Pérez"), ("", "Ana")],
        ),
        ("", "Suryani", &[("Siti", "Suryani"), ("Suryani", "Siti")]),
        ("Luis", "de Souza", &[("Luis", "de Silva")]),
    ] {
        let world = World::of(&[holder("held", given, family)]).await;
        for (asked_given, asked_family) in others {
            let asked = status(&world, asked_given, asked_family).await;
            assert_eq!(asked, 404, "{given} {family} as {asked_given} {asked_family}");
        }
    }
}

#[tokio::test]
async fn a_variant_that_fits_several_is_ambiguous_and_a_whole_name_wins() {
    let world = World::of(&[
        holder("one", "Ana María", "Pérez"),
        holder("two", "Ana Luz", "Pérez"),
    ])
    .await;
    let unclear = matched(&world, &names("Ana", "Pérez", BORN)).await;
    assert_eq!(
        (unclear.status, &unclear.body["code"]),
        (409, &json!("AMBIGUOUS"))
    );
    let whole = matched(&world, &names("Ana Luz", "Perez", BORN)).await;
    assert_eq!(whole.body["statusRef"], "status-two");

    let world = World::of(&[holder("one", "Ana María", "Pérez"), holder("two", "Ana", "Pérez")]).await;
    let whole = matched(&world, &names("Ana", "Pérez", BORN)).await;
    assert_eq!(whole.body["statusRef"], "status-two");
}

#[tokio::test]
async fn an_alias_on_either_side_has_variants_too() {
    let mut held = holder("held", "Ana", "Pérez");
    held["also_known_as"] = json!(["Anita Luz de Souza"]);
    let world = World::of(&[held]).await;
    assert_eq!(status(&world, "Souza", "Anita Luz de").await, 200);
    assert_eq!(status(&world, "Anita", "Souza").await, 200);
    let mut asked = names("Rosa", "Smith", BORN);
    assert_eq!(matched(&world, &asked).await.status, 404);
    asked["alsoKnownAs"] = json!(["Ana María Pérez"]);
    assert_eq!(matched(&world, &asked).await.status, 200);
}

#[tokio::test]
async fn a_variant_with_another_date_of_birth_answers_as_for_an_unknown_person() {
    let world = World::of(&[holder("held", "Ana María", "Pérez")]).await;
    let unknown = matched(&world, &names("Zoe", "Bell", BORN)).await;
    for born in ["1984-09-07", "1984-07-10"] {
        let missed = matched(&world, &names("Ana", "Pérez", born)).await;
        assert_eq!((missed.status, &missed.body), (404, &unknown.body), "{born}");
    }
}

#[tokio::test]
async fn with_a_reference_one_of_two_surnames_is_enough() {
    let asked = async |world: &World, family: &str| {
        let mut body = names("Anyone", family, BORN);
        body["reference"] = json!("HO777777");
        matched(world, &body).await.status
    };
    let world = World::of(&[holder("held", "Ana", "García Núñez"), ada(json!({}))]).await;
    for (family, status) in [
        ("García Núñez", 200),
        ("Garcia", 200),
        ("NUNEZ", 200),
        ("García López", 404),
        ("Gar", 404),
    ] {
        assert_eq!(asked(&world, family).await, status, "{family}");
    }
    let world = World::of(&[holder("held", "Ana", "García")]).await;
    assert_eq!(asked(&world, "García-Núñez").await, 200);
}
