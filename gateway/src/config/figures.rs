//! Figures that parse and with which a gateway would serve nobody, or not start.

use super::Config;
use crate::webhook::RetrySchedule;

/// Largest flow-control window (RFC 9113, section 6.9.1).
const WINDOW_BYTES_MAX: u32 = (1 << 31) - 1;

/// Key, and what its value must be, of every figure at fault.
pub(super) fn faults(config: &Config) -> Vec<(&'static str, &'static str)> {
    let (connections, webhooks) = (&config.connections, &config.webhooks);
    let changes = &config.register_changes;
    let window = |bytes: u32| (1..=WINDOW_BYTES_MAX).contains(&bytes);
    let durations = [
        ("tls.reload_every", config.tls.reload_every),
        ("connections.handshake", connections.handshake),
        ("connections.first_request", connections.first_request),
        ("connections.ping_interval", connections.ping_interval),
        ("connections.ping_timeout", connections.ping_timeout),
        ("connections.age", connections.age),
        ("quotas.look_every", config.quotas.look_every),
        ("checks.budget", config.checks.budget),
        ("checks.feed_interval", config.checks.feed_interval),
        ("desk.look_every", config.desk.look_every),
        ("dashboard.handshake", config.dashboard.handshake),
        ("dashboard.headers", config.dashboard.headers),
        ("dashboard.answer", config.dashboard.answer),
        ("dashboard.age", config.dashboard.age),
        ("dashboard.update", config.dashboard.update),
        ("webhooks.timeouts.connect", webhooks.timeouts.connect),
        ("webhooks.timeouts.total", webhooks.timeouts.total),
        ("webhooks.delivery.put_off", webhooks.delivery.put_off),
        ("webhooks.retry.first_pause", webhooks.retry.first_pause),
        ("webhooks.retry.give_up_after", webhooks.retry.give_up_after),
        ("register_changes.plan_age", changes.plan_age),
        ("register_changes.poll_every", changes.poll_every),
        ("register_changes.poll_max", changes.poll_max),
        ("batch.wait_max", config.batch.wait_max),
        ("watch.look_every", config.watch.look_every),
    ];
    let durations = durations.map(|(key, span)| (key, !span.is_zero(), "must be longer than nothing"));
    let one = "must be at least 1";
    let between = "must be 1 to 2147483647";
    let admission = &config.admission;
    let counts = [
        ("admission.in_flight_max", admission.in_flight_max > 0, one),
        (
            "admission.in_flight_per_organisation_max",
            admission.in_flight_per_organisation_max > 0,
            one,
        ),
        ("register_changes.plans_max", changes.plans_max > 0, one),
        (
            "register_changes.polls_failed_max",
            changes.polls_failed_max > 0,
            one,
        ),
        (
            "batch.rows_in_flight_max",
            config.batch.rows_in_flight_max > 0,
            one,
        ),
        (
            "telemetry.traces.ratio",
            (0.0..=1.0).contains(&config.telemetry.traces.ratio),
            "must be 0 to 1",
        ),
        ("watch.watchers_max", config.watch.watchers_max > 0, one),
        (
            "watch.watchers_per_organisation_max",
            config.watch.watchers_per_organisation_max > 0,
            one,
        ),
        ("watch.page", config.watch.page > 0, one),
        ("measures.cases_max", config.measures.cases_max > 0, one),
        ("measures.at_once_max", config.measures.at_once_max > 0, one),
        ("connections.connections", connections.connections > 0, one),
        (
            "connections.connections_per_address",
            connections.connections_per_address > 0,
            one,
        ),
        ("desk.feed_rows_max", config.desk.feed_rows_max > 0, one),
        ("desk.followers_max", config.desk.followers_max > 0, one),
        ("desk.known_max", config.desk.known_max > 0, one),
        ("referrals.known_max", config.referrals.known_max > 0, one),
        ("connections.streams", connections.streams > 0, one),
        (
            "connections.header_list_bytes",
            connections.header_list_bytes > 0,
            one,
        ),
        (
            "connections.stream_window_bytes",
            window(connections.stream_window_bytes),
            between,
        ),
        (
            "connections.connection_window_bytes",
            window(connections.connection_window_bytes),
            between,
        ),
        (
            "connections.send_buffer_bytes",
            u32::try_from(connections.send_buffer_bytes).is_ok_and(window),
            between,
        ),
        ("webhooks.retry.growth", webhooks.retry.growth > 0, one),
        (
            "webhooks.delivery.at_once_per_receiver",
            webhooks.delivery.at_once_per_receiver > 0,
            one,
        ),
        (
            "webhooks.delivery.under_way_per_receiver_max",
            webhooks.delivery.under_way_per_receiver_max > 0,
            one,
        ),
        (
            "webhooks.delivery.under_way_max",
            webhooks.delivery.under_way_max > 0,
            one,
        ),
        (
            "webhooks.retry.pause_max",
            webhooks.retry.first_pause <= webhooks.retry.pause_max,
            "must not be shorter than first_pause",
        ),
        (
            "webhooks.retry.jitter_percent",
            webhooks.retry.jitter_percent <= 100,
            "must be 0 to 100",
        ),
        (
            "webhooks.retry.give_up_after",
            webhooks.retry.give_up_after <= RetrySchedule::GIVE_UP_AFTER_MAX,
            "must be at most 72h",
        ),
    ];
    let all = durations.into_iter().chain(counts);
    all.filter(|(_, fits, _)| !fits)
        .map(|(key, _, fault)| (key, fault))
        .collect()
}
