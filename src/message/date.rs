//! The value of the Date field: an IMF-fixdate (RFC 9110 section 5.6.7).

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;

/// Every IMF-fixdate has this many bytes.
pub const DATE_LENGTH: usize = 29;

/// 9999-12-31T23:59:59Z, the last second that an IMF-fixdate's four digits of year can show.
const LAST_SECOND: u64 = 253_402_300_799;

/// The date of the latest message, rendered again only when the second changes.
///
/// It has no clock: the caller says what time it is.
#[derive(Debug, Default)]
pub struct DateCache {
    rendered: Option<(u64, [u8; DATE_LENGTH])>,
}

impl DateCache {
    /// A cache that has rendered nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The date at `now`; a clock outside of the years 1970 to 9999 shows the nearest second.
    pub fn at(&mut self, now: SystemTime) -> &[u8; DATE_LENGTH] {
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let second = since_epoch.as_secs().min(LAST_SECOND);
        if self
            .rendered
            .is_some_and(|(rendered, _)| rendered != second)
        {
            self.rendered = None;
        }
        let (_, date) = self
            .rendered
            .get_or_insert_with(|| (second, render(second)));
        date
    }
}

fn render(second: u64) -> [u8; DATE_LENGTH] {
    let date = HttpDate::from(UNIX_EPOCH + Duration::from_secs(second));
    let mut rendered = [b' '; DATE_LENGTH];
    // The slice has room for every IMF-fixdate, so that there is no error to report.
    let _ = write!(rendered.as_mut_slice(), "{date}");
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(cache: &mut DateCache, milliseconds: u64) -> String {
        let now = UNIX_EPOCH + Duration::from_millis(milliseconds);
        String::from_utf8(cache.at(now).to_vec()).unwrap()
    }

    #[test]
    fn dates_are_imf_fixdates() {
        let mut cache = DateCache::new();
        assert_eq!(
            at(&mut cache, 784_111_777_000),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
        assert_eq!(
            at(&mut cache, 1_709_210_096_999),
            "Thu, 29 Feb 2024 12:34:56 GMT"
        );
    }

    #[test]
    fn a_date_changes_with_the_second_and_also_back() {
        let mut cache = DateCache::new();
        assert_eq!(at(&mut cache, 999), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(at(&mut cache, 1_000), "Thu, 01 Jan 1970 00:00:01 GMT");
        assert_eq!(at(&mut cache, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn a_clock_that_no_date_can_show_is_clamped() {
        let mut cache = DateCache::new();
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(cache.at(before), b"Thu, 01 Jan 1970 00:00:00 GMT");
        let after = UNIX_EPOCH + Duration::from_secs(LAST_SECOND + 1);
        assert_eq!(cache.at(after), b"Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
