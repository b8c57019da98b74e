//! Strings of JavaScript, encoded.

use super::value::Call;
use crate::encoding::Encoding;
use napi::sys;

/// The encoding's code of a chunk that is a Uint8Array.
pub(super) const BYTES: u32 = 255;

/// Appends the bytes of a chunk; `false` if the argument is not what the code says.
pub(super) fn encode_argument(
    call: &Call<'_>,
    place: usize,
    code: u32,
    units: &mut Vec<u16>,
    out: &mut Vec<u8>,
) -> bool {
    if code == BYTES {
        return call
            .bytes(place, |bytes| out.extend_from_slice(bytes))
            .is_some();
    }
    match Encoding::from_code(code) {
        Some(Encoding::Utf8) => call.utf8(place, out),
        Some(Encoding::Latin1 | Encoding::Ascii) => call.latin1(place, out),
        Some(encoding) => {
            let read = call.units(place, units);
            if read {
                encoding.encode(units, out);
            }
            read
        }
        None => false,
    }
}

/// `encodingCode(label)` → code, -1 if it is unknown.
pub(super) fn encoding_code(call: &mut Call<'_>) -> Option<sys::napi_value> {
    let mut label = Vec::new();
    let code = if call.utf8(0, &mut label) {
        std::str::from_utf8(&label)
            .ok()
            .and_then(Encoding::for_label)
            .map_or(-1, |encoding| encoding.code() as i32)
    } else {
        -1
    };
    call.give_int(code)
}

/// `encode(string, code)` → Buffer.
pub(super) fn encode(call: &mut Call<'_>) -> Option<sys::napi_value> {
    let out = encoded(call)?;
    call.give_buffer(&out)
}

/// `byteLength(string, code)` → number of bytes, exactly.
pub(super) fn byte_length(call: &mut Call<'_>) -> Option<sys::napi_value> {
    let len = encoded(call)?.len();
    call.give_int(len as i32)
}

fn encoded(call: &Call<'_>) -> Option<Vec<u8>> {
    let (mut units, mut out) = (Vec::new(), Vec::new());
    encode_argument(call, 0, call.int(1)? as u32, &mut units, &mut out).then_some(out)
}
