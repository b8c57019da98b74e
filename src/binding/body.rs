//! Writes: the message's rules, the framing and the connection, in one crossing.

use super::environment::{Environment, IGNORED, STALE};
use super::text::{encode_argument, BYTES};
use super::value::{Call, HeldChunk};
use crate::message::{Framing, Message, MessageBits, Write};
use crate::transport::Outcome;
use napi::sys;

/// Flags beside [`MessageBits`] in the same integer; `lib/binding.js` has the same list.
const ENDS: u32 = 1 << 8;
const HAS_CHUNK: u32 = 1 << 9;
const HEAD_IS_UTF8: u32 = 1 << 10;

/// A Uint8Array of this length or more is not copied. A reference costs about 0.2 µs, a copy of
/// 8 KiB 0.3 µs and more where it misses the cache.
const HOLD_FROM: usize = 8 * 1024;

type Given = Option<sys::napi_value>;

/// `attach(fd, coalesce)` → handle, 0 if there is no room.
pub(super) fn attach(call: &mut Call<'_>) -> Given {
    let (fd, coalesce) = (call.int(0)?, call.int(1)? != 0);
    let handle = call.environment.try_borrow_mut().ok()?.attach(fd, coalesce);
    call.give_int(handle.unwrap_or(0) as i32)
}

/// `detach(handle)`.
pub(super) fn detach(call: &mut Call<'_>) -> Given {
    let handle = call.int(0)? as u32;
    call.environment.try_borrow_mut().ok()?.detach(handle);
    None
}

/// `onReady(function (handle))`.
pub(super) fn on_ready(call: &mut Call<'_>) -> Given {
    let function = call.value(0)?;
    call.environment
        .try_borrow_mut()
        .ok()?
        .set_on_ready(function)
        .ok()?;
    None
}

/// `flush(handle)` → status.
pub(super) fn flush(call: &mut Call<'_>) -> Given {
    let handle = call.int(0)? as u32;
    let status = {
        let mut environment = call.environment.try_borrow_mut().ok()?;
        match environment
            .connection(handle)
            .map(|connection| connection.hand_over())
        {
            Some(outcome) => environment.conclude(handle, outcome, true),
            None => STALE,
        }
    };
    call.give_int(status)
}

/// `append(handle, chunk, encoding, now)` → status: bytes that are no message's, in order.
pub(super) fn append(call: &mut Call<'_>) -> Given {
    let (handle, encoding, now) = (call.int(0)? as u32, call.int(2)? as u32, call.int(3)? != 0);
    let status = put(
        call,
        handle,
        Framing::UntilClose,
        Piece { place: 1, encoding },
        None,
        now,
    )?;
    call.give_int(status)
}

/// `write(handle, bits, head, chunk, encoding, trailers)` → status.
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
        trailers: ends.then_some(5),
    };
    let encoding = if has_chunk { call.int(4)? as u32 } else { 0 };
    let place = if has_chunk { 3 } else { usize::MAX };
    let status = put(
        call,
        handle,
        message.framing,
        Piece { place, encoding },
        Some(frame),
        ends,
    )?;
    call.give_int(status)
}

/// Where the chunk stands among the arguments; `usize::MAX` for none.
struct Piece {
    place: usize,
    encoding: u32,
}

/// What goes around the chunk: arguments that hold the head (and whether it is UTF-8) and the
/// trailer section.
struct Frame {
    head: Option<(usize, bool)>,
    trailers: Option<usize>,
}

fn put(
    call: &Call<'_>,
    handle: u32,
    framing: Framing,
    piece: Piece,
    frame: Option<Frame>,
    now: bool,
) -> Option<i32> {
    let mut borrowed = call.environment.try_borrow_mut().ok()?;
    let environment: &mut Environment = &mut borrowed;
    let mut scratch = std::mem::take(&mut environment.scratch);
    let frame = frame.unwrap_or(Frame {
        head: None,
        trailers: None,
    });
    scratch.bytes.clear();
    scratch.head.clear();
    if let Some((place, utf8)) = frame.head {
        let read = if utf8 {
            call.utf8(place, &mut scratch.head)
        } else {
            call.latin1(place, &mut scratch.head)
        };
        if !read {
            environment.scratch = scratch;
            return None;
        }
    }
    // A large chunk is held, everything else is copied: first all that can fail, then the queue.
    let mut held = None;
    if piece.place != usize::MAX {
        let read = if piece.encoding == BYTES {
            // One look at the array: asking Node-API for it costs as much as copying 1 KiB.
            let large = call.bytes(piece.place, |bytes| {
                if bytes.len() >= HOLD_FROM {
                    return Some(bytes.len());
                }
                scratch.bytes.extend_from_slice(bytes);
                None
            });
            match large {
                Some(Some(len)) => {
                    held = HeldChunk::new(call, piece.place).map(|chunk| (chunk, len));
                    held.is_some()
                }
                Some(None) => true,
                None => false,
            }
        } else {
            encode_argument(
                call,
                piece.place,
                piece.encoding,
                &mut scratch.value,
                &mut scratch.bytes,
            )
        };
        if !read {
            environment.scratch = scratch;
            return None;
        }
    }
    let len = held.as_ref().map_or(scratch.bytes.len(), |(_, len)| *len);
    let Some(connection) = environment.connection(handle) else {
        environment.scratch = scratch;
        return Some(STALE);
    };
    let copied = held.is_none();
    connection.append(|out| {
        out.extend_from_slice(&scratch.head);
        framing.begin_chunk(len, out);
        out.extend_from_slice(&scratch.bytes);
        if copied {
            framing.end_chunk(len, out);
        }
    });
    if let Some((chunk, len)) = held {
        connection.hold(chunk, len);
    }
    let trailers = frame.trailers.is_some_and(|place| {
        scratch.head.clear();
        call.latin1(place, &mut scratch.head)
    });
    if framing == Framing::Chunked && (!copied || trailers) {
        connection.append(|out| {
            if !copied {
                framing.end_chunk(len, out);
            }
            if trailers {
                framing.end_body(&scratch.head, out);
            }
        });
    }
    let before = connection.settle_first(now);
    if scratch.bytes.capacity() > 256 * 1024 {
        scratch.bytes = Vec::new();
        scratch.value = Vec::new();
    }
    environment.scratch = scratch;
    let (outcome, attempted): (Outcome, bool) = before;
    Some(environment.conclude(handle, outcome, attempted))
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

/// `frameChunk(chunked, length)` → what stands before the chunk.
pub(super) fn frame_chunk(call: &mut Call<'_>) -> Given {
    let framing = framing_of(call)?;
    let mut out = Vec::with_capacity(16);
    framing.begin_chunk(call.number(1)? as usize, &mut out);
    call.give_latin1(&out)
}

/// `frameEnd(chunked, trailers)` → what ends the body.
pub(super) fn frame_end(call: &mut Call<'_>) -> Given {
    let framing = framing_of(call)?;
    let (mut trailers, mut out) = (Vec::new(), Vec::new());
    call.latin1(1, &mut trailers);
    framing.end_body(&trailers, &mut out);
    call.give_latin1(&out)
}

fn framing_of(call: &Call<'_>) -> Option<Framing> {
    Some(if call.int(0)? != 0 {
        Framing::Chunked
    } else {
        Framing::UntilClose
    })
}
