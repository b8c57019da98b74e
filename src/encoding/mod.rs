//! JavaScript strings (UTF-16 code units) to bytes: Node's encodings as `Buffer.from(string,
//! encoding)` has them, and every legacy encoding of the WHATWG Encoding Standard that has an
//! encoder. Nothing of HTTP lives here, and nothing of Node-API.
#![forbid(unsafe_code)]

mod label;
mod node;
mod whatwg;

/// How a string becomes bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8; a lone surrogate becomes U+FFFD.
    Utf8,
    /// Little-endian code units.
    Utf16le,
    /// The low byte of each code unit; Node's `latin1`, `binary` and, for encoding, `ascii`.
    Latin1,
    /// Node's forgiving base64, both alphabets.
    Base64,
    /// Pairs of hexadecimal digits up to the first that is none.
    Hex,
    /// A legacy encoding of the Encoding Standard.
    Whatwg(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// The encoding of a label: Node's names in any case, then the Encoding Standard's labels.
    pub fn for_label(label: &str) -> Option<Self> {
        label::lookup(label)
    }

    /// A small integer that stands for the encoding across the Node-API boundary.
    pub fn code(self) -> u32 {
        label::code(self)
    }

    /// The inverse of [`Encoding::code`].
    pub fn from_code(code: u32) -> Option<Self> {
        label::from_code(code)
    }

    /// Appends the bytes of a string to `out`.
    pub fn encode(self, units: &[u16], out: &mut Vec<u8>) {
        match self {
            Self::Utf8 => node::utf8(units, out),
            Self::Utf16le => out.extend(units.iter().flat_map(|unit| unit.to_le_bytes())),
            Self::Latin1 => out.extend(units.iter().map(|unit| *unit as u8)),
            Self::Base64 => node::base64(units, out),
            Self::Hex => node::hex(units, out),
            Self::Whatwg(encoding) => whatwg::encode(encoding, units, out),
        }
    }
}
