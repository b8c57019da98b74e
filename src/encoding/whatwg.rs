//! The Encoding Standard's legacy encoders.
//!
//! A character that the encoding can't express becomes `?`. The Standard's own mode for forms,
//! decimal character references (`&#8364;`), is right inside HTML only; a body may be anything.
//! Every chunk is encoded on its own, and a stateful encoding (ISO-2022-JP) is back in its
//! initial state at the end of each.

use encoding_rs::{EncoderResult, Encoding};

pub(super) fn encode(encoding: &'static Encoding, units: &[u16], out: &mut Vec<u8>) {
    let mut encoder = encoding.new_encoder();
    let mut rest = units;
    let mut room = [0; 1024];
    loop {
        let (result, read, written) =
            encoder.encode_from_utf16_without_replacement(rest, &mut room, true);
        out.extend_from_slice(&room[..written]);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => {
                // Through the encoder itself, so that a stateful one shifts to ASCII first.
                let (_, _, written) = encoder.encode_from_utf16_without_replacement(
                    &[u16::from(b'?')],
                    &mut room,
                    false,
                );
                out.extend_from_slice(&room[..written]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(label: &str, text: &str) -> Vec<u8> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut out = Vec::new();
        encode(
            Encoding::for_label(label.as_bytes()).unwrap(),
            &units,
            &mut out,
        );
        out
    }

    #[test]
    fn legacy_text_has_the_standards_bytes() {
        assert_eq!(bytes("gbk", "中文"), [0xd6, 0xd0, 0xce, 0xc4]);
        assert_eq!(bytes("windows-1251", "Да"), [0xc4, 0xe0]);
    }

    #[test]
    fn what_cannot_be_expressed_becomes_a_question_mark() {
        assert_eq!(bytes("koi8-r", "a€中b"), b"a??b");
    }

    #[test]
    fn a_stateful_encoding_ends_in_its_initial_state() {
        assert_eq!(bytes("iso-2022-jp", "あ"), b"\x1b$B$\"\x1b(B");
        assert_eq!(bytes("iso-2022-jp", "あ😀"), b"\x1b$B$\"\x1b(B?");
    }

    #[test]
    fn long_text_crosses_the_room() {
        assert_eq!(bytes("gbk", &"中".repeat(5000)).len(), 10_000);
    }
}
