//! Strings for the properties: long enough to cross the encoders' buffers now and then, and dense
//! in the units at which the encodings differ.

use proptest::collection::vec;
use proptest::prelude::*;

/// Up to `most` code units, surrogates in and out of pairs among them.
pub(super) fn units(most: usize) -> impl Strategy<Value = Vec<u16>> {
    let piece = prop_oneof![
        4 => (0x20..0x7f_u16).prop_map(|unit| vec![unit]),
        2 => (0..0x100_u16).prop_map(|unit| vec![unit]),
        2 => any::<u16>().prop_map(|unit| vec![unit]),
        1 => (0xd800..0xe000_u16).prop_map(|unit| vec![unit]),
        2 => any::<char>().prop_map(|char| char.encode_utf16(&mut [0; 2]).to_vec()),
        // Kana, half-width kana, kanji, hangul, Cyrillic: what the legacy encodings are for.
        3 => prop_oneof![0x3041..0x30ff_u16, 0xff61..0xffa0_u16, 0x4e00..0x9fa0_u16,
            0xac00..0xd7a4_u16, 0x400..0x460_u16].prop_map(|unit| vec![unit]),
        // ISO-2022-JP: its escape and shift characters, and those that differ in its Roman set.
        1 => prop::sample::select(vec![0x1b, 0x0e, 0x0f, 0x5c, 0x7e, 0xa5, 0x203e])
            .prop_map(|unit| vec![unit]),
    ];
    vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}

/// Up to `most` units of a one-byte string, half of the strings ASCII.
pub(super) fn one_byte_units(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(0..0x80_u8, 0..most),
        vec(any::<u8>(), 0..most),
        // Digits only, so that base64 and hex get further than their first unit.
        vec(
            prop::sample::select(b"0123456789abcdefABCDEF".to_vec()),
            0..most
        ),
    ]
}
