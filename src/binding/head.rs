//! Heads and trailer sections. Fields come as arguments: a name, then its value, or a number and
//! as many values, negative where the field is one of the server's `uniqueHeaders`.

use super::call::Call;
use super::environment::Page;
use crate::message::{
    append_trailer, check_name, trailer, HeadBits, HeadEnd, HeadError, HeadWriter, Text,
};
use napi::sys;
use std::time::{Duration, UNIX_EPOCH};

/// What a list is joined with where it is one field line.
const SEPARATOR: [u16; 2] = [b';' as u16, b' ' as u16];

/// `renderHead(second, bits, contentLength, keepAliveTimeout, maxRequests, firstLine, …fields)` → the
/// head, or minus an error's code. `second` is that of its date, since 1970. The outcome's bits are on
/// the page in both cases.
pub(super) fn render_head(call: &mut Call<'_>) -> Option<sys::napi_value> {
    let second = Duration::from_secs(call.number(0)? as u64);
    let bits = HeadBits(call.int(1)? as u32);
    let (content_length, keep_alive_timeout_ms, max_requests) =
        (call.number(2)?, call.number(3)?, call.number(4)?);
    let mut environment = call.environment.try_borrow_mut().ok()?;
    let mut writer = std::mem::take(&mut environment.head);
    let mut scratch = environment.take_scratch();
    let date = *environment.date.at(UNIX_EPOCH + second);
    let rendered = if call.units(5, &mut scratch.value) {
        writer
            .begin(bits, &scratch.value)
            .and_then(|()| {
                fields(
                    call,
                    6,
                    &mut scratch.name,
                    &mut scratch.value,
                    |field| match field {
                        Field::Joined(name, len, unique) => {
                            if len == 0 && bits.contains(HeadBits::VALIDATE) {
                                check_name(name)?;
                            }
                            Ok(HeadWriter::list_is_joined(name, len, unique))
                        }
                        Field::Line(name, value) => writer.field(name, value).map(|()| true),
                    },
                )
            })
            .and_then(|()| {
                writer.finish(HeadEnd {
                    date: &date,
                    content_length,
                    keep_alive_timeout_ms,
                    max_requests,
                })
            })
    } else {
        Err(HeadError::InvalidFirstLine)
    };
    environment.set_page(Page::HeadBits, f64::from(writer.bits().0));
    environment.set_page(
        Page::DeclaredLength,
        writer.declared_length().unwrap_or(f64::NAN),
    );
    let given = match rendered {
        Ok(()) => give_text(call, writer.text()),
        Err(error) => call.give_int(-error.code()),
    };
    environment.head = writer;
    environment.keep_scratch(scratch);
    given
}

/// `renderTrailers(lenient, …fields)` → the trailer section, or minus an error's code.
pub(super) fn render_trailers(call: &mut Call<'_>) -> Option<sys::napi_value> {
    let lenient = call.int(0)? != 0;
    let mut environment = call.environment.try_borrow_mut().ok()?;
    let mut scratch = environment.take_scratch();
    let mut section = std::mem::take(&mut environment.trailers);
    section.clear();
    let rendered = fields(
        call,
        1,
        &mut scratch.name,
        &mut scratch.value,
        |field| match field {
            Field::Joined(_, len, unique) => Ok(trailer::list_is_joined(len, unique)),
            Field::Line(name, value) => {
                append_trailer(name, value, lenient, &mut section).map(|()| true)
            }
        },
    );
    let given = match rendered {
        Ok(()) => give_text(call, &section),
        Err(error) => call.give_int(-error.code()),
    };
    environment.trailers = section;
    environment.keep_scratch(scratch);
    given
}

enum Field<'a> {
    /// Asks whether a list is one field line: its name, length, and whether it is unique.
    Joined(&'a [u16], usize, bool),
    /// A field line.
    Line(&'a [u16], &'a [u16]),
}

fn fields(
    call: &Call<'_>,
    first: usize,
    name: &mut Vec<u16>,
    value: &mut Vec<u16>,
    mut visit: impl FnMut(Field<'_>) -> Result<bool, HeadError>,
) -> Result<(), HeadError> {
    let mut place = first;
    while place < call.len() {
        if !call.units(place, name) {
            return Err(HeadError::InvalidName);
        }
        place += 1;
        if call.units(place, value) {
            place += 1;
            visit(Field::Line(name, value))?;
            continue;
        }
        let count = call.int(place).ok_or(HeadError::InvalidValue)?;
        place += 1;
        let (len, unique) = (
            if count < 0 { -(count + 1) } else { count } as usize,
            count < 0,
        );
        let mut whole = Vec::new();
        let joined = visit(Field::Joined(name, len, unique))?;
        for nth in 0..len {
            if !call.units(place + nth, value) {
                return Err(HeadError::InvalidValue);
            }
            if !joined {
                visit(Field::Line(name, value))?;
                continue;
            }
            if nth > 0 {
                whole.extend_from_slice(&SEPARATOR);
            }
            whole.extend_from_slice(value);
        }
        if joined {
            visit(Field::Line(name, &whole))?;
        }
        place += len;
    }
    Ok(())
}

fn give_text(call: &Call<'_>, text: &Text) -> Option<sys::napi_value> {
    match text {
        Text::Latin1(latin1) => call.give_latin1(latin1),
        Text::Wide(units) => call.give_units(units),
    }
}
