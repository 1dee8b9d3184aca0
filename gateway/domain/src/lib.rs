//! The rules of checks and cases. Pure: nothing here waits, reads a clock (but for `clock`), knows the wire or a table.
//!
//! A check is parsed into a [`check::Check`]; [`route`] says whom to ask next; departments give [`reply::Reply`]s;
//! [`decide`] turns them into an [`answer::Answer`]; every change of a case is an [`event::Event`], and a
//! [`case::Case`] is the fold over its events.
//!
//! What a case is promised is an [`sla::SlaPolicy`]; its [`case_clock::CaseClock`] counts it, in elapsed time or in the
//! [`working_time`] of a [`calendar`].

pub mod agreement;
pub mod answer;
pub mod calendar;
pub mod case;
pub mod case_clock;
pub mod check;
pub mod clock;
pub mod decide;
pub mod due_order;
pub mod event;
pub mod ids;
pub mod measures;
pub mod names;
pub mod outbox;
pub mod question;
pub mod questions;
pub mod quota;
pub mod referral;
pub mod reply;
pub mod retention;
pub mod route;
pub mod sla;
pub mod subject;
pub mod timing;
pub mod windrush;
pub mod working_time;
