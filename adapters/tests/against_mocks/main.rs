//! The adapters against the mock departments, and against offices that behave as no mock does.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod departments;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod mutual_tls;
#[cfg(test)]
mod office;
#[cfg(test)]
mod timings;
