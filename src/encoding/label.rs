//! Labels and the integers that stand for them.

use super::Encoding;
use encoding_rs as e;

/// The encodings of the Encoding Standard with an encoder of their own. The position is part of
/// the boundary's code, so new ones go to the end.
static LEGACY: [&e::Encoding; 36] = [
    e::BIG5,
    e::EUC_JP,
    e::EUC_KR,
    e::GB18030,
    e::GBK,
    e::IBM866,
    e::ISO_2022_JP,
    e::ISO_8859_2,
    e::ISO_8859_3,
    e::ISO_8859_4,
    e::ISO_8859_5,
    e::ISO_8859_6,
    e::ISO_8859_7,
    e::ISO_8859_8,
    e::ISO_8859_8_I,
    e::ISO_8859_10,
    e::ISO_8859_13,
    e::ISO_8859_14,
    e::ISO_8859_15,
    e::ISO_8859_16,
    e::KOI8_R,
    e::KOI8_U,
    e::MACINTOSH,
    e::SHIFT_JIS,
    e::WINDOWS_874,
    e::WINDOWS_1250,
    e::WINDOWS_1251,
    e::WINDOWS_1252,
    e::WINDOWS_1253,
    e::WINDOWS_1254,
    e::WINDOWS_1255,
    e::WINDOWS_1256,
    e::WINDOWS_1257,
    e::WINDOWS_1258,
    e::X_MAC_CYRILLIC,
    e::X_USER_DEFINED,
];

/// First code of the legacy encodings.
const LEGACY_BASE: u32 = 16;

pub(super) fn lookup(label: &str) -> Option<Encoding> {
    // Node's own names come first: its 'latin1' and 'ascii' are not windows-1252.
    let node = match label.to_ascii_lowercase().as_str() {
        "utf8" | "utf-8" => Encoding::Utf8,
        "ucs2" | "ucs-2" | "utf16le" | "utf-16le" => Encoding::Utf16le,
        "latin1" | "binary" | "ascii" => Encoding::Latin1,
        "base64" | "base64url" => Encoding::Base64,
        "hex" => Encoding::Hex,
        _ => return legacy(label),
    };
    Some(node)
}

fn legacy(label: &str) -> Option<Encoding> {
    let encoding = e::Encoding::for_label(label.as_bytes())?;
    if encoding == e::UTF_8 {
        Some(Encoding::Utf8)
    } else if encoding == e::UTF_16LE {
        Some(Encoding::Utf16le)
    } else {
        // utf-16be and replacement have no encoder of their own.
        (encoding.output_encoding() == encoding).then_some(Encoding::Whatwg(encoding))
    }
}

pub(super) fn code(encoding: Encoding) -> u32 {
    match encoding {
        Encoding::Utf8 => 0,
        Encoding::Utf16le => 1,
        Encoding::Latin1 => 2,
        Encoding::Base64 => 4,
        Encoding::Hex => 6,
        Encoding::Whatwg(legacy) => {
            let place = LEGACY.iter().position(|known| *known == legacy);
            LEGACY_BASE + place.unwrap_or(LEGACY.len()) as u32
        }
    }
}

pub(super) fn from_code(code: u32) -> Option<Encoding> {
    match code {
        0 => Some(Encoding::Utf8),
        1 => Some(Encoding::Utf16le),
        2 | 3 => Some(Encoding::Latin1),
        4 | 5 => Some(Encoding::Base64),
        6 => Some(Encoding::Hex),
        _ => {
            let place = code.checked_sub(LEGACY_BASE)? as usize;
            LEGACY.get(place).map(|legacy| Encoding::Whatwg(legacy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back() {
        for label in [
            "utf8",
            "UTF-8",
            "ucs2",
            "Binary",
            "base64url",
            "hex",
            "gbk",
            "sjis",
        ] {
            let encoding = lookup(label).unwrap();
            assert_eq!(from_code(code(encoding)), Some(encoding), "{label}");
        }
        for legacy in LEGACY {
            let encoding = Encoding::Whatwg(legacy);
            assert_eq!(lookup(legacy.name()), Some(encoding));
            assert_eq!(from_code(code(encoding)), Some(encoding));
        }
    }

    #[test]
    fn nodes_names_win_over_the_standards() {
        assert_eq!(lookup("latin1"), Some(Encoding::Latin1));
        assert_eq!(lookup("ascii"), Some(Encoding::Latin1));
        assert_eq!(
            lookup("iso-8859-1"),
            Some(Encoding::Whatwg(e::WINDOWS_1252))
        );
    }

    #[test]
    fn unknown_and_unencodable_labels_are_refused() {
        for label in ["", "nope", "utf-16be", "replacement", "buffer"] {
            assert_eq!(lookup(label), None, "{label}");
        }
        assert_eq!(from_code(1000), None);
        assert_eq!(from_code(9), None);
    }
}
