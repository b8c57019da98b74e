//! Strings of JavaScript, encoded.

use super::call::Call;
use super::units::Units;
#[cfg(feature = "simdutf")]
use super::utf8;
use crate::encoding::Encoding;
use napi::sys;

/// The encoding's code of a chunk that is a Uint8Array.
pub(super) const BYTES: u32 = 255;

/// UTF-8 of a long string of U+0000 to U+00FF. `lib/binding.js` has the same list.
const LONG_LATIN1: u32 = 254;
/// UTF-8 of another long string.
const LONG_WIDE: u32 = 253;

/// Appends the bytes of a chunk; `false` if the argument is not what the code says.
pub(super) fn encode_argument(
    call: &Call<'_>,
    place: usize,
    code: u32,
    units: &mut Units,
    out: &mut Vec<u8>,
) -> bool {
    match code {
        BYTES => {
            return call
                .bytes(place, |bytes| out.extend_from_slice(bytes))
                .is_some();
        }
        LONG_LATIN1 => return long_latin1(call, place, units, out),
        LONG_WIDE => return long_wide(call, place, units, out),
        _ => {}
    }
    match Encoding::from_code(code) {
        Some(Encoding::Utf8) => call.utf8(place, out),
        Some(Encoding::Latin1 | Encoding::Ascii) => call.latin1(place, out),
        Some(encoding) => {
            let read = call.units(place, &mut units.wide);
            if read {
                encoding.encode(&units.wide, out);
            }
            read
        }
        None => false,
    }
}

#[cfg(feature = "simdutf")]
fn long_latin1(call: &Call<'_>, place: usize, units: &mut Units, out: &mut Vec<u8>) -> bool {
    units.latin1.clear();
    let read = call.latin1(place, &mut units.latin1);
    if read {
        utf8::append_latin1(&units.latin1, out);
    }
    read
}

#[cfg(feature = "simdutf")]
fn long_wide(call: &Call<'_>, place: usize, units: &mut Units, out: &mut Vec<u8>) -> bool {
    // With a lone surrogate it is V8's, which puts U+FFFD in its place.
    call.units(place, &mut units.wide)
        && (utf8::append_units(&units.wide, out) || call.utf8(place, out))
}

#[cfg(not(feature = "simdutf"))]
fn long_latin1(call: &Call<'_>, place: usize, _: &mut Units, out: &mut Vec<u8>) -> bool {
    call.utf8(place, out)
}

#[cfg(not(feature = "simdutf"))]
use long_latin1 as long_wide;

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
    call.give_number(len as f64)
}

fn encoded(call: &Call<'_>) -> Option<Vec<u8>> {
    let (mut units, mut out) = (Units::default(), Vec::new());
    encode_argument(call, 0, call.int(1)? as u32, &mut units, &mut out).then_some(out)
}
