//! The functions of the addon: arguments in, results out. Every function here takes an `env` and values of
//! the callback that is running, which is what makes the calls below sound.

use super::environment::Environment;
use super::value::{bytes_of, check};
use napi::{sys, Result};
use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

/// A function of the addon.
pub(super) type Callback = fn(&mut Call<'_>) -> Option<sys::napi_value>;

/// What a function object of ours carries.
struct Registered {
    callback: Callback,
    environment: *const RefCell<Environment>,
}

/// One call from JavaScript.
pub(super) struct Call<'a> {
    pub(super) env: sys::napi_env,
    pub(super) environment: &'a RefCell<Environment>,
    arguments: &'a [sys::napi_value],
}

/// Puts a function on the exports. `name` ends in NUL.
pub(super) fn export(
    env: sys::napi_env,
    exports: sys::napi_value,
    name: &'static str,
    callback: Callback,
    environment: *const RefCell<Environment>,
) -> Result<()> {
    // Lives as long as the process: a function object may outlast every hook of its environment.
    let registered = Box::into_raw(Box::new(Registered {
        callback,
        environment,
    }));
    let mut function = ptr::null_mut();
    // SAFETY: `name` is NUL-terminated (its length is given besides), `registered` is never freed.
    check(unsafe {
        sys::napi_create_function(
            env,
            name.as_ptr().cast(),
            name.len() as isize - 1,
            Some(trampoline),
            registered.cast(),
            &mut function,
        )
    })?;
    // SAFETY: `exports` and `function` are values of the running registration.
    check(unsafe { sys::napi_set_named_property(env, exports, name.as_ptr().cast(), function) })
}

/// Arguments that most calls fit in.
const USUAL: usize = 8;

/// Room for the strings of a head, in code units.
const USUAL_UNITS: usize = 256;

unsafe extern "C" fn trampoline(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // No panic crosses into C: it becomes `undefined`, which no caller takes for a status.
    catch_unwind(AssertUnwindSafe(|| {
        let mut data: *mut c_void = ptr::null_mut();
        let mut count = USUAL;
        // On the stack: a vector for each call was a tenth of a small write.
        let mut usual = [ptr::null_mut(); USUAL];
        let mut many = Vec::new();
        // SAFETY: `usual` has room for `count` values; Node-API says how many there were.
        let status = unsafe {
            sys::napi_get_cb_info(
                env,
                info,
                &mut count,
                usual.as_mut_ptr(),
                ptr::null_mut(),
                &mut data,
            )
        };
        check(status).ok()?;
        let arguments = if count <= USUAL {
            usual.get(..count)?
        } else {
            many.resize(count, ptr::null_mut());
            // SAFETY: as above, with the room that was asked for.
            let status = unsafe {
                sys::napi_get_cb_info(
                    env,
                    info,
                    &mut count,
                    many.as_mut_ptr(),
                    ptr::null_mut(),
                    &mut data,
                )
            };
            check(status).ok()?;
            many.as_slice()
        };
        // SAFETY: `data` is the Registered given to napi_create_function, which is never freed,
        // and neither is its environment.
        let (callback, environment) = unsafe {
            let registered = &*data.cast::<Registered>();
            (registered.callback, &*registered.environment)
        };
        callback(&mut Call {
            env,
            environment,
            arguments,
        })
    }))
    .ok()
    .flatten()
    .unwrap_or(ptr::null_mut())
}

/// Bytes that are tried before a string's length is asked for.
const SHORT: usize = 1024;

/// What a string is read as, in bytes.
#[derive(Clone, Copy)]
enum Narrow {
    /// The low byte of each code unit.
    Latin1,
    Utf8,
}

impl Narrow {
    const fn most_bytes_per_unit(self) -> usize {
        match self {
            Self::Latin1 => 1,
            Self::Utf8 => 3,
        }
    }
}

impl Call<'_> {
    /// Number of arguments.
    pub(super) fn len(&self) -> usize {
        self.arguments.len()
    }

    /// The argument at a place.
    pub(super) fn value(&self, place: usize) -> Option<sys::napi_value> {
        self.arguments.get(place).copied()
    }

    /// A number, as JavaScript's ToInt32 has it.
    pub(super) fn int(&self, place: usize) -> Option<i32> {
        let mut int = 0;
        // SAFETY: the value belongs to the running call.
        check(unsafe { sys::napi_get_value_int32(self.env, self.value(place)?, &mut int) }).ok()?;
        Some(int)
    }

    /// A number.
    pub(super) fn number(&self, place: usize) -> Option<f64> {
        let mut number = 0.0;
        // SAFETY: the value belongs to the running call.
        check(unsafe { sys::napi_get_value_double(self.env, self.value(place)?, &mut number) })
            .ok()?;
        Some(number)
    }

    /// The code units of a string; `false` if the argument is none.
    pub(super) fn units(&self, place: usize, out: &mut Vec<u16>) -> bool {
        out.clear();
        let Some(value) = self.value(place) else {
            return false;
        };
        // Most strings are short: one read into the room that there is, and a second one only
        // where it was filled.
        out.reserve(USUAL_UNITS);
        let mut read = self.read_units(value, out);
        if read == Some(out.capacity() - 1) {
            let mut len = 0;
            // SAFETY: without a buffer Node-API only gives the length.
            let asked = unsafe {
                sys::napi_get_value_string_utf16(self.env, value, ptr::null_mut(), 0, &mut len)
            };
            if check(asked).is_err() {
                return false;
            }
            out.reserve(len + 1);
            read = self.read_units(value, out);
        }
        read.is_some()
    }

    /// Reads as many units as fit into an empty `out`, less one for the NUL that Node-API adds.
    fn read_units(&self, value: sys::napi_value, out: &mut Vec<u16>) -> Option<usize> {
        let mut read = 0;
        // SAFETY: `out` has room for `capacity` units, NUL included; `read` are initialised.
        unsafe {
            out.set_len(0);
            check(sys::napi_get_value_string_utf16(
                self.env,
                value,
                out.as_mut_ptr(),
                out.capacity(),
                &mut read,
            ))
            .ok()?;
            out.set_len(read);
        }
        Some(read)
    }

    /// Appends the string's UTF-8; `false` if the argument is no string.
    pub(super) fn utf8(&self, place: usize, out: &mut Vec<u8>) -> bool {
        self.narrow(place, out, Narrow::Utf8)
    }

    /// Appends the low byte of each code unit; `false` if the argument is no string.
    pub(super) fn latin1(&self, place: usize, out: &mut Vec<u8>) -> bool {
        self.narrow(place, out, Narrow::Latin1)
    }

    /// A short string in one call: to ask for its length first is 15 ns of the 110 that such a write takes;
    /// to begin a longer one again, a copy of 1 KiB.
    fn narrow(&self, place: usize, out: &mut Vec<u8>, narrow: Narrow) -> bool {
        let Some(value) = self.value(place) else {
            return false;
        };
        out.reserve(SHORT);
        let Some(read) = self.read_into(value, out, SHORT, narrow) else {
            return false;
        };
        // Cut short it would be 1020 bytes or more: a zero stands behind it, and what did not fit is 4 at the most.
        if read + 4 < SHORT {
            return true;
        }
        out.truncate(out.len() - read);
        self.narrow_long(value, out, narrow)
    }

    /// One read with room for the most that `len` units can become: asking for the exact UTF-8
    /// length first costs 10 µs for 64 KiB, this 2.6 µs.
    fn narrow_long(&self, value: sys::napi_value, out: &mut Vec<u8>, narrow: Narrow) -> bool {
        let mut len = 0;
        // SAFETY: without a buffer Node-API only gives the length.
        let asked = unsafe {
            sys::napi_get_value_string_utf16(self.env, value, ptr::null_mut(), 0, &mut len)
        };
        if check(asked).is_err() {
            return false;
        }
        let room = len * narrow.most_bytes_per_unit() + 1;
        out.reserve(room);
        self.read_into(value, out, room, narrow).is_some()
    }

    /// Appends what fits into `room` bytes, of which `out` has the capacity. Gives the number of bytes.
    fn read_into(
        &self,
        value: sys::napi_value,
        out: &mut Vec<u8>,
        room: usize,
        narrow: Narrow,
    ) -> Option<usize> {
        let free = out.spare_capacity_mut().get_mut(..room)?;
        let mut read = 0;
        // SAFETY: Node-API writes at most `room` bytes, of which `read` and a zero are initialised.
        unsafe {
            let start = free.as_mut_ptr().cast();
            let status = match narrow {
                Narrow::Latin1 => {
                    sys::napi_get_value_string_latin1(self.env, value, start, room, &mut read)
                }
                Narrow::Utf8 => {
                    sys::napi_get_value_string_utf8(self.env, value, start, room, &mut read)
                }
            };
            check(status).ok()?;
            out.set_len(out.len() + read);
        }
        Some(read)
    }

    /// Runs `read` on the bytes of a Uint8Array.
    pub(super) fn bytes<T>(&self, place: usize, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        bytes_of(self.env, self.value(place)?, read)
    }

    /// A number as the result, beyond 32 bits too.
    pub(super) fn give_number(&self, number: f64) -> Option<sys::napi_value> {
        let mut result = ptr::null_mut();
        // SAFETY: the result belongs to the running call.
        check(unsafe { sys::napi_create_double(self.env, number, &mut result) }).ok()?;
        Some(result)
    }

    /// A number as the result.
    pub(super) fn give_int(&self, int: i32) -> Option<sys::napi_value> {
        let mut result = ptr::null_mut();
        // SAFETY: the result belongs to the running call.
        check(unsafe { sys::napi_create_int32(self.env, int, &mut result) }).ok()?;
        Some(result)
    }

    /// A string of U+0000 to U+00FF as the result.
    pub(super) fn give_latin1(&self, latin1: &[u8]) -> Option<sys::napi_value> {
        let mut result = ptr::null_mut();
        // SAFETY: Node-API copies `latin1`.
        check(unsafe {
            sys::napi_create_string_latin1(
                self.env,
                latin1.as_ptr().cast(),
                latin1.len() as isize,
                &mut result,
            )
        })
        .ok()?;
        Some(result)
    }

    /// A string as the result.
    pub(super) fn give_units(&self, units: &[u16]) -> Option<sys::napi_value> {
        let mut result = ptr::null_mut();
        // SAFETY: Node-API copies `units`.
        check(unsafe {
            sys::napi_create_string_utf16(
                self.env,
                units.as_ptr(),
                units.len() as isize,
                &mut result,
            )
        })
        .ok()?;
        Some(result)
    }

    /// A Buffer as the result.
    pub(super) fn give_buffer(&self, bytes: &[u8]) -> Option<sys::napi_value> {
        let mut result = ptr::null_mut();
        // SAFETY: Node-API copies `bytes`.
        check(unsafe {
            sys::napi_create_buffer_copy(
                self.env,
                bytes.len(),
                bytes.as_ptr().cast(),
                ptr::null_mut(),
                &mut result,
            )
        })
        .ok()?;
        Some(result)
    }
}
