use std::time::Duration;

use statuscheck_domain::clock::SystemClock;

use super::*;

fn settings(url: &str) -> DepartmentSettings {
    DepartmentSettings::new(url, "us", "hush".to_owned())
}

fn fault(id: DepartmentId, settings: &DepartmentSettings) -> String {
    match connect(id, settings, SystemClock::shared()) {
        Ok(_) => panic!("the settings are taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_department_is_set_up_from_the_least_settings() {
    for id in DepartmentId::ALL {
        assert!(connect(id, &settings("http://127.0.0.1:1"), SystemClock::shared()).is_ok());
    }
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let mut settings = settings("http://dwp.test");
    assert!(fault(DepartmentId::Dwp, &settings).contains("must begin with https"));
    settings.plain_http = true;
    assert!(connect(DepartmentId::Dwp, &settings, SystemClock::shared()).is_ok());
    settings.plain_http = false;
    settings.url = "http://localhost:8080/dwp".to_owned();
    settings.token_url = Some("http://tokens.test/token".to_owned());
    assert!(fault(DepartmentId::Dwp, &settings).starts_with("token_url"));
}

#[test]
fn an_address_with_a_password_is_refused_and_not_repeated() {
    let told = fault(DepartmentId::Hmrc, &settings("https://me:hunter2@hmrc.test"));
    assert!(!told.contains("hunter2"));
    for url in ["", "hmrc.test", "ftp://hmrc.test", "https://hmrc.test?x=1"] {
        assert!(fault(DepartmentId::Hmrc, &settings(url)).starts_with("url of hmrc"));
    }
}

#[test]
fn dwp_over_https_demands_a_certificate_of_ours() {
    let told = fault(DepartmentId::Dwp, &settings("https://dwp.test"));
    assert!(told.starts_with("tls.certificate_file of dwp"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let mut settings = settings("http://127.0.0.1:1");
    settings.client_secret = ClientSecret::File("/nowhere/secret".into());
    assert!(fault(DepartmentId::Dfe, &settings).contains("/nowhere/secret"));
}

#[test]
fn an_empty_secret_is_refused_and_white_space_is_dropped() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut settings = settings("http://127.0.0.1:1");
    settings.client_secret = ClientSecret::File(file.path().to_owned());
    assert!(fault(DepartmentId::Dfe, &settings).contains("holds no text"));
    std::fs::write(file.path(), " hush\n").unwrap();
    let reading = Reading {
        department: DepartmentId::Dfe,
        settings: &settings,
    };
    assert!(reading.client_secret().is_ok_and(|secret| *secret == "hush"));
}

#[test]
fn figures_that_stop_every_question_are_refused() {
    let mut settings = settings("http://127.0.0.1:1");
    settings.concurrency.open_max = 0;
    assert!(fault(DepartmentId::Dfe, &settings).starts_with("concurrency.open_max"));
    settings.concurrency.open_max = 1;
    settings.breaker.window = Duration::ZERO;
    assert!(fault(DepartmentId::Dfe, &settings).starts_with("breaker.window"));
}

#[test]
fn tokens_are_had_under_the_departments_own_path() {
    let settings = settings("https://api.test/v1/");
    let base = Url::parse(&settings.url).unwrap();
    let of = |department| {
        let reading = Reading {
            department,
            settings: &settings,
        };
        reading.token_url(&base).to_string()
    };
    assert_eq!(of(DepartmentId::Hmrc), "https://api.test/v1/oauth/token");
    assert_eq!(of(DepartmentId::Dfe), "https://api.test/v1/oauth2/token");
}

#[test]
fn published_limits_hold_until_one_is_given() {
    let mut settings = settings("https://api.test");
    let rate = |settings: &DepartmentSettings| {
        let reading = Reading {
            department: DepartmentId::Dfe,
            settings,
        };
        let rate = reading.rate();
        (rate.per_second, rate.per_minute, rate.per_hour)
    };
    assert_eq!(
        rate(&settings),
        (None, NonZeroU32::new(250), NonZeroU32::new(5_000))
    );
    settings.rate.per_second = NonZeroU32::new(9);
    assert_eq!(rate(&settings), (NonZeroU32::new(9), None, None));
}
