use jiff::civil::{Date, date};

use super::*;
use crate::answer::Facts;
use crate::check::{Check, Draft};
use crate::sla::Target;

/// In force from 2025 on, for the organisation `caller`, covering and releasing everything.
pub(crate) fn sample(id: &str) -> Agreement {
    let party = |name: &str| Party {
        name: name.to_owned(),
        owner: contact("owner", name),
        contact: contact("desk", name),
    };
    Agreement {
        id: id.parse().unwrap(),
        title: "Everything".to_owned(),
        purpose: "To see each answer whole.".to_owned(),
        legal_basis: "Immigration Act 2014, section 20".to_owned(),
        parties: ["home-office", "dwp", "hmrc", "dfe", "callers"]
            .map(party)
            .to_vec(),
        checks: CheckKind::ALL.to_vec(),
        benefits: EducationBenefit::ALL.to_vec(),
        organisations: [("caller".parse().unwrap(), OrganisationKind::Employer)].into(),
        webhooks: BTreeMap::new(),
        owner_webhook: None,
        operations: Operation::ALL.to_vec(),
        request_fields: Field::ALL.to_vec(),
        released_fields: Facts::FIELDS.map(str::to_owned).to_vec(),
        match_rule: String::new(),
        sla: SlaPolicy::of("2025-1".parse().unwrap(), Target::DEFAULT),
        rate: None,
        weight: NonZeroU8::MIN,
        quotas: Vec::new(),
        retention: None,
        signed_on: Some(date(2025, 1, 1)),
        review_on: Some(date(2026, 9, 1)),
        expires_on: None,
        suspension: None,
        feed: None,
        listed_only: false,
        proactive: false,
        withholds_referrals: false,
    }
}

fn contact(post: &str, party: &str) -> Contact {
    Contact {
        name: format!("{post} at {party}"),
        email: format!("{post}@{party}.example"),
    }
}

pub(super) const TODAY: Date = date(2026, 6, 10);

pub(super) fn suspended(since: Date) -> Option<Suspension> {
    Some(Suspension {
        since,
        owner: "Head of Policy".to_owned(),
        reason: "accuracy is looked into".to_owned(),
        review_on: date(2026, 9, 1),
    })
}

fn work() -> Check {
    let draft = Draft {
        family_name: "Example",
        given_names: "Sam",
        date_of_birth: "1990-05-17",
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::RightToWork, TODAY) else {
        panic!("the check is well formed")
    };
    check
}

fn support(benefit: EducationBenefit) -> Check {
    let draft = Draft {
        family_name: "Example",
        date_of_birth: "1990-05-17",
        asylum_support_reference: "250700001",
        benefit: Some(benefit),
        ..Draft::default()
    };
    let Ok(check) = draft.parse(CheckKind::Section95, TODAY) else {
        panic!("the check is well formed")
    };
    check
}

fn asked(agreements: Vec<Agreement>, check: &Check, named: Option<&str>) -> Result<String, String> {
    let register = Register::new(agreements, []).unwrap();
    let named = named.map(|id| id.parse().unwrap());
    let caller = "caller".parse().unwrap();
    match register.authorise(&caller, check, named.as_ref(), TODAY) {
        Ok(permit) => Ok(permit.agreement().id.to_string()),
        Err(Refusal::NotInForce { agreement, .. }) => Err(format!(
            "{} is {}",
            agreement.id,
            agreement.standing(TODAY).as_str()
        )),
        Err(refusal) => Err(refusal.to_string()),
    }
}

#[test]
fn an_agreement_is_in_force_from_the_day_it_is_signed_to_its_last_day() {
    let standing = |change: fn(&mut Agreement), today| {
        let mut agreement = sample("a");
        agreement.expires_on = Some(date(2026, 12, 31));
        change(&mut agreement);
        agreement.standing(today).as_str()
    };
    let as_is: fn(&mut Agreement) = |_| {};
    assert_eq!(standing(as_is, date(2024, 12, 31)), "not signed");
    assert_eq!(standing(as_is, date(2025, 1, 1)), "in force");
    assert_eq!(standing(as_is, date(2026, 12, 31)), "in force");
    assert_eq!(standing(as_is, date(2027, 1, 1)), "expired");
    assert_eq!(
        standing(|agreement| agreement.signed_on = None, TODAY),
        "not signed"
    );
    assert_eq!(
        standing(|agreement| agreement.listed_only = true, TODAY),
        "listed only"
    );
    let pausing: fn(&mut Agreement) = |agreement| agreement.suspension = suspended(TODAY);
    assert_eq!(standing(pausing, date(2026, 6, 9)), "in force");
    assert_eq!(standing(pausing, TODAY), "suspended");
    assert_eq!(standing(pausing, date(2027, 1, 1)), "expired");
}

#[test]
fn only_an_agreement_in_force_permits_and_the_reason_names_the_nearest() {
    let mut expired = sample("expired");
    expired.expires_on = Some(date(2026, 6, 9));
    let mut paused = sample("paused");
    paused.suspension = suspended(TODAY);
    let mut listed = sample("listed");
    listed.listed_only = true;
    let mut narrow = sample("narrow");
    narrow.checks = vec![CheckKind::Iecas];
    narrow.benefits.clear();

    assert_eq!(
        asked(vec![expired.clone(), sample("good")], &work(), None),
        Ok("good".to_owned())
    );
    let all = vec![listed.clone(), narrow.clone(), expired.clone(), paused];
    assert_eq!(asked(all, &work(), None), Err("paused is suspended".to_owned()));
    let two = vec![narrow.clone(), listed, expired];
    assert_eq!(
        asked(two.clone(), &work(), None),
        Err("expired is expired".to_owned())
    );
    assert_eq!(
        asked(two, &work(), Some("listed")),
        Err("listed is listed only".to_owned())
    );
    let not_covered = "the organisation's agreements do not cover this check".to_owned();
    assert_eq!(asked(vec![narrow], &work(), None), Err(not_covered));
    let none = "no agreement covers this organisation".to_owned();
    assert_eq!(asked(vec![sample("good")], &work(), Some("other")), Err(none));
    let several = "several agreements cover this check; name one".to_owned();
    let both = vec![sample("good"), sample("better")];
    assert_eq!(asked(both.clone(), &work(), None), Err(several));
    assert_eq!(asked(both, &work(), Some("better")), Ok("better".to_owned()));
}

#[test]
fn support_is_checked_for_the_purposes_that_the_agreement_names_and_no_other() {
    let mut meals = sample("meals");
    meals.benefits = vec![EducationBenefit::FreeSchoolMeals];
    assert_eq!(
        asked(
            vec![meals.clone()],
            &support(EducationBenefit::FreeSchoolMeals),
            None
        ),
        Ok("meals".to_owned())
    );
    assert_eq!(
        asked(
            vec![meals],
            &support(EducationBenefit::EarlyYearsPupilPremium),
            None
        ),
        Err("the agreement does not cover this check for this purpose".to_owned())
    );
}

#[test]
fn a_school_is_promised_the_shorter_time() {
    let ground = |kind| {
        let mut agreement = sample("a");
        agreement.organisations = [("caller".parse().unwrap(), kind)].into();
        let register = Register::new([agreement], []).unwrap();
        let permit = register.authorise(&"caller".parse().unwrap(), &work(), None, TODAY);
        permit.unwrap().ground().is_vulnerable()
    };
    assert!(ground(OrganisationKind::School));
    assert!(!ground(OrganisationKind::Employer));
}

#[test]
fn a_sound_agreement_has_no_fault_and_a_bad_one_has_all_its_faults_told() {
    assert_eq!(sample("a").faults(), []);
    let mut bad = sample("a");
    bad.title = " ".to_owned();
    bad.legal_basis.clear();
    bad.parties.truncate(1);
    bad.parties[0].contact.email = "nobody".to_owned();
    bad.operations = vec![Operation::NinoTrace];
    bad.request_fields = vec![Field::FamilyName];
    bad.checks = vec![CheckKind::Iecas];
    bad.review_on = Some(date(2024, 1, 1));
    bad.expires_on = Some(date(2023, 1, 1));
    bad.quotas = vec![quota(300, 200)];
    bad.suspension = suspended(date(2027, 1, 1));
    let told: Vec<_> = bad.faults().iter().map(ToString::to_string).collect();
    for fault in [
        "title: is blank",
        "legal_basis: is blank",
        "parties: an agreement has two sides at least",
        "parties[0].contact.email: must be an e-mail address",
        "parties: dwp is asked, so it has to be a party",
        "request_fields: date_of_birth is missing",
        "operations: iecas needs home-office/immigration_status",
        "benefits: only section-95 is checked for a benefit",
        "released_fields: no answer of its checks has \"entitlement\"",
        "review_on: 2024-01-01 is before signed_on (2025-01-01)",
        "expires_on: 2023-01-01 is before signed_on (2025-01-01)",
        "expires_on: 2023-01-01 is before review_on (2024-01-01)",
        "quotas.dfe: none of the operations asks this department",
        "quotas.dfe.uplifts[0]: monthly must be above the quota's",
        "suspension.review_on: 2026-09-01 is before suspension.since (2027-01-01)",
    ] {
        assert!(
            told.iter().any(|told| told.starts_with(fault)),
            "{fault} is not in {told:#?}"
        );
    }
}

pub(super) fn quota(monthly: u64, uplifted: u64) -> Quota {
    Quota {
        department: DepartmentId::Dfe,
        monthly,
        uplifts: vec![Uplift {
            monthly: uplifted,
            starts_on: date(2026, 7, 15),
            ends_on: date(2026, 8, 10),
            approved_by: "Head of Statistics".to_owned(),
            reason: "nine more".to_owned(),
        }],
    }
}

#[test]
fn an_uplift_counts_from_its_first_day_to_its_last() {
    let days = [(7, 14), (7, 15), (8, 1), (8, 10), (8, 11)];
    let quotas = days.map(|(month, day)| quota(300, 309).on(date(2026, month, day)));
    assert_eq!(quotas, [300, 309, 309, 309, 300]);
}

#[test]
fn agreements_of_one_id_and_organisations_of_two_kinds_cannot_stand_together() {
    let mut other = sample("a");
    other.organisations = [("caller".parse().unwrap(), OrganisationKind::School)].into();
    let faults = Register::new([sample("a"), other], []).unwrap_err();
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "two agreements have the id a",
            "caller is employer in one agreement and school in a"
        ]
    );
}

pub(super) fn order() -> SuspensionOrder {
    SuspensionOrder {
        id: "over-30".parse().unwrap(),
        reason: "people were refused wrongly".to_owned(),
        owner: "Home Secretary".to_owned(),
        departments: vec![DepartmentId::Dwp],
        over_age: Some(30),
        starts_on: date(2026, 6, 1),
        review_on: date(2026, 9, 1),
        ends_on: None,
    }
}

#[test]
fn an_order_stops_what_is_volunteered_about_people_over_an_age_and_never_what_is_asked() {
    let mut feed = sample("feed");
    feed.proactive = true;
    let stops = |born, today| order().stops(&feed, DepartmentId::Dwp, born, today);
    // Thirty-one on the tenth of June.
    let born = Some(date(1995, 6, 10));
    assert!(!stops(born, date(2026, 6, 9)));
    assert!(stops(born, TODAY));
    assert!(stops(None, TODAY), "unknown means hold");
    assert!(!stops(born, date(2026, 5, 31)), "it has not begun");
    assert!(!order().stops(&feed, DepartmentId::Dfe, born, TODAY));
    assert!(!order().stops(&sample("asked"), DepartmentId::Dwp, born, TODAY));
    let ended = SuspensionOrder {
        ends_on: Some(date(2026, 6, 9)),
        over_age: None,
        ..order()
    };
    assert!(!ended.stops(&feed, DepartmentId::Dwp, None, TODAY));
    assert!(ended.stops(&feed, DepartmentId::Dwp, None, date(2026, 6, 9)));
}

#[test]
fn what_falls_due_is_listed_earliest_first_and_what_is_overdue_stays() {
    let mut stale = sample("stale");
    stale.review_on = Some(date(2013, 4, 1));
    let mut never = sample("never");
    never.review_on = None;
    never.listed_only = true;
    let mut ending = sample("ending");
    ending.expires_on = Some(date(2026, 9, 8));
    ending.quotas = vec![quota(300, 309)];
    let mut far = sample("far");
    far.review_on = Some(date(2026, 9, 9));
    let register = Register::new([far, ending, stale, never], [order()]).unwrap();
    let due = register.due(TODAY, 90);
    let told: Vec<_> = due
        .iter()
        .map(|due| {
            let day = due.on.map_or_else(|| "-".to_owned(), |day| day.to_string());
            format!("{day} {} {} {}", due.id, due.kind.as_str(), due.is_overdue)
        })
        .collect();
    assert_eq!(
        told,
        [
            "- never review: no day set true",
            "2013-04-01 stale review true",
            "2026-08-10 ending end of a larger quota false",
            "2026-09-01 ending review false",
            "2026-09-01 over-30 review of the order false",
            "2026-09-08 ending expiry false",
        ]
    );
}
