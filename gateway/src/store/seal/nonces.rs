//! Random nonces. The library draws from its generator anew for each, with all that makes the next draw unlike the last, and
//! such a draw costs more than sealing an entry does; one of 64 nonces costs hardly more than one of one. They are no
//! secrets, each stands beside what it sealed, so that they may wait in memory.

use std::cell::RefCell;

use aws_lc_rs::aead::NONCE_LEN;
use aws_lc_rs::rand;

/// Nonces of one draw: with that many the draw is no part of what sealing costs.
const DRAWN: usize = 64;

/// Those that were drawn and not used.
struct Nonces {
    drawn: [[u8; NONCE_LEN]; DRAWN],
    left: usize,
}

impl Nonces {
    /// None where the system gives no random numbers.
    fn next(&mut self) -> Option<[u8; NONCE_LEN]> {
        if self.left == 0 {
            rand::fill(self.drawn.as_flattened_mut()).ok()?;
            self.left = DRAWN;
        }
        self.left -= 1;
        Some(self.drawn[self.left])
    }
}

thread_local! {
    /// Each thread has its own, so that none waits for another and no nonce is handed out twice.
    static NONCES: RefCell<Nonces> = const {
        RefCell::new(Nonces {
            drawn: [[0; NONCE_LEN]; DRAWN],
            left: 0,
        })
    };
}

/// A nonce that was never used; none where the system gives no random numbers.
pub(super) fn next() -> Option<[u8; NONCE_LEN]> {
    NONCES.with_borrow_mut(Nonces::next)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use std::collections::HashSet;

    use super::{DRAWN, next};

    #[test]
    fn no_nonce_comes_twice_over_draws_and_threads() {
        let draws = || (0..3 * DRAWN + 1).map(|_| next().unwrap()).collect::<Vec<_>>();
        let elsewhere = std::thread::spawn(draws);
        let mut all = draws();
        all.extend(elsewhere.join().unwrap());
        let count = all.len();
        let different: HashSet<_> = all.into_iter().collect();
        assert_eq!(different.len(), count);
    }
}
