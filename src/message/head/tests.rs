//! A table of wire bytes per rule, and what no input may do.

use proptest::prelude::*;

use super::HeadBits as B;
use super::*;

mod rules;

const DATE: &[u8; DATE_LENGTH] = b"Sun, 06 Nov 1994 08:49:37 GMT";
const OK: &str = "HTTP/1.1 200 OK\r\n";

const NO_END: HeadEnd<'static> = HeadEnd {
    date: DATE,
    content_length: 0.0,
    keep_alive_timeout_ms: 0.0,
    max_requests: 0.0,
};

/// A fresh ServerResponse to an HTTP/1.1 request, without its Date.
const RESPONSE: HeadBits = HeadBits(
    HeadBits::SHOULD_KEEP_ALIVE.0
        | HeadBits::USE_CHUNKED_BY_DEFAULT.0
        | HeadBits::DEFAULT_KEEP_ALIVE.0
        | HeadBits::HAS_BODY.0,
);

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn with(bits: HeadBits, more: &[HeadBits]) -> HeadBits {
    more.iter().fold(bits, |bits, &one| bits.union(one))
}

fn without(bits: HeadBits, fewer: &[HeadBits]) -> HeadBits {
    fewer
        .iter()
        .fold(bits, |bits, one| HeadBits(bits.0 & !one.0))
}

fn render(
    writer: &mut HeadWriter,
    bits: HeadBits,
    fields: &[(&str, &str)],
    end: HeadEnd<'_>,
) -> Result<(), HeadError> {
    writer.begin(bits, &utf16(OK))?;
    fields
        .iter()
        .try_for_each(|(name, value)| writer.field(&utf16(name), &utf16(value)))?;
    writer.finish(end)
}

/// What stands between the status line and the empty line, and the bits afterwards.
fn lines(bits: HeadBits, fields: &[(&str, &str)], end: HeadEnd<'_>) -> (String, HeadBits) {
    let mut writer = HeadWriter::new();
    render(&mut writer, bits, fields, end).unwrap();
    let mut wire = Vec::new();
    writer.text().append_latin1(&mut wire);
    let wire: String = wire.into_iter().map(char::from).collect();
    let lines = wire
        .strip_prefix(OK)
        .and_then(|rest| rest.strip_suffix("\r\n"))
        .unwrap();
    (lines.to_owned(), writer.bits())
}

#[test]
fn fields_keep_their_order_and_case_and_node_adds_its_own_behind_them() {
    let bits = with(RESPONSE, &[B::SEND_DATE, B::HAS_CONTENT_LENGTH]);
    let end = HeadEnd {
        content_length: 5.0,
        keep_alive_timeout_ms: 5000.0,
        ..NO_END
    };
    let (lines, _) = lines(
        bits,
        &[("X-Powered-By", "a"), ("content-TYPE", "text/plain")],
        end,
    );
    assert_eq!(
        lines,
        "X-Powered-By: a\r\ncontent-TYPE: text/plain\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\n"
    );
}

#[test]
fn a_date_of_the_program_replaces_nodes() {
    let bits = with(
        RESPONSE,
        &[B::SEND_DATE, B::REMOVED_CONNECTION, B::HAS_CONTENT_LENGTH],
    );
    let (lines, outcome) = lines(bits, &[("dAtE", "now")], NO_END);
    assert_eq!(lines, "dAtE: now\r\nContent-Length: 0\r\n");
    assert!(outcome.contains(B::SAW_DATE));
}

#[test]
fn an_expect_field_is_reported() {
    assert!(lines(RESPONSE, &[("Expect", "100-continue")], NO_END)
        .1
        .contains(B::EXPECT));
    assert!(!lines(RESPONSE, &[("Expected", "1")], NO_END)
        .1
        .contains(B::EXPECT));
}

#[test]
fn the_last_content_length_is_the_declared_one() {
    let mut writer = HeadWriter::new();
    let fields = [("Content-Length", "5"), ("content-length", " 0x10 ")];
    render(
        &mut writer,
        with(RESPONSE, &[B::REMOVED_CONTENT_LENGTH]),
        &fields,
        NO_END,
    )
    .unwrap();
    assert_eq!(writer.declared_length(), Some(16.0));
    assert!(writer
        .bits()
        .contains(B::SAW_CONTENT_LENGTH.union(B::NONZERO_CONTENT_LENGTH)));
    assert!(!writer.bits().contains(B::REMOVED_CONTENT_LENGTH));
    render(&mut writer, RESPONSE, &[("Content-Length", "0")], NO_END).unwrap();
    assert!(!writer.bits().contains(B::NONZERO_CONTENT_LENGTH));
    render(&mut writer, RESPONSE, &[], NO_END).unwrap();
    assert_eq!(writer.declared_length(), None);
}

#[test]
fn what_only_comes_out_is_not_taken_in() {
    let saw = [
        B::SAW_CONNECTION,
        B::SAW_CONTENT_LENGTH,
        B::SAW_TRANSFER_ENCODING,
        B::SAW_DATE,
    ];
    let bits = with(RESPONSE, &[B::SEND_DATE]);
    let (alone, _) = lines(bits, &[], NO_END);
    let (after, outcome) = lines(
        with(with(bits, &saw), &[B::EXPECT, B::SAW_TRAILER]),
        &[],
        NO_END,
    );
    assert_eq!(after, alone);
    assert_eq!(outcome, with(bits, &[B::CHUNKED]));
}

#[test]
fn cookies_and_unique_fields_are_joined() {
    let joined = |name, len, unique| HeadWriter::list_is_joined(&utf16(name), len, unique);
    assert!(joined("Cookie", 2, false));
    assert!(!joined("cookie", 1, false));
    assert!(!joined("Set-Cookie", 2, false));
    assert!(joined("set-cookie", 2, true));
    assert!(joined("x", 0, true));
}

#[test]
fn a_content_disposition_beside_a_known_length_is_read_as_utf8() {
    let field = [("content-disposition", "a\u{c3}\u{a9}")];
    let known = [("Content-Length", "5"), field[0]];
    let framed = "Content-Length: 5\r\ncontent-disposition: a\u{e9}\r\nConnection: keep-alive\r\n";
    assert_eq!(lines(RESPONSE, &known, NO_END).0, framed);
    let unknown = lines(RESPONSE, &field, NO_END).0;
    assert!(unknown.starts_with("content-disposition: a\u{c3}\u{a9}\r\n"));
    let after = lines(RESPONSE, &[field[0], ("Content-Length", "5")], NO_END).0;
    assert!(after.starts_with("content-disposition: a\u{c3}\u{a9}\r\n"));
    let zero = lines(RESPONSE, &[("Content-Length", "0"), field[0]], NO_END).0;
    assert!(zero.contains("content-disposition: a\u{c3}\u{a9}\r\n"));
}

#[test]
fn a_content_disposition_that_is_no_utf8_makes_the_head_wide() {
    let mut writer = HeadWriter::new();
    let bits = with(
        RESPONSE,
        &[B::NONZERO_CONTENT_LENGTH, B::HAS_CONTENT_LENGTH],
    );
    let end = HeadEnd {
        content_length: 1.0,
        ..NO_END
    };
    render(
        &mut writer,
        bits,
        &[("Content-Disposition", "\u{e9}"), ("a", "\u{e9}")],
        end,
    )
    .unwrap();
    let head = "HTTP/1.1 200 OK\r\nContent-Disposition: \u{fffd}\r\na: \u{e9}\r\n\
                Connection: keep-alive\r\nContent-Length: 1\r\n\r\n";
    assert_eq!(*writer.text(), Text::Wide(utf16(head)));
    let strict = with(bits, &[B::VALIDATE]);
    let result = render(
        &mut writer,
        strict,
        &[("Content-Disposition", "\u{e9}")],
        end,
    );
    assert_eq!(result, Err(HeadError::InvalidValue));
}

#[test]
fn first_lines_end_in_crlf_and_hold_no_other_break() {
    let mut writer = HeadWriter::new();
    for line in [
        "HTTP/1.1 200 OK\r\n",
        "GET /\u{e9} HTTP/1.1\r\n",
        "\r\n",
        "",
    ] {
        assert_eq!(writer.begin(RESPONSE, &utf16(line)), Ok(()), "{line:?}");
        let mut wire = Vec::new();
        writer.text().append_utf8(&mut wire);
        assert_eq!(wire, line.as_bytes());
    }
    for line in [
        "a",
        "\n",
        "a\n",
        "a\r",
        "a\r\n\r\n",
        "a\0\r\n",
        "a\rb\r\n",
        "a\u{10a}b\r\n",
        "a\n\r",
    ] {
        assert_eq!(
            writer.begin(RESPONSE, &utf16(line)),
            Err(HeadError::InvalidFirstLine),
            "{line:?}"
        );
        assert!(writer.text().is_empty());
    }
}

#[test]
fn a_bad_field_leaves_the_head_and_what_the_fields_before_it_did() {
    let mut writer = HeadWriter::new();
    let fields = [
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked\r\n"),
    ];
    let result = render(&mut writer, with(RESPONSE, &[B::VALIDATE]), &fields, NO_END);
    assert_eq!(result, Err(HeadError::InvalidValue));
    assert_eq!(
        *writer.text(),
        Text::Latin1(b"HTTP/1.1 200 OK\r\nConnection: close\r\n".to_vec())
    );
    assert!(writer.bits().contains(B::LAST));
    assert!(!writer.bits().contains(B::CHUNKED));
}

#[test]
fn a_writer_keeps_its_buffer() {
    let mut writer = HeadWriter::new();
    let long = "x".repeat(4000);
    render(&mut writer, RESPONSE, &[("a", &long)], NO_END).unwrap();
    render(&mut writer, RESPONSE, &[], NO_END).unwrap();
    assert!(matches!(writer.text(), Text::Latin1(bytes) if bytes.capacity() >= 4000));
}

/// The lines of a head as a strict recipient takes them apart: CRLF alone ends a line, CR, LF and
/// NUL stand nowhere else, and the empty line comes last and once.
fn strict_lines(wire: &[u8]) -> Option<usize> {
    let lines: Vec<_> = wire
        .strip_suffix(b"\r\n\r\n")?
        .split(|&byte| byte == b'\n')
        .collect();
    let (last, others) = lines.split_last()?;
    let bodies = others.iter().map(|line| line.strip_suffix(b"\r"));
    let is_clean = |line: &[u8]| !line.is_empty() && !line.iter().any(|b| b"\r\n\0".contains(b));
    let all_clean = bodies
        .chain([Some(*last)])
        .all(|line| line.is_some_and(is_clean));
    all_clean.then_some(lines.len())
}

fn any_units() -> impl Strategy<Value = Vec<u16>> {
    let unit = prop_oneof![
        4 => 0x20_u16..0x7f,
        1 => prop::sample::select(vec![0, 9, 10, 13, 0x7f, 0x80, 0xff, 0x10a, 0x10d, 0x200, 0xd83d]),
        1 => any::<u16>(),
    ];
    prop::collection::vec(unit, 0..12)
}

fn any_name() -> impl Strategy<Value = Vec<u16>> {
    let known = [
        "Connection",
        "date",
        "Content-Length",
        "content-disposition",
        "Transfer-Encoding",
    ];
    prop_oneof![any_units(), prop::sample::select(known.map(utf16).to_vec())]
}

proptest! {
    #[test]
    fn no_name_and_no_value_adds_a_line(
        bits in 0_u32..1 << 19,
        fields in prop::collection::vec((any_name(), any_units()), 0..6),
    ) {
        let mut writer = HeadWriter::new();
        writer.begin(HeadBits(bits), &utf16(OK)).unwrap();
        let rendered =
            fields.iter().filter(|(name, value)| writer.field(name, value).is_ok()).count();
        // The only error of `finish` is about a Trailer field, and none of the names is that.
        prop_assert_eq!(writer.finish(NO_END), Ok(()));
        for append in [Text::append_latin1, Text::append_utf8] {
            let mut wire = Vec::new();
            append(writer.text(), &mut wire);
            let lines = strict_lines(&wire);
            // Node adds Date, Connection, Keep-Alive and one field of framing at most.
            prop_assert!(lines.is_some_and(|lines| (1 + rendered..=5 + rendered).contains(&lines)));
        }
    }

    #[test]
    fn no_first_line_adds_a_line(mut line in any_units()) {
        line.extend([CR, LF]);
        let mut writer = HeadWriter::new();
        let breaks = if writer.begin(HeadBits(0), &line).is_ok() { 2 } else { 0 };
        let mut wire = Vec::new();
        writer.text().append_latin1(&mut wire);
        prop_assert_eq!(wire.iter().filter(|byte| b"\r\n\0".contains(byte)).count(), breaks);
    }
}
