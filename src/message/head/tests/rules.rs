//! Persistence and framing: what Node adds to a head, rule by rule.

use super::*;

/// The bits that these rules change.
const OUTCOME: HeadBits = HeadBits(B::CHUNKED.0 | B::SHOULD_KEEP_ALIVE.0 | B::LAST.0);

struct Case {
    rule: &'static str,
    bits: HeadBits,
    fields: &'static [(&'static str, &'static str)],
    end: HeadEnd<'static>,
    lines: &'static str,
    outcome: HeadBits,
}

fn check(cases: &[Case]) {
    for case in cases {
        let (lines, bits) = lines(case.bits, case.fields, case.end);
        assert_eq!(lines, case.lines, "{}", case.rule);
        let outcome = HeadBits(bits.0 & OUTCOME.0);
        assert_eq!(outcome, case.outcome, "{}", case.rule);
    }
}

const KEPT: HeadBits = B::SHOULD_KEEP_ALIVE;
const CLOSED: HeadBits = B::LAST;

#[test]
fn persistence() {
    let chunked = "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n";
    let known = with(RESPONSE, &[B::HAS_CONTENT_LENGTH]);
    let http_1_0 = without(RESPONSE, &[B::USE_CHUNKED_BY_DEFAULT]);
    check(&[
        Case {
            rule: "HTTP/1.1 persists",
            bits: RESPONSE,
            fields: &[],
            end: NO_END,
            lines: chunked,
            outcome: KEPT.union(B::CHUNKED),
        },
        Case {
            rule: "a client that closes is told so",
            bits: without(known, &[B::SHOULD_KEEP_ALIVE]),
            fields: &[],
            end: NO_END,
            lines: "Connection: close\r\nContent-Length: 0\r\n",
            outcome: CLOSED,
        },
        Case {
            rule: "HTTP/1.0 without a length closes, even if the client would keep it",
            bits: http_1_0,
            fields: &[],
            end: NO_END,
            lines: "Connection: close\r\n",
            outcome: KEPT.union(CLOSED),
        },
        Case {
            rule: "HTTP/1.0 with a length persists",
            bits: http_1_0,
            fields: &[("Content-Length", "3")],
            end: NO_END,
            lines: "Content-Length: 3\r\nConnection: keep-alive\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "an agent keeps the connection of a request without a body",
            bits: with(without(http_1_0, &[B::HAS_BODY]), &[B::HAS_AGENT]),
            fields: &[],
            end: NO_END,
            lines: "Connection: keep-alive\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "the last request of a connection says close, and `_last` is left alone",
            bits: with(known, &[B::MAX_REQUESTS_REACHED]),
            fields: &[],
            end: HeadEnd {
                keep_alive_timeout_ms: 5000.0,
                ..NO_END
            },
            lines: "Connection: close\r\nContent-Length: 0\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "Connection: close of the program",
            bits: known,
            fields: &[("connection", "Upgrade, CLOSE")],
            end: NO_END,
            lines: "connection: Upgrade, CLOSE\r\nContent-Length: 0\r\n",
            outcome: KEPT.union(CLOSED),
        },
        Case {
            rule: "any other Connection of the program keeps the connection",
            bits: without(known, &[B::SHOULD_KEEP_ALIVE]),
            fields: &[("Connection", "enclosed")],
            end: NO_END,
            lines: "Connection: enclosed\r\nContent-Length: 0\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "a removed Connection is not sent and persists",
            bits: with(known, &[B::REMOVED_CONNECTION, B::LAST]),
            fields: &[],
            end: NO_END,
            lines: "Content-Length: 0\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "a removed Connection closes where the client closes",
            bits: with(
                without(known, &[B::SHOULD_KEEP_ALIVE]),
                &[B::REMOVED_CONNECTION],
            ),
            fields: &[],
            end: NO_END,
            lines: "Content-Length: 0\r\n",
            outcome: CLOSED,
        },
        Case {
            rule: "Node 18: a removed Connection closes",
            bits: with(
                known,
                &[B::REMOVED_CONNECTION, B::REMOVED_CONNECTION_CLOSES],
            ),
            fields: &[],
            end: NO_END,
            lines: "Content-Length: 0\r\n",
            outcome: CLOSED,
        },
        Case {
            rule: "a Connection set after it was removed counts",
            bits: with(
                known,
                &[B::REMOVED_CONNECTION, B::REMOVED_CONNECTION_CLOSES],
            ),
            fields: &[("Connection", "keep-alive")],
            end: NO_END,
            lines: "Connection: keep-alive\r\nContent-Length: 0\r\n",
            outcome: KEPT,
        },
    ]);
}

#[test]
fn keep_alive_parameters() {
    let bits = with(RESPONSE, &[B::HAS_CONTENT_LENGTH]);
    let table: [(f64, f64, &str); 8] = [
        (0.0, 10.0, ""),
        (f64::NAN, 10.0, ""),
        (5999.0, 0.0, "Keep-Alive: timeout=5\r\n"),
        (999.0, f64::NAN, "Keep-Alive: timeout=0\r\n"),
        (5000.0, 100.0, "Keep-Alive: timeout=5, max=100\r\n"),
        (5000.0, 1.5, "Keep-Alive: timeout=5, max=1.5\r\n"),
        (5000.0, 0.5, "Keep-Alive: timeout=5\r\n"),
        (
            f64::INFINITY,
            f64::INFINITY,
            "Keep-Alive: timeout=Infinity\r\n",
        ),
    ];
    for (keep_alive_timeout_ms, max_requests, line) in table {
        let end = HeadEnd {
            keep_alive_timeout_ms,
            max_requests,
            ..NO_END
        };
        let (lines, _) = lines(bits, &[], end);
        assert_eq!(
            lines,
            format!("Connection: keep-alive\r\n{line}Content-Length: 0\r\n")
        );
    }
}

#[test]
fn a_keep_alive_of_the_program_replaces_nodes() {
    let end = HeadEnd {
        keep_alive_timeout_ms: 5000.0,
        ..NO_END
    };
    let (lines, outcome) = lines(RESPONSE, &[("Keep-alive", "timeout=9")], end);
    assert_eq!(
        lines,
        "Keep-alive: timeout=9\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n"
    );
    assert!(!outcome.contains(B::DEFAULT_KEEP_ALIVE));
}

#[test]
fn framing() {
    let quiet = with(RESPONSE, &[B::REMOVED_CONNECTION]);
    let known = with(quiet, &[B::HAS_CONTENT_LENGTH]);
    let both_removed = [B::REMOVED_CONTENT_LENGTH, B::REMOVED_TRANSFER_ENCODING];
    check(&[
        Case {
            rule: "a known length is declared",
            bits: known,
            fields: &[],
            end: HeadEnd {
                content_length: 4_294_967_297.0,
                ..NO_END
            },
            lines: "Content-Length: 4294967297\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "an unknown length is chunked",
            bits: quiet,
            fields: &[],
            end: NO_END,
            lines: "Transfer-Encoding: chunked\r\n",
            outcome: KEPT.union(B::CHUNKED),
        },
        Case {
            rule: "a removed Content-Length is chunked",
            bits: with(known, &[B::REMOVED_CONTENT_LENGTH]),
            fields: &[],
            end: NO_END,
            lines: "Transfer-Encoding: chunked\r\n",
            outcome: KEPT.union(B::CHUNKED),
        },
        Case {
            rule: "a removed Transfer-Encoding leaves a known length",
            bits: with(known, &[B::REMOVED_TRANSFER_ENCODING]),
            fields: &[],
            end: NO_END,
            lines: "Content-Length: 0\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "both removed: until the connection closes",
            bits: with(known, &both_removed),
            fields: &[],
            end: NO_END,
            lines: "",
            outcome: KEPT.union(CLOSED),
        },
        Case {
            rule: "Node 18: both removed, and nothing closes",
            bits: with(with(known, &both_removed), &[B::UNFRAMED_KEEPS_ALIVE]),
            fields: &[],
            end: NO_END,
            lines: "",
            outcome: KEPT,
        },
        Case {
            rule: "a Content-Length of the program is left alone",
            bits: quiet,
            fields: &[("CONTENT-LENGTH", "7")],
            end: NO_END,
            lines: "CONTENT-LENGTH: 7\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "a Transfer-Encoding of the program chunks, in any case and list",
            bits: known,
            fields: &[("Transfer-Encoding", "gzip,Chunked")],
            end: NO_END,
            lines: "Transfer-Encoding: gzip,Chunked\r\n",
            outcome: KEPT.union(B::CHUNKED),
        },
        Case {
            rule: "a Transfer-Encoding that is not chunked is sent as it is",
            bits: known,
            fields: &[("Transfer-Encoding", "unchunked")],
            end: NO_END,
            lines: "Transfer-Encoding: unchunked\r\n",
            outcome: KEPT,
        },
        Case {
            rule: "no body, no framing",
            bits: with(without(quiet, &[B::HAS_BODY]), &[B::CHUNKED]),
            fields: &[],
            end: NO_END,
            lines: "",
            outcome: KEPT,
        },
        Case {
            rule: "a HEAD's Transfer-Encoding of the program stays",
            bits: without(quiet, &[B::HAS_BODY]),
            fields: &[("transfer-encoding", "chunked")],
            end: NO_END,
            lines: "transfer-encoding: chunked\r\n",
            outcome: KEPT.union(B::CHUNKED),
        },
        Case {
            rule: "HTTP/1.0: until the connection closes",
            bits: without(known, &[B::USE_CHUNKED_BY_DEFAULT]),
            fields: &[],
            end: NO_END,
            lines: "",
            outcome: KEPT.union(CLOSED),
        },
        Case {
            rule: "a Trailer makes even a known length chunked",
            bits: known,
            fields: &[("Trailer", "a")],
            end: NO_END,
            lines: "Trailer: a\r\nTransfer-Encoding: chunked\r\n",
            outcome: KEPT.union(B::CHUNKED),
        },
        Case {
            rule: "204 and 304 with chunked send no chunks and close",
            bits: without(
                with(RESPONSE, &[B::BODILESS_STATUS]),
                &[B::HAS_BODY, B::DEFAULT_KEEP_ALIVE],
            ),
            fields: &[("Transfer-Encoding", "chunked")],
            end: NO_END,
            lines: "Transfer-Encoding: chunked\r\nConnection: close\r\n",
            outcome: CLOSED,
        },
        Case {
            rule: "204 and 304 without chunked persist",
            bits: without(with(RESPONSE, &[B::BODILESS_STATUS]), &[B::HAS_BODY]),
            fields: &[],
            end: NO_END,
            lines: "Connection: keep-alive\r\n",
            outcome: KEPT,
        },
    ]);
}

#[test]
fn a_trailer_field_without_chunks_is_an_error() {
    let cases: [(HeadBits, &[(&str, &str)]); 3] = [
        (RESPONSE, &[("Trailer", "a"), ("Content-Length", "3")]),
        (without(RESPONSE, &[B::HAS_BODY]), &[("Trailer", "a")]),
        (
            without(RESPONSE, &[B::USE_CHUNKED_BY_DEFAULT]),
            &[("trailer", "a")],
        ),
    ];
    for (bits, fields) in cases {
        let mut writer = HeadWriter::new();
        let result = render(&mut writer, bits, fields, NO_END);
        assert_eq!(result, Err(HeadError::TrailerWithoutChunked), "{fields:?}");
        assert!(!writer.bits().contains(B::CHUNKED));
    }
}
