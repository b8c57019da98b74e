//! Small chunks that JavaScript has put aside, to cross once for many of them.
//!
//! ```text
//! arena   | (size) chunk (CRLF) | (size) chunk (CRLF) |     written by JavaScript, with gaps for the frames
//! ledger  | COUNT, LENGTH, HANDLE, CHUNKED | length of the chunk | length of the chunk |
//! ```
//!
//! They belong to one connection. Whatever Rust is asked next, it first moves them into that
//! connection's queue, framed, so that nothing overtakes them. `lib/staging.js` has the other end.
//! A chunk of 100 bytes costs 21 ns to put aside and 3 ns to move, and 65 ns or more to cross
//! alone (medians, Node 20); copied into its frame instead of framed where it is, it would be 8 ns.

use super::value::{array_buffer, typed_array};
use crate::message::Framing;
use napi::{sys, Result};
use std::ptr;

/// Room for chunks, in bytes.
const ARENA: usize = 64 * 1024;
/// Places of the ledger before the lengths.
const COUNT: usize = 0;
const LENGTH: usize = 1;
const HANDLE: usize = 2;
const CHUNKED: usize = 3;
const FIRST: usize = 4;
/// Beside a length: the bytes are a head, and stand in no frame.
const HEAD: u32 = 1 << 31;
/// JavaScript reckons with 8 bytes of framing beside a chunk's bytes: so many chunks at the most.
const MOST: usize = ARENA / 9;

pub(super) struct Staging {
    arena: *mut u8,
    ledger: *mut u32,
}

/// Chunks that were put aside.
pub struct Staged<'a> {
    pub(super) handle: u32,
    framing: Framing,
    lengths: &'a [u32],
    bytes: &'a mut [u8],
}

impl Staging {
    /// Exports `arena` and `ledger`; the memory lives as long as what is added to `references`.
    pub(super) fn create(
        env: sys::napi_env,
        exports: sys::napi_value,
        references: &mut Vec<sys::napi_ref>,
    ) -> Result<Self> {
        let arena = array_buffer(env, ARENA)?;
        let ledger = array_buffer(env, (FIRST + MOST) * 4)?;
        let bytes = sys::TypedarrayType::uint8_array;
        references.push(typed_array(env, exports, c"arena", bytes, arena.1, ARENA)?);
        let words = sys::TypedarrayType::uint32_array;
        references.push(typed_array(
            env,
            exports,
            c"ledger",
            words,
            ledger.1,
            FIRST + MOST,
        )?);
        Ok(Self {
            arena: arena.0.cast(),
            ledger: ledger.0.cast(),
        })
    }

    fn word(&self, place: usize) -> usize {
        // SAFETY: `place` is one of the four before FIRST, and the memory lives as long as the
        // environment can be borrowed (`seal`, src/binding/environment.rs); this is its thread.
        unsafe { ptr::read(self.ledger.add(place)) as usize }
    }

    /// The chunks put aside, if any, and forgets them.
    pub(super) fn take(&mut self) -> Option<Staged<'_>> {
        let count = self.word(COUNT);
        if count == 0 {
            return None;
        }
        let (count, length) = (count.min(MOST), self.word(LENGTH).min(ARENA));
        let handle = self.word(HANDLE) as u32;
        let framing = if self.word(CHUNKED) != 0 {
            Framing::Chunked
        } else {
            Framing::UntilClose
        };
        // SAFETY: both lie inside the memory of `word`; while the slices live no JavaScript runs
        // that could look there, because the caller is a native function on its thread, and no
        // other slices of it are made, because `self` is borrowed.
        let (lengths, bytes) = unsafe {
            ptr::write(self.ledger.add(COUNT), 0);
            ptr::write(self.ledger.add(LENGTH), 0);
            (
                std::slice::from_raw_parts(self.ledger.add(FIRST), count),
                std::slice::from_raw_parts_mut(self.arena, length),
            )
        };
        Some(Staged::new(handle, framing, lengths, bytes))
    }
}

impl<'a> Staged<'a> {
    /// Chunks of these lengths, which stand in `bytes` with gaps for their frames.
    pub fn new(handle: u32, framing: Framing, lengths: &'a [u32], bytes: &'a mut [u8]) -> Self {
        Self {
            handle,
            framing,
            lengths,
            bytes,
        }
    }

    /// Chunks, a head among them.
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Appends the chunks in their frames.
    pub fn frame(&mut self, out: &mut Vec<u8>) {
        let mut end = 0;
        for length in self.lengths {
            let framing = if length & HEAD != 0 {
                Framing::UntilClose
            } else {
                self.framing
            };
            let room = &mut self.bytes[end..];
            match framing.frame_in_place((length & !HEAD) as usize, room) {
                Some(whole) => end += whole,
                None => break,
            }
        }
        out.extend_from_slice(&self.bytes[..end]);
    }
}
