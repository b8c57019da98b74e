//! The trailer section (RFC 9112 section 7.1.2; Node's `OutgoingMessage.prototype.addTrailers`).

use super::field::{append_field, HeadError, Validation};
use super::text::Text;

/// Appends one trailer field line, always validated; on an error the text is as it was before, as
/// Node's `_trailer` keeps the fields before the bad one.
///
/// `lenient` is Node 24's relaxed check of values.
pub fn append_trailer(
    name: &[u16],
    value: &[u16],
    lenient: bool,
    out: &mut Text,
) -> Result<(), HeadError> {
    let validation = if lenient {
        Validation::Lenient
    } else {
        Validation::Strict
    };
    append_field(name, value, validation, out)
}

/// Whether an array of `len` values becomes one line, joined with `; `, instead of one line each.
///
/// Node's rule here differs from the head's: an empty array is one line with an empty value.
pub fn list_is_joined(len: usize, unique: bool) -> bool {
    len < 2 || unique
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn trailers(fields: &[(&str, &str)], lenient: bool) -> (Result<(), HeadError>, Text) {
        let mut out = Text::new();
        let result = fields.iter().try_for_each(|(name, value)| {
            append_trailer(&utf16(name), &utf16(value), lenient, &mut out)
        });
        (result, out)
    }

    fn latin1(bytes: &[u8]) -> Text {
        Text::Latin1(bytes.to_vec())
    }

    #[test]
    fn each_field_is_a_line_and_the_section_has_no_empty_line_yet() {
        let (result, out) = trailers(
            &[("Content-MD5", "abc"), ("x-é".trim_end_matches('é'), "é")],
            false,
        );
        assert_eq!(
            (result, out),
            (Ok(()), latin1(b"Content-MD5: abc\r\nx-: \xe9\r\n"))
        );
    }

    #[test]
    fn a_bad_field_leaves_the_fields_before_it() {
        for (name, value, error) in [
            ("a b", "1", HeadError::InvalidName),
            ("", "1", HeadError::InvalidName),
            ("a", "1\r\nb: 2", HeadError::InvalidValue),
            ("a", "\u{7f}", HeadError::InvalidValue),
            ("a", "€", HeadError::InvalidValue),
        ] {
            let (result, out) = trailers(&[("ok", "1"), (name, value)], false);
            assert_eq!(
                (result, out),
                (Err(error), latin1(b"ok: 1\r\n")),
                "{name:?} {value:?}"
            );
        }
    }

    #[test]
    fn lenient_values_may_hold_controls_but_nothing_that_splits() {
        assert_eq!(
            trailers(&[("a", "\u{1}\u{7f}")], true),
            (Ok(()), latin1(b"a: \x01\x7f\r\n"))
        );
        for value in ["\r", "\n", "\0", "€"] {
            assert_eq!(
                trailers(&[("a", value)], true).0,
                Err(HeadError::InvalidValue)
            );
        }
        assert_eq!(
            trailers(&[("a\u{1}", "1")], true).0,
            Err(HeadError::InvalidName)
        );
    }

    #[test]
    fn several_values_are_several_lines_unless_the_field_is_unique() {
        assert_eq!(
            [0, 1, 2, 3].map(|len| list_is_joined(len, false)),
            [true, true, false, false]
        );
        assert_eq!([0, 1, 2, 3].map(|len| list_is_joined(len, true)), [true; 4]);
    }
}
