//! The hot functions of the native core, for `npm run bench:instructions`.
//!
//! `instructions NAME` runs one of them once: everything is set up, run once to warm its buffers,
//! and run again inside of [`measured`], which is all that callgrind counts. `instructions` alone
//! prints the names. No clock, no randomness and no partial write of the kernel's choice: two runs
//! count the same.

use std::hint::black_box;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use sluice::binding::staging::Staged;
use sluice::encoding::Encoding;
use sluice::message::{
    append_trailer, DateCache, Framing, HeadBits, HeadEnd, HeadWriter, Message, MessageBits, Text,
};
use sluice::transport::{Connection, Held, Outcome, SendQueue, When};

/// What callgrind is told to count, by this function's name.
#[inline(never)]
fn measured(run: &mut dyn FnMut()) {
    run();
}

fn twice(mut run: impl FnMut()) {
    run();
    measured(black_box(&mut run));
}

const BENCHES: [(&str, fn()); 19] = [
    ("head, no fields", head_plain),
    ("head, 8 fields", head_fields),
    ("trailer section, 2 fields", trailers),
    ("date, 100 in the same second", date_cached),
    ("date, a new second", date_rendered),
    ("state, 100 writes", state),
    ("framing, 100 chunks of 100 bytes", chunks),
    ("size lines, 1 byte to 1 GiB", size_lines),
    ("staging, 100 chunks of 100 bytes", staging),
    ("staging, a head and 10 chunks", staging_head),
    ("utf8, 1 KiB of ASCII", utf8_ascii),
    ("utf8, 1 KiB, one in four not ASCII", utf8_wide),
    ("utf8, 1 KiB of a two-byte string", utf8_units),
    ("latin1, 1 KiB of a two-byte string", latin1),
    ("ucs2, 1 KiB", ucs2),
    ("hex, 1 KiB", hex),
    ("base64, 1 KiB", base64),
    ("queue, 64 segments in partial writes", queue),
    ("credit, 100 writes in one turn", credit),
];

fn main() -> ExitCode {
    let Some(name) = std::env::args().nth(1) else {
        BENCHES.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let Some((_, bench)) = BENCHES.iter().find(|(known, _)| *known == name) else {
        eprintln!("no such function: {name}");
        return ExitCode::FAILURE;
    };
    bench();
    ExitCode::SUCCESS
}

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

const DATE: &[u8; 29] = b"Sun, 06 Nov 1994 08:49:37 GMT";

/// A ServerResponse to a GET that may keep its connection.
const RESPONSE: HeadBits = HeadBits::SEND_DATE
    .union(HeadBits::SHOULD_KEEP_ALIVE)
    .union(HeadBits::USE_CHUNKED_BY_DEFAULT)
    .union(HeadBits::DEFAULT_KEEP_ALIVE)
    .union(HeadBits::HAS_BODY);

const FIELDS: [(&str, &str); 8] = [
    ("Content-Type", "application/json; charset=utf-8"),
    ("Content-Length", "1024"),
    ("Cache-Control", "no-cache, no-store"),
    ("ETag", "\"5f3b9c2d-400\""),
    ("X-Request-Id", "1f6c3a5e-88d1-4c6b-a2f5-1d7c0e2b9f34"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Vary", "Accept-Encoding"),
];

fn head(bits: HeadBits, fields: &[(&str, &str)]) {
    let line = utf16("HTTP/1.1 200 OK\r\n");
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (utf16(name), utf16(value)))
        .collect();
    let mut writer = HeadWriter::new();
    twice(|| {
        let rendered = writer
            .begin(black_box(bits), &line)
            .and_then(|()| {
                fields
                    .iter()
                    .try_for_each(|(name, value)| writer.field(name, value))
            })
            .and_then(|()| {
                writer.finish(HeadEnd {
                    date: DATE,
                    content_length: 13.0,
                    keep_alive_timeout_ms: 5000.0,
                    max_requests: 0.0,
                })
            });
        assert!(rendered.is_ok());
        black_box(writer.text());
    });
}

fn head_plain() {
    head(RESPONSE.union(HeadBits::HAS_CONTENT_LENGTH), &[]);
}

fn head_fields() {
    head(RESPONSE, &FIELDS);
}

fn trailers() {
    let fields = [("Server-Timing", "db;dur=53"), ("X-Checksum", "9f86d081")];
    let fields = fields.map(|(name, value)| (utf16(name), utf16(value)));
    let (mut section, mut out) = (Text::new(), Vec::new());
    twice(|| {
        section.clear();
        out.clear();
        for (name, value) in black_box(&fields) {
            assert!(append_trailer(name, value, false, &mut section).is_ok());
        }
        let mut latin1 = Vec::new();
        section.append_latin1(&mut latin1);
        Framing::Chunked.end_body(&latin1, &mut out);
        black_box(&out);
    });
}

fn date_cached() {
    let mut cache = DateCache::new();
    twice(|| {
        for millisecond in 0..100 {
            let now = UNIX_EPOCH + Duration::from_millis(black_box(784_111_777_000 + millisecond));
            black_box(cache.at(now));
        }
    });
}

fn date_rendered() {
    let mut cache = DateCache::new();
    let mut second = 784_111_777;
    twice(|| {
        second += 1;
        black_box(cache.at(UNIX_EPOCH + Duration::from_secs(black_box(second))));
    });
}

fn state() {
    let bits = MessageBits::HAS_BODY.0
        | MessageBits::CHUNKED.0
        | MessageBits::HEAD_STORED.0
        | MessageBits::HEAD_SENT.0;
    twice(|| {
        for length in 0..100 {
            let message = Message::from_bits(MessageBits(black_box(bits)), None);
            let _ = black_box(message.write(black_box(length), false));
        }
    });
}

fn chunks() {
    let chunk = [b'x'; 100];
    let mut out = Vec::new();
    twice(|| {
        out.clear();
        for _ in 0..100 {
            let (framing, chunk) = (black_box(Framing::Chunked), black_box(&chunk));
            framing.begin_chunk(chunk.len(), &mut out);
            out.extend_from_slice(chunk);
            framing.end_chunk(chunk.len(), &mut out);
        }
        black_box(&out);
    });
}

fn size_lines() {
    let mut out = Vec::new();
    twice(|| {
        out.clear();
        for bit in 0..=30 {
            black_box(Framing::Chunked).begin_chunk(black_box(1 << bit), &mut out);
        }
        black_box(&out);
    });
}

fn staged(lengths: &[u32], room: usize) {
    let mut out = Vec::new();
    let mut bytes = vec![b'x'; room];
    twice(|| {
        out.clear();
        Staged::new(
            1,
            Framing::Chunked,
            black_box(lengths),
            black_box(&mut bytes),
        )
        .frame(&mut out);
        black_box(&out);
    });
}

fn staging() {
    staged(&[100; 100], 10_600);
}

fn staging_head() {
    // The highest bit marks the head, which stands in no frame.
    let mut lengths = [100; 11];
    lengths[0] = 150 | 1 << 31;
    staged(&lengths, 1210);
}

const WIDE: &str = "abcé";

fn one_byte(encoding: Encoding, units: &[u8]) {
    let mut out = Vec::new();
    twice(|| {
        out.clear();
        black_box(encoding).encode_one_byte(black_box(units), &mut out);
        black_box(&out);
    });
}

fn two_byte(encoding: Encoding, units: &[u16]) {
    let mut out = Vec::new();
    twice(|| {
        out.clear();
        black_box(encoding).encode(black_box(units), &mut out);
        black_box(&out);
    });
}

fn utf8_ascii() {
    one_byte(Encoding::Utf8, &[b'x'; 1024]);
}

fn utf8_wide() {
    let units: Vec<u8> = WIDE.repeat(205).chars().map(|one| one as u8).collect();
    one_byte(Encoding::Utf8, &units);
}

fn utf8_units() {
    two_byte(Encoding::Utf8, &utf16(&"日本語 and more, ".repeat(40)));
}

fn latin1() {
    two_byte(Encoding::Latin1, &utf16(&WIDE.repeat(256)));
}

fn ucs2() {
    two_byte(Encoding::Utf16le, &utf16(&WIDE.repeat(128)));
}

fn hex() {
    one_byte(Encoding::Hex, &b"0123456789abcdef".repeat(128));
}

fn base64() {
    one_byte(Encoding::Base64, &b"c2x1aWNlIQ0K".repeat(114));
}

/// A chunk that is held, as a Uint8Array is in Node.
struct Chunk<'a>(&'a [u8]);

impl Held for Chunk<'_> {
    fn bytes(&self) -> Option<&[u8]> {
        Some(self.0)
    }
}

/// Copied and held segments in turn, taken in writes that end inside of them.
fn queue() {
    let large = [b'x'; 8192];
    let mut spare = Vec::new();
    twice(|| {
        let mut queue = SendQueue::new();
        for _ in 0..32 {
            queue.append(&mut spare, |out| out.extend_from_slice(&large[..500]));
            queue.hold(Chunk(black_box(&large)), large.len());
        }
        while queue.pending() > 0 {
            let mut parts = Vec::new();
            assert!(queue.gather(&mut parts, 256).is_ok());
            let taken: usize = parts.iter().map(|part| part.len()).sum();
            drop(parts);
            queue.consume(taken.min(3000), &mut spare);
        }
    });
}

/// Writes that the kernel has the room for: it is asked once, and all of them leave together.
fn credit() {
    let Ok((ours, _theirs)) = UnixStream::pair() else {
        return;
    };
    let mut connection = Connection::<Chunk<'_>>::new(ours.as_raw_fd(), true);
    let mut spare = Vec::new();
    twice(|| {
        for _ in 0..100 {
            connection.append(&mut spare, |out| out.extend_from_slice(&[b'x'; 100]));
            assert!(connection.settle(When::Promptly, &mut spare).0 == Outcome::Deferred);
            black_box(connection.room());
        }
        assert!(connection.flush(&mut spare) == Outcome::Sent);
    });
}
