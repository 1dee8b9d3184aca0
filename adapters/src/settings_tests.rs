use super::*;

fn read(text: &str) -> Result<DepartmentSettings, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

const LEAST: &str = "url = 'https://api.test'\nclient_id = 'us'\nclient_secret_file = '/run/secret'\n";

#[test]
fn address_and_credentials_are_enough() {
    let settings = read(LEAST).map_err(|_| "refused");
    let settings = settings.expect("the least settings are read");
    assert!(matches!(settings.client_secret, ClientSecret::File(file) if file.as_os_str() == "/run/secret"));
    assert_eq!(settings.timeouts.connect, Duration::from_secs(1));
    assert_eq!(settings.hmrc.name_variants_max, 3);
}

#[test]
fn durations_are_text_and_a_bare_number_is_refused() {
    let with = |value: &str| read(&format!("{LEAST}[timeouts]\nrequest = {value}\n"));
    let settings = with("'2s 500ms'").map_err(|_| "refused");
    assert_eq!(
        settings.expect("a duration in words is read").timeouts.request,
        Duration::from_millis(2500)
    );
    assert!(with("2").is_err());
    assert!(with("'2'").is_err());
    assert!(with("'-2s'").is_err());
}

#[test]
fn a_key_that_nobody_reads_is_refused() {
    let error = read(&format!("{LEAST}[retry]\nattempts = 9\n")).err();
    assert!(error.is_some_and(|error| error.contains("attempts")));
}

#[test]
fn a_secret_cannot_stand_among_the_settings() {
    assert!(read(&format!("{LEAST}client_secret = 'hush'\n")).is_err());
}

#[test]
fn the_context_of_a_section_95_check_is_that_of_its_benefit() {
    let contexts = ContextSettings::default();
    let of = |benefit| contexts.of(CheckKind::Section95, Some(benefit)).to_owned();
    assert_eq!(of(EducationBenefit::FreeSchoolMeals), "DFE-FSM");
    assert_eq!(of(EducationBenefit::TwoYearOldEarlyEducation), "DFE-2EY");
    assert_eq!(of(EducationBenefit::EarlyYearsPupilPremium), "DFE-EYPP");
    assert_eq!(contexts.of(CheckKind::RightToWork, None), "HO-RTW");
}
