//! Base64 and base64url, which for strings to bytes are one: Node's forgiving decoder.
//!
//! The rules, found by comparing with `Buffer.from(string, 'base64')` of Node 18, 20, 22, 24 and
//! 26, which all agree, on some hundred thousand random strings:
//!
//! - digits of both alphabets count, mixed too (`+` and `-`, `/` and `_`);
//! - `=` ends the string, wherever it stands;
//! - anything else is skipped, not only whitespace;
//! - a unit above U+00FF is read as its low byte, so U+0141 is an `A` and U+013D is a `=`;
//! - of an incomplete last group two digits give one byte and three give two, whatever the bits
//!   left over; one digit gives nothing.
//!
//! Well-formed, malformed, short and long strings may take different ways inside Node; they all
//! follow these rules.

use super::CodeUnit;

/// What a byte means: the value of a digit, or one of the two below.
type Meaning = u8;
const SKIPPED: Meaning = 64;
const END: Meaning = 65;

static MEANINGS: [Meaning; 256] = meanings();

const fn meanings() -> [Meaning; 256] {
    let alphabet = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [SKIPPED; 256];
    let mut value = 0;
    while value < alphabet.len() {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    // The digits of RFC 4648, section 5.
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table[b'=' as usize] = END;
    table
}

fn meaning<Unit: CodeUnit>(unit: Unit) -> Meaning {
    MEANINGS[usize::from(unit.low_byte())]
}

/// Appends the bytes that the string stands for.
pub(super) fn decode<Unit: CodeUnit>(units: &[Unit], out: &mut Vec<u8>) {
    out.reserve(units.len() / 4 * 3 + 2);
    let mut rest = units;
    loop {
        rest = whole_groups(rest, out);
        match mixed_group(rest, out) {
            Some(behind) => rest = behind,
            None => return,
        }
    }
}

/// Decodes groups as long as all four units are digits; answers with what is behind them.
fn whole_groups<'a, Unit: CodeUnit>(units: &'a [Unit], out: &mut Vec<u8>) -> &'a [Unit] {
    let mut rest = units;
    while let [first, second, third, fourth, behind @ ..] = rest {
        let digits = [
            meaning(*first),
            meaning(*second),
            meaning(*third),
            meaning(*fourth),
        ];
        if digits.iter().any(|digit| *digit >= SKIPPED) {
            break;
        }
        let group = digits
            .iter()
            .fold(0, |group, digit| group << 6 | u32::from(*digit));
        out.extend_from_slice(&group.to_be_bytes()[1..]);
        rest = behind;
    }
    rest
}

/// Decodes one group with skipped units in it; answers with what is behind it, or `None` at the
/// end of the string.
fn mixed_group<'a, Unit: CodeUnit>(units: &'a [Unit], out: &mut Vec<u8>) -> Option<&'a [Unit]> {
    let mut group = 0_u32;
    let mut digits = 0;
    for (position, unit) in units.iter().enumerate() {
        match meaning(*unit) {
            SKIPPED => {}
            END => break,
            digit => {
                group = group << 6 | u32::from(digit);
                digits += 1;
                if digits == 4 {
                    out.extend_from_slice(&group.to_be_bytes()[1..]);
                    return units.get(position + 1..);
                }
            }
        }
    }
    match digits {
        2 => out.push((group >> 4) as u8),
        3 => out.extend_from_slice(&((group >> 2) as u16).to_be_bytes()),
        _ => {}
    }
    None
}

/// The number of bytes that [`decode`] appends.
pub(super) fn decoded_len<Unit: CodeUnit>(units: &[Unit]) -> usize {
    let digits = units
        .iter()
        .map(|unit| meaning(*unit))
        .take_while(|meaning| *meaning != END)
        .filter(|meaning| *meaning != SKIPPED)
        .count();
    digits / 4 * 3 + digits % 4 * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Strings that are hard on a decoder, with Node's answers, the same in 18, 20, 22, 24 and 26:
    /// `node -p "Buffer.from('…', 'base64').toString('hex')"`; the escapes are JavaScript's too.
    const NODES_ANSWERS: &[(&str, &str)] = &[
        ("", ""),
        ("a", ""),
        ("ab", "69"),
        ("abc", "69b7"),
        ("abcd", "69b71d"),
        ("abcde", "69b71d"),
        ("abcdef", "69b71d79"),
        ("abcdefg", "69b71d79f8"),
        ("abcdefgh", "69b71d79f821"),
        ("=", ""),
        ("==", ""),
        ("a=", ""),
        ("ab=", "69"),
        ("ab==", "69"),
        ("ab===", "69"),
        ("abc=", "69b7"),
        ("abc==", "69b7"),
        ("abcd=", "69b71d"),
        ("=abcd", ""),
        ("a=bcd", ""),
        ("ab=cd", "69"),
        ("ab==cd", "69"),
        ("abc=d", "69b7"),
        ("abcd=efgh", "69b71d"),
        ("abcd====efgh", "69b71d"),
        ("abcdefg=hijk", "69b71d79f8"),
        ("ab=\ncd", "69"),
        ("ab= =", "69"),
        ("ab cd", "69b71d"),
        ("ab\ncd\r\nef gh", "69b71d79f821"),
        ("\tab\u{b}c\u{c}d", "69b71d"),
        (" ", ""),
        ("abcd ", "69b71d"),
        ("abcd e", "69b71d"),
        ("abcd ef =", "69b71d79"),
        ("a b c d", "69b71d"),
        ("ab-_cd+/", "69bfbf71dfbf"),
        ("+/+/", "fbffbf"),
        ("-_-_", "fbffbf"),
        ("+-/_", "fbefff"),
        ("abcd-", "69b71d"),
        ("ab!c*d.", "69b71d"),
        ("ab\u{0}cd", "69b71d"),
        ("ab\u{7f}cd", "69b71d"),
        ("abc\u{80}d", "69b71d"),
        ("abc\u{bd}d", "69b71d"),
        ("abc\u{ff}", "69b7"),
        ("abc\u{100}d", "69b71d"),
        ("abc\u{13d}d", "69b7"),
        ("ab\u{13d}", "69"),
        ("\u{141}\u{141}\u{141}\u{141}", "000000"),
        ("abcd\u{141}fgh", "69b71d01f821"),
        ("\u{12d}\u{15f}\u{12b}\u{12f}", "fbffbf"),
        ("abcd\u{2028}efgh", "69b71d79f821"),
        ("\u{feff}abcd", "69b71d"),
        ("\u{ff21}bcd", "6dc7"),
        ("abcd\u{1f600}efgh", "69b71d"),
        ("//////", "ffffffff"),
        ("ab\u{3d00}cd", "69b71d"),
    ];

    /// Random strings of an alphabet of hard cases, with the answers of Node 20, the
    /// same in 18, 22, 24 and 26:
    ///
    /// ```text
    /// node -e "let s=1;
    ///   const r=n=>(s=s*48271%2147483647)%n,
    ///   a=[...'AZaz09+/AZaz09-_= \n.\u{ff}\u{13d}\u{141}\u{2028}'];
    ///   for(let k=0;k<48;k++){let t='';
    ///   for(let n=r(20);n--;)t+=a[r(a.length)];
    ///   console.log(JSON.stringify(t),
    ///   Buffer.from(t,'base64').toString('hex'))}"
    /// ```
    const RANDOM_ANSWERS: &[(&str, &str)] = &[
        ("\n+9Zz  z\u{2028}.\u{2028}", "fbd673"),
        ("\u{13d}Zz a\u{2028}_", ""),
        (" \u{ff}\u{2028}Z0\n0zz\u{13d}\u{ff}z", "674d33"),
        ("=_0\u{13d}z \u{141}-zZA\u{2028}.=", ""),
        ("\u{ff}", ""),
        ("09zA_\u{ff}zz\u{13d}- /_09a_", "d3dcc0ff3c"),
        ("\u{ff}", ""),
        ("\u{ff}+\u{2028}\u{13d}AzA_+Z0\u{2028}aA0Z", ""),
        ("aaz", "69ac"),
        ("AaaZ/-=zzzz990", "01a699ff"),
        ("_0Z\u{13d}Z9._", "ff46"),
        ("_9A.a\n0\u{2028}", "ffd01a"),
        ("", ""),
        ("z000", "cf4d34"),
        ("", ""),
        ("Z\u{141}0a\n0\u{ff}+.z.\na\n\n-9", "640d1ad3ecdafb"),
        ("a\n\nzz0_\u{2028}9/", "6b3cf4ffdf"),
        ("z-a.z+\u{2028}", "cfe6b3"),
        ("A/.\nz0 /9", "03fcf4ff"),
        (
            "Z.ZZ0/z9\u{141}9A0\u{ff}9z/\u{2028}.+",
            "659674ff3f40f40d3dcfff",
        ),
        ("Z+a/a9\u{141}Z90A\u{ff}Za", "67e6bf6bd019f74019"),
        ("-\u{141} a_", "f806bf"),
        ("", ""),
        ("009ZA9Z-\n.\u{2028}99A+.9A", "d34f5903d67ef7d03ef4"),
        ("\u{2028}\u{13d}.+-\u{2028}a0\n", ""),
        ("A90\u{141}.", "03dd00"),
        ("9\n\u{13d}Z.\u{2028}\u{2028}+Z.0\u{ff}9", ""),
        ("=/-aa\n_.\n", ""),
        ("_a\u{ff}z /_\u{141}A00\n.", "fdacfffc0034"),
        ("Z0_=09\u{13d}0zZ\u{2028} \u{13d}", "674f"),
        ("Z9AZ_", "67d019"),
        ("=z-\u{141}AA=9/=.A\u{13d}a=\u{ff}\u{141}z", ""),
        ("0\u{141}ZA\n.ZZ", "d0064065"),
        ("0", ""),
        (".ZA\u{141}.+-\u{2028}=A.Z09a\u{141}", "64003e"),
        ("Z\u{2028}=A\u{2028}+\u{2028}Z+/09\u{2028}=-", ""),
        ("z9azAA\u{2028}0=.a=", "cfd6b3000d"),
        ("0\u{13d}A/9_a.\u{141}\u{13d}", ""),
        ("\u{13d}\u{13d}=/\u{ff}", ""),
        ("9/A0-9\u{13d}Z\n_ ..", "f7f034fb"),
        ("ZA\u{13d}+90z\na+", "64"),
        ("00\u{2028}a0za=A9\nZ-z", "d346b4cd"),
        ("\u{2028}0\u{2028}-aZ\n\nA0a-", "d3e6990346be"),
        ("Z0\u{2028}\u{2028}0zZZ\u{ff}A0\u{2028}", "674d33659034"),
        ("", ""),
        ("a\u{ff}\u{2028}/=0zza0", "6b"),
        ("=\u{ff}\u{13d}9\u{2028}00+A_", ""),
        ("_..", ""),
    ];

    fn bytes(units: &[u16]) -> Vec<u8> {
        let mut out = Vec::new();
        decode(units, &mut out);
        assert_eq!(decoded_len(units), out.len());
        out
    }

    #[test]
    fn strings_have_nodes_bytes() {
        for (text, expected) in NODES_ANSWERS.iter().chain(RANDOM_ANSWERS) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let found: String = bytes(&units)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(found, *expected, "{text:?}");
        }
    }

    #[test]
    fn surrogates_are_read_as_their_low_byte() {
        // Buffer.from('abc\ud841', 'base64') is 69b700, and '\ud800' is skipped.
        assert_eq!(bytes(&[0x61, 0x62, 0x63, 0xd841]), [0x69, 0xb7, 0x00]);
        assert_eq!(bytes(&[0x61, 0xd800, 0x62, 0x63, 0x64]), [0x69, 0xb7, 0x1d]);
    }

    /// RFC 4648, section 4 or 5, with padding or without: the inverse to test against.
    fn written(original: &[u8], url: bool, padded: bool) -> String {
        let digits = if url { b"-_" } else { b"+/" };
        let mut text = String::new();
        for group in original.chunks(3) {
            let mut bits = [0; 4];
            bits[1..=group.len()].copy_from_slice(group);
            let bits = u32::from_be_bytes(bits);
            for digit in 0..=group.len() {
                let value = (bits >> (18 - 6 * digit)) as u8 & 63;
                text.push(char::from(match value {
                    0..26 => b'A' + value,
                    26..52 => b'a' + value - 26,
                    52..62 => b'0' + value - 52,
                    _ => digits[usize::from(value - 62)],
                }));
            }
            if padded {
                text.push_str(&"=="[..3 - group.len()]);
            }
        }
        text
    }

    proptest! {
        #[test]
        fn what_was_written_in_base64_comes_back(original: Vec<u8>, url: bool, padded: bool) {
            let text = written(&original, url, padded);
            let mut out = Vec::new();
            decode(text.as_bytes(), &mut out);
            prop_assert_eq!(out, original);
        }

        #[test]
        fn lines_and_rubbish_between_digits_change_nothing(
            original: Vec<u8>,
            width in 1..80_usize,
            rubbish in "[ \r\n\t!.*\u{80}-\u{ff}&&[^\u{bd}]]{0,3}",
        ) {
            let text = written(&original, false, true);
            let units: Vec<u16> = text
                .as_bytes()
                .chunks(width)
                .flat_map(|line| {
                    let digits = line.iter().map(|byte| u16::from(*byte));
                    digits.chain(rubbish.encode_utf16())
                })
                .collect();
            prop_assert_eq!(bytes(&units), original);
        }

        #[test]
        fn only_the_low_bytes_count(units: Vec<u16>) {
            let low: Vec<u8> = units.iter().map(|unit| *unit as u8).collect();
            let mut out = Vec::new();
            decode(&low, &mut out);
            prop_assert_eq!(out, bytes(&units));
        }
    }
}
