//! Referrals: whose they are, what is remembered, and the law that nothing adverse is released before one.

#[path = "referral_tests/evidence.rs"]
mod evidence;
#[path = "referral_tests/law.rs"]
mod law;
#[path = "referral_tests/persons.rs"]
mod persons;
#[path = "referral_tests/told.rs"]
mod told;
#[path = "referral_tests/world.rs"]
mod world;
#[path = "referral_tests/worlds.rs"]
mod worlds;
