//! The write side of Node's HTTP messages.
//!
//! Layers, arrows downward only:
//!
//! ```text
//! binding    the only code that knows Node-API
//!   message    head, framing, phase; sans-I/O: no fd, no napi, no clock
//!   encoding   JavaScript strings (UTF-16 code units) to bytes
//!   transport  send queue, credit, sendmsg, readiness thread; no napi
//! ```

pub mod binding;
pub mod encoding;
pub mod message;
pub mod transport;
