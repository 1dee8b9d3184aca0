//! What every list shares on the wire: how many rows a page has, and the token of the next.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use statuscheck_domain::check::Violation;
use uuid::Uuid;

use super::desk::violation;

/// Rows on a page.
#[derive(Clone, Copy)]
pub(super) struct PageSize {
    /// Where the caller does not say.
    pub(super) default: i32,
    /// At most; who asks for more gets so many.
    pub(super) max: i32,
}

impl PageSize {
    /// How many rows are wanted; a fault where they are fewer than none.
    pub(super) fn limit(self, page_size: i32, faults: &mut Vec<Violation>) -> usize {
        let size = match page_size {
            0 => self.default,
            size => size.min(self.max),
        };
        usize::try_from(size).unwrap_or_else(|_negative| {
            let what = format!("must not be negative; 0 means {}", self.default);
            faults.push(violation("page_size", &what));
            0
        })
    }
}

/// What the page comes after, as `read` finds it in the token's bytes; none on the first page. A fault where it is no token of
/// ours.
pub(super) fn after<P>(
    token: &str,
    faults: &mut Vec<Violation>,
    read: impl FnOnce(&[u8]) -> Option<P>,
) -> Option<P> {
    if token.is_empty() {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let place = bytes.and_then(|bytes| read(&bytes));
    if place.is_none() {
        let what = "is none of ours; give next_page_token of the page before, or leave it empty";
        faults.push(violation("page_token", what));
    }
    place
}

/// The same, where the token is an id.
pub(super) fn after_id(token: &str, faults: &mut Vec<Violation>) -> Option<Uuid> {
    after(token, faults, |bytes| Uuid::from_slice(bytes).ok())
}

/// The token of the page that comes after this; empty where there is none.
pub(super) fn token(place: Option<impl AsRef<[u8]>>) -> String {
    place
        .map(|place| URL_SAFE_NO_PAD.encode(place))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PageSize = PageSize {
        default: 50,
        max: 200,
    };

    #[test]
    fn a_page_has_as_many_rows_as_are_asked_for_up_to_the_most() {
        let mut faults = Vec::new();
        let limits = [0, 1, 200, 201, i32::MAX].map(|size| SIZE.limit(size, &mut faults));
        assert_eq!(limits, [50, 1, 200, 200, 200]);
        assert!(faults.is_empty());
        SIZE.limit(-1, &mut faults);
        assert_eq!(faults[0].description, "must not be negative; 0 means 50");
    }

    #[test]
    fn a_token_leads_to_the_place_that_it_was_made_of_and_any_other_is_a_fault() {
        let (id, mut faults) = (Uuid::from_u128(7), Vec::new());
        assert_eq!(after_id(&token(Some(id.as_bytes())), &mut faults), Some(id));
        assert_eq!(after_id(&token(None::<[u8; 16]>), &mut faults), None);
        assert!(faults.is_empty());
        for wrong in ["x", "!!!", "AAAA", &format!("{}A", token(Some(id.as_bytes())))] {
            assert_eq!(after_id(wrong, &mut faults), None);
        }
        assert_eq!(faults.len(), 4);
        assert!(faults.iter().all(|fault| fault.field == "page_token"));
    }
}
