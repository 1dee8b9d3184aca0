//! What a check is answered with: four checks over four mock departments and their ways of failing.

mod departments;
mod disclosure;
mod iecas;
mod right_to_rent;
mod right_to_work;
mod section_95;
mod share_codes;
mod trace;
mod windrush;
