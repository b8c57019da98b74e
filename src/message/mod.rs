//! The message, sans-I/O: what an HTTP/1.1 message puts on the wire, and when it refuses to.
//!
//! Here lives every rule about bytes on the wire except the encoding of strings. Here live no
//! file descriptor, no Node-API and no clock: the caller brings the fields, the buffer to append
//! to, and the time.
//!
//! ```text
//! head      start line, fields, and what Node adds to them (RFC 9112 section 2.1)
//! field     one field line: validation and narrowing in one pass (RFC 9112 section 5)
//! framing   how a body is delimited; the chunked coding (RFC 9112 sections 6 and 7.1)
//! trailer   the trailer section (RFC 9112 section 7.1.2)
//! state     which phase a message is in, and what a write or an end does there
//! text      a head as the program can read it, and its two forms on the wire
//! date      the Date field's value
//! number    JavaScript's numbers, read and printed
//! ```
#![forbid(unsafe_code)]

pub mod date;
pub mod field;
pub mod framing;
pub mod head;
mod number;
pub mod state;
pub mod text;
pub mod trailer;

pub use date::{DateCache, DATE_LENGTH};
pub use field::{check_name, HeadError};
pub use framing::Framing;
pub use head::{HeadBits, HeadEnd, HeadWriter};
pub use state::{Message, MessageBits, Phase, Refusal, Write};
pub use text::Text;
pub use trailer::append_trailer;
