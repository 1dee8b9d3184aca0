//! What becomes of a check as a case: once and for all times, readable by its owner, whatever breaks meanwhile.

mod batches;
mod in_flight;
mod listing;
mod measures;
mod provided;
mod reading;
mod repeats;
mod steps;
mod store;
mod watching;
