//! Hexadecimal, as Node's `hex`: pairs of digits up to the first pair that is none; an odd digit
//! at the end is left out. A unit above U+00FF is read as its low byte (Node 18 to 26).

use super::CodeUnit;

pub(super) fn decode<Unit: CodeUnit>(units: &[Unit], out: &mut Vec<u8>) {
    out.reserve(units.len() / 2);
    out.extend(bytes(units));
}

pub(super) fn decoded_len<Unit: CodeUnit>(units: &[Unit]) -> usize {
    bytes(units).count()
}

fn bytes<Unit: CodeUnit>(units: &[Unit]) -> impl Iterator<Item = u8> + '_ {
    units.chunks_exact(2).map_while(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    })
}

fn digit<Unit: CodeUnit>(unit: Unit) -> Option<u8> {
    let byte = unit.low_byte();
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Strings that are hard on a decoder, with Node's answers, the same in 18, 20, 22, 24 and 26:
    /// `node -p "Buffer.from('…', 'hex').toString('hex')"`; the escapes are JavaScript's too.
    const NODES_ANSWERS: &[(&str, &str)] = &[
        ("", ""),
        ("0", ""),
        ("00", "00"),
        ("00f", "00"),
        ("00ff", "00ff"),
        ("414", "41"),
        ("4142434", "414243"),
        ("aBcDeF", "abcdef"),
        ("AbCdEfg0", "abcdef"),
        ("0g00", ""),
        ("g0", ""),
        ("000g00", "00"),
        ("41 42", "41"),
        (" 41", ""),
        ("41\n", "41"),
        ("0x41", ""),
        ("-1", ""),
        ("+1", ""),
        ("4\u{0}", ""),
        ("41\u{0}0", "41"),
        ("\u{130}41", "04"),
        ("4\u{131}", "41"),
        ("\u{130}\u{130}", "00"),
        ("41\u{141}", "41"),
        ("41\u{141}\u{142}", "41ab"),
        ("ff\u{ff11}\u{ff11}", "ff"),
        ("00\u{1f600}", "00"),
        ("\u{e9}\u{e9}", ""),
        ("\u{b0}\u{b1}", ""),
        ("61\u{167}0", "61"),
        ("6\u{2061}", "6a"),
        ("\u{6261}\u{6362}", "ab"),
    ];

    /// Random strings of an alphabet of hard cases, with the answers of Node 20, the
    /// same in 18, 22, 24 and 26:
    ///
    /// ```text
    /// node -e "let s=1;
    ///   const r=n=>(s=s*48271%2147483647)%n,
    ///   a=[...'0123456789abcdefABCDEF0123456789abcdefABCDEFg \u{b0}\u{141}\u{2028}'];
    ///   for(let k=0;k<32;k++){let t='';
    ///   for(let n=r(20);n--;)t+=a[r(a.length)];
    ///   console.log(JSON.stringify(t),
    ///   Buffer.from(t,'hex').toString('hex'))}"
    /// ```
    const RANDOM_ANSWERS: &[(&str, &str)] = &[
        ("EbC8eE\u{2028}C49A", "ebc8ee"),
        ("4c4\u{2028}fFg", "4c"),
        ("0Ef6BF21g9\u{b0}0", "0ef6bf21"),
        ("CD0\u{141}e\u{141}53ddbeBA", "cd0aea53ddbeba"),
        ("B", ""),
        ("\u{141}5CdFdF79\u{2028}c\u{2028}8CgF4", "a5cdfdf7"),
        ("D", ""),
        ("Aac\u{141}FFEA407 a\u{141}97", "aacaffea40"),
        ("Dcc", "dc"),
        ("bFfDd55F648eC0", "bffdd55f648ec0"),
        ("B\u{b0}7\u{2028}ef7e", ""),
        ("84E17\u{141}63", "84e17a63"),
        ("", ""),
        ("3567", "3567"),
        ("", ""),
        (" eB071fe1F8ABD6b1", ""),
        ("9C45Cc4F45", "9c45cc4f45"),
        ("d2F7Fc3", "d2f7fc"),
        ("7a153D\u{b0}Fb", "7a153d"),
        ("7\u{b0}245123b958Aedg12b", ""),
        ("6d0773f 9eccdc", "6d0773"),
        ("ceBbf", "cebb"),
        ("", ""),
        ("1 d1aD9B \u{b0}CfC52AeD", ""),
        ("3D41 B847", "3d41"),
        ("g6cdE", ""),
        ("abc6436BDaBBF", "abc6436bdabb"),
        ("D0340BA6B", "d0340ba6"),
        ("A8cAfC4728a11", "a8cafc4728a1"),
        ("b9BFAa0Cc 70f", "b9bfaa0c"),
        ("AE\u{b0}b5", "ae"),
        ("077Dc5326g5\u{141}Ce eFF", "077dc532"),
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
        // Buffer.from('\ud834\udc31', 'hex') is 41.
        assert_eq!(bytes(&[0xd834, 0xdc31]), [0x41]);
    }

    proptest! {
        #[test]
        fn what_was_written_in_hex_comes_back(original: Vec<u8>, upper: bool) {
            let text: String = original
                .iter()
                .map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") })
                .collect();
            let mut out = Vec::new();
            decode(text.as_bytes(), &mut out);
            prop_assert_eq!(out, original);
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
