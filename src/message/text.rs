//! A head or a trailer section as the program can read it (`message._header`), and its two forms
//! on the wire.

/// Text of a head: latin1 in nearly every case.
///
/// `Wide` exists only where Node itself would hold a character above U+00FF: a Content-Disposition
/// whose latin1 bytes are no UTF-8, or a field that got past `setHeader`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Every character is at most U+00FF, one byte each.
    Latin1(Vec<u8>),
    /// UTF-16 code units; at least one was above U+00FF when the text was promoted.
    Wide(Vec<u16>),
}

impl Default for Text {
    fn default() -> Self {
        Text::Latin1(Vec::new())
    }
}

impl Text {
    /// An empty text that owns no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Length in UTF-16 code units: what JavaScript's `length` says.
    pub fn len(&self) -> usize {
        match self {
            Text::Latin1(bytes) => bytes.len(),
            Text::Wide(units) => units.len(),
        }
    }

    /// Whether there is no character.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties the text. A latin1 text keeps its capacity; a wide one becomes latin1 again.
    pub fn clear(&mut self) {
        match self {
            Text::Latin1(bytes) => bytes.clear(),
            Text::Wide(_) => *self = Text::default(),
        }
    }

    /// Drops everything behind the first `len` code units.
    pub(super) fn truncate(&mut self, len: usize) {
        match self {
            Text::Latin1(bytes) => bytes.truncate(len),
            Text::Wide(units) => units.truncate(len),
        }
    }

    /// Appends characters U+0000 to U+00FF, one per byte.
    pub fn push_latin1(&mut self, latin1: &[u8]) {
        match self {
            Text::Latin1(bytes) => bytes.extend_from_slice(latin1),
            Text::Wide(units) => units.extend(latin1.iter().map(|&byte| u16::from(byte))),
        }
    }

    /// Appends UTF-16 code units; the first one above U+00FF makes the whole text wide.
    pub fn push_units(&mut self, more: &[u16]) {
        match self {
            Text::Latin1(bytes) => {
                if more.iter().all(|&unit| unit <= 0xff) {
                    bytes.extend(more.iter().map(|&unit| unit as u8));
                } else {
                    let mut units = Vec::with_capacity(bytes.len() + more.len());
                    units.extend(bytes.iter().map(|&byte| u16::from(byte)));
                    units.extend_from_slice(more);
                    *self = Text::Wide(units);
                }
            }
            Text::Wide(units) => units.extend_from_slice(more),
        }
    }

    /// Appends the text as Node's `'latin1'` write puts it on the wire: the low byte of each unit.
    pub fn append_latin1(&self, out: &mut Vec<u8>) {
        match self {
            Text::Latin1(bytes) => out.extend_from_slice(bytes),
            Text::Wide(units) => out.extend(units.iter().map(|&unit| unit as u8)),
        }
    }

    /// Appends the text as UTF-8, a lone surrogate as U+FFFD.
    ///
    /// Node sends a head so when it joins it to a first chunk that is a string written as utf8
    /// (`OutgoingMessage.prototype._send`): `é` in a field is then C3 A9 instead of E9.
    pub fn append_utf8(&self, out: &mut Vec<u8>) {
        match self {
            Text::Latin1(bytes) if bytes.is_ascii() => out.extend_from_slice(bytes),
            Text::Latin1(bytes) => {
                out.reserve(bytes.len() * 2);
                bytes
                    .iter()
                    .for_each(|&byte| push_utf8(char::from(byte), out));
            }
            Text::Wide(units) => {
                out.reserve(units.len() * 3);
                char::decode_utf16(units.iter().copied())
                    .for_each(|unit| push_utf8(unit.unwrap_or(char::REPLACEMENT_CHARACTER), out));
            }
        }
    }
}

fn push_utf8(character: char, out: &mut Vec<u8>) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn wire(text: &Text) -> (Vec<u8>, Vec<u8>) {
        let (mut latin1, mut utf8) = (Vec::new(), Vec::new());
        text.append_latin1(&mut latin1);
        text.append_utf8(&mut utf8);
        (latin1, utf8)
    }

    #[test]
    fn ascii_has_one_form_on_the_wire() {
        let mut text = Text::new();
        text.push_units(&utf16("Host: a"));
        assert_eq!(wire(&text), (b"Host: a".to_vec(), b"Host: a".to_vec()));
    }

    #[test]
    fn latin1_is_one_byte_a_character_and_utf8_two() {
        let mut text = Text::new();
        text.push_latin1(b"a\xe9\xff");
        assert_eq!(
            wire(&text),
            (b"a\xe9\xff".to_vec(), "aéÿ".as_bytes().to_vec())
        );
    }

    #[test]
    fn a_unit_above_ff_promotes_what_is_there_already() {
        let mut text = Text::new();
        text.push_latin1(b"\xe9");
        text.push_units(&utf16("€"));
        text.push_latin1(b"\xe8");
        assert_eq!(text, Text::Wide(utf16("é€è")));
        assert_eq!(text.len(), 3);
        assert_eq!(
            wire(&text),
            (vec![0xe9, 0xac, 0xe8], "é€è".as_bytes().to_vec())
        );
    }

    #[test]
    fn surrogates_pair_up_in_utf8_and_a_lone_one_is_the_replacement_character() {
        let mut text = Text::new();
        text.push_units(&utf16("😀"));
        text.push_units(&[0xd83d, 0x61]);
        assert_eq!(wire(&text).1, "😀\u{fffd}a".as_bytes());
    }

    #[test]
    fn clear_keeps_the_capacity_and_narrows() {
        let mut text = Text::new();
        text.push_latin1(&[b'a'; 500]);
        text.clear();
        assert!(
            matches!(&text, Text::Latin1(bytes) if bytes.is_empty() && bytes.capacity() >= 500)
        );
        text.push_units(&utf16("€"));
        text.clear();
        assert_eq!(text, Text::new());
        assert!(text.is_empty());
    }
}
