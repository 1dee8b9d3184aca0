//! Random bytes for ids, from the cryptography library's generator.

use aws_lc_rs::rand;

/// `N` random bytes.
///
/// # Panics
/// Where the operating system gives no randomness, nothing safe can be done.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}
