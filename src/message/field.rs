//! One field line, `name: value CRLF` (RFC 9112 section 5), validated and narrowed to latin1 in
//! one pass over the UTF-16 that JavaScript hands over.

use super::text::Text;

/// Why a head or a trailer section is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// The name is no token (RFC 9110 section 5.6.2): Node's `ERR_INVALID_HTTP_TOKEN`.
    InvalidName,
    /// The value holds a forbidden character: Node's `ERR_INVALID_CHAR`.
    InvalidValue,
    /// The start line doesn't end in CRLF, or holds another CR, LF or NUL.
    InvalidFirstLine,
    /// A Trailer field on a message that isn't chunked: Node's `ERR_HTTP_TRAILER_INVALID`.
    TrailerWithoutChunked,
}

impl HeadError {
    /// The stable number that crosses into JavaScript; distinct from every `Refusal`'s.
    pub fn code(self) -> i32 {
        match self {
            HeadError::InvalidName => 11,
            HeadError::InvalidValue => 12,
            HeadError::InvalidFirstLine => 13,
            HeadError::TrailerWithoutChunked => 14,
        }
    }
}

/// How much of a field is left to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// `setHeader` has done it: only what could split the message is looked for again.
    Done,
    /// Node's `checkInvalidHeaderChar`: HTAB, SP, VCHAR and obs-text (RFC 9110 section 5.5).
    Strict,
    /// Node 24 and later with `httpValidation: 'relaxed'` or an insecure parser: the Fetch
    /// Standard's header value, any byte but NUL, CR and LF.
    Lenient,
}

impl Validation {
    fn refused_in_name(self) -> u8 {
        match self {
            Validation::Done => BREAK,
            Validation::Strict | Validation::Lenient => NO_TOKEN | WIDE,
        }
    }

    fn refused_in_value(self) -> u8 {
        match self {
            Validation::Done => BREAK,
            Validation::Strict => BREAK | CONTROL | WIDE,
            Validation::Lenient => BREAK | WIDE,
        }
    }
}

/// The low byte is CR, LF or NUL. A unit above U+00FF counts too: as latin1 it would be that byte.
const BREAK: u8 = 1;
/// A control character other than HTAB.
const CONTROL: u8 = 2;
/// No `tchar` of RFC 9110 section 5.6.2.
const NO_TOKEN: u8 = 4;
/// Above U+00FF.
const WIDE: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if matches!(b, b'\r' | b'\n' | 0) {
            classes[byte] |= BREAK;
        }
        if b.is_ascii_control() && b != b'\t' {
            classes[byte] |= CONTROL;
        }
        if !(b.is_ascii_alphanumeric() || is_token_punctuation(b)) {
            classes[byte] |= NO_TOKEN;
        }
        byte += 1;
    }
    classes
};

const fn is_token_punctuation(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'#'
            | b'$'
            | b'%'
            | b'&'
            | b'\''
            | b'*'
            | b'+'
            | b'-'
            | b'.'
            | b'^'
            | b'_'
            | b'`'
            | b'|'
            | b'~'
    )
}

fn class_of(unit: u16) -> u8 {
    let wide = if unit > 0xff { WIDE } else { 0 };
    CLASSES[usize::from(unit as u8)] | wide
}

fn classes_of(units: &[u16]) -> u8 {
    units
        .iter()
        .fold(0, |classes, &unit| classes | class_of(unit))
}

/// Appends the low byte of each unit and says which classes of characters were among them.
fn narrow(units: &[u16], out: &mut Vec<u8>) -> u8 {
    let mut classes = 0;
    out.extend(units.iter().map(|&unit| {
        classes |= class_of(unit);
        unit as u8
    }));
    classes
}

/// Whether `name` is a token: for a name whose list of values is empty, so that no field is
/// rendered from which the error would come.
pub fn check_name(name: &[u16]) -> Result<(), HeadError> {
    if name.is_empty() || classes_of(name) & (NO_TOKEN | WIDE) != 0 {
        return Err(HeadError::InvalidName);
    }
    Ok(())
}

/// Whether a unit's low byte is CR, LF or NUL.
pub(super) fn has_break(units: &[u16]) -> bool {
    classes_of(units) & BREAK != 0
}

/// Appends `name: value CRLF`; on an error the text is as it was before.
pub(super) fn append_field(
    name: &[u16],
    value: &[u16],
    validation: Validation,
    text: &mut Text,
) -> Result<(), HeadError> {
    let start = text.len();
    let classes = append_line(name, value, text);
    // An empty name would make the line start with the colon, whoever has validated it.
    let refused = if name.is_empty() || classes.name & validation.refused_in_name() != 0 {
        Some(HeadError::InvalidName)
    } else if classes.value & validation.refused_in_value() != 0 {
        Some(HeadError::InvalidValue)
    } else {
        None
    };
    if let Some(error) = refused {
        text.truncate(start);
        return Err(error);
    }
    if (classes.name | classes.value) & WIDE != 0 && matches!(text, Text::Latin1(_)) {
        text.truncate(start);
        text.push_units(name);
        text.push_latin1(b": ");
        text.push_units(value);
        text.push_latin1(b"\r\n");
    }
    Ok(())
}

struct LineClasses {
    name: u8,
    value: u8,
}

/// Appends the line unchecked. In a latin1 text wide units lose their high byte: the caller looks
/// at the classes.
fn append_line(name: &[u16], value: &[u16], text: &mut Text) -> LineClasses {
    match text {
        Text::Latin1(bytes) => {
            bytes.reserve(name.len() + value.len() + 4);
            let name = narrow(name, bytes);
            bytes.extend_from_slice(b": ");
            let value = narrow(value, bytes);
            bytes.extend_from_slice(b"\r\n");
            LineClasses { name, value }
        }
        Text::Wide(_) => {
            text.push_units(name);
            text.push_latin1(b": ");
            text.push_units(value);
            text.push_latin1(b"\r\n");
            LineClasses {
                name: classes_of(name),
                value: classes_of(value),
            }
        }
    }
}

/// Whether `name` is the field name `lower`, which is in lower case (RFC 9110 section 5.1).
pub(super) fn is_name(name: &[u16], lower: &[u8]) -> bool {
    name.len() == lower.len() && starts_with_word(name, lower)
}

/// Node's `/(?:^|\W)word(?:$|\W)/i`, where `\W` is anything but `[A-Za-z0-9_]`.
pub(super) fn has_word(value: &[u16], word: &[u8]) -> bool {
    let is_boundary = |at: Option<&u16>| !at.is_some_and(|&unit| is_word_character(unit));
    (0..value.len()).any(|at| {
        let (before, rest) = value.split_at(at);
        starts_with_word(rest, word)
            && is_boundary(before.last())
            && is_boundary(rest.get(word.len()))
    })
}

fn starts_with_word(units: &[u16], lower: &[u8]) -> bool {
    units.len() >= lower.len()
        && units.iter().zip(lower).all(|(&unit, &byte)| {
            u8::try_from(unit).is_ok_and(|unit| unit.to_ascii_lowercase() == byte)
        })
}

fn is_word_character(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn appended(name: &[u16], value: &[u16], validation: Validation) -> Result<Text, HeadError> {
        let mut text = Text::new();
        let result = append_field(name, value, validation, &mut text);
        assert!(result.is_ok() || text.is_empty(), "an error leaves nothing");
        result.map(|()| text)
    }

    /// The units that a rule of Node's regular expressions can tell apart.
    fn every_unit() -> impl Iterator<Item = u16> {
        (0..0x300).chain([0x0a0d, 0x2028, 0xd800, 0xdc00, 0xff0a, 0xffff])
    }

    #[test]
    fn a_validated_name_is_a_token() {
        let tchar = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for unit in every_unit() {
            let is_token = tchar.encode_utf16().any(|one| one == unit);
            let name = [u16::from(b'a'), unit];
            assert_eq!(check_name(&name).is_ok(), is_token, "{unit:#x}");
            for validation in [Validation::Strict, Validation::Lenient] {
                let result = appended(&name, &[], validation);
                assert_eq!(result.is_ok(), is_token, "{unit:#x} {validation:?}");
            }
        }
        assert_eq!(check_name(&[]), Err(HeadError::InvalidName));
    }

    #[test]
    fn a_validated_value_is_what_nodes_expressions_let_through() {
        for unit in every_unit() {
            let strict = matches!(unit, 9 | 0x20..=0x7e | 0x80..=0xff);
            let lenient = !matches!(unit, 0 | 10 | 13 | 0x100..);
            let name = utf16("a");
            let is_ok = |validation| appended(&name, &[unit], validation).is_ok();
            assert_eq!(is_ok(Validation::Strict), strict, "{unit:#x}");
            assert_eq!(is_ok(Validation::Lenient), lenient, "{unit:#x}");
        }
    }

    #[test]
    fn what_is_validated_already_is_still_refused_where_it_would_split_the_message() {
        for unit in every_unit() {
            let splits = matches!(unit & 0xff, 0 | 10 | 13);
            let letter = utf16("a");
            let named = appended(&[unit], &letter, Validation::Done);
            assert_eq!(
                named.err(),
                splits.then_some(HeadError::InvalidName),
                "{unit:#x}"
            );
            let valued = appended(&letter, &[unit], Validation::Done);
            assert_eq!(
                valued.err(),
                splits.then_some(HeadError::InvalidValue),
                "{unit:#x}"
            );
        }
        for validation in [Validation::Done, Validation::Strict, Validation::Lenient] {
            assert_eq!(
                appended(&[], &utf16("a"), validation),
                Err(HeadError::InvalidName)
            );
        }
    }

    #[test]
    fn a_bad_name_is_reported_before_a_bad_value() {
        let result = appended(&utf16("a b"), &utf16("\n"), Validation::Strict);
        assert_eq!(result, Err(HeadError::InvalidName));
    }

    #[test]
    fn a_wide_unit_makes_the_text_wide_and_the_lines_after_it_join_it() {
        let mut text = Text::new();
        for (name, value) in [("a", "é"), ("b", "ă"), ("ć", "2"), ("d", "3")] {
            append_field(&utf16(name), &utf16(value), Validation::Done, &mut text).unwrap();
        }
        let lines = Text::Wide(utf16("a: é\r\nb: ă\r\nć: 2\r\nd: 3\r\n"));
        assert_eq!(text, lines);
        let result = append_field(&utf16("e"), &utf16("\r"), Validation::Done, &mut text);
        assert_eq!((result, text), (Err(HeadError::InvalidValue), lines));
    }

    #[test]
    fn names_are_compared_without_case() {
        assert!(is_name(&utf16("DATE"), b"date"));
        assert!(!is_name(&utf16("dates"), b"date"));
        assert!(!is_name(&utf16("dat"), b"date"));
        // U+0144 and U+0164 have the low bytes of D and d; U+212A is the Kelvin sign.
        assert!(!is_name(&[0x144, 0x61, 0x74, 0x65], b"date"));
        assert!(!is_name(&utf16("\u{212a}eep"), b"keep"));
    }

    #[test]
    fn words_stand_between_what_is_no_word_character() {
        for value in [
            "close",
            "CLOSE",
            "a, close",
            "close;q",
            "-close-",
            "éclose",
            "closes close",
            "€close",
        ] {
            assert!(has_word(&utf16(value), b"close"), "{value:?}");
        }
        for value in [
            "", "clos", "closed", "enclose", "_close", "close_", "close1", "c lose",
        ] {
            assert!(!has_word(&utf16(value), b"close"), "{value:?}");
        }
    }

    #[test]
    fn codes_are_stable_and_tell_the_errors_apart() {
        let errors = [
            HeadError::InvalidName,
            HeadError::InvalidValue,
            HeadError::InvalidFirstLine,
            HeadError::TrailerWithoutChunked,
        ];
        assert_eq!(errors.map(HeadError::code), [11, 12, 13, 14]);
    }
}
