//! The only code that knows Node-API.
//!
//! Hot functions are raw callbacks (a derived class method costs 244–482 ns a call, a raw function
//! with an integer handle 33 ns). A connection is an integer that carries its slot and a
//! generation, so that a stale one is refused. Numbers that JavaScript needs after a call stand
//! in a shared array, the status page.

mod body;
mod call;
mod environment;
mod head;
pub mod staging;
mod text;
mod units;
#[cfg(feature = "simdutf")]
mod utf8;
mod value;

use environment::Environment;
use napi::bindgen_prelude::{JsValue, Object};
use napi::{sys, Env};
use napi_derive::napi;

/// The functions of the addon, over a state of their own. Node loads the addon once for all copies of
/// the JavaScript that are evaluated (a reload, a test runner's registry): each has its connections.
#[napi]
pub fn open(env: &Env) -> napi::Result<Object<'_>> {
    let object = Object::new(env)?;
    populate(env.raw(), object.raw())?;
    Ok(object)
}

fn populate(env: sys::napi_env, exports: sys::napi_value) -> napi::Result<()> {
    let environment = Environment::create(env, exports)?;
    let functions: [(&str, call::Callback); 14] = [
        ("attach\0", body::attach),
        ("detach\0", body::detach),
        ("write\0", body::write),
        ("append\0", body::append),
        ("flush\0", body::flush),
        ("fold\0", body::fold),
        ("plan\0", body::plan),
        ("frame\0", body::frame),
        ("frameOverhead\0", body::frame_overhead),
        ("renderHead\0", head::render_head),
        ("renderTrailers\0", head::render_trailers),
        ("encodingCode\0", text::encoding_code),
        ("encode\0", text::encode),
        ("byteLength\0", text::byte_length),
    ];
    for (name, callback) in functions {
        call::export(env, exports, name, callback, environment)?;
    }
    Ok(())
}
