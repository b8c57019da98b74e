//! The integers that stand for the encodings across the Node-API boundary.

use super::Encoding;
use encoding_rs as e;

/// Code of the first legacy encoding.
const FIRST_LEGACY: u32 = 16;

/// The encodings of the Encoding Standard with an encoder of their own, all but UTF-8. The
/// position is part of the code, so a new one goes to the end.
pub(super) static LEGACY: [&e::Encoding; 36] = [
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

/// The code of an encoding. A [`Encoding::Whatwg`] that [`Encoding::for_label`] never makes gets
/// the code after the last, which [`find`] does not know.
pub(super) fn of(encoding: Encoding) -> u32 {
    match encoding {
        Encoding::Utf8 => 0,
        Encoding::Utf16le => 1,
        Encoding::Latin1 => 2,
        Encoding::Ascii => 3,
        Encoding::Base64 => 4,
        Encoding::Base64url => 5,
        Encoding::Hex => 6,
        Encoding::Whatwg(legacy) => {
            let position = LEGACY.iter().position(|known| *known == legacy);
            FIRST_LEGACY + position.unwrap_or(LEGACY.len()) as u32
        }
    }
}

pub(super) fn find(code: u32) -> Option<Encoding> {
    let node = match code {
        0 => Encoding::Utf8,
        1 => Encoding::Utf16le,
        2 => Encoding::Latin1,
        3 => Encoding::Ascii,
        4 => Encoding::Base64,
        5 => Encoding::Base64url,
        6 => Encoding::Hex,
        _ => {
            let position = code.checked_sub(FIRST_LEGACY)? as usize;
            return LEGACY.get(position).map(|legacy| Encoding::Whatwg(legacy));
        }
    };
    Some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_the_boundarys() {
        for (code, encoding) in [
            (0, Encoding::Utf8),
            (1, Encoding::Utf16le),
            (2, Encoding::Latin1),
            (3, Encoding::Ascii),
            (4, Encoding::Base64),
            (5, Encoding::Base64url),
            (6, Encoding::Hex),
            (16, Encoding::Whatwg(e::BIG5)),
            (51, Encoding::Whatwg(e::X_USER_DEFINED)),
        ] {
            assert_eq!(of(encoding), code);
            assert_eq!(find(code), Some(encoding));
        }
    }

    #[test]
    fn every_code_leads_back() {
        let known: Vec<u32> = (0..100).filter(|code| find(*code).is_some()).collect();
        assert_eq!(known, (0..=6).chain(16..=51).collect::<Vec<_>>());
        for code in known {
            assert_eq!(find(code).map(of), Some(code));
        }
    }

    #[test]
    fn what_has_no_encoder_has_no_code() {
        for encoding in [e::UTF_16BE, e::REPLACEMENT] {
            assert_eq!(find(of(Encoding::Whatwg(encoding))), None);
        }
        assert_eq!(find(u32::MAX), None);
    }
}
