//! What becomes of a check as a case: once and for all times, readable by its owner, whatever breaks meanwhile.

mod in_flight;
mod listing;
mod reading;
mod repeats;
mod store;
