//! The labels by which a program names an encoding.

use super::Encoding;

/// `Buffer.isEncoding` of Node 18 to 26, `buffer` left out as there. Node lower-cases with
/// `toLowerCase`, which for these names is the same as ASCII case: no other character's lower case
/// is one of their letters.
const NODES: [(&str, Encoding); 12] = [
    ("utf8", Encoding::Utf8),
    ("utf-8", Encoding::Utf8),
    ("ucs2", Encoding::Utf16le),
    ("ucs-2", Encoding::Utf16le),
    ("utf16le", Encoding::Utf16le),
    ("utf-16le", Encoding::Utf16le),
    ("latin1", Encoding::Latin1),
    ("binary", Encoding::Latin1),
    ("ascii", Encoding::Ascii),
    ("base64", Encoding::Base64),
    ("base64url", Encoding::Base64url),
    ("hex", Encoding::Hex),
];

/// The encoding of a label: Node's names first, then the Encoding Standard's labels.
pub(super) fn find(label: &str) -> Option<Encoding> {
    NODES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(label))
        .map(|(_, encoding)| *encoding)
        .or_else(|| legacy(label))
}

/// "Get an encoding" of the Encoding Standard, section 4.2: ASCII whitespace around the label and
/// its case don't matter.
fn legacy(label: &str) -> Option<Encoding> {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())?;
    if encoding == encoding_rs::UTF_8 {
        Some(Encoding::Utf8)
    } else if encoding == encoding_rs::UTF_16LE {
        Some(Encoding::Utf16le)
    } else {
        // The Standard has no encoder for UTF-16BE and replacement: their output encoding is
        // UTF-8, which is not what such a label asks for.
        (encoding.output_encoding() == encoding).then_some(Encoding::Whatwg(encoding))
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::LEGACY;
    use super::*;
    use encoding_rs as e;
    use proptest::prelude::*;

    #[test]
    fn nodes_names_are_known_in_any_case() {
        for (name, encoding) in NODES {
            assert_eq!(find(name), Some(encoding), "{name}");
            assert_eq!(find(&name.to_uppercase()), Some(encoding), "{name}");
        }
    }

    #[test]
    fn nodes_names_win_over_the_standards() {
        for (label, expected) in [
            ("latin1", Encoding::Latin1),
            ("ascii", Encoding::Ascii),
            ("Binary", Encoding::Latin1),
            ("iso-8859-1", Encoding::Whatwg(e::WINDOWS_1252)),
            ("us-ascii", Encoding::Whatwg(e::WINDOWS_1252)),
            // With whitespace it is none of Node's names, but a label of the Standard.
            (" latin1", Encoding::Whatwg(e::WINDOWS_1252)),
        ] {
            assert_eq!(find(label), Some(expected), "{label:?}");
        }
    }

    #[test]
    fn the_standards_labels_are_matched_its_way() {
        for (label, expected) in [
            ("GBK", Encoding::Whatwg(e::GBK)),
            ("gb2312", Encoding::Whatwg(e::GBK)),
            ("gb18030", Encoding::Whatwg(e::GB18030)),
            ("sjis", Encoding::Whatwg(e::SHIFT_JIS)),
            ("\t\n\u{c}\r Shift_JIS ", Encoding::Whatwg(e::SHIFT_JIS)),
            ("cp1251", Encoding::Whatwg(e::WINDOWS_1251)),
            ("logical", Encoding::Whatwg(e::ISO_8859_8_I)),
            ("unicode-1-1-utf-8", Encoding::Utf8),
            (" utf8 ", Encoding::Utf8),
            ("utf-16", Encoding::Utf16le),
            ("unicode", Encoding::Utf16le),
        ] {
            assert_eq!(find(label), Some(expected), "{label:?}");
        }
    }

    #[test]
    fn every_legacy_encoding_is_found_by_its_name() {
        for legacy in LEGACY {
            assert_eq!(find(legacy.name()), Some(Encoding::Whatwg(legacy)));
        }
    }

    #[test]
    fn unknown_and_unencodable_labels_are_refused() {
        for label in [
            "",
            " ",
            "nope",
            "buffer",
            "utf16",
            "utf-16be",
            "unicodefffe",
            "replacement",
            "iso-2022-kr",
            "hz-gb-2312",
            "utf-7",
            " base64",
            "hex ",
            "\u{a0}gbk",
            "utf8\0",
            // U+017F and U+212A: the case rules are ASCII's.
            "a\u{17f}cii",
            "g\u{212a}",
            "\u{212a}oi8-r",
        ] {
            assert_eq!(find(label), None, "{label:?}");
        }
    }

    proptest! {
        #[test]
        fn case_and_whitespace_around_a_legacy_label_do_not_matter(
            legacy in prop::sample::select(&LEGACY[..]),
            before in "[\t\n\u{c}\r ]{0,3}",
            behind in "[\t\n\u{c}\r ]{0,3}",
            upper in prop::collection::vec(any::<bool>(), 16),
        ) {
            let name: String = legacy
                .name()
                .chars()
                .zip(upper)
                .map(|(char, upper)| match upper {
                    true => char.to_ascii_uppercase(),
                    false => char.to_ascii_lowercase(),
                })
                .collect();
            let label = before + &name + &behind;
            prop_assert_eq!(find(&label), Some(Encoding::Whatwg(legacy)));
        }
    }
}
