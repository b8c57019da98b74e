//! UTF-8 of long strings by simdutf, which Node itself converts with. 1 KiB of text with accents takes
//! 0.03 µs and 0.33 with V8's `WriteUtf8`; of short strings V8's is as fast.

use std::mem::MaybeUninit;

/// The most bytes of UTF-8 that a code unit becomes.
const MOST_OF_UNIT: usize = 3;
/// The most bytes of UTF-8 that a character up to U+00FF becomes.
const MOST_OF_LATIN1: usize = 2;

/// Appends the UTF-8 of code units; `false`, and nothing, where a surrogate stands alone.
pub(super) fn append_units(units: &[u16], out: &mut Vec<u8>) -> bool {
    let written = append(units.len() * MOST_OF_UNIT, out, |room| {
        // SAFETY: `units` is as long as is said, and `room` has the three bytes for each that are the
        // most simdutf writes.
        unsafe {
            simdutf::convert_utf16_to_utf8(units.as_ptr(), units.len(), room.as_mut_ptr().cast())
        }
    });
    written != 0 || units.is_empty()
}

/// Appends the UTF-8 of U+0000 to U+00FF.
pub(super) fn append_latin1(latin1: &[u8], out: &mut Vec<u8>) {
    append(latin1.len() * MOST_OF_LATIN1, out, |room| {
        // SAFETY: `latin1` is as long as is said, and `room` has the two bytes for each that are the
        // most simdutf writes.
        unsafe {
            simdutf::convert_latin1_to_utf8(latin1.as_ptr(), latin1.len(), room.as_mut_ptr().cast())
        }
    });
}

/// Room for `most` bytes, of which `convert` writes the first and says how many.
fn append(
    most: usize,
    out: &mut Vec<u8>,
    convert: impl FnOnce(&mut [MaybeUninit<u8>]) -> usize,
) -> usize {
    out.reserve(most);
    let written = convert(&mut out.spare_capacity_mut()[..most]);
    debug_assert!(written <= most);
    // SAFETY: there is room for `most` bytes, and `convert` has initialised the first `written` of them.
    unsafe { out.set_len(out.len() + written) };
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units_of(units: &[u16]) -> Option<Vec<u8>> {
        let mut out = b"before".to_vec();
        let is_whole = append_units(units, &mut out);
        assert!(out.starts_with(b"before"));
        if !is_whole {
            assert_eq!(out, b"before");
        }
        is_whole.then(|| out.split_off(6))
    }

    #[test]
    fn a_surrogate_alone_is_refused_and_a_pair_is_not() {
        for alone in [
            &[0xd800][..],
            &[0xdc00],
            &[0x41, 0xd800],
            &[0xdc00, 0xd800],
            &[0xd83d, 0xd83d, 0xde00],
        ] {
            for before in [0, 1, 15, 16, 31, 32, 63, 64, 1000] {
                let mut units = vec![0x6f22; before];
                units.extend_from_slice(alone);
                assert_eq!(units_of(&units), None, "{alone:04x?} after {before}");
            }
        }
        assert_eq!(units_of(&[0xd83d, 0xde00]), Some("😀".into()));
        assert_eq!(units_of(&[]), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn units_are_the_standard_librarys(text in "\\PC{0,300}") {
            let units: Vec<u16> = text.encode_utf16().collect();
            prop_assert_eq!(units_of(&units), Some(text.into_bytes()));
        }

        #[test]
        fn lone_surrogates_are_always_seen(units in prop::collection::vec(0xd7f0_u16..0xe010, 0..80)) {
            prop_assert_eq!(units_of(&units), String::from_utf16(&units).ok().map(String::into_bytes));
        }

        #[test]
        fn latin1_is_the_standard_librarys(latin1 in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut out = b"before".to_vec();
            append_latin1(&latin1, &mut out);
            let text: String = latin1.iter().map(|&byte| byte as char).collect();
            prop_assert_eq!(out, [b"before", text.as_bytes()].concat());
        }
    }
}
