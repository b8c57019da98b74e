//! The send queue: copied bytes and chunks held by reference, in order.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::io::IoSlice;

/// A chunk that is not copied: its owner is asked for the bytes again at each hand-over.
pub trait Held {
    /// The bytes now, or `None` if its memory is gone or has shrunk.
    fn bytes(&self) -> Option<&[u8]>;
}

enum Segment<H> {
    Copied(Vec<u8>),
    Held(H, usize),
}

/// Where copied bytes stop sharing a segment, in bytes.
const SEGMENT_FULL: usize = 64 * 1024;

/// The largest segment whose memory is kept for the next one, in bytes.
const MOST_SPARE: usize = 256 * 1024;

/// Bytes in order; a consumed offset instead of moved bytes.
pub struct SendQueue<H> {
    segments: VecDeque<Segment<H>>,
    /// Bytes of the first segment that the kernel has. Zero if there is none.
    consumed: usize,
    /// Bytes not yet in the kernel.
    pending: usize,
}

/// A held chunk's memory is gone.
pub struct Detached;

impl<H: Held> SendQueue<H> {
    /// A queue of nothing.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            segments: VecDeque::new(),
            consumed: 0,
            pending: 0,
        }
    }

    /// Bytes that are not yet in the kernel.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Lets `fill` append to the last copied segment; gives the number of bytes that it added.
    /// A new segment is made of `spare`, the memory of an emptied one.
    pub fn append(&mut self, spare: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) -> usize {
        let shared = matches!(self.segments.back(), Some(Segment::Copied(last)) if last.len() < SEGMENT_FULL);
        if !shared {
            self.segments
                .push_back(Segment::Copied(std::mem::take(spare)));
        }
        let Some(Segment::Copied(last)) = self.segments.back_mut() else {
            return 0;
        };
        let before = last.len();
        fill(last);
        let added = last.len() - before;
        self.pending += added;
        added
    }

    /// Queues a chunk by reference; `len` is its length in bytes now.
    pub fn hold(&mut self, chunk: H, len: usize) {
        self.segments.push_back(Segment::Held(chunk, len));
        self.pending += len;
    }

    /// The next bytes, of `most` segments, up to a chunk whose memory is gone; an error where it is the first.
    pub fn gather<'a>(&'a self, room: &mut Vec<IoSlice<'a>>, most: usize) -> Result<(), Detached> {
        self.collect(room, most, |bytes| bytes)
    }

    /// The next bytes, of `most_segments`, and `most` of them.
    pub fn gather_first<'a>(
        &'a self,
        room: &mut Vec<IoSlice<'a>>,
        most_segments: usize,
        mut most: usize,
    ) -> Result<(), Detached> {
        self.collect(room, most_segments, |bytes| {
            let first = &bytes[..bytes.len().min(most)];
            most -= first.len();
            first
        })
    }

    fn collect<'a>(
        &'a self,
        room: &mut Vec<IoSlice<'a>>,
        most_segments: usize,
        mut limit: impl FnMut(&'a [u8]) -> &'a [u8],
    ) -> Result<(), Detached> {
        let mut skip = self.consumed;
        for segment in self.segments.iter().take(most_segments) {
            let bytes = match segment {
                Segment::Copied(bytes) => bytes.as_slice(),
                Segment::Held(chunk, len) => {
                    match chunk.bytes().and_then(|bytes| bytes.get(..*len)) {
                        Some(bytes) => bytes,
                        None if room.is_empty() => return Err(Detached),
                        None => break,
                    }
                }
            };
            let rest = limit(bytes.get(skip..).unwrap_or_default());
            skip = 0;
            if !rest.is_empty() {
                room.push(IoSlice::new(rest));
            }
        }
        Ok(())
    }

    /// The next bytes, if they are all that there is and were copied: the usual case.
    pub(super) fn single(&self) -> Option<&[u8]> {
        match self.segments.front() {
            Some(Segment::Copied(bytes)) if self.segments.len() == 1 => bytes.get(self.consumed..),
            _ => None,
        }
    }

    /// Drops `sent` bytes from the front, and segments that are empty; the memory of one of them
    /// becomes `spare`.
    pub fn consume(&mut self, sent: usize, spare: &mut Vec<u8>) {
        self.pending -= sent;
        self.consumed += sent;
        while let Some(front) = self.segments.front() {
            let len = match front {
                Segment::Copied(bytes) => bytes.len(),
                Segment::Held(_, len) => *len,
            };
            if self.consumed < len {
                return;
            }
            self.consumed -= len;
            if let Some(Segment::Copied(mut bytes)) = self.segments.pop_front() {
                if bytes.capacity() <= MOST_SPARE && spare.capacity() < bytes.capacity() {
                    bytes.clear();
                    *spare = bytes;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Held for Vec<u8> {
        fn bytes(&self) -> Option<&[u8]> {
            Some(self)
        }
    }

    struct Gone;
    impl Held for Gone {
        fn bytes(&self) -> Option<&[u8]> {
            None
        }
    }

    #[test]
    fn what_stands_before_a_detached_chunk_leaves() {
        let mut queue = SendQueue::new();
        queue.append(&mut Vec::new(), |out| out.extend_from_slice(b"before"));
        queue.hold(Gone, 10);
        let mut room = Vec::new();
        assert!(queue.gather(&mut room, 8).is_ok());
        assert_eq!(room.len(), 1);
        drop(room);
        queue.consume(6, &mut Vec::new());
        assert!(queue.gather(&mut Vec::new(), 8).is_err());
    }

    #[test]
    fn no_more_is_gathered_than_is_asked_for() {
        let mut queue = SendQueue::new();
        queue.hold(b"abc".to_vec(), 3);
        queue.hold(b"defg".to_vec(), 4);
        queue.consume(1, &mut Vec::new());
        for (most, expected) in [(1, "b"), (2, "bc"), (4, "bcde"), (9, "bcdefg")] {
            let mut room = Vec::new();
            assert!(queue.gather_first(&mut room, 8, most).is_ok());
            let bytes: Vec<u8> = room.iter().flat_map(|part| part.to_vec()).collect();
            assert_eq!(bytes, expected.as_bytes());
        }
    }

    #[test]
    fn a_detached_chunk_is_an_error_and_no_read() {
        let mut queue = SendQueue::new();
        queue.hold(Gone, 10);
        assert!(queue.gather(&mut Vec::new(), 8).is_err());
    }

    proptest! {
        #[test]
        fn bytes_leave_once_and_in_order(
            chunks in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)), 0..40),
            takes in proptest::collection::vec(1_usize..400, 1..60),
        ) {
            let mut queue = SendQueue::new();
            let mut expected = Vec::new();
            let mut got = Vec::new();
            let mut takes = takes.into_iter().cycle();
            for (held, chunk) in chunks {
                expected.extend_from_slice(&chunk);
                if held { let len = chunk.len(); queue.hold(chunk, len) } else { queue.append(&mut Vec::new(), |out| out.extend_from_slice(&chunk)); }
                drain(&mut queue, &mut got, takes.next().unwrap());
            }
            while queue.pending() > 0 { drain(&mut queue, &mut got, takes.next().unwrap()); }
            prop_assert_eq!(got, expected);
        }
    }

    fn drain(queue: &mut SendQueue<Vec<u8>>, got: &mut Vec<u8>, most: usize) {
        let mut room = Vec::new();
        assert!(queue.gather(&mut room, 3).is_ok());
        let bytes: Vec<u8> = room
            .iter()
            .flat_map(|part| part.to_vec())
            .take(most)
            .collect();
        drop(room);
        got.extend_from_slice(&bytes);
        queue.consume(bytes.len(), &mut Vec::new());
    }
}
