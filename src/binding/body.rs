//! Writes: the message's rules, the framing and the connection, in one crossing.

use super::call::Call;
use super::environment::{Environment, Scratch, IGNORED, STALE};
use super::text::{encode_argument, BYTES};
use super::value::HeldChunk;
use crate::message::{Framing, Message, MessageBits, Write};
use crate::transport::{is_stream_socket, Connection, Outcome, When};
use napi::sys;

/// Flags beside [`MessageBits`] in the same integer; `lib/binding.js` has the same list.
const ENDS: u32 = 1 << 8;
const HAS_CHUNK: u32 = 1 << 9;
const HEAD_IS_UTF8: u32 = 1 << 10;

/// A Uint8Array of this length or more is not copied. A reference costs about 0.2 µs, a copy of
/// 8 KiB 0.3 µs and more where it misses the cache.
const HOLD_FROM: usize = 8 * 1024;

type Given = Option<sys::napi_value>;

/// `attach(fd, coalesce)` → handle, 0 if there is no room, or the descriptor is no stream socket's.
pub(super) fn attach(call: &mut Call<'_>) -> Given {
    let (fd, coalesce) = (call.int(0)?, call.int(1)? != 0);
    let handle = if is_stream_socket(fd) {
        call.environment.try_borrow_mut().ok()?.attach(fd, coalesce)
    } else {
        None
    };
    call.give_int(handle.unwrap_or(0) as i32)
}

/// `detach(handle)`.
pub(super) fn detach(call: &mut Call<'_>) -> Given {
    let handle = call.int(0)? as u32;
    call.environment.try_borrow_mut().ok()?.detach(handle);
    None
}

/// `flush(handle)` → status.
pub(super) fn flush(call: &mut Call<'_>) -> Given {
    let handle = call.int(0)? as u32;
    let mut environment = call.environment.try_borrow_mut().ok()?;
    environment.fold();
    let outcome = environment.with_connection(handle, |connection, spare| connection.flush(spare));
    let status = match outcome {
        Some(outcome) => environment.conclude(handle, outcome, true),
        None => STALE,
    };
    call.give_int(status)
}

/// `fold(handle)` → status: moves what was put aside into its queue, and writes the page.
pub(super) fn fold(call: &mut Call<'_>) -> Given {
    let handle = call.int(0)? as u32;
    let mut environment = call.environment.try_borrow_mut().ok()?;
    environment.fold();
    let status = match environment.connection(handle) {
        Some(_) => environment.conclude(handle, Outcome::Deferred, false),
        None => STALE,
    };
    call.give_int(status)
}

/// `append(handle, chunk, encoding, now)` → status: bytes that are no message's, in order.
pub(super) fn append(call: &mut Call<'_>) -> Given {
    let (handle, encoding) = (call.int(0)? as u32, call.int(2)? as u32);
    let when = if call.int(3)? != 0 {
        When::Now
    } else {
        When::Gathered
    };
    let piece = Some(Piece { place: 1, encoding });
    let status = put(
        call,
        handle,
        Framing::UntilClose,
        piece,
        Frame::default(),
        when,
    )?;
    call.give_int(status)
}

/// `write(handle, bits, head, chunk, trailers)` → status. The encoding's code stands in the upper
/// half of `bits`.
///
/// With `ENDS` in `bits` the body ends after the chunk, and everything is handed over now.
pub(super) fn write(call: &mut Call<'_>) -> Given {
    let (handle, bits) = (call.int(0)? as u32, call.int(1)? as u32);
    let message = Message::from_bits(MessageBits(bits & 0xff), None);
    let ends = bits & ENDS != 0;
    let has_chunk = bits & HAS_CHUNK != 0;
    if has_chunk {
        match message.write(0, ends) {
            Ok(Write::Framed) => {}
            Ok(Write::Ignored) => return call.give_int(IGNORED),
            Err(refusal) => return call.give_int(-refusal.code()),
        }
    }
    let head_first = !MessageBits(bits).contains(MessageBits::HEAD_SENT);
    let frame = Frame {
        head: head_first.then_some((2, bits & HEAD_IS_UTF8 != 0)),
        trailers: ends.then_some(4),
    };
    let piece = has_chunk.then_some(Piece {
        place: 3,
        encoding: bits >> 16,
    });
    let when = if ends { When::Now } else { When::Promptly };
    let status = put(call, handle, message.framing, piece, frame, when)?;
    call.give_int(status)
}

/// Where the chunk stands among the arguments.
struct Piece {
    place: usize,
    encoding: u32,
}

/// What goes around the chunk: arguments that hold the head (and whether it is UTF-8) and the
/// trailer section.
#[derive(Default)]
struct Frame {
    head: Option<(usize, bool)>,
    trailers: Option<usize>,
}

fn put(
    call: &Call<'_>,
    handle: u32,
    framing: Framing,
    piece: Option<Piece>,
    frame: Frame,
    when: When,
) -> Option<i32> {
    let mut borrowed = call.environment.try_borrow_mut().ok()?;
    let environment: &mut Environment = &mut borrowed;
    environment.fold();
    let mut scratch = environment.take_scratch();
    let outcome = read(call, piece, &frame, &mut scratch).and_then(|chunk| {
        environment.with_connection(handle, |connection, spare| {
            queue(connection, spare, framing, chunk, &frame, &scratch);
            connection.settle(when, spare)
        })
    });
    environment.keep_scratch(scratch);
    Some(match outcome {
        Some((outcome, attempted)) => environment.conclude(handle, outcome, attempted),
        None => STALE,
    })
}

/// A chunk as it goes into the queue.
enum Chunk {
    /// In `Scratch::bytes`; none of no bytes.
    Copied,
    Held(HeldChunk, usize),
}

/// Reads the arguments: all that can fail, before anything is queued.
fn read(
    call: &Call<'_>,
    piece: Option<Piece>,
    frame: &Frame,
    scratch: &mut Scratch,
) -> Option<Chunk> {
    scratch.bytes.clear();
    scratch.head.clear();
    scratch.trailers.clear();
    if let Some((place, utf8)) = frame.head {
        let is_read = if utf8 {
            call.utf8(place, &mut scratch.head)
        } else {
            call.latin1(place, &mut scratch.head)
        };
        is_read.then_some(())?;
    }
    if let Some(place) = frame.trailers {
        // There may be none.
        call.latin1(place, &mut scratch.trailers);
    }
    let Some(Piece { place, encoding }) = piece else {
        return Some(Chunk::Copied);
    };
    if encoding != BYTES {
        let (units, bytes) = (&mut scratch.units, &mut scratch.bytes);
        return encode_argument(call, place, encoding, units, bytes).then_some(Chunk::Copied);
    }
    // One look at the array: asking Node-API for it costs as much as copying 1 KiB.
    let large = call.bytes(place, |bytes| {
        if bytes.len() >= HOLD_FROM {
            return Some(bytes.len());
        }
        scratch.bytes.extend_from_slice(bytes);
        None
    })?;
    match large {
        Some(len) => Some(Chunk::Held(
            HeldChunk::new(call.env, call.value(place)?)?,
            len,
        )),
        None => Some(Chunk::Copied),
    }
}

fn queue(
    connection: &mut Connection<HeldChunk>,
    spare: &mut Vec<u8>,
    framing: Framing,
    chunk: Chunk,
    frame: &Frame,
    scratch: &Scratch,
) {
    match chunk {
        Chunk::Copied => connection.append(spare, |out| {
            let len = scratch.bytes.len();
            out.extend_from_slice(&scratch.head);
            framing.begin_chunk(len, out);
            out.extend_from_slice(&scratch.bytes);
            framing.end_chunk(len, out);
            if frame.trailers.is_some() {
                framing.end_body(&scratch.trailers, out);
            }
        }),
        Chunk::Held(chunk, len) => {
            connection.append(spare, |out| {
                out.extend_from_slice(&scratch.head);
                framing.begin_chunk(len, out);
            });
            connection.hold(chunk, len);
            connection.append(spare, |out| {
                framing.end_chunk(len, out);
                if frame.trailers.is_some() {
                    framing.end_body(&scratch.trailers, out);
                }
            });
        }
    }
}

/// `plan(bits, length, last, declared, written)` → 0 framed, 3 ignored, or minus a refusal's code.
pub(super) fn plan(call: &mut Call<'_>) -> Given {
    let (bits, len, last) = (call.int(0)? as u32, call.number(1)?, call.int(2)? != 0);
    let accounted = match (call.number(3), call.number(4)) {
        (Some(declared), Some(written)) => {
            // A length that is no integer is none that a body can have.
            let integer = declared >= 0.0 && declared.fract() == 0.0;
            Some((
                if integer { declared as u64 } else { u64::MAX },
                written as u64,
            ))
        }
        _ => None,
    };
    let message = Message::from_bits(MessageBits(bits), accounted);
    let answer = match message.write(len as usize, last) {
        Ok(Write::Framed) => 0,
        Ok(Write::Ignored) => IGNORED,
        Err(refusal) => -refusal.code(),
    };
    call.give_int(answer)
}

/// `frameOverhead(chunked, length)` → bytes that stand around the chunk.
pub(super) fn frame_overhead(call: &mut Call<'_>) -> Given {
    let overhead = framing_of(call)?.overhead(call.number(1)? as usize);
    call.give_int(overhead as i32)
}

/// `frame(chunked, …chunks)` → Buffer: the chunks in their frames. A string is UTF-8.
pub(super) fn frame(call: &mut Call<'_>) -> Given {
    let framing = framing_of(call)?;
    let mut environment = call.environment.try_borrow_mut().ok()?;
    let mut scratch = environment.take_scratch();
    scratch.bytes.clear();
    for place in 1..call.len() {
        scratch.head.clear();
        let copied = call.bytes(place, |bytes| scratch.head.extend_from_slice(bytes));
        if copied.is_none() && !call.utf8(place, &mut scratch.head) {
            continue;
        }
        framing.begin_chunk(scratch.head.len(), &mut scratch.bytes);
        scratch.bytes.extend_from_slice(&scratch.head);
        framing.end_chunk(scratch.head.len(), &mut scratch.bytes);
    }
    let given = call.give_buffer(&scratch.bytes);
    environment.keep_scratch(scratch);
    given
}

fn framing_of(call: &Call<'_>) -> Option<Framing> {
    Some(if call.int(0)? != 0 {
        Framing::Chunked
    } else {
        Framing::UntilClose
    })
}
