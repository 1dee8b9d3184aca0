//! `statuscheck check --batch`, against a running demo.

use std::collections::BTreeMap;
use std::fs;

use crate::house::House;
use crate::program::run_with_input;

const PEOPLE: &str = "\
row,check,caller_reference,given_names,family_name,date_of_birth,share_code
ann,right-to-work,desk 4,,,1991-03-14,W00SAMP01
twin,right-to-work,,Amina,Warsame,1993-01-01,
wrong,right-to-work,\"desk \"\"5\"\", left\",W4rsame,,1990-02-30,
stray,iecas,,Alex,Nobody,1991-06-02,W00SAMP01
foreign,iecas,,Alex,Nobody,1991-06-02,
";

/// Results by row: column name to value.
fn results(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let lines = reader.deserialize::<BTreeMap<String, String>>();
    lines
        .map(Result::unwrap)
        .map(|line| (line["row"].clone(), line))
        .collect()
}

#[tokio::test]
async fn every_row_has_its_result_and_none_of_them_has_anything_about_a_person() {
    let house = House::open().await;
    let ran = run_with_input(["check", "--demo", &house.dir(), "--batch", "-"], PEOPLE)
        .await
        .ends(3);
    let all = results(&ran.stdout);
    let told: Vec<_> = all
        .values()
        .map(|line| [&line["row"], &line["outcome"], &line["reason"], &line["error"]].map(String::as_str))
        .collect();
    assert_eq!(
        told,
        [
            ["ann", "established", "", ""],
            ["foreign", "", "", "PERMISSION_DENIED CHECK_NOT_COVERED"],
            ["stray", "", "", "INVALID_ARGUMENT INVALID_ROW"],
            ["twin", "more_information_needed", "home_office_reference", ""],
            ["wrong", "", "", "INVALID_ARGUMENT INVALID_FIELDS"],
        ]
    );
    assert_eq!(all["ann"]["caller_reference"], "desk 4");
    assert_eq!(all["wrong"]["caller_reference"], "desk \"5\", left");
    for field in ["given_names", "family_name", "date_of_birth"] {
        let path = format!("right_to_work.person.{field}: ");
        assert!(
            all["wrong"]["faults"].contains(&path),
            "{}",
            all["wrong"]["faults"]
        );
    }
    for about in ["W00SAMP01", "1991", "Amina", "Warsame", "W4rsame", "unlimited"] {
        assert!(!ran.stdout.contains(about), "{about}");
        assert!(!ran.stderr.contains(about), "{about}");
    }
    assert!(
        ran.stderr
            .contains("2 rows answered, 0 answered before, 3 failed"),
        "{}",
        ran.stderr
    );
    house.close().await;
}

#[tokio::test]
async fn a_batch_that_broke_off_is_gone_on_with_and_mended_rows_are_asked() {
    let house = House::open().await;
    let (people, output) = (house.path("people.csv"), house.path("results.csv"));
    let paths = [&people, &output].map(|path| path.to_str().unwrap().to_owned());
    let command = ["check", "--batch", &paths[0], "--output", &paths[1]];
    fs::write(&people, PEOPLE).unwrap();
    house.ask(&command).await.ends(3);
    let first = results(&fs::read_to_string(&output).unwrap());
    assert_eq!(first.len(), 5);

    // The run was killed while it wrote a line.
    let mut torn = fs::read_to_string(&output).unwrap();
    torn.push_str("people.csv 20");
    fs::write(&output, torn).unwrap();
    let mended = PEOPLE
        .replace("W4rsame,,1990-02-30", "Alex,Nobody,1991-06-02")
        .replace("stray,iecas", "stray,right-to-work");
    fs::write(&people, mended).unwrap();
    let ran = house.ask(&command).await.ends(3);
    assert!(
        ran.stderr
            .contains("2 rows answered, 2 answered before, 1 failed"),
        "{}",
        ran.stderr
    );
    let second = results(&fs::read_to_string(&output).unwrap());
    assert_eq!(second.len(), 5);
    for row in ["ann", "twin"] {
        assert_eq!(second[row], first[row]);
    }
    assert_eq!(second["wrong"]["request_id"], first["wrong"]["request_id"]);
    assert_eq!(second["wrong"]["outcome"], "not_established");

    // Sent anew under its name, it is the same cases.
    let name = &second["ann"]["batch"];
    let other = house.path("other.csv");
    let again = [
        "--batch",
        &paths[0],
        "--batch-id",
        name,
        "--output",
        other.to_str().unwrap(),
    ];
    house.ask(&[&["check"], &again[..]].concat()).await.ends(3);
    assert_eq!(results(&fs::read_to_string(&other).unwrap()), second);

    let renamed = [&command[..], &["--batch-id", "another"]].concat();
    assert!(
        house
            .ask(&renamed)
            .await
            .ends(1)
            .stderr
            .contains("those of another batch")
    );
    fs::write(&output, "no,results\n").unwrap();
    assert!(
        house
            .ask(&command)
            .await
            .ends(1)
            .stderr
            .contains("no file of results")
    );
    assert_eq!(fs::read_to_string(&output).unwrap(), "no,results\n");
    house.close().await;
}

#[tokio::test]
async fn the_exit_code_tells_whether_a_row_failed() {
    let house = House::open().await;
    let dir = house.dir();
    let batch = [
        "check",
        "--demo",
        &dir,
        "--batch",
        "-",
        "--check",
        "right-to-work",
    ];
    let rows = "date_of_birth,given_names,family_name\n1991-06-02,Alex,Nobody\n";
    run_with_input(batch, rows).await.ends(0);
    run_with_input(batch, &format!("{rows}1991-06-31,Alex,Nobody\n"))
        .await
        .ends(3);
    run_with_input(batch, "Alex,Nobody,1991-06-02\n").await.ends(1);
    run_with_input(["check", "--demo", &dir], "").await.ends(2);
    house.close().await;
}
