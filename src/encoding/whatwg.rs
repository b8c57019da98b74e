//! The Encoding Standard's legacy encoders.
//!
//! A character that the encoding can't express becomes `?`. The Standard's error mode for forms
//! and URLs, "html", writes decimal character references (`&#8364;`); these mean something inside
//! HTML only, and a body may be anything: in JSON, CSV or a mail they would be text that nobody
//! wrote. `?` is in all of these encodings, is one byte, and is what Java's `String.getBytes` and
//! Python's `replace` write.
//!
//! A lone surrogate is U+FFFD first, as everywhere in the Standard. That is `?` in all of these
//! encodings but gb18030, which has U+FFFD (84 31 A4 37).
//!
//! Every string is encoded on its own. ISO-2022-JP, the only one with a state, is back in ASCII at
//! the end of each, so that the strings of a body can be mixed with bytes from elsewhere. The
//! price: where one string ends and the next begins in Japanese, two escape sequences meet, and
//! the Standard's decoder, which mistrusts an escape sequence without a character, puts U+FFFD
//! between them (section 12.2.1). Such a text is best written in one piece.

use super::surrogate;
use encoding_rs::mem::convert_latin1_to_utf16;
use encoding_rs::{Encoder, EncoderResult, Encoding};

/// Bytes, and one-byte units, converted at a time.
const ROOM: usize = 1024;

pub(super) fn encode(encoding: &'static Encoding, units: &[u16], out: &mut Vec<u8>) {
    out.reserve(units.len());
    let mut encoder = encoding.new_encoder();
    feed(&mut encoder, units, true, |bytes| {
        out.extend_from_slice(bytes)
    });
}

pub(super) fn encode_one_byte(encoding: &'static Encoding, units: &[u8], out: &mut Vec<u8>) {
    out.reserve(units.len());
    // Not ISO-2022-JP: U+000E, U+000F and U+001B are not to reach its decoder.
    if encoding.is_ascii_compatible() && units.is_ascii() {
        out.extend_from_slice(units);
        return;
    }
    let mut encoder = encoding.new_encoder();
    let mut wide = [0; ROOM];
    for narrow in units.chunks(ROOM) {
        let wide = &mut wide[..narrow.len()];
        convert_latin1_to_utf16(narrow, wide);
        feed(&mut encoder, wide, false, |bytes| {
            out.extend_from_slice(bytes)
        });
    }
    feed(&mut encoder, &[], true, |bytes| {
        out.extend_from_slice(bytes)
    });
}

pub(super) fn encoded_len(encoding: &'static Encoding, units: &[u16]) -> usize {
    if encoding.is_single_byte() {
        return units.len() - surrogate::pairs(units);
    }
    let mut len = 0;
    feed(&mut encoding.new_encoder(), units, true, |bytes| {
        len += bytes.len()
    });
    len
}

/// Hands the bytes of `units` to `take`, piece by piece; after the `last` units the encoder is in
/// its initial state.
fn feed(encoder: &mut Encoder, units: &[u16], last: bool, mut take: impl FnMut(&[u8])) {
    let mut rest = units;
    let mut room = [0; ROOM];
    loop {
        let (result, read, written) =
            encoder.encode_from_utf16_without_replacement(rest, &mut room, last);
        take(&room[..written]);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return,
            EncoderResult::OutputFull => {}
            // ISO-2022-JP's encoder leaves its two-byte state before it says so: what follows is
            // read as ASCII or as JIS-Roman, and `?` is the same in both.
            EncoderResult::Unmappable(_) => take(b"?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::LEGACY;
    use super::super::samples;
    use super::*;
    use proptest::prelude::*;

    fn bytes(encoding: &'static Encoding, units: &[u16]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(encoding, units, &mut out);
        assert_eq!(encoded_len(encoding, units), out.len());
        out
    }

    fn text_bytes(label: &str, text: &str) -> Vec<u8> {
        let units: Vec<u16> = text.encode_utf16().collect();
        bytes(Encoding::for_label(label.as_bytes()).unwrap(), &units)
    }

    #[test]
    fn text_has_the_standards_bytes() {
        for (label, text, expected) in [
            ("gbk", "中文€", &b"\xd6\xd0\xce\xc4\x80"[..]),
            ("gb18030", "中€😀", b"\xd6\xd0\xa2\xe3\x94\x39\xfc\x36"),
            ("big5", "中文", b"\xa4\xa4\xa4\xe5"),
            ("shift_jis", "日本ｱ¥", b"\x93\xfa\x96\x7b\xb1\x5c"),
            ("euc-jp", "日本ｱ", b"\xc6\xfc\xcb\xdc\x8e\xb1"),
            ("euc-kr", "한국", b"\xc7\xd1\xb1\xb9"),
            ("windows-1251", "Да", b"\xc4\xe0"),
            ("windows-1252", "é€\u{81}", b"\xe9\x80\x81"),
            ("koi8-r", "Да", b"\xe4\xc1"),
            ("ibm866", "Да", b"\x84\xa0"),
            ("iso-8859-15", "€", b"\xa4"),
            ("macintosh", "é", b"\x8e"),
            ("x-user-defined", "\u{f780}\u{f7ff}", b"\x80\xff"),
        ] {
            assert_eq!(text_bytes(label, text), expected, "{label}");
        }
    }

    #[test]
    fn what_cannot_be_expressed_becomes_a_question_mark() {
        for (label, text, expected) in [
            ("koi8-r", "a€中b", &b"a??b"[..]),
            // One for a character outside the BMP, not one for each of its units.
            ("gbk", "😀中", b"?\xd6\xd0"),
            ("windows-1252", "😀", b"?"),
            ("iso-8859-15", "\u{fffd}", b"?"),
            ("big5", "中", b"\xa4\xa4"),
            ("x-user-defined", "é", b"?"),
        ] {
            assert_eq!(text_bytes(label, text), expected, "{label} {text}");
        }
    }

    #[test]
    fn a_lone_surrogate_is_a_replacement_character() {
        for legacy in LEGACY {
            let expected: &[u8] = match legacy.name() {
                "gb18030" => b"a\x84\x31\xa4\x37b",
                _ => b"a?b",
            };
            for surrogate in [0xd800, 0xdbff, 0xdc00, 0xdfff] {
                let found = bytes(legacy, &[0x61, surrogate, 0x62]);
                assert_eq!(found, expected, "{} {surrogate:x}", legacy.name());
            }
            // The first half of a pair that the string ends in is lone too.
            assert_eq!(
                bytes(legacy, &[0x61, 0xd83d]),
                expected[..expected.len() - 1]
            );
        }
    }

    #[test]
    fn iso_2022_jp_ends_in_ascii() {
        for (text, expected) in [
            ("あ", &b"\x1b$B$\"\x1b(B"[..]),
            ("aあb", b"a\x1b$B$\"\x1b(Bb"),
            ("あ😀", b"\x1b$B$\"\x1b(B?"),
            ("あ😀あ", b"\x1b$B$\"\x1b(B?\x1b$B$\"\x1b(B"),
            ("あ한", b"\x1b$B$\"\x1b(B?"),
            // JIS-Roman, which has ¥ and ‾ where ASCII has \ and ~.
            ("¥", b"\x1b(J\\\x1b(B"),
            ("¥😀", b"\x1b(J\\?\x1b(B"),
            ("¥\\", b"\x1b(J\\\x1b(B\\"),
            ("\u{203e}あ", b"\x1b(J~\x1b$B$\"\x1b(B"),
            // Nobody writes an escape sequence of their own.
            ("\u{1b}$B", b"?$B"),
            ("あ\u{1b}\u{e}\u{f}", b"\x1b$B$\"\x1b(B???"),
        ] {
            assert_eq!(text_bytes("iso-2022-jp", text), expected, "{text:?}");
        }
    }

    #[test]
    fn ascii_is_itself() {
        let ascii: Vec<u8> = (0..0x80).collect();
        for legacy in LEGACY {
            let mut expected = ascii.clone();
            if !legacy.is_ascii_compatible() {
                assert_eq!(legacy.name(), "ISO-2022-JP");
                (expected[0x0e], expected[0x0f], expected[0x1b]) = (b'?', b'?', b'?');
            }
            let mut out = Vec::new();
            encode_one_byte(legacy, &ascii, &mut out);
            assert_eq!(out, expected, "{}", legacy.name());
            let wide: Vec<u16> = (0..0x80).collect();
            assert_eq!(bytes(legacy, &wide), expected, "{}", legacy.name());
        }
    }

    #[test]
    fn long_strings_cross_the_room() {
        for before in 0..4 {
            let before = "a".repeat(before);
            let found = text_bytes("gbk", &(before.clone() + &"中".repeat(5000)));
            assert_eq!(
                found,
                [before.as_bytes(), &b"\xd6\xd0".repeat(5000)].concat()
            );
            let found = text_bytes("gb18030", &(before.clone() + &"😀".repeat(5000)));
            assert_eq!(
                found,
                [before.as_bytes(), &b"\x94\x39\xfc\x36".repeat(5000)].concat()
            );
        }
        let mut out = Vec::new();
        encode_one_byte(encoding_rs::ISO_2022_JP, &[0xa5; 5000], &mut out);
        assert_eq!(out, [&b"\x1b(J"[..], &[b'\\'; 5000], b"\x1b(B"].concat());
    }

    #[test]
    fn where_iso_2022_jp_meets_itself_the_standards_decoder_objects() {
        let twice = text_bytes("iso-2022-jp", "あ").repeat(2);
        let (text, _, malformed) = encoding_rs::ISO_2022_JP.decode(&twice);
        assert_eq!((text.as_ref(), malformed), ("あ\u{fffd}あ", true));
        let apart = text_bytes("iso-2022-jp", "あ\n").repeat(2);
        assert_eq!(encoding_rs::ISO_2022_JP.decode(&apart).0, "あ\nあ\n");
    }

    /// The same by another way: encoding_rs's one-shot encoder of `str`, on a text in which every
    /// character that it can't encode by itself is a `?`.
    fn expected(encoding: &'static Encoding, units: &[u16]) -> Vec<u8> {
        let text: String = String::from_utf16_lossy(units)
            .chars()
            .map(
                |char| match encoding.encode(char.encode_utf8(&mut [0; 4])) {
                    (_, _, true) => '?',
                    _ => char,
                },
            )
            .collect();
        encoding.encode(&text).0.into_owned()
    }

    proptest! {
        #[test]
        fn units_have_the_bytes_of_the_one_shot_encoder(
            legacy in prop::sample::select(&LEGACY[..]),
            units in samples::units(100),
        ) {
            prop_assert_eq!(bytes(legacy, &units), expected(legacy, &units));
        }
    }
}
