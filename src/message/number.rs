//! JavaScript's numbers: read from a field's value as `+value`, printed as `'' + number`.

use std::io::Write;

/// Above this a double skips integers, and JavaScript's digits are no longer the integer's own.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Appends `number` as JavaScript prints it (ECMA-262 `Number::toString`).
pub(super) fn append_number(number: f64, out: &mut Vec<u8>) {
    if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER {
        append_integer(number as i64, out);
    } else if number.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 {
            b"Infinity"
        } else {
            b"-Infinity"
        });
    } else if (1e-6..1e21).contains(&number.abs()) {
        // Rust and JavaScript both print the shortest digits that read back as the same double.
        append_display(format_args!("{number}"), out);
    } else {
        let exponential = format!("{number:e}");
        // JavaScript writes 1e+21 where Rust writes 1e21.
        let signed = if number.abs() >= 1.0 { "e+" } else { "e" };
        out.extend_from_slice(exponential.replacen('e', signed, 1).as_bytes());
    }
}

fn append_integer(integer: i64, out: &mut Vec<u8>) {
    if integer < 0 {
        out.push(b'-');
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = integer.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn append_display(text: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    // A Vec takes every write; there is no error to report.
    let _ = out.write_fmt(text);
}

/// Reads a field's value as JavaScript's unary plus does (ECMA-262 `StringToNumber`).
pub(super) fn parse_number(units: &[u16]) -> f64 {
    const SAFE_DIGITS: usize = 15;
    let is_digit = |&unit: &u16| (0x30..=0x39).contains(&unit);
    if !units.is_empty() && units.len() <= SAFE_DIGITS && units.iter().all(is_digit) {
        let integer = units
            .iter()
            .fold(0_u64, |sum, &unit| sum * 10 + u64::from(unit - 0x30));
        return integer as f64;
    }
    let text = String::from_utf16_lossy(units);
    parse_text(text.trim_matches(is_javascript_space))
}

fn parse_text(text: &str) -> f64 {
    match text {
        "" => return 0.0,
        "Infinity" | "+Infinity" => return f64::INFINITY,
        "-Infinity" => return f64::NEG_INFINITY,
        _ => {}
    }
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            return parse_radix(digits, radix);
        }
    }
    // Rust's grammar is JavaScript's, plus names of infinity and NaN that have other letters.
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
    {
        return text.parse().unwrap_or(f64::NAN);
    }
    f64::NAN
}

fn parse_radix(digits: &str, radix: u32) -> f64 {
    if digits.is_empty() {
        return f64::NAN;
    }
    digits
        .chars()
        .try_fold(0.0, |sum, digit| {
            Some(sum * f64::from(radix) + f64::from(digit.to_digit(radix)?))
        })
        .unwrap_or(f64::NAN)
}

fn is_javascript_space(character: char) -> bool {
    character == '\u{feff}' || (character.is_whitespace() && character != '\u{85}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(number: f64) -> String {
        let mut out = Vec::new();
        append_number(number, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn parsed(text: &str) -> f64 {
        parse_number(&text.encode_utf16().collect::<Vec<_>>())
    }

    #[test]
    fn numbers_are_printed_as_javascript_prints_them() {
        let table = [
            (0.0, "0"),
            (-0.0, "0"),
            (5.0, "5"),
            (-17.0, "-17"),
            (1.5, "1.5"),
            (4_294_967_296.0, "4294967296"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (number, text) in table {
            assert_eq!(printed(number), text);
        }
    }

    #[test]
    fn values_are_read_as_unary_plus_reads_them() {
        let table = [
            ("0", 0.0),
            ("42", 42.0),
            ("999999999999999", 999_999_999_999_999.0),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("", 0.0),
            (" \t12\u{a0}\u{feff}", 12.0),
            ("+3", 3.0),
            ("-3", -3.0),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("0x1F", 31.0),
            ("0o17", 15.0),
            ("0B101", 5.0),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ];
        for (text, number) in table {
            assert_eq!(parsed(text), number, "{text:?}");
        }
        for text in [
            "abc", "1,2", "5, 5", "0x", "0xg", "0o8", "1e", ".", "inf", "nan", "1_0", "-0x1",
            "\u{85}1",
        ] {
            assert!(parsed(text).is_nan(), "{text:?}");
        }
    }
}
