//! Bytes on their way into a socket: the send queue, the kernel's credit, the gather write and
//! the readiness thread. Knows no HTTP and no Node-API.
//!
//! ```text
//! write ─→ SendQueue ─┬─ deferred: room was there, handed over before the turn ends
//!                     └─ blocked:  the kernel refused, waits for the Poller's word
//! ```

mod connection;
mod pace;
mod poller;
mod queue;
mod socket;

pub use connection::{Connection, Outcome, When};
pub use poller::{Notify, Poller};
pub use queue::{Detached, Held, SendQueue};
pub use socket::is_stream_socket;
