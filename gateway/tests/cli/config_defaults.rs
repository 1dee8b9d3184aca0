//! The sample configuration shows the defaults that hold.

use statuscheck::admission::AdmissionSettings;
use statuscheck::batch::BatchSettings;
use statuscheck::dashboard::DashboardSettings;
use statuscheck::following::WatchSettings;
use statuscheck::limits::LimitSettings;
use statuscheck::listener::ConnectionLimits;
use statuscheck::measures::MeasureSettings;
use statuscheck::probing::ProbingSettings;
use statuscheck::quota::QuotaSettings;
use statuscheck::referrals::ReferralSettings;
use statuscheck::register::ChangeSettings;
use statuscheck::server::CheckSettings;
use statuscheck::store::postgres::Limits;
use statuscheck::timekeeper::TimekeeperSettings;

use crate::config::{all_set, read};
use crate::sample::SAMPLE;

#[test]
fn the_sample_parses_and_shows_the_true_defaults() {
    read(SAMPLE).unwrap();
    let shown = read(&all_set()).unwrap();
    assert_eq!(shown.connections, ConnectionLimits::default());
    let (limits, checks) = (LimitSettings::default(), CheckSettings::default());
    assert_eq!(format!("{:?}", shown.limits), format!("{limits:?}"));
    assert_eq!(format!("{:?}", shown.checks), format!("{checks:?}"));
    let (shown_due, due) = (&shown.timekeeper, TimekeeperSettings::default());
    assert_eq!(format!("{shown_due:?}"), format!("{due:?}"));
    assert_eq!(shown.admission, AdmissionSettings::default());
    assert_eq!(shown.register_changes, ChangeSettings::default());
    assert_eq!(shown.batch, BatchSettings::default());
    assert_eq!(shown.watch, WatchSettings::default());
    let dashboard = DashboardSettings {
        listen: shown.dashboard.listen,
        ..DashboardSettings::default()
    };
    assert_eq!(shown.dashboard, dashboard);
    assert_eq!(shown.quotas, QuotaSettings::default());
    assert_eq!(shown.measures, MeasureSettings::default());
    assert_eq!(shown.referrals, ReferralSettings::default());
    assert_eq!(shown.probing, ProbingSettings::default());
    assert_eq!(shown.tls.reload_every, read(SAMPLE).unwrap().tls.reload_every);
    assert_eq!(shown.store.limits(), &Limits::default());

    let plain = read(SAMPLE).unwrap();
    let (department, shown) = (
        &plain.departments["home-office"],
        &shown.departments["home-office"],
    );
    assert_eq!(shown.timeouts.connect, department.timeouts.connect);
    assert_eq!(shown.timeouts.request, department.timeouts.request);
    assert_eq!(shown.timeouts.token, department.timeouts.token);
    assert_eq!(shown.timeouts.idle, department.timeouts.idle);
    assert_eq!(shown.concurrency.open_max, department.concurrency.open_max);
    assert_eq!(shown.concurrency.waiting_max, department.concurrency.waiting_max);
    assert_eq!(shown.concurrency.wait_max, department.concurrency.wait_max);
    assert_eq!(shown.retry.repeats_max, department.retry.repeats_max);
    assert_eq!(shown.retry.pause, department.retry.pause);
    assert_eq!(shown.retry.jitter, department.retry.jitter);
    assert_eq!(shown.retry.budget_percent, department.retry.budget_percent);
    assert_eq!(
        shown.breaker.failures_percent,
        department.breaker.failures_percent
    );
    assert_eq!(shown.breaker.asks_min, department.breaker.asks_min);
    assert_eq!(shown.breaker.patience, department.breaker.patience);
    assert_eq!(shown.breaker.window, department.breaker.window);
    assert_eq!(shown.breaker.rest, department.breaker.rest);
}
