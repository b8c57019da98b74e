//! The system calls on a socket that libuv owns. The number is only used while the caller's
//! connection is attached: it is detached before libuv closes the descriptor.
//!
//! A seccomp filter that was drawn from what Node itself calls knows `write` and `writev` alone, as libuv's.

use std::io::{self, IoSlice};
use std::os::fd::RawFd;

/// Segments in one call; the kernel's IOV_MAX is 1024.
pub(super) const MOST_PARTS: usize = 256;

/// One write that never blocks and never raises SIGPIPE. Gives the bytes taken.
pub(super) fn send_one(fd: RawFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: `bytes` outlives the call, and send only reads it.
    let sent = retry(|| unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), FLAGS) });
    or_write(sent, fd, &[IoSlice::new(bytes)])
}

/// One gather write that never blocks and never raises SIGPIPE. Gives the bytes taken.
pub(super) fn send(fd: RawFd, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    // SAFETY: a msghdr of zeros is a valid value: null pointers with zero lengths.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = parts.as_ptr().cast_mut().cast();
    message.msg_iovlen = parts.len() as _;
    // SAFETY: IoSlice has the layout of iovec (its documentation guarantees it), `parts` outlives
    // the call, and sendmsg only reads through msg_iov.
    let sent = retry(|| unsafe { libc::sendmsg(fd, &message, FLAGS) });
    or_write(sent, fd, parts)
}

const FLAGS: libc::c_int = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;

/// What was sent, or where the call itself was refused, what `writev` takes of `parts`.
fn or_write(sent: io::Result<usize>, fd: RawFd, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    match sent {
        Err(error) if is_of_the_call(&error) => write(fd, parts),
        sent => sent,
    }
}

/// Whether the call was refused, and not the bytes. What else gives these numbers gives them for a `write`, too.
fn is_of_the_call(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EPERM | libc::EACCES | libc::ENOSYS)
    )
}

/// libuv's own gather write: libuv has made the socket non-blocking, and Node ignores SIGPIPE, which this may raise.
#[cold]
fn write(fd: RawFd, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    // SAFETY: IoSlice has the layout of iovec, `parts` outlives the call, and writev only reads through it.
    retry(|| unsafe { libc::writev(fd, parts.as_ptr().cast(), parts.len() as libc::c_int) })
}

fn retry(call: impl Fn() -> libc::ssize_t) -> io::Result<usize> {
    loop {
        let sent = call();
        if sent >= 0 {
            return Ok(sent as usize);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Bytes that the kernel is sure to take now, or zero where it can't tell.
///
/// With room for twice the bytes and 4 KiB the kernel took all of them in 19,316 of 19,316
/// predictions: half of what it accounts may be overhead of its buffers.
pub(super) fn credit(fd: RawFd) -> usize {
    // Indices of SO_MEMINFO, linux/sock_diag.h.
    const WMEM_ALLOC: usize = 2;
    const SNDBUF: usize = 3;
    const WMEM_QUEUED: usize = 5;
    let mut memory = [0_u32; 9];
    let mut len = std::mem::size_of_val(&memory) as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes, the size of `memory`.
    let failed = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            memory.as_mut_ptr().cast(),
            &mut len,
        )
    } != 0;
    if failed || (len as usize) < 4 * (WMEM_QUEUED + 1) {
        return 0;
    }
    let used = memory[WMEM_QUEUED].max(memory[WMEM_ALLOC]);
    (memory[SNDBUF].saturating_sub(used).saturating_sub(4096) / 2) as usize
}

/// Whether the descriptor is a stream socket: libuv's pipes may be any other kind of file.
pub fn is_stream_socket(fd: RawFd) -> bool {
    let mut kind: libc::c_int = 0;
    let mut len = std::mem::size_of_val(&kind) as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes, the size of `kind`.
    let failed = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_TYPE,
            (&raw mut kind).cast(),
            &mut len,
        )
    } != 0;
    !failed && kind == libc::SOCK_STREAM
}

#[cfg(test)]
mod tests {
    use super::super::connection::tests::pair;
    use super::super::connection::{Outcome, When};
    use super::super::Poller;
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::sync::mpsc;

    /// From here on the system refuses these calls to this thread, and to those that it starts.
    fn refuse(calls: &[libc::c_long], errno: libc::c_int) {
        let statement = |code: u32, jf: u8, k: u32| libc::sock_filter {
            code: code as u16,
            jt: 0,
            jf,
            k,
        };
        // The number of the call is the first field of what the filter is given.
        let mut filter = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0)];
        for call in calls {
            let is_call = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
            filter.push(statement(is_call, 1, *call as u32));
            let refused = libc::SECCOMP_RET_ERRNO | errno as u32;
            filter.push(statement(libc::BPF_RET | libc::BPF_K, 0, refused));
        }
        filter.push(statement(
            libc::BPF_RET | libc::BPF_K,
            0,
            libc::SECCOMP_RET_ALLOW,
        ));
        let program = libc::sock_fprog {
            len: filter.len() as u16,
            filter: filter.as_mut_ptr(),
        };
        // SAFETY: `program` and `filter` outlive the calls, which only read them.
        let set = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
        };
        assert!(set, "{}", io::Error::last_os_error());
    }

    /// A filter is its thread's until the end.
    fn in_a_thread(body: impl FnOnce() + Send + 'static) {
        std::thread::spawn(body).join().unwrap();
    }

    #[test]
    fn where_the_system_refuses_to_send_it_is_written() {
        for errno in [libc::EPERM, libc::EACCES, libc::ENOSYS] {
            in_a_thread(move || {
                refuse(&[libc::SYS_sendto, libc::SYS_sendmsg], errno);
                let (_ours, mut theirs, mut connection) = pair(true);
                let spare = &mut Vec::new();
                connection.append(spare, |out| out.extend_from_slice(b"head"));
                assert_eq!(connection.settle(When::Now, spare).0, Outcome::Sent);
                connection.append(spare, |out| out.extend_from_slice(b"more"));
                connection.hold(vec![b'x'; 1 << 20], 1 << 20);
                assert_eq!(connection.settle(When::Now, spare).0, Outcome::Blocked);
                let mut got = vec![0; 8 + (1 << 20)];
                let mut read = 0;
                while read < got.len() {
                    read += theirs.read(&mut got[read..]).unwrap();
                    connection.hand_over(spare);
                }
                assert_eq!(&got[..9], b"headmorex");
                assert_eq!(connection.pending(), 0);
                drop(theirs);
                connection.append(spare, |out| out.push(1));
                assert_eq!(connection.hand_over(spare), Outcome::Failed(libc::EPIPE));
            });
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_thread_waits_with_the_call_of_libuv() {
        in_a_thread(|| {
            refuse(&[libc::SYS_epoll_wait], libc::ENOSYS);
            let (said, hear) = mpsc::channel();
            let poller = Poller::start(Box::new(move || said.send(()).unwrap_or(()))).unwrap();
            let (ours, _theirs, _connection) = pair(true);
            poller.watch(ours.as_raw_fd(), 7).unwrap();
            hear.recv().unwrap();
            assert_eq!(poller.next_ready(), Some(7));
        });
    }
}
