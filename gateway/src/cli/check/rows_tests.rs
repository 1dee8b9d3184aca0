use jiff::civil::date;

use super::*;

fn common() -> Common {
    Common {
        kind: Some(CheckKind::RightToWork),
        batch: "people.csv 2026-03-11".to_owned(),
        today: date(2026, 3, 11),
    }
}

fn rows(text: &str) -> Vec<Row> {
    let Ok(mut rows) = Rows::open(text.as_bytes(), common()) else {
        panic!("the header is sound")
    };
    std::iter::from_fn(|| rows.next().ok().flatten()).collect()
}

fn fields(row: &Row) -> Vec<&str> {
    row.faults.iter().map(|fault| fault.field.as_str()).collect()
}

fn refused(header: &str) -> String {
    let refused = Rows::open(header.as_bytes(), common()).err();
    refused.map(|error| format!("{error:#}")).unwrap_or_default()
}

#[test]
fn columns_come_in_any_order_and_a_row_says_which_check_it_is() {
    let rows = rows(
        "date_of_birth,check,row,share_code,tenancy_start,given_names,also_known_as\n\
         1990-12-31,right-to-rent,a,R12345678,2026-04-01,,\n\
         1990-12-31,,b, W12345678 ,,Sam,\"Sam One; Sam Two;\"\n",
    );
    assert!(rows.iter().all(|row| row.faults.is_empty()));
    let Some(WireCheck::RightToRent(rent)) = &rows[0].request.check else {
        panic!("the first row is about renting")
    };
    assert_eq!(
        (rent.share_code.as_str(), rent.tenancy_start.as_str()),
        ("R12345678", "2026-04-01")
    );
    let Some(WireCheck::RightToWork(work)) = &rows[1].request.check else {
        panic!("the second row is what --check says")
    };
    assert_eq!(work.share_code, "W12345678");
    let person = work.person.as_ref().unwrap();
    assert_eq!(person.also_known_as, ["Sam One", "Sam Two"]);
}

#[test]
fn a_row_keeps_its_request_id_while_it_keeps_its_name_whatever_else_is_in_it() {
    let first = rows("row,date_of_birth\np-1,1990-12-31\np-2,1990-12-31\n");
    let mended = rows("date_of_birth,row,family_name\n1990-12-30,p-2,Example\n1990-12-31,p-1,Example\n");
    let id = |row: &Row| row.request.request_id.clone();
    assert_eq!(id(&first[0]), id(&mended[1]));
    assert_eq!(id(&first[1]), id(&mended[0]));
    assert_ne!(id(&first[0]), id(&first[1]));
    let uuid: Uuid = id(&first[0]).parse().unwrap();
    assert_eq!(uuid.get_version_num(), 8);
    assert_ne!(derived("another batch", "p-1"), uuid);
    // What goes before is told apart from what comes after.
    assert_ne!(derived("ab", "c"), derived("a", "bc"));
}

#[test]
fn rows_without_a_name_go_by_their_number_and_a_request_id_of_the_file_stands() {
    let rows = rows("date_of_birth,request_id\n1990-12-31,\n1990-12-31,mine\n");
    assert_eq!([rows[0].id.as_str(), rows[1].id.as_str()], ["1", "2"]);
    assert_eq!(
        rows[0].request.request_id,
        derived(&common().batch, "1").to_string()
    );
    assert_eq!(rows[1].request.request_id, "mine");
}

#[test]
fn what_a_request_could_not_carry_is_told_with_everything_else_that_is_wrong() {
    let rows = rows(
        "check,family_name,date_of_birth,share_code,tenancy_start,benefit\n\
         section-95,Mensah,1990-02-30,W12345678,2026-04-01,free-lunches\n\
         iecas,Mensah,1990-01-01,,,free-school-meals\n\
         right-to-drive,Mensah,1990-01-01,,,\n\
         right-to-work,Mensah\n",
    );
    assert_eq!(
        fields(&rows[0]),
        [
            "section_95.share_code",
            "section_95.tenancy_start",
            "section_95.benefit",
            "section_95.person.date_of_birth",
            "section_95.person.asylum_support_reference",
        ]
    );
    assert_eq!(fields(&rows[1]), ["iecas.benefit"]);
    assert_eq!(fields(&rows[2]), ["check"]);
    assert_eq!(fields(&rows[3]), ["row", "right_to_work.person.date_of_birth"]);
}

#[test]
fn a_name_of_a_row_that_is_none_is_told_and_the_row_goes_by_its_number() {
    let long = "x".repeat(65);
    let rows = rows(&format!("row,date_of_birth\n{long},1990-12-31\n"));
    assert_eq!((rows[0].id.as_str(), fields(&rows[0])[0]), ("1", "row"));
}

#[test]
fn a_file_without_a_header_is_refused_without_a_word_of_what_is_in_it() {
    let told = refused("Amina,Warsame,1993-01-01\n");
    assert!(
        told.starts_with("column 1 of the first line is none of"),
        "{told}"
    );
    assert!(!told.contains("Amina") && !told.contains("1993"), "{told}");
    assert!(refused("row,date_of_birth,row\n").starts_with("column 3"));
    assert!(refused("row,check\n").contains("no column date_of_birth"));
}
