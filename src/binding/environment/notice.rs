//! How a connection that waits for the kernel is told of its room: the readiness thread, the threadsafe function
//! that carries its word, and the call into JavaScript.

use super::Environment;
use crate::binding::value::check;
use crate::transport::Poller;
use napi::{sys, Result};
use std::cell::RefCell;
use std::ffi::c_void;
use std::os::fd::RawFd;
use std::ptr;

impl Environment {
    /// Whether the readiness thread will tell of the socket. The system may refuse it memory.
    pub(super) fn watch(&self, fd: RawFd, handle: u32) -> bool {
        self.poller
            .as_ref()
            .is_some_and(|poller| poller.watch(fd, u64::from(handle)).is_ok())
    }

    /// Whether the readiness thread is there. The system may have no descriptors or threads left.
    pub(super) fn start_waiting(&mut self, handle: u32) -> bool {
        if self.poller.is_none() && self.start_poller().is_err() {
            return false;
        }
        if let Some(slot) = self.slot(handle) {
            slot.waiting = true;
        }
        self.waiting += 1;
        if self.waiting == 1 {
            // SAFETY: `create` made the notifier, and it lives until the poller is gone.
            unsafe { sys::napi_ref_threadsafe_function(self.env, self.notifier) };
        }
        true
    }

    pub(super) fn stop_waiting(&mut self, handle: u32) {
        if let Some(slot) = self.slot(handle) {
            slot.waiting = false;
        }
        self.count_less();
    }

    pub(super) fn count_less(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
        if self.waiting == 0 && !self.notifier.is_null() {
            // SAFETY: as in `start_waiting`.
            unsafe { sys::napi_unref_threadsafe_function(self.env, self.notifier) };
        }
    }

    fn start_poller(&mut self) -> Result<()> {
        let notifier = Notifier(self.notifier);
        self.poller = Some(Poller::start(Box::new(move || notifier.notify()))?);
        Ok(())
    }

    /// Once: Node aborts where a hook is added twice.
    pub(super) fn create_notifier(&mut self) -> Result<()> {
        let (mut name, mut scope, mut notifier) =
            (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // The RefCell that holds us: it was boxed in `create` and is never freed.
        let context: *mut c_void = self.cell.cast_mut().cast();
        // SAFETY: out-pointers are locals; `call_ready` takes the context for what it is.
        unsafe {
            check(sys::napi_open_handle_scope(self.env, &mut scope))?;
            check(sys::napi_create_string_utf8(
                self.env,
                c"sluice".as_ptr(),
                6,
                &mut name,
            ))?;
            check(sys::napi_create_threadsafe_function(
                self.env,
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                context,
                Some(call_ready),
                &mut notifier,
            ))?;
            let hooked = check(sys::napi_close_handle_scope(self.env, scope))
                .and_then(|()| check(sys::napi_unref_threadsafe_function(self.env, notifier)))
                // After the notifier, so that it runs before the notifier's own hook: on Node up to
                // 25.3 a call to a notifier whose environment is gone aborts.
                .and_then(|()| {
                    check(sys::napi_add_env_cleanup_hook(
                        self.env,
                        Some(stop_poller),
                        context,
                    ))
                });
            if hooked.is_err() {
                sys::napi_release_threadsafe_function(
                    notifier,
                    sys::ThreadsafeFunctionReleaseMode::abort,
                );
                return hooked;
            }
        }
        self.notifier = notifier;
        Ok(())
    }
}

/// The readiness thread's end of the threadsafe function.
struct Notifier(sys::napi_threadsafe_function);
// SAFETY: napi_call_threadsafe_function may be called from any thread, and `stop_poller` joins
// the thread before the function is released.
unsafe impl Send for Notifier {}

impl Notifier {
    fn notify(&self) {
        // SAFETY: see `impl Send`.
        unsafe {
            sys::napi_call_threadsafe_function(
                self.0,
                ptr::null_mut(),
                sys::ThreadsafeFunctionCallMode::nonblocking,
            )
        };
    }
}

/// The function on the exports, set by `lib/connection.js`, that is called with the handle of each
/// connection that became writable.
const ON_READY: &std::ffi::CStr = c"onReady";

unsafe extern "C" fn call_ready(
    env: sys::napi_env,
    _function: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    // SAFETY: `context` is the RefCell given in `create_notifier`, which is never freed.
    let cell = unsafe { &*context.cast::<RefCell<Environment>>() };
    let next = || {
        let mut environment = cell.try_borrow_mut().ok()?;
        loop {
            let handle = environment.poller.as_ref()?.next_ready()? as u32;
            // A connection that is gone or no longer waits is not named.
            if environment.slot(handle).is_some_and(|slot| slot.waiting) {
                return Some((handle, environment.exports));
            }
        }
    };
    while let Some((handle, exports)) = next() {
        let (mut function, mut this, mut argument, mut thrown) = (
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        );
        // SAFETY: `env` is alive in this callback, and the environment is not borrowed while
        // JavaScript runs. What a listener throws is an uncaught exception, as from libuv's own
        // callbacks, and the connections after it still get theirs.
        unsafe {
            sys::napi_get_reference_value(env, exports, &mut this);
            if this.is_null() {
                return;
            }
            sys::napi_get_named_property(env, this, ON_READY.as_ptr(), &mut function);
            sys::napi_create_uint32(env, handle, &mut argument);
            let status =
                sys::napi_call_function(env, this, function, 1, &argument, ptr::null_mut());
            if status == sys::Status::napi_pending_exception {
                sys::napi_get_and_clear_last_exception(env, &mut thrown);
                sys::napi_fatal_exception(env, thrown);
            } else if status != sys::Status::napi_ok {
                return;
            }
        }
    }
}

pub(super) unsafe extern "C" fn stop_poller(context: *mut c_void) {
    // SAFETY: `context` is the RefCell, which is never freed.
    let cell = unsafe { &*context.cast::<RefCell<Environment>>() };
    let Ok(mut environment) = cell.try_borrow_mut() else {
        return;
    };
    environment.poller = None;
    let notifier = std::mem::replace(&mut environment.notifier, ptr::null_mut());
    drop(environment);
    if !notifier.is_null() {
        // SAFETY: the thread that used it is joined, and its environment is still there.
        unsafe {
            sys::napi_release_threadsafe_function(
                notifier,
                sys::ThreadsafeFunctionReleaseMode::abort,
            )
        };
    }
}
