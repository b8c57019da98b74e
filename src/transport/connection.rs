//! One socket's sending side: when to defer, when to hand over, what the kernel has.
#![forbid(unsafe_code)]

use super::pace::Pace;
use super::queue::{Detached, Held, SendQueue};
use super::socket;
use std::io;
use std::os::fd::RawFd;

/// Deferred bytes at which they are handed over without waiting for the end of the turn, as much
/// as a kernel's buffer holds at the most (`tcp_wmem` is 4 MiB by default, and counts what manages
/// the bytes, too). Node's leave in one call at the end of the tick. With 1 MiB, ten writes of
/// 256 KiB in a turn were 0.85 × of stock Node and are 1.02 ×; of 64 KiB, 1.01 and 1.08 ×.
const DEFER_MOST: usize = 8 * 1024 * 1024;

/// Bytes of one connection after which the event loop goes on. No less than what is deferred: that
/// was promised for the end of the turn.
const TURN_MOST: usize = DEFER_MOST;

/// Writes that are deferred before the program is told to let the event loop go on. The kernel has room for
/// 237,000 of 12 bytes: a source that pushes them synchronously held the loop for 0.9 s (stock Node's mark
/// of 16 KiB: 0.02 to 0.08 s).
const MOST_WRITES: usize = 16 * 1024;

/// Hand-overs for which the kernel's word is trusted, less what was handed over. Its room only
/// grows in between, but for the rare shrinking under global memory pressure. Asking costs 0.3 to
/// 0.5 µs of the 5 that a small write takes.
const TRUSTED: u32 = 16;

/// What a hand-over takes of the credit besides its bytes: half of what the kernel accounts for
/// the buffer of a small one.
const CALL_OVERHEAD: usize = 2048;

/// When what was queued leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// At once.
    Now,
    /// At once where nothing is gained by waiting, else as [`When::Gathered`].
    Promptly,
    /// With what else is written in this turn of the event loop, under the kernel's credit.
    Gathered,
}

/// Where the bytes of a connection are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The kernel has all of them.
    Sent,
    /// The kernel has the room for all of them; hand over before the turn of the event loop ends.
    Deferred,
    /// As `Deferred`, and they are so many writes that no more should follow in this tick.
    Full,
    /// Some wait in user memory for the kernel.
    Blocked,
    /// The connection is lost; the operating system's error number.
    Failed(i32),
    /// A held chunk's memory is gone, so the rest can't be sent.
    Detached,
}

/// One socket's sending side. All of it lives on the JavaScript thread.
pub struct Connection<H> {
    fd: RawFd,
    queue: SendQueue<H>,
    /// Bytes queued since the beginning.
    enqueued: u64,
    /// What the kernel is sure to take, reckoned from what it said when it was asked last.
    credit: usize,
    /// Hand-overs until it is asked again; zero before it is asked first.
    trusted: u32,
    /// Writes that are deferred.
    writes: usize,
    pace: Pace,
    blocked: bool,
    /// The error number for which the connection is lost; zero while it isn't. What failed once for want of memory
    /// might not fail again, and its bytes would come behind those of the message's next try.
    failed: i32,
}

impl<H: Held> Connection<H> {
    /// A connection on a connected, non-blocking stream socket that stays open until it is
    /// dropped. Without `coalesce` every write is handed over at once.
    pub fn new(fd: RawFd, coalesce: bool) -> Self {
        Self {
            fd,
            queue: SendQueue::new(),
            enqueued: 0,
            credit: 0,
            trusted: 0,
            writes: 0,
            pace: Pace::new(coalesce),
            blocked: false,
            failed: 0,
        }
    }

    /// The descriptor.
    pub fn fd(&self) -> RawFd {
        self.fd
    }

    /// Bytes in user memory.
    pub fn pending(&self) -> usize {
        self.queue.pending()
    }

    /// Bytes queued since the beginning; a chunk is in the kernel when [`Connection::sent`] has
    /// reached what this was after it.
    pub fn enqueued(&self) -> u64 {
        self.enqueued
    }

    /// Bytes that the kernel has taken since the beginning.
    pub fn sent(&self) -> u64 {
        self.enqueued - self.queue.pending() as u64
    }

    /// Bytes that can be deferred beyond those that are, without asking the kernel again.
    pub fn room(&self) -> usize {
        if self.trusted == 0 || self.pace.is_ahead() {
            return 0;
        }
        self.credit
            .min(DEFER_MOST)
            .saturating_sub(self.queue.pending())
    }

    /// Copies bytes into the queue; `spare` is memory to begin a segment with.
    pub fn append(&mut self, spare: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
        self.enqueued += self.queue.append(spare, fill) as u64;
    }

    /// Counts writes that were appended as one.
    pub fn count_writes(&mut self, more: usize) {
        self.writes += more;
    }

    /// Queues a chunk by reference.
    pub fn hold(&mut self, chunk: H, len: usize) {
        self.queue.hold(chunk, len);
        self.enqueued += len as u64;
    }

    /// After a write: defers or hands over. A connection that waits for the kernel isn't tried again.
    /// Tells also whether the kernel was asked.
    pub fn settle(&mut self, when: When, spare: &mut Vec<u8>) -> (Outcome, bool) {
        if self.blocked {
            return (Outcome::Blocked, false);
        }
        let outcome = match when {
            When::Gathered => self.defer(spare),
            When::Promptly if !self.pace.is_ahead() => self.defer(spare),
            When::Promptly => {
                self.pace.went_ahead();
                self.hand_over(spare)
            }
            When::Now => {
                self.pace.message_ended();
                self.hand_over(spare)
            }
        };
        (outcome, true)
    }

    /// Under the kernel's credit, or hands over.
    #[inline]
    fn defer(&mut self, spare: &mut Vec<u8>) -> Outcome {
        let pending = self.queue.pending();
        if !self.pace.coalesces() || pending > DEFER_MOST {
            return self.hand_over(spare);
        }
        if pending > self.credit || self.trusted == 0 {
            self.credit = socket::credit(self.fd);
            self.trusted = TRUSTED;
        }
        self.writes += 1;
        if pending > self.credit {
            return self.hand_over(spare);
        }
        if self.writes > MOST_WRITES {
            Outcome::Full
        } else {
            Outcome::Deferred
        }
    }

    /// At the end of a turn: hands over what it has deferred.
    pub fn flush(&mut self, spare: &mut Vec<u8>) -> Outcome {
        self.pace.turn_ended(self.writes);
        self.hand_over(spare)
    }

    /// Hands over what the kernel takes, up to [`TURN_MOST`]: what a peer reads meanwhile makes
    /// room for more, and other sockets and timers wait.
    pub fn hand_over(&mut self, spare: &mut Vec<u8>) -> Outcome {
        if self.failed != 0 {
            return Outcome::Failed(self.failed);
        }
        let mut taken = 0;
        self.writes = 0;
        while self.queue.pending() > 0 {
            // A call goes on for as long as a peer on another core makes room.
            let most = TURN_MOST - taken;
            if most == 0 {
                return self.block();
            }
            let sent = match self.queue.single() {
                Some(bytes) => socket::send_one(self.fd, &bytes[..bytes.len().min(most)]),
                None => {
                    let mut parts = Vec::new();
                    let gathered = if self.queue.pending() <= most {
                        self.queue.gather(&mut parts, socket::MOST_PARTS)
                    } else {
                        self.queue
                            .gather_first(&mut parts, socket::MOST_PARTS, most)
                    };
                    if let Err(Detached) = gathered {
                        return Outcome::Detached;
                    }
                    socket::send(self.fd, &parts)
                }
            };
            match sent {
                Ok(sent) => {
                    self.queue.consume(sent, spare);
                    taken += sent;
                    self.credit = self.credit.saturating_sub(sent + CALL_OVERHEAD);
                    self.trusted = self.trusted.saturating_sub(1);
                }
                Err(error) if is_for_later(&error) => return self.block(),
                Err(error) => {
                    self.failed = error.raw_os_error().unwrap_or(libc::EIO);
                    return Outcome::Failed(self.failed);
                }
            }
        }
        self.blocked = false;
        Outcome::Sent
    }

    /// The rest waits until the socket is writable, which may be at once.
    fn block(&mut self) -> Outcome {
        self.blocked = true;
        self.trusted = 0;
        Outcome::Blocked
    }
}

/// The kernel is full, or short of memory for buffers: libuv, too, waits then (`uv__try_write`).
fn is_for_later(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    pub fn pair(coalesce: bool) -> (UnixStream, UnixStream, Connection<Vec<u8>>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let connection = Connection::new(ours.as_raw_fd(), coalesce);
        (ours, theirs, connection)
    }

    #[test]
    fn small_writes_are_deferred_and_leave_together() {
        let (_ours, mut theirs, mut connection) = pair(true);
        connection.append(&mut Vec::new(), |out| out.extend_from_slice(b"head"));
        assert_eq!(
            connection.settle(When::Promptly, &mut Vec::new()).0,
            Outcome::Deferred
        );
        connection.hold(b"body".to_vec(), 4);
        assert_eq!(
            connection.settle(When::Promptly, &mut Vec::new()).0,
            Outcome::Deferred
        );
        assert_eq!((connection.sent(), connection.pending()), (0, 8));
        assert_eq!(connection.hand_over(&mut Vec::new()), Outcome::Sent);
        assert_eq!((connection.sent(), connection.pending()), (8, 0));
        let mut got = [0; 8];
        theirs.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"headbody");
    }

    #[test]
    fn so_many_writes_are_full_until_they_leave() {
        let (_ours, _theirs, mut connection) = pair(true);
        let spare = &mut Vec::new();
        connection.append(spare, |out| out.push(1));
        assert_eq!(
            connection.settle(When::Promptly, spare).0,
            Outcome::Deferred
        );
        connection.append(spare, |out| out.push(2));
        connection.count_writes(MOST_WRITES);
        connection.append(spare, |out| out.push(3));
        assert_eq!(connection.settle(When::Promptly, spare).0, Outcome::Full);
        assert_eq!(connection.hand_over(spare), Outcome::Sent);
        connection.append(spare, |out| out.push(4));
        assert_eq!(
            connection.settle(When::Promptly, spare).0,
            Outcome::Deferred
        );
    }

    #[test]
    fn without_coalescing_every_write_leaves_at_once() {
        let (_ours, _theirs, mut connection) = pair(false);
        connection.append(&mut Vec::new(), |out| out.push(1));
        assert_eq!(
            connection.settle(When::Promptly, &mut Vec::new()).0,
            Outcome::Sent
        );
    }

    #[test]
    fn what_was_deferred_is_taken_and_what_was_refused_arrives_later() {
        let (_ours, mut theirs, mut connection) = pair(true);
        let mut expected = Vec::new();
        let mut size = 1;
        loop {
            let chunk: Vec<u8> = (0..size).map(|byte| byte as u8).collect();
            expected.extend_from_slice(&chunk);
            connection.append(&mut Vec::new(), |out| out.extend_from_slice(&chunk));
            match connection.settle(When::Promptly, &mut Vec::new()).0 {
                Outcome::Deferred => {
                    assert_eq!(connection.hand_over(&mut Vec::new()), Outcome::Sent)
                }
                Outcome::Sent => {}
                outcome => {
                    assert_eq!(outcome, Outcome::Blocked);
                    break;
                }
            }
            size = size % 20_000 * 3 + 1;
        }
        assert_eq!(
            connection.settle(When::Promptly, &mut Vec::new()).0,
            Outcome::Blocked
        );
        let mut got = Vec::new();
        let mut room = vec![0; 70_000];
        while got.len() < expected.len() {
            let read = theirs.read(&mut room).unwrap();
            got.extend_from_slice(&room[..read]);
            connection.hand_over(&mut Vec::new());
        }
        assert!(got == expected);
        assert_eq!(connection.pending(), 0);
    }

    #[test]
    fn what_has_failed_is_not_tried_again() {
        let (ours, mut theirs, mut connection) = pair(true);
        let spare = &mut Vec::new();
        // A descriptor that can't be written, as long as it stands in the socket's place.
        let null = std::fs::File::open("/dev/null").unwrap();
        connection.fd = null.as_raw_fd();
        connection.append(spare, |out| out.extend_from_slice(b"lost"));
        let failed = connection.hand_over(spare);
        assert!(matches!(failed, Outcome::Failed(_)));
        connection.fd = ours.as_raw_fd();
        connection.append(spare, |out| out.extend_from_slice(b"more"));
        assert_eq!(connection.hand_over(spare), failed);
        drop(ours);
        assert_eq!(theirs.read(&mut [0; 8]).unwrap(), 0);
    }

    #[test]
    fn a_lost_peer_is_the_systems_error() {
        let (_ours, theirs, mut connection) = pair(true);
        drop(theirs);
        connection.append(&mut Vec::new(), |out| out.push(1));
        assert_eq!(
            connection.hand_over(&mut Vec::new()),
            Outcome::Failed(libc::EPIPE)
        );
    }
}
