//! Node's own encodings, as `Buffer.from(string, encoding)` has them.

/// UTF-8. A lone surrogate becomes U+FFFD (EF BF BD).
pub(super) fn utf8(units: &[u16], out: &mut Vec<u8>) {
    let mut bytes = [0; 4];
    for decoded in char::decode_utf16(units.iter().copied()) {
        let char = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(char.encode_utf8(&mut bytes).as_bytes());
    }
}

/// Base64 in both alphabets. What is no digit is skipped; `=` ends the string; a last group of
/// one digit gives nothing.
pub(super) fn base64(units: &[u16], out: &mut Vec<u8>) {
    let mut group = 0_u32;
    let mut digits = 0;
    for unit in units {
        if *unit == u16::from(b'=') {
            break;
        }
        let Some(digit) = base64_digit(*unit) else {
            continue;
        };
        group = group << 6 | digit;
        digits += 1;
        if digits == 4 {
            out.extend_from_slice(&group.to_be_bytes()[1..]);
            (group, digits) = (0, 0);
        }
    }
    match digits {
        2 => out.push((group >> 4) as u8),
        3 => out.extend_from_slice(&((group >> 2) as u16).to_be_bytes()),
        _ => {}
    }
}

fn base64_digit(unit: u16) -> Option<u32> {
    let byte = u8::try_from(unit).ok()?;
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(digit))
}

/// Hexadecimal pairs up to the first pair that is none; an odd digit at the end is left out.
pub(super) fn hex(units: &[u16], out: &mut Vec<u8>) {
    let digit = |unit: u16| char::from_u32(u32::from(unit)).and_then(|char| char.to_digit(16));
    for pair in units.chunks_exact(2) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
            return;
        };
        out.push((high << 4 | low) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Encoding;
    use proptest::prelude::*;

    fn bytes(encoding: Encoding, text: &str) -> Vec<u8> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut out = Vec::new();
        encoding.encode(&units, &mut out);
        out
    }

    #[test]
    fn base64_forgives_as_node_does() {
        for (text, expected) in [
            ("aGVsbG8=", "hello"),
            ("aGVsbG8", "hello"),
            ("aGV sbG\n8=", "hello"),
            ("aGVs=bG8", "hel"),
            ("a", ""),
            ("-_-_", "\u{fb}\u{ff}\u{bf}"),
        ] {
            let latin1: Vec<u8> = expected.chars().map(|char| char as u8).collect();
            assert_eq!(bytes(Encoding::Base64, text), latin1, "{text}");
        }
    }

    #[test]
    fn hex_stops_at_the_first_bad_pair() {
        assert_eq!(bytes(Encoding::Hex, "0aFf1"), [0x0a, 0xff]);
        assert_eq!(bytes(Encoding::Hex, "0azz0b"), [0x0a]);
    }

    #[test]
    fn a_lone_surrogate_is_replaced() {
        let mut out = Vec::new();
        Encoding::Utf8.encode(&[0xd800, 0x41], &mut out);
        assert_eq!(out, [0xef, 0xbf, 0xbd, 0x41]);
    }

    proptest! {
        #[test]
        fn utf8_is_the_standard_librarys(units: Vec<u16>) {
            let mut out = Vec::new();
            Encoding::Utf8.encode(&units, &mut out);
            let expected = String::from_utf16_lossy(&units);
            prop_assert_eq!(out.as_slice(), expected.as_bytes());
        }
    }
}
