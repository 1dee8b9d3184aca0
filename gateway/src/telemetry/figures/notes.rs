//! Notes of what was measured, until they are given on, many at a time.
//!
//! An instrument keeps each of its series in places of its own, once for every reader: to record one figure fetches a dozen
//! lines of memory, which the rest of a check has driven from the processor's cache since the figure before. That takes up to
//! one and a half microseconds. A note goes behind the one before; and of many that are given together, each finds what the
//! one before it fetched, and takes a twentieth of that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Notes to a page, which are given once it is full. 256: of 16 bytes, a fraction of the nearest cache; twenty checks or so
/// fill it, and the one that does is held up by fifteen microseconds.
const NOTES: usize = 256;

/// Pages, which threads take in turn. 16: no two threads of a usual runtime wait for each other's.
const PAGES: usize = 16;

/// All pages.
pub(super) struct Notes<T> {
    pages: [Page<T>; PAGES],
}

/// What some threads have noted; far enough from the next one's that neither processor takes the other's from its cache.
#[repr(align(128))]
struct Page<T>(Mutex<Vec<T>>);

thread_local! {
    /// Which page this thread notes on.
    static PLACE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % PAGES
    };
}

impl<T> Notes<T> {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            pages: std::array::from_fn(|_| Page(Mutex::default())),
        }
    }

    /// Notes `noted`, and gives what is on the page where that fills it. A thread that is ending has no page any more.
    pub(super) fn add(&self, noted: impl IntoIterator<Item = T>, give: impl FnOnce(&[T])) {
        let place = PLACE.try_with(|place| *place).unwrap_or_default();
        let mut page = self.pages[place].open();
        page.extend(noted);
        if page.len() >= NOTES {
            give(&page);
            page.clear();
        }
    }

    /// Gives all that is noted: once it returns, nothing that was noted before is still to be given.
    pub(super) fn give(&self, give: impl Fn(&[T])) {
        for page in &self.pages {
            // It stays closed meanwhile, so that who gives it next knows that all of it is given.
            let mut page = page.open();
            give(&page);
            page.clear();
        }
    }
}

impl<T> Page<T> {
    fn open(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn every_note_is_given_once() {
        let notes = Notes::new();
        let given = RefCell::new(Vec::new());
        let give = |some: &[usize]| given.borrow_mut().extend_from_slice(some);
        for number in 0..NOTES - 1 {
            notes.add([number], give);
        }
        assert!(given.borrow().is_empty(), "a page is given when it is full");
        notes.add([NOTES - 1, NOTES], give);
        assert_eq!(given.borrow().len(), NOTES + 1);
        notes.add([NOTES + 1], give);
        notes.give(give);
        notes.give(give);
        assert_eq!(*given.borrow(), (0..=NOTES + 1).collect::<Vec<_>>());
    }

    #[test]
    fn what_other_threads_noted_is_given_too() {
        let notes = Notes::new();
        let given = Mutex::new(0);
        let give = |some: &[usize]| *given.lock().unwrap() += some.len();
        std::thread::scope(|scope| {
            for _thread in 0..PAGES + 1 {
                scope.spawn(|| (0..NOTES + 3).for_each(|number| notes.add([number], give)));
            }
        });
        notes.give(give);
        assert_eq!(*given.lock().unwrap(), (PAGES + 1) * (NOTES + 3));
    }
}
