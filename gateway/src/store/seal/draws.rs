//! Random nonces and keys of cases. The library draws from its generator anew for each, with all that makes the next draw
//! unlike the last, and such a draw costs more than sealing an entry does; one of 64 costs hardly more than one of one. Nonces
//! are no secrets, each stands beside what it sealed. A key is one from the moment when it is handed out, and is wiped here
//! with that.

use std::cell::RefCell;

use aws_lc_rs::aead::NONCE_LEN;
use aws_lc_rs::rand;
use zeroize::{Zeroize as _, Zeroizing};

use crate::store::key_file::KEY_LEN;

/// How many are drawn at a time: with that many the draw is no part of what sealing costs.
const DRAWN: usize = 64;

/// Those that were drawn and not handed out.
struct Drawn<const LENGTH: usize> {
    bytes: [[u8; LENGTH]; DRAWN],
    left: usize,
}

impl<const LENGTH: usize> Drawn<LENGTH> {
    const NONE: Self = Self {
        bytes: [[0; LENGTH]; DRAWN],
        left: 0,
    };

    /// None where the system gives no random numbers.
    fn next(&mut self) -> Option<Zeroizing<[u8; LENGTH]>> {
        if self.left == 0 {
            rand::fill(self.bytes.as_flattened_mut()).ok()?;
            self.left = DRAWN;
        }
        self.left -= 1;
        let drawn = &mut self.bytes[self.left];
        let handed_out = Zeroizing::new(*drawn);
        drawn.zeroize();
        Some(handed_out)
    }
}

thread_local! {
    /// Each thread has its own, so that none waits for another and nothing is handed out twice.
    static NONCES: RefCell<Drawn<NONCE_LEN>> = const { RefCell::new(Drawn::NONE) };
    static KEYS: RefCell<Drawn<KEY_LEN>> = const { RefCell::new(Drawn::NONE) };
}

/// A nonce that was never used; none where the system gives no random numbers.
pub(super) fn nonce() -> Option<[u8; NONCE_LEN]> {
    NONCES.with_borrow_mut(Drawn::next).map(|nonce| *nonce)
}

/// A key that nobody knows; none where the system gives no random numbers.
pub(super) fn key() -> Option<Zeroizing<[u8; KEY_LEN]>> {
    KEYS.with_borrow_mut(Drawn::next)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use std::collections::HashSet;

    use super::{DRAWN, KEYS, key, nonce};

    #[test]
    fn nothing_comes_twice_over_draws_and_threads() {
        let draws = || {
            (0..3 * DRAWN + 1)
                .map(|_| (nonce().unwrap(), *key().unwrap()))
                .unzip::<_, _, Vec<_>, Vec<_>>()
        };
        let elsewhere = std::thread::spawn(draws);
        let (mut nonces, mut keys) = draws();
        let (other_nonces, other_keys) = elsewhere.join().unwrap();
        nonces.extend(other_nonces);
        keys.extend(other_keys);
        let count = nonces.len();
        assert_eq!(nonces.into_iter().collect::<HashSet<_>>().len(), count);
        assert_eq!(keys.into_iter().collect::<HashSet<_>>().len(), count);
    }

    #[test]
    fn a_key_that_was_handed_out_is_not_here_any_more() {
        let key = key().unwrap();
        KEYS.with_borrow(|keys| assert!(!keys.bytes.contains(&key)));
    }
}
