//! The head of a message: start line, field lines, empty line (RFC 9112 sections 2.1, 4 and 5),
//! with what Node's `_storeHeader` adds to the program's fields.

use super::date::DATE_LENGTH;
use super::field::{append_field, has_break, has_word, is_name, HeadError, Validation};
use super::number::{append_number, parse_number};
use super::text::Text;

#[cfg(test)]
mod tests;

/// Node's fields that a head depends on and changes. JavaScript mirrors the values.
///
/// The first group goes in, and comes out as the head has left it; the second only comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadBits(pub u32);

impl HeadBits {
    /// `sendDate`: add a Date unless the program has set one.
    pub const SEND_DATE: HeadBits = HeadBits(1);
    /// `_removedConnection`.
    pub const REMOVED_CONNECTION: HeadBits = HeadBits(1 << 1);
    /// `_removedContLen`.
    pub const REMOVED_CONTENT_LENGTH: HeadBits = HeadBits(1 << 2);
    /// `_removedTE`.
    pub const REMOVED_TRANSFER_ENCODING: HeadBits = HeadBits(1 << 3);
    /// `shouldKeepAlive`.
    pub const SHOULD_KEEP_ALIVE: HeadBits = HeadBits(1 << 4);
    /// `maxRequestsOnConnectionReached`.
    pub const MAX_REQUESTS_REACHED: HeadBits = HeadBits(1 << 5);
    /// `useChunkedEncodingByDefault`: false for HTTP/1.0 clients and for GET requests.
    pub const USE_CHUNKED_BY_DEFAULT: HeadBits = HeadBits(1 << 6);
    /// `agent` is truthy.
    pub const HAS_AGENT: HeadBits = HeadBits(1 << 7);
    /// `_defaultKeepAlive`: the program hasn't set Keep-Alive.
    pub const DEFAULT_KEEP_ALIVE: HeadBits = HeadBits(1 << 8);
    /// `_hasBody`.
    pub const HAS_BODY: HeadBits = HeadBits(1 << 9);
    /// `chunkedEncoding`.
    pub const CHUNKED: HeadBits = HeadBits(1 << 10);
    /// `statusCode` is 204 or 304.
    pub const BODILESS_STATUS: HeadBits = HeadBits(1 << 11);
    /// `_last`: the connection ends with this message.
    pub const LAST: HeadBits = HeadBits(1 << 12);
    /// The fields come from the program, not from `setHeader`: validate them.
    pub const VALIDATE: HeadBits = HeadBits(1 << 13);
    /// With `VALIDATE`: Node 24's relaxed check of values.
    pub const LENIENT: HeadBits = HeadBits(1 << 14);
    /// `_contentLength` is a number.
    pub const HAS_CONTENT_LENGTH: HeadBits = HeadBits(1 << 15);
    /// `_contentLength` is truthy: a Content-Disposition is then rendered in Node's special way.
    pub const NONZERO_CONTENT_LENGTH: HeadBits = HeadBits(1 << 16);
    /// Node 18: `removeHeader('connection')` closes the connection; later versions let it persist.
    pub const REMOVED_CONNECTION_CLOSES: HeadBits = HeadBits(1 << 17);
    /// Node 18: a message with neither Content-Length nor Transfer-Encoding, both removed, doesn't
    /// set `_last`.
    pub const UNFRAMED_KEEPS_ALIVE: HeadBits = HeadBits(1 << 18);

    /// Out: the program has set Connection.
    pub const SAW_CONNECTION: HeadBits = HeadBits(1 << 24);
    /// Out: the program has set Content-Length; [`HeadWriter::declared_length`] is its value.
    pub const SAW_CONTENT_LENGTH: HeadBits = HeadBits(1 << 25);
    /// Out: the program has set Transfer-Encoding.
    pub const SAW_TRANSFER_ENCODING: HeadBits = HeadBits(1 << 26);
    /// Out: the program has set Date.
    pub const SAW_DATE: HeadBits = HeadBits(1 << 27);
    /// Out: the program has set Expect; the head is sent at once.
    pub const EXPECT: HeadBits = HeadBits(1 << 28);
    /// Out: the program has set Trailer.
    pub const SAW_TRAILER: HeadBits = HeadBits(1 << 29);

    const INPUT: u32 = (1 << 24) - 1;

    /// Whether every bit of `bits` is set.
    pub const fn contains(self, bits: HeadBits) -> bool {
        self.0 & bits.0 == bits.0
    }

    /// Both.
    pub const fn union(self, bits: HeadBits) -> HeadBits {
        HeadBits(self.0 | bits.0)
    }

    fn insert(&mut self, bits: HeadBits) {
        self.0 |= bits.0;
    }

    fn remove(&mut self, bits: HeadBits) {
        self.0 &= !bits.0;
    }

    fn set(&mut self, bits: HeadBits, on: bool) {
        if on {
            self.insert(bits);
        } else {
            self.remove(bits);
        }
    }
}

/// What [`HeadWriter::finish`] may need besides the bits.
#[derive(Clone, Copy, Debug)]
pub struct HeadEnd<'a> {
    /// The date of now; see [`DateCache`](super::date::DateCache).
    pub date: &'a [u8; DATE_LENGTH],
    /// `_contentLength`; read only with `HAS_CONTENT_LENGTH`.
    pub content_length: f64,
    /// `_keepAliveTimeout` in milliseconds; zero or NaN for none.
    pub keep_alive_timeout_ms: f64,
    /// `_maxRequestsPerSocket`; zero or NaN for no limit.
    pub max_requests: f64,
}

/// Renders heads, one after the other, into a buffer that it keeps.
#[derive(Debug, Default)]
pub struct HeadWriter {
    text: Text,
    bits: HeadBits,
    declared_length: Option<f64>,
}

impl HeadWriter {
    /// A writer without a head.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a head, and forgets the one before.
    ///
    /// `first_line` is a request line or status line with its CRLF. It may also be empty: programs
    /// that render fields alone call `_storeHeader('')`.
    pub fn begin(&mut self, bits: HeadBits, first_line: &[u16]) -> Result<(), HeadError> {
        self.text.clear();
        self.bits = HeadBits(bits.0 & HeadBits::INPUT);
        self.declared_length = None;
        let line = match first_line {
            [] => return Ok(()),
            [line @ .., CR, LF] => line,
            _ => return Err(HeadError::InvalidFirstLine),
        };
        if has_break(line) {
            return Err(HeadError::InvalidFirstLine);
        }
        self.text.push_units(first_line);
        Ok(())
    }

    /// Appends a field line, and notes of it what Node's `matchHeader` notes.
    ///
    /// After an error the head holds the fields before.
    pub fn field(&mut self, name: &[u16], value: &[u16]) -> Result<(), HeadError> {
        let validation = match self.bits {
            bits if !bits.contains(HeadBits::VALIDATE) => Validation::Done,
            bits if bits.contains(HeadBits::LENIENT) => Validation::Lenient,
            _ => Validation::Strict,
        };
        if self.bits.contains(HeadBits::NONZERO_CONTENT_LENGTH)
            && is_name(name, b"content-disposition")
            && !value.iter().all(|&unit| unit < 0x80)
        {
            return append_field(name, &utf8_of_latin1(value), validation, &mut self.text);
        }
        append_field(name, value, validation, &mut self.text)?;
        self.note(name, value);
        Ok(())
    }

    fn note(&mut self, name: &[u16], value: &[u16]) {
        // Told apart by length first, as most fields are none of these.
        match name.len() {
            4 if is_name(name, b"date") => self.bits.insert(HeadBits::SAW_DATE),
            6 if is_name(name, b"expect") => self.bits.insert(HeadBits::EXPECT),
            7 if is_name(name, b"trailer") => self.bits.insert(HeadBits::SAW_TRAILER),
            10 if is_name(name, b"connection") => self.note_connection(value),
            10 if is_name(name, b"keep-alive") => self.bits.remove(HeadBits::DEFAULT_KEEP_ALIVE),
            14 if is_name(name, b"content-length") => self.note_content_length(value),
            17 if is_name(name, b"transfer-encoding") => self.note_transfer_encoding(value),
            _ => {}
        }
    }

    fn note_connection(&mut self, value: &[u16]) {
        self.bits.insert(HeadBits::SAW_CONNECTION);
        self.bits.remove(HeadBits::REMOVED_CONNECTION);
        if has_word(value, b"close") {
            self.bits.insert(HeadBits::LAST);
        } else {
            self.bits.insert(HeadBits::SHOULD_KEEP_ALIVE);
        }
    }

    fn note_content_length(&mut self, value: &[u16]) {
        let length = parse_number(value);
        self.declared_length = Some(length);
        self.bits
            .insert(HeadBits::SAW_CONTENT_LENGTH.union(HeadBits::HAS_CONTENT_LENGTH));
        self.bits.set(
            HeadBits::NONZERO_CONTENT_LENGTH,
            length != 0.0 && !length.is_nan(),
        );
        self.bits.remove(HeadBits::REMOVED_CONTENT_LENGTH);
    }

    fn note_transfer_encoding(&mut self, value: &[u16]) {
        self.bits.insert(HeadBits::SAW_TRANSFER_ENCODING);
        self.bits.remove(HeadBits::REMOVED_TRANSFER_ENCODING);
        if has_word(value, b"chunked") {
            self.bits.insert(HeadBits::CHUNKED);
        }
    }

    /// Whether an array of `len` values becomes one line, joined with `; `, instead of one line
    /// each: Cookie, and what the program has declared unique (Node's `processHeader`).
    pub fn list_is_joined(name: &[u16], len: usize, unique: bool) -> bool {
        unique || (len >= 2 && is_name(name, b"cookie"))
    }

    /// Appends Date, Connection, Keep-Alive and Content-Length or Transfer-Encoding where Node
    /// does, and the empty line. The order of the rules is `_storeHeader`'s: later ones read what
    /// earlier ones have set.
    pub fn finish(&mut self, end: HeadEnd<'_>) -> Result<(), HeadError> {
        if self.bits.contains(HeadBits::SEND_DATE) && !self.bits.contains(HeadBits::SAW_DATE) {
            self.text.push_latin1(b"Date: ");
            self.text.push_latin1(end.date);
            self.text.push_latin1(b"\r\n");
        }
        // A 204 or 304 that the program has made chunked: recipients disagree about whether a last
        // chunk follows, so that nothing may follow on this connection (RFC 9112 section 6.3).
        if self
            .bits
            .contains(HeadBits::CHUNKED.union(HeadBits::BODILESS_STATUS))
        {
            self.bits.remove(HeadBits::CHUNKED);
            self.bits.remove(HeadBits::SHOULD_KEEP_ALIVE);
        }
        self.finish_connection(end);
        self.finish_framing(end);
        // Without chunks there is no trailer section that the field could announce.
        if self.bits.contains(HeadBits::SAW_TRAILER) && !self.bits.contains(HeadBits::CHUNKED) {
            return Err(HeadError::TrailerWithoutChunked);
        }
        self.text.push_latin1(b"\r\n");
        Ok(())
    }

    /// Persistence (RFC 9112 section 9.3).
    fn finish_connection(&mut self, end: HeadEnd<'_>) {
        let keeps_alive = self.bits.contains(HeadBits::SHOULD_KEEP_ALIVE);
        if self.bits.contains(HeadBits::REMOVED_CONNECTION) {
            if self.bits.contains(HeadBits::REMOVED_CONNECTION_CLOSES) {
                self.bits.insert(HeadBits::LAST);
                self.bits.remove(HeadBits::SHOULD_KEEP_ALIVE);
            } else {
                self.bits.set(HeadBits::LAST, !keeps_alive);
            }
            return;
        }
        if self.bits.contains(HeadBits::SAW_CONNECTION) {
            return;
        }
        let is_delimited = self.bits.contains(HeadBits::SAW_CONTENT_LENGTH)
            || self.bits.contains(HeadBits::USE_CHUNKED_BY_DEFAULT)
            || self.bits.contains(HeadBits::HAS_AGENT);
        if !keeps_alive || !is_delimited {
            self.bits.insert(HeadBits::LAST);
            self.text.push_latin1(b"Connection: close\r\n");
        } else if self.bits.contains(HeadBits::MAX_REQUESTS_REACHED) {
            // Node leaves `_last` alone here: its server answers what comes next with 503.
            self.text.push_latin1(b"Connection: close\r\n");
        } else {
            self.text.push_latin1(b"Connection: keep-alive\r\n");
            self.finish_keep_alive(end);
        }
    }

    fn finish_keep_alive(&mut self, end: HeadEnd<'_>) {
        let timeout = end.keep_alive_timeout_ms;
        let has_timeout = timeout != 0.0 && !timeout.is_nan();
        if !has_timeout || !self.bits.contains(HeadBits::DEFAULT_KEEP_ALIVE) {
            return;
        }
        self.text.push_latin1(b"Keep-Alive: timeout=");
        self.push_number((timeout / 1000.0).floor());
        // Node compares the limit as a 32-bit integer, and prints it as it is.
        if end.max_requests as i64 as i32 > 0 {
            self.text.push_latin1(b", max=");
            self.push_number(end.max_requests);
        }
        self.text.push_latin1(b"\r\n");
    }

    /// Framing (RFC 9112 section 6).
    fn finish_framing(&mut self, end: HeadEnd<'_>) {
        let is_framed = self.bits.contains(HeadBits::SAW_CONTENT_LENGTH)
            || self.bits.contains(HeadBits::SAW_TRANSFER_ENCODING);
        if is_framed {
            return;
        }
        if !self.bits.contains(HeadBits::HAS_BODY) {
            // No last chunk may follow the head.
            self.bits.remove(HeadBits::CHUNKED);
        } else if !self.bits.contains(HeadBits::USE_CHUNKED_BY_DEFAULT) {
            self.bits.insert(HeadBits::LAST);
        } else if self.bits.contains(HeadBits::HAS_CONTENT_LENGTH)
            && !self.bits.contains(HeadBits::REMOVED_CONTENT_LENGTH)
            && !self.bits.contains(HeadBits::SAW_TRAILER)
        {
            self.text.push_latin1(b"Content-Length: ");
            self.push_number(end.content_length);
            self.text.push_latin1(b"\r\n");
        } else if !self.bits.contains(HeadBits::REMOVED_TRANSFER_ENCODING) {
            self.text.push_latin1(b"Transfer-Encoding: chunked\r\n");
            self.bits.insert(HeadBits::CHUNKED);
        } else if !self.bits.contains(HeadBits::UNFRAMED_KEEPS_ALIVE) {
            // Only the connection's end delimits the body (RFC 9112 section 6.3, rule 8).
            self.bits.insert(HeadBits::LAST);
        }
    }

    fn push_number(&mut self, number: f64) {
        if let Text::Latin1(bytes) = &mut self.text {
            return append_number(number, bytes);
        }
        let mut printed = Vec::new();
        append_number(number, &mut printed);
        self.text.push_latin1(&printed);
    }

    /// The fields after the head, for the caller to write back. Valid after an error too: Node's
    /// fields keep what the header fields before the bad one did to them.
    pub fn bits(&self) -> HeadBits {
        self.bits
    }

    /// What `_contentLength` has become: the number of the last Content-Length that the program
    /// has set, or `None` when it has set none.
    pub fn declared_length(&self) -> Option<f64> {
        self.declared_length
    }

    /// The head: complete once [`HeadWriter::finish`] has succeeded.
    pub fn text(&self) -> &Text {
        &self.text
    }
}

const CR: u16 = b'\r' as u16;
const LF: u16 = b'\n' as u16;

/// What Node makes of a Content-Disposition beside a known length: its latin1 bytes, read as UTF-8
/// (`processHeader` turns the value into a Buffer, and string concatenation back again).
fn utf8_of_latin1(value: &[u16]) -> Vec<u16> {
    let bytes: Vec<u8> = value.iter().map(|&unit| unit as u8).collect();
    String::from_utf8_lossy(&bytes).encode_utf16().collect()
}
