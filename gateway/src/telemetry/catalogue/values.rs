//! What labels may be, where it does not stand in the domain.

/// Codes of gRPC, by their numbers.
pub const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Kinds of answer to a check.
pub const OUTCOMES: [&str; 5] = [
    "established",
    "not_established",
    "pending",
    "more_information",
    "referred",
];

/// Stages of a check's way.
pub const STAGES: [&str; 5] = ["peer", "authorise", "reserve", "record", "ask"];

/// What came of a question to a department.
pub const RESULTS: [&str; 11] = [
    "found",
    "no_record",
    "ambiguous",
    "deferred",
    "closed",
    "failed",
    "slow",
    "garbage",
    "throttled",
    "refused",
    "breaker_open",
];

/// Where the time of a question goes.
pub const DEPARTMENT_PARTS: [&str; 3] = ["gateway", "department", "network"];

/// Why a check was refused; the limits first.
pub const REASONS: [&str; 12] = [
    "rate",
    "quota",
    "probing",
    "seats",
    "queue",
    "malformed",
    "not_agreed",
    "repeated_otherwise",
    "not_now",
    "too_late",
    "cannot_record",
    "internal",
];

/// How open cases stand: all of them, and of these those that are at risk, late, or paused.
pub const STATES: [&str; 4] = ["open", "at_risk", "breached", "paused"];

/// Whose turn it is with a case.
pub const TURNS: [&str; 7] = [
    "home-office",
    "dwp",
    "hmrc",
    "dfe",
    "several",
    "taskforce",
    "caller",
];

/// Kinds of receivers of notices.
pub const RECEIVERS: [&str; 5] = ["organisation", "owner", "ops", "taskforce", "subscriber"];

/// How connections end.
pub const ENDINGS: [&str; 10] = [
    "full",
    "address_full",
    "handshake_failed",
    "handshake_late",
    "silent",
    "revoked",
    "aged",
    "shut_down",
    "closed",
    "broken",
];

/// What a gateway needs to serve.
pub const PARTS: [&str; 3] = ["store", "register", "serving"];
