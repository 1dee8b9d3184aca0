//! The list itself.

use opentelemetry_semantic_conventions::{attribute, metric};

use super::values::{CODES, DEPARTMENT_PARTS, ENDINGS, OUTCOMES, PARTS, REASONS, RESULTS, STAGES};
use super::{AGREEMENT, CHECK, DEPARTMENT, Instrument, Kind, Label, Values};

/// Every instrument, in the order of the dashboard.
pub const ALL: &[Instrument] = &[
    CALLS,
    CHECKS,
    REFUSED,
    STAGE_DURATION,
    SEATS,
    DEPARTMENT_DURATION,
    PART_DURATION,
    FEED_AGE,
    PROMISES,
    TIME_LEFT,
    CLOCK_LATENESS,
    CLOCK_OVERDUE,
    CLOCK_SILENCE,
    QUOTA_USED,
    QUOTA_LIMIT,
    LEDGER_QUEUE,
    LEDGER_BATCH,
    CHECKPOINT_AGE,
    CONNECTIONS,
    CONNECTIONS_ENDED,
    CERTIFICATE_EXPIRY,
    READY,
];

/// From half a millisecond, a check that rests in memory, to the ten seconds that any call may take.
const CALL: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0,
];

/// From ten microseconds, a look into the register, to the two seconds of a check.
const STAGE: &[f64] = &[
    0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0,
];

/// From late, which is 0, to ten days.
const LEFT: &[f64] = &[
    0.0, 900.0, 3_600.0, 14_400.0, 28_800.0, 86_400.0, 172_800.0, 432_000.0, 864_000.0,
];

/// A step is to be fired within a second.
const LATENESS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3_600.0];

/// As many as one commit may take.
const BATCH: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

const fn label(name: &'static str, values: &'static [&'static str]) -> Label {
    Label {
        name,
        values: Values::Of(values),
    }
}

/// By the semantic conventions of RPC.
pub const CALLS: Instrument = Instrument {
    name: metric::RPC_SERVER_CALL_DURATION,
    kind: Kind::Histogram(CALL),
    unit: "s",
    help: "How long calls took, from the head of the request to the last of the answer",
    labels: &[
        label(attribute::RPC_SYSTEM_NAME, &["grpc"]),
        Label {
            name: attribute::RPC_METHOD,
            values: Values::Methods,
        },
        label(attribute::RPC_RESPONSE_STATUS_CODE, &CODES),
    ],
};

/// Checks by what the caller was told in the call.
pub const CHECKS: Instrument = Instrument {
    name: "statuscheck.checks",
    kind: Kind::Counter,
    unit: "{check}",
    help: "Checks that were answered in the call, repeats included, by what the caller was told",
    labels: &[CHECK, AGREEMENT, label("outcome", &OUTCOMES)],
};

/// Limits hit, and other reasons.
pub const REFUSED: Instrument = Instrument {
    name: "statuscheck.checks.refused",
    kind: Kind::Counter,
    unit: "{check}",
    help: "Checks that were not taken, by the limit or other reason",
    labels: &[label("reason", &REASONS)],
};

/// Where a check's time goes within the gateway.
pub const STAGE_DURATION: Instrument = Instrument {
    name: "statuscheck.check.stage.duration",
    kind: Kind::Histogram(STAGE),
    unit: "s",
    help: "How long each stage of a check's way took",
    labels: &[label("stage", &STAGES)],
};

/// Who is let in.
pub const SEATS: Instrument = Instrument {
    name: "statuscheck.seats",
    kind: Kind::Gauge,
    unit: "{check}",
    help: "Checks that are being asked now, and those that wait to be",
    labels: &[label("state", &["taken", "waiting"])],
};

/// A department's latency, everything in its stack included.
pub const DEPARTMENT_DURATION: Instrument = Instrument {
    name: "statuscheck.department.duration",
    kind: Kind::Histogram(CALL),
    unit: "s",
    help: "How long questions to departments took, waiting for a place and a rate included",
    labels: &[DEPARTMENT, label("result", &RESULTS)],
};

/// Whose the latency is.
pub const PART_DURATION: Instrument = Instrument {
    name: "statuscheck.department.part.duration",
    kind: Kind::Histogram(CALL),
    unit: "s",
    help: "Of each question that went out, the time that was the gateway's, the department's, and the network's; \
           where a department does not say what was its own, it has the network's too",
    labels: &[DEPARTMENT, label("part", &DEPARTMENT_PARTS)],
};

/// Of DfE's feeds, as its replies tell.
pub const FEED_AGE: Instrument = Instrument {
    name: "statuscheck.feed.age",
    kind: Kind::Gauge,
    unit: "s",
    help: "How long ago the newest feed of a department was loaded at the Department for Education, as its replies tell",
    labels: &[DEPARTMENT],
};

/// The promise to callers.
pub const PROMISES: Instrument = Instrument {
    name: "statuscheck.promises",
    kind: Kind::Counter,
    unit: "{case}",
    help: "Cases that were answered in time, or whose due time passed unanswered",
    labels: &[CHECK, AGREEMENT, label("kept", &["true", "false"])],
};

/// How near to its end a promise is kept.
pub const TIME_LEFT: Instrument = Instrument {
    name: "statuscheck.case.time_left",
    kind: Kind::Histogram(LEFT),
    unit: "s",
    help: "Time left until the answer was due when a case that had to wait was answered; 0 where it was late",
    labels: &[CHECK],
};

/// The timekeeper's punctuality.
pub const CLOCK_LATENESS: Instrument = Instrument {
    name: "statuscheck.clock.lateness",
    kind: Kind::Histogram(LATENESS),
    unit: "s",
    help: "How long after its time a step of a case's clock was fired",
    labels: &[],
};

/// What nobody takes on.
pub const CLOCK_OVERDUE: Instrument = Instrument {
    name: "statuscheck.clock.overdue",
    kind: Kind::Gauge,
    unit: "s",
    help: "How long the oldest due case has been waiting that nobody has taken on",
    labels: &[],
};

/// Whether the timekeeper looks.
pub const CLOCK_SILENCE: Instrument = Instrument {
    name: "statuscheck.clock.silence",
    kind: Kind::Gauge,
    unit: "s",
    help: "How long ago due work was last looked at: while the store cannot be read or the clock has jumped, it is not",
    labels: &[],
};

/// Use of a month's quota.
pub const QUOTA_USED: Instrument = Instrument {
    name: "statuscheck.quota.used",
    kind: Kind::Gauge,
    unit: "{question}",
    help: "Questions charged to this month's quota",
    labels: &[AGREEMENT, DEPARTMENT],
};

/// A month's quota.
pub const QUOTA_LIMIT: Instrument = Instrument {
    name: "statuscheck.quota.limit",
    kind: Kind::Gauge,
    unit: "{question}",
    help: "Questions that this month's quota allows",
    labels: &[AGREEMENT, DEPARTMENT],
};

/// What waits to be recorded.
pub const LEDGER_QUEUE: Instrument = Instrument {
    name: "statuscheck.ledger.queue",
    kind: Kind::Gauge,
    unit: "{change}",
    help: "Changes that wait to be recorded",
    labels: &[],
};

/// What one commit records.
pub const LEDGER_BATCH: Instrument = Instrument {
    name: "statuscheck.ledger.batch",
    kind: Kind::Histogram(BATCH),
    unit: "{change}",
    help: "Changes that were recorded in one commit",
    labels: &[],
};

/// How long entries may be without a signature.
pub const CHECKPOINT_AGE: Instrument = Instrument {
    name: "statuscheck.ledger.checkpoint.age",
    kind: Kind::Gauge,
    unit: "s",
    help: "How long ago every entry of the ledger was last known to be under a signature",
    labels: &[],
};

/// The door.
pub const CONNECTIONS: Instrument = Instrument {
    name: "statuscheck.connections",
    kind: Kind::Gauge,
    unit: "{connection}",
    help: "Connections that are open, those in their handshake included",
    labels: &[],
};

/// How connections ended.
pub const CONNECTIONS_ENDED: Instrument = Instrument {
    name: "statuscheck.connections.ended",
    kind: Kind::Counter,
    unit: "{connection}",
    help: "Connections that ended, by how",
    labels: &[label("ending", &ENDINGS)],
};

/// When the door closes by itself.
pub const CERTIFICATE_EXPIRY: Instrument = Instrument {
    name: "statuscheck.certificate.expiry",
    kind: Kind::Gauge,
    unit: "s",
    help: "When the gateway's certificate ends, and when its revocation lists go out of date, in seconds since 1970",
    labels: &[label("file", &["certificate", "revocation_lists"])],
};

/// What the readiness page says.
pub const READY: Instrument = Instrument {
    name: "statuscheck.ready",
    kind: Kind::Gauge,
    unit: "{part}",
    help: "Whether a part of the gateway is as it must be for checks to be taken: 1 it is, 0 it is not",
    labels: &[label("part", &PARTS)],
};
