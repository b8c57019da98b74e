//! How a body is delimited (RFC 9112 section 6), and the chunked coding (RFC 9112 section 7.1).

/// Where the body of a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The message ends with its head: an answer to HEAD, a 1xx, 204 or 304 (RFC 9110 section
    /// 6.4.1).
    NoBody,
    /// As many bytes as were declared, and somebody counts them (Node's `strictContentLength`).
    ContentLength {
        /// The value of Content-Length.
        declared: u64,
        /// The bytes of the body so far.
        written: u64,
    },
    /// Chunks, then a last chunk of size zero and the trailer section.
    Chunked,
    /// Bytes as they are. The connection's end delimits them, or a Content-Length that the
    /// program answers for itself.
    UntilClose,
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The digits of the largest `usize` in hexadecimal, and CRLF.
const SIZE_LINE_ROOM: usize = usize::BITS as usize / 4 + 2;

impl Framing {
    /// Appends what stands before `len` bytes of the body: a chunk's size line.
    ///
    /// A chunk of no bytes would be the last chunk and end the message, so nothing is appended
    /// for it, here and in [`Framing::end_chunk`].
    pub fn begin_chunk(&self, len: usize, out: &mut Vec<u8>) {
        if !self.is_chunk(len) {
            return;
        }
        // Of a length that the compiler knows, a line is a store and no call of `memcpy`: of a small chunk
        // that is most of the time.
        let digit = |place: u32| DIGITS[len >> (4 * place) & 0xf];
        match len {
            0x1..=0xf => out.extend_from_slice(&[digit(0), b'\r', b'\n']),
            0x10..=0xff => out.extend_from_slice(&[digit(1), digit(0), b'\r', b'\n']),
            0x100..=0xfff => {
                out.extend_from_slice(&[digit(2), digit(1), digit(0), b'\r', b'\n']);
            }
            _ => {
                let mut line = [0; SIZE_LINE_ROOM];
                let mut at = SIZE_LINE_ROOM - 2;
                line[at..].copy_from_slice(b"\r\n");
                let mut rest = len;
                while rest > 0 {
                    at -= 1;
                    line[at] = DIGITS[rest & 0xf];
                    rest >>= 4;
                }
                out.extend_from_slice(&line[at..]);
            }
        }
    }

    /// Appends what stands behind `len` bytes of the body: a chunk's CRLF.
    pub fn end_chunk(&self, len: usize, out: &mut Vec<u8>) {
        if self.is_chunk(len) {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Puts `len` bytes of the body into their frame where they are: in `room`, behind as many bytes as
    /// their size line takes, and in front of two for the CRLF. Gives the length of the whole, or
    /// `None` where `room` is too short.
    pub fn frame_in_place(&self, len: usize, room: &mut [u8]) -> Option<usize> {
        if !self.is_chunk(len) {
            return (len <= room.len()).then_some(len);
        }
        let whole = len + self.overhead(len);
        let frame = room.get_mut(..whole)?;
        let (line, rest) = frame.split_at_mut(whole - len - 2);
        let (digits, end_of_line) = line.split_at_mut(line.len() - 2);
        for (place, digit) in digits.iter_mut().rev().enumerate() {
            *digit = DIGITS[len >> (4 * place) & 0xf];
        }
        end_of_line.copy_from_slice(b"\r\n");
        rest[len..].copy_from_slice(b"\r\n");
        Some(whole)
    }

    /// Appends what ends the body: the last chunk and the trailer section, which is field lines
    /// as [`append_trailer`](super::trailer::append_trailer) makes them, or empty.
    pub fn end_body(&self, trailers: &[u8], out: &mut Vec<u8>) {
        if *self == Framing::Chunked {
            out.reserve(trailers.len() + 5);
            out.extend_from_slice(b"0\r\n");
            out.extend_from_slice(trailers);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// How many bytes [`Framing::begin_chunk`] and [`Framing::end_chunk`] append together.
    pub fn overhead(&self, len: usize) -> usize {
        if !self.is_chunk(len) {
            return 0;
        }
        let digits = (len.ilog2() / 4 + 1) as usize;
        digits + 4
    }

    fn is_chunk(&self, len: usize) -> bool {
        *self == Framing::Chunked && len > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNCHUNKED: [Framing; 3] = [
        Framing::NoBody,
        Framing::ContentLength {
            declared: 5,
            written: 0,
        },
        Framing::UntilClose,
    ];

    fn chunk(framing: Framing, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        framing.begin_chunk(body.len(), &mut out);
        out.extend_from_slice(body);
        framing.end_chunk(body.len(), &mut out);
        out
    }

    /// A decoder that knows the grammar of RFC 9112 section 7.1 without extensions, and nothing
    /// more: sizes are lower case without leading zeros, and nothing may follow the body.
    fn decode(mut wire: &[u8]) -> Option<(Vec<Vec<u8>>, Vec<u8>)> {
        let mut chunks = Vec::new();
        loop {
            let end = wire.windows(2).position(|pair| pair == b"\r\n")?;
            let (line, rest) = (&wire[..end], &wire[end + 2..]);
            if line.is_empty() || line.iter().any(|byte| !b"0123456789abcdef".contains(byte)) {
                return None;
            }
            if line.len() > 1 && line[0] == b'0' {
                return None;
            }
            let size = usize::from_str_radix(std::str::from_utf8(line).ok()?, 16).ok()?;
            if size == 0 {
                let trailers = rest.strip_suffix(b"\r\n")?;
                let is_section = trailers.is_empty() || trailers.ends_with(b"\r\n");
                return is_section.then(|| (chunks, trailers.to_vec()));
            }
            if rest.len() < size + 2 || &rest[size..size + 2] != b"\r\n" {
                return None;
            }
            chunks.push(rest[..size].to_vec());
            wire = &rest[size + 2..];
        }
    }

    #[test]
    fn a_chunk_is_its_size_in_hexadecimal_and_its_bytes() {
        assert_eq!(chunk(Framing::Chunked, b"a"), b"1\r\na\r\n");
        assert_eq!(chunk(Framing::Chunked, &[b'x'; 26])[..4], *b"1a\r\n");
    }

    #[test]
    fn size_lines_have_no_leading_zeros_at_any_magnitude() {
        for len in (0..usize::BITS).flat_map(|bit| [1_usize << bit, (1_usize << bit) - 1]) {
            let mut out = Vec::new();
            Framing::Chunked.begin_chunk(len, &mut out);
            let expected = if len == 0 {
                String::new()
            } else {
                format!("{len:x}\r\n")
            };
            assert_eq!(out, expected.as_bytes());
        }
    }

    #[test]
    fn an_empty_chunk_is_not_the_last_chunk() {
        assert_eq!(chunk(Framing::Chunked, b""), b"");
        assert_eq!(Framing::Chunked.overhead(0), 0);
    }

    #[test]
    fn only_the_chunked_coding_frames() {
        for framing in UNCHUNKED {
            assert_eq!(chunk(framing, b"hello"), b"hello");
            assert_eq!(framing.overhead(5), 0);
            let mut out = Vec::new();
            framing.end_body(b"a: 1\r\n", &mut out);
            assert_eq!(out, b"");
        }
    }

    #[test]
    fn the_last_chunk_carries_the_trailer_section() {
        let mut out = Vec::new();
        Framing::Chunked.end_body(b"", &mut out);
        assert_eq!(out, b"0\r\n\r\n");
        out.clear();
        Framing::Chunked.end_body(b"a: 1\r\nb: 2\r\n", &mut out);
        assert_eq!(out, b"0\r\na: 1\r\nb: 2\r\n\r\n");
    }

    proptest! {
        #[test]
        fn a_chunked_body_decodes_to_its_chunks(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
            has_trailers: bool,
        ) {
            let trailers: &[u8] = if has_trailers { b"a: 1\r\n" } else { b"" };
            let mut wire = Vec::new();
            for body in &bodies {
                let before = wire.len();
                wire.extend(chunk(Framing::Chunked, body));
                prop_assert_eq!(wire.len() - before, body.len() + Framing::Chunked.overhead(body.len()));
            }
            Framing::Chunked.end_body(trailers, &mut wire);
            let chunks: Vec<_> = bodies.into_iter().filter(|body| !body.is_empty()).collect();
            prop_assert_eq!(decode(&wire), Some((chunks, trailers.to_vec())));
        }

        #[test]
        fn a_frame_in_place_is_the_same(framing in prop::sample::select(vec![Framing::Chunked, Framing::UntilClose]),
            body in prop::collection::vec(any::<u8>(), 1..5000)) {
            let expected = chunk(framing, &body);
            let before = if framing == Framing::Chunked { expected.len() - body.len() - 2 } else { 0 };
            let mut room = vec![b'?'; expected.len() + 1];
            room[before..before + body.len()].copy_from_slice(&body);
            prop_assert_eq!(framing.frame_in_place(body.len(), &mut room), Some(expected.len()));
            prop_assert_eq!(&room[..expected.len()], &expected[..]);
            prop_assert_eq!(room[expected.len()], b'?');
            prop_assert_eq!(framing.frame_in_place(body.len(), &mut room[..expected.len() - 1]), None);
        }

        #[test]
        fn overhead_is_what_the_framing_appends(len: usize) {
            let mut out = Vec::new();
            Framing::Chunked.begin_chunk(len, &mut out);
            Framing::Chunked.end_chunk(len, &mut out);
            prop_assert_eq!(out.len(), Framing::Chunked.overhead(len));
        }
    }
}
