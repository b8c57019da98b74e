//! The readiness thread: waits for sockets with a queue to become writable and names them by
//! token. It touches no queue, no message and no JavaScript: tokens are all that it knows.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Called on the readiness thread after tokens were put into the receiver.
pub type Notify = Box<dyn Fn() + Send>;

/// A token no connection has.
const STOP: u64 = u64::MAX;

/// The thread and what it waits for.
pub struct Poller {
    epoll: Arc<OwnedFd>,
    wake: OwnedFd,
    ready: Receiver<u64>,
    thread: Option<JoinHandle<()>>,
}

impl Poller {
    /// Starts the thread.
    pub fn start(notify: Notify) -> io::Result<Self> {
        // SAFETY: no pointers; the result is checked.
        let epoll = owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: as above.
        let wake = owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        let epoll = Arc::new(epoll);
        control(
            &epoll,
            libc::EPOLL_CTL_ADD,
            wake.as_raw_fd(),
            libc::EPOLLIN,
            STOP,
        )?;
        let (found, ready) = mpsc::channel();
        let waiting = Arc::clone(&epoll);
        let thread = std::thread::Builder::new()
            .name("sluice-poller".into())
            .spawn(move || wait(&waiting, &found, &notify))?;
        Ok(Self {
            epoll,
            wake,
            ready,
            thread: Some(thread),
        })
    }

    /// Asks to be told once when the socket is writable (or lost).
    pub fn watch(&self, fd: RawFd, token: u64) -> io::Result<()> {
        let events = libc::EPOLLOUT | libc::EPOLLONESHOT;
        match control(&self.epoll, libc::EPOLL_CTL_MOD, fd, events, token) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
                control(&self.epoll, libc::EPOLL_CTL_ADD, fd, events, token)
            }
            result => result,
        }
    }

    /// Forgets the socket, before its descriptor is closed. One that was never watched is no
    /// error.
    pub fn forget(&self, fd: RawFd) {
        let _ = control(&self.epoll, libc::EPOLL_CTL_DEL, fd, 0, 0);
    }

    /// The next token that became writable.
    pub fn next_ready(&self) -> Option<u64> {
        self.ready.try_recv().ok()
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        // SAFETY: eventfd_write takes no pointers; `wake` is open until the end of drop.
        unsafe { libc::eventfd_write(self.wake.as_raw_fd(), 1) };
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn wait(epoll: &OwnedFd, found: &Sender<u64>, notify: &Notify) {
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
    loop {
        // The call that libuv waits with, too: a seccomp filter may know no other.
        // SAFETY: the kernel writes at most `events.len()` events into `events`; null leaves the signal mask.
        let count = unsafe {
            libc::epoll_pwait(
                epoll.as_raw_fd(),
                events.as_mut_ptr(),
                events.len() as i32,
                -1,
                std::ptr::null(),
            )
        };
        if count < 0 {
            if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
                continue;
            }
            return;
        }
        for event in events.iter().take(count as usize) {
            let token = event.u64;
            if token == STOP || found.send(token).is_err() {
                return;
            }
        }
        notify();
    }
}

fn owned(fd: RawFd) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call that gave the descriptor has just opened it, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn control(epoll: &OwnedFd, op: i32, fd: RawFd, events: i32, token: u64) -> io::Result<()> {
    let mut event = libc::epoll_event {
        events: events as u32,
        u64: token,
    };
    // SAFETY: `event` outlives the call; the kernel only reads it.
    if unsafe { libc::epoll_ctl(epoll.as_raw_fd(), op, fd, &mut event) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    #[test]
    fn tells_once_when_a_full_socket_is_writable_and_stops_when_dropped() {
        let (said, hear) = mpsc::channel();
        let poller = Poller::start(Box::new(move || said.send(()).unwrap_or(()))).unwrap();
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut queued = 0;
        while let Ok(sent) = ours.write(&[0; 8192]) {
            queued += sent;
        }
        poller.watch(ours.as_raw_fd(), 7).unwrap();
        theirs.read_exact(&mut vec![0; queued]).unwrap();
        hear.recv().unwrap();
        assert_eq!(poller.next_ready(), Some(7));
        assert_eq!(poller.next_ready(), None);
        poller.forget(ours.as_raw_fd());
        drop(poller);
        assert!(hear.try_recv().is_err());
    }
}
