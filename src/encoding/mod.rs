//! JavaScript strings, UTF-16 code units or the one-byte strings of a JavaScript engine, to bytes:
//! Node's encodings as `Buffer.from(string, encoding)` has them, and every legacy encoding of the
//! WHATWG Encoding Standard that has an encoder. Nothing of HTTP lives here, and nothing of
//! Node-API.
//!
//! Every call is on its own, as every `write` is in Node: a surrogate pair that is split between
//! two strings is two lone surrogates, and an incomplete base64 group is not carried over.
#![forbid(unsafe_code)]

mod base64;
mod code;
mod hex;
mod label;
#[cfg(test)]
mod samples;
mod surrogate;
mod utf8;
mod whatwg;

/// How a string becomes bytes.
///
/// ```
/// use sluice::encoding::Encoding;
///
/// let gbk = Encoding::for_label("gbk").expect("a label of the Encoding Standard");
/// let units: Vec<u16> = "中文".encode_utf16().collect();
/// let mut out = Vec::new();
/// gbk.encode(&units, &mut out);
/// assert_eq!(out, [0xd6, 0xd0, 0xce, 0xc4]);
/// assert_eq!(gbk.encoded_len(&units), 4);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8; a lone surrogate becomes U+FFFD.
    Utf8,
    /// The code units, little endian.
    Utf16le,
    /// The low byte of each code unit; Node's `latin1` and `binary`.
    Latin1,
    /// For encoding the same as [`Encoding::Latin1`]: Node does not clear the eighth bit (Node 18
    /// to 26, `Buffer.from('é', 'ascii')` is E9).
    Ascii,
    /// Node's forgiving base64, in both alphabets.
    Base64,
    /// The same decoder as [`Encoding::Base64`]; the two differ only when bytes become a string.
    Base64url,
    /// Pairs of hexadecimal digits, up to the first pair that is none.
    Hex,
    /// A legacy encoding of the Encoding Standard. One without an encoder (UTF-16BE, replacement)
    /// never comes from [`Encoding::for_label`]; made by hand, it writes its output encoding,
    /// UTF-8.
    Whatwg(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// The encoding of a label, `None` if it is unknown or can't be encoded.
    ///
    /// Node's names come first, in any case but otherwise exact, as `Buffer.isEncoding` has them;
    /// then the labels of the Encoding Standard, in any case and with ASCII whitespace around
    /// them. So `latin1` and `ascii` are Node's, and `iso-8859-1` is windows-1252.
    pub fn for_label(label: &str) -> Option<Self> {
        label::find(label)
    }

    /// A small integer that stands for the encoding across the Node-API boundary: 0 to 6 in the
    /// order of the variants, 16 and more for [`Encoding::Whatwg`].
    pub fn code(self) -> u32 {
        code::of(self)
    }

    /// The inverse of [`Encoding::code`], `None` for an integer that stands for nothing.
    pub fn from_code(code: u32) -> Option<Self> {
        code::find(code)
    }

    /// Appends the bytes of a string to `out`.
    pub fn encode(self, units: &[u16], out: &mut Vec<u8>) {
        match self {
            Self::Utf8 => utf8::encode(units, out),
            Self::Utf16le => out.extend(units.iter().flat_map(|unit| unit.to_le_bytes())),
            Self::Latin1 | Self::Ascii => out.extend(units.iter().map(|unit| *unit as u8)),
            Self::Base64 | Self::Base64url => base64::decode(units, out),
            Self::Hex => hex::decode(units, out),
            Self::Whatwg(encoding) => whatwg::encode(encoding, units, out),
        }
    }

    /// The exact number of bytes that [`Encoding::encode`] appends for the same string.
    ///
    /// Node's `Buffer.byteLength` is an upper bound for base64 and hex; this is not.
    pub fn encoded_len(self, units: &[u16]) -> usize {
        match self {
            Self::Utf8 => utf8::encoded_len(units),
            Self::Utf16le => units.len() * 2,
            Self::Latin1 | Self::Ascii => units.len(),
            Self::Base64 | Self::Base64url => base64::decoded_len(units),
            Self::Hex => hex::decoded_len(units),
            Self::Whatwg(encoding) => whatwg::encoded_len(encoding, units),
        }
    }

    /// Appends the bytes of a one-byte string, each byte of which is a code unit U+0000 to U+00FF:
    /// what [`Encoding::encode`] appends for the same units, mostly without widening them.
    pub fn encode_one_byte(self, units: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Utf8 => utf8::encode_one_byte(units, out),
            Self::Utf16le => out.extend(units.iter().flat_map(|unit| [*unit, 0])),
            Self::Latin1 | Self::Ascii => out.extend_from_slice(units),
            Self::Base64 | Self::Base64url => base64::decode(units, out),
            Self::Hex => hex::decode(units, out),
            Self::Whatwg(encoding) => whatwg::encode_one_byte(encoding, units, out),
        }
    }
}

/// A code unit of either width of string.
trait CodeUnit: Copy {
    /// The low byte, which is all that Node 18 to 26 look at in base64 and hex: U+0141 is read as
    /// `A`.
    fn low_byte(self) -> u8;
}

impl CodeUnit for u8 {
    fn low_byte(self) -> u8 {
        self
    }
}

impl CodeUnit for u16 {
    fn low_byte(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NODES: [Encoding; 7] = [
        Encoding::Utf8,
        Encoding::Utf16le,
        Encoding::Latin1,
        Encoding::Ascii,
        Encoding::Base64,
        Encoding::Base64url,
        Encoding::Hex,
    ];

    fn all() -> Vec<Encoding> {
        let legacy = code::LEGACY.iter().map(|one| Encoding::Whatwg(one));
        NODES.into_iter().chain(legacy).collect()
    }

    fn any() -> impl Strategy<Value = Encoding> {
        prop_oneof![
            prop::sample::select(&NODES[..]),
            prop::sample::select(all())
        ]
    }

    fn bytes(encoding: Encoding, units: &[u16]) -> Vec<u8> {
        let mut out = Vec::new();
        encoding.encode(units, &mut out);
        out
    }

    #[test]
    fn units_become_what_node_makes_of_them() {
        // 'é€😀' and a lone high surrogate, from `Buffer.from(string, encoding)`.
        let units = [0xe9, 0x20ac, 0xd83d, 0xde00, 0xd800];
        for (encoding, expected) in [
            (Encoding::Utf8, "c3a9e282acf09f9880efbfbd"),
            (Encoding::Utf16le, "e900ac203dd800de00d8"),
            (Encoding::Latin1, "e9ac3d0000"),
            (Encoding::Ascii, "e9ac3d0000"),
        ] {
            let found: String = bytes(encoding, &units)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(found, expected, "{encoding:?}");
        }
    }

    #[test]
    fn the_empty_string_is_no_bytes() {
        for encoding in all() {
            assert_eq!(bytes(encoding, &[]), b"", "{encoding:?}");
            assert_eq!(encoding.encoded_len(&[]), 0, "{encoding:?}");
        }
    }

    #[test]
    fn bytes_are_appended() {
        for encoding in all() {
            let mut out = b"before".to_vec();
            encoding.encode(&[0x41, 0x42], &mut out);
            encoding.encode_one_byte(b"41", &mut out);
            let mut expected = b"before".to_vec();
            expected.extend(bytes(encoding, &[0x41, 0x42]));
            expected.extend(bytes(encoding, &[0x34, 0x31]));
            assert_eq!(out, expected, "{encoding:?}");
        }
    }

    proptest! {
        #[test]
        fn the_length_is_that_of_the_bytes(encoding in any(), units in samples::units(100)) {
            prop_assert_eq!(encoding.encoded_len(&units), bytes(encoding, &units).len());
        }

        #[test]
        fn one_byte_strings_are_their_widened_units(
            encoding in any(),
            units in samples::one_byte_units(1500),
        ) {
            let widened: Vec<u16> = units.iter().map(|unit| u16::from(*unit)).collect();
            let mut out = Vec::new();
            encoding.encode_one_byte(&units, &mut out);
            prop_assert_eq!(out, bytes(encoding, &widened));
        }

        #[test]
        fn both_base64_are_one(units in samples::units(100)) {
            let plain = bytes(Encoding::Base64, &units);
            prop_assert_eq!(plain, bytes(Encoding::Base64url, &units));
        }
    }
}
