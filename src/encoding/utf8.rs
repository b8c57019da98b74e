//! UTF-8. A lone surrogate becomes U+FFFD (EF BF BD), as in Node and in the Encoding Standard.

use super::surrogate;
use encoding_rs::mem::{convert_latin1_to_utf8_partial, convert_utf16_to_utf8_partial};

/// Bytes converted at a time. On the stack, so that `out` grows by what is there and not by the
/// three bytes that each unit might need.
const ROOM: usize = 4096;

pub(super) fn encode(units: &[u16], out: &mut Vec<u8>) {
    out.reserve(units.len());
    in_steps(units, out, convert_utf16_to_utf8_partial);
}

pub(super) fn encode_one_byte(units: &[u8], out: &mut Vec<u8>) {
    out.reserve(units.len());
    if units.is_ascii() {
        out.extend_from_slice(units);
    } else {
        in_steps(units, out, convert_latin1_to_utf8_partial);
    }
}

/// `convert` answers with the number of units read and of bytes written. It never stops inside a
/// surrogate pair, and with this much room it always reads something.
fn in_steps<Unit>(
    units: &[Unit],
    out: &mut Vec<u8>,
    convert: impl Fn(&[Unit], &mut [u8]) -> (usize, usize),
) {
    let mut rest = units;
    let mut room = [0; ROOM];
    while !rest.is_empty() {
        let (read, written) = convert(rest, &mut room);
        out.extend_from_slice(&room[..written]);
        rest = &rest[read..];
    }
}

/// One, two or three bytes a unit; the two units of a pair are four bytes together instead of six.
pub(super) fn encoded_len(units: &[u16]) -> usize {
    let alone: usize = units
        .iter()
        .map(|unit| 1 + usize::from(*unit >= 0x80) + usize::from(*unit >= 0x800))
        .sum();
    alone - 2 * surrogate::pairs(units)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use proptest::prelude::*;

    fn bytes(units: &[u16]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(units, &mut out);
        out
    }

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_are_not() {
        for (units, expected) in [
            (&[0xd800][..], &b"\xef\xbf\xbd"[..]),
            (&[0xdc00], b"\xef\xbf\xbd"),
            (&[0xd800, 0x41], b"\xef\xbf\xbdA"),
            (&[0xdc00, 0xd800], b"\xef\xbf\xbd\xef\xbf\xbd"),
            (&[0xd83d, 0xd83d, 0xde00], b"\xef\xbf\xbd\xf0\x9f\x98\x80"),
            (&[0xd83d, 0xde00], b"\xf0\x9f\x98\x80"),
            // A byte order mark is a character like another.
            (&[0xfeff, 0x41], b"\xef\xbb\xbfA"),
            (
                &[0, 0x7f, 0x80, 0x7ff, 0x800],
                b"\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80",
            ),
        ] {
            assert_eq!(bytes(units), expected, "{units:04x?}");
            assert_eq!(encoded_len(units), expected.len(), "{units:04x?}");
        }
    }

    #[test]
    fn no_pair_is_split_where_the_room_ends() {
        for before in 0..8 {
            let text = "x".repeat(before) + &"😀é".repeat(ROOM);
            let units: Vec<u16> = text.encode_utf16().collect();
            assert_eq!(bytes(&units), text.as_bytes(), "{before}");
        }
    }

    #[test]
    fn one_byte_units_cross_the_room() {
        for before in 0..2 {
            let text = "x".repeat(before) + &"é".repeat(ROOM);
            let units: Vec<u8> = text.chars().map(|char| char as u8).collect();
            let mut out = Vec::new();
            encode_one_byte(&units, &mut out);
            assert_eq!(out, text.as_bytes(), "{before}");
        }
    }

    proptest! {
        #[test]
        fn utf8_is_the_standard_librarys(units in samples::units(200)) {
            let expected = String::from_utf16_lossy(&units);
            prop_assert_eq!(encoded_len(&units), expected.len());
            prop_assert_eq!(bytes(&units), expected.into_bytes());
        }
    }
}
