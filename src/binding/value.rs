//! Node-API values that outlive a call, or that calls and the environment both look into: shared arrays, the
//! bytes of a Uint8Array, a chunk that is held. Every `env` and value is of the callback that is running, but
//! for a held chunk's, which makes the calls below sound.

use napi::{sys, Error, Result, Status};
use std::ffi::c_void;
use std::ptr;

/// Turns a Node-API status into a result.
pub(super) fn check(status: sys::napi_status) -> Result<()> {
    if status == sys::Status::napi_ok {
        Ok(())
    } else {
        Err(Error::from_status(Status::from(status)))
    }
}

/// Memory that JavaScript and Rust share: its address and the ArrayBuffer.
pub(super) fn array_buffer(
    env: sys::napi_env,
    len: usize,
) -> Result<(*mut c_void, sys::napi_value)> {
    let (mut memory, mut buffer) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: out-pointers are locals.
    check(unsafe { sys::napi_create_arraybuffer(env, len, &mut memory, &mut buffer) })?;
    Ok((memory, buffer))
}

/// Puts a typed array over shared memory on the exports. It lives as long as the reference.
pub(super) fn typed_array(
    env: sys::napi_env,
    exports: sys::napi_value,
    name: &std::ffi::CStr,
    kind: sys::napi_typedarray_type,
    buffer: sys::napi_value,
    len: usize,
) -> Result<sys::napi_ref> {
    let (mut array, mut reference) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: values of the running registration.
    unsafe {
        check(sys::napi_create_typedarray(
            env, kind, len, buffer, 0, &mut array,
        ))?;
        check(sys::napi_create_reference(env, array, 1, &mut reference))?;
        check(sys::napi_set_named_property(
            env,
            exports,
            name.as_ptr(),
            array,
        ))?;
    }
    Ok(reference)
}

/// Runs `read` on the bytes of a Uint8Array. `read` can't run JavaScript: it has no `env`.
pub(super) fn bytes_of<T>(
    env: sys::napi_env,
    value: sys::napi_value,
    read: impl FnOnce(&[u8]) -> T,
) -> Option<T> {
    let (address, len) = address_of(env, value)?;
    if len == 0 {
        return Some(read(&[]));
    }
    // SAFETY: Node-API has just said that `len` bytes live at `address`; they stay there while
    // no JavaScript runs, and `read` has no way to run any.
    Some(read(unsafe { std::slice::from_raw_parts(address, len) }))
}

fn address_of(env: sys::napi_env, value: sys::napi_value) -> Option<(*const u8, usize)> {
    let (mut kind, mut len, mut address) = (0, 0, ptr::null_mut());
    // SAFETY: every out-pointer is a local or null; a value that is no typed array is a status.
    check(unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut kind,
            &mut len,
            &mut address,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    })
    .ok()?;
    let bytes = kind == sys::TypedarrayType::uint8_array && (len == 0 || !address.is_null());
    bytes.then_some((address.cast_const().cast(), len))
}

/// A Uint8Array that waits in the send queue. It is not copied: JavaScript holds the memory.
pub(super) struct HeldChunk {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl HeldChunk {
    /// `value` belongs to the running call.
    pub(super) fn new(env: sys::napi_env, value: sys::napi_value) -> Option<Self> {
        let mut reference = ptr::null_mut();
        // SAFETY: the value is of the running call; a count of one makes the reference strong.
        check(unsafe { sys::napi_create_reference(env, value, 1, &mut reference) }).ok()?;
        Some(Self { env, reference })
    }
}

impl crate::transport::Held for HeldChunk {
    fn bytes(&self) -> Option<&[u8]> {
        let (mut scope, mut value) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a HeldChunk lives in an Environment, which is emptied by the cleanup hook of
        // its `env` on the same thread, so `env` and `reference` are valid here.
        let found = unsafe {
            check(sys::napi_open_handle_scope(self.env, &mut scope)).ok()?;
            let found = check(sys::napi_get_reference_value(
                self.env,
                self.reference,
                &mut value,
            ))
            .ok()
            .and_then(|()| address_of(self.env, value));
            check(sys::napi_close_handle_scope(self.env, scope)).ok()?;
            found
        };
        let (address, len) = found?;
        if len == 0 {
            return Some(&[]);
        }
        // SAFETY: Node-API has just said that `len` bytes live at `address`. The reference keeps
        // the array alive, and the queue only hands the slice to sendmsg within the same call:
        // no JavaScript runs in between that could detach it.
        Some(unsafe { std::slice::from_raw_parts(address, len) })
    }
}

impl Drop for HeldChunk {
    fn drop(&mut self) {
        // SAFETY: as in `bytes`; the reference is deleted once.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}
