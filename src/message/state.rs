//! Phase × framing: what a write and an end do to a message in the state it is in.
//!
//! Node's visible fields (`finished`, `destroyed`, `_header`, `_hasBody`, …) are the truth. A
//! [`Message`] is computed from them for one question and kept nowhere.

use super::framing::Framing;

/// Node's visible fields, packed for a crossing. JavaScript mirrors the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageBits(pub u32);

impl MessageBits {
    /// `finished`: `end` has been called.
    pub const FINISHED: MessageBits = MessageBits(1);
    /// `destroyed`.
    pub const DESTROYED: MessageBits = MessageBits(2);
    /// `_hasBody`.
    pub const HAS_BODY: MessageBits = MessageBits(4);
    /// `chunkedEncoding`.
    pub const CHUNKED: MessageBits = MessageBits(8);
    /// `_header` is a string.
    pub const HEAD_STORED: MessageBits = MessageBits(16);
    /// `_headerSent`.
    pub const HEAD_SENT: MessageBits = MessageBits(32);
    /// `strictContentLength` applies: the program has declared a length and wants it kept.
    pub const STRICT_LENGTH: MessageBits = MessageBits(64);
    /// The server was made with `rejectNonStandardBodyWrites`.
    pub const REJECT_BODY: MessageBits = MessageBits(128);

    /// Whether every bit of `bits` is set.
    pub const fn contains(self, bits: MessageBits) -> bool {
        self.0 & bits.0 == bits.0
    }
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No head yet: the first write makes one.
    Fresh,
    /// The head is rendered and waits for the first bytes of the body.
    HeadStored,
    /// The head is on its way; chunks follow it one by one.
    Streaming,
    /// `end` has been called. Stays so when the message is destroyed afterwards, because Node's
    /// `write_` looks at `finished` first.
    Ended,
    /// `destroy` has been called before `end`.
    Destroyed,
}

/// A message's state at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// How far it has come.
    pub phase: Phase,
    /// How its body is delimited.
    pub framing: Framing,
    /// Whether a body where none may be is an error instead of ignored.
    rejects_body: bool,
}

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Nothing: the message has no body (RFC 9110 section 6.4.1). The callback still runs.
    Ignored,
    /// The bytes go on the wire inside the message's framing.
    Framed,
}

/// Why a write or an end is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A write after `end`: Node's `ERR_STREAM_WRITE_AFTER_END`.
    AfterEnd,
    /// A write after `destroy`: Node's `ERR_STREAM_DESTROYED`.
    Destroyed,
    /// The body is not what Content-Length says: Node's `ERR_HTTP_CONTENT_LENGTH_MISMATCH`.
    LengthMismatch {
        /// The bytes of the body, with the refused ones.
        body: u64,
        /// The value of Content-Length.
        declared: u64,
    },
    /// A body where none may be, on a server that rejects it: Node's `ERR_HTTP_BODY_NOT_ALLOWED`.
    BodyNotAllowed,
    /// `end` without a chunk after `end`: Node's `ERR_STREAM_ALREADY_FINISHED`, for the callback.
    AlreadyEnded,
}

impl Refusal {
    /// The stable number that crosses into JavaScript; distinct from every `HeadError`'s.
    pub fn code(self) -> i32 {
        match self {
            Refusal::AfterEnd => 1,
            Refusal::Destroyed => 2,
            Refusal::LengthMismatch { .. } => 3,
            Refusal::BodyNotAllowed => 4,
            Refusal::AlreadyEnded => 5,
        }
    }
}

impl Message {
    /// The state that Node's fields say, with the `(declared, written)` lengths of the body where
    /// they are accounted.
    ///
    /// Every combination of bits is one of the states: a head that is sent but isn't there is
    /// `Fresh`, as Node's `write_` asks for `_header` alone.
    pub fn from_bits(bits: MessageBits, accounted: Option<(u64, u64)>) -> Message {
        let phase = if bits.contains(MessageBits::FINISHED) {
            Phase::Ended
        } else if bits.contains(MessageBits::DESTROYED) {
            Phase::Destroyed
        } else if !bits.contains(MessageBits::HEAD_STORED) {
            Phase::Fresh
        } else if !bits.contains(MessageBits::HEAD_SENT) {
            Phase::HeadStored
        } else {
            Phase::Streaming
        };
        let accounted = accounted.filter(|_| bits.contains(MessageBits::STRICT_LENGTH));
        let framing = match accounted {
            _ if !bits.contains(MessageBits::HAS_BODY) => Framing::NoBody,
            _ if bits.contains(MessageBits::CHUNKED) => Framing::Chunked,
            Some((declared, written)) => Framing::ContentLength { declared, written },
            None => Framing::UntilClose,
        };
        Message {
            phase,
            framing,
            rejects_body: bits.contains(MessageBits::REJECT_BODY),
        }
    }

    /// What a write of `len` encoded bytes does; `last` when it comes from `end`.
    ///
    /// A `Fresh` message answers for the head that the caller is about to make, or has asked
    /// `_implicitHeader` for in vain: Node then sends the bytes without one.
    pub fn write(&self, len: usize, last: bool) -> Result<Write, Refusal> {
        match self.phase {
            Phase::Ended => return Err(Refusal::AfterEnd),
            Phase::Destroyed => return Err(Refusal::Destroyed),
            Phase::Fresh | Phase::HeadStored | Phase::Streaming => {}
        }
        match self.framing {
            Framing::NoBody if self.rejects_body => Err(Refusal::BodyNotAllowed),
            Framing::NoBody => Ok(Write::Ignored),
            Framing::ContentLength { declared, written } => {
                let body = written.saturating_add(len as u64);
                if body > declared || (last && body < declared) {
                    return Err(Refusal::LengthMismatch { body, declared });
                }
                Ok(Write::Framed)
            }
            Framing::Chunked | Framing::UntilClose => Ok(Write::Framed),
        }
    }

    /// Whether the message may end now, its last chunk written and counted.
    ///
    /// A destroyed message may: Node's `end` doesn't look.
    pub fn end(&self) -> Result<(), Refusal> {
        match (self.phase, self.framing) {
            (Phase::Ended, _) => Err(Refusal::AlreadyEnded),
            (_, Framing::ContentLength { declared, written }) if declared != written => {
                Err(Refusal::LengthMismatch {
                    body: written,
                    declared,
                })
            }
            (Phase::Fresh | Phase::HeadStored | Phase::Streaming | Phase::Destroyed, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_BITS: u32 = 255;

    fn bits(parts: &[MessageBits]) -> MessageBits {
        MessageBits(parts.iter().fold(0, |bits, part| bits | part.0))
    }

    /// Every combination of bits, with and without accounted lengths.
    fn every_state() -> impl Iterator<Item = (MessageBits, Option<(u64, u64)>)> {
        (0..=ALL_BITS).flat_map(|value| {
            [None, Some((10, 0)), Some((10, 4)), Some((10, 10))]
                .map(|accounted| (MessageBits(value), accounted))
        })
    }

    #[test]
    fn phases_follow_the_fields_in_nodes_order() {
        use MessageBits as B;
        let table = [
            (bits(&[]), Phase::Fresh),
            (bits(&[B::HEAD_SENT]), Phase::Fresh),
            (bits(&[B::HEAD_STORED]), Phase::HeadStored),
            (bits(&[B::HEAD_STORED, B::HEAD_SENT]), Phase::Streaming),
            (bits(&[B::DESTROYED]), Phase::Destroyed),
            (
                bits(&[B::DESTROYED, B::HEAD_STORED, B::HEAD_SENT]),
                Phase::Destroyed,
            ),
            (
                bits(&[B::FINISHED, B::HEAD_STORED, B::HEAD_SENT]),
                Phase::Ended,
            ),
            (bits(&[B::FINISHED, B::DESTROYED]), Phase::Ended),
        ];
        for (bits, phase) in table {
            assert_eq!(Message::from_bits(bits, None).phase, phase, "{bits:?}");
        }
    }

    #[test]
    fn framing_follows_the_fields() {
        use MessageBits as B;
        let counted = Framing::ContentLength {
            declared: 10,
            written: 4,
        };
        let table = [
            (bits(&[]), Framing::NoBody),
            (bits(&[B::CHUNKED, B::STRICT_LENGTH]), Framing::NoBody),
            (bits(&[B::HAS_BODY]), Framing::UntilClose),
            (bits(&[B::HAS_BODY, B::CHUNKED]), Framing::Chunked),
            (
                bits(&[B::HAS_BODY, B::CHUNKED, B::STRICT_LENGTH]),
                Framing::Chunked,
            ),
            (bits(&[B::HAS_BODY, B::STRICT_LENGTH]), counted),
        ];
        for (bits, framing) in table {
            assert_eq!(
                Message::from_bits(bits, Some((10, 4))).framing,
                framing,
                "{bits:?}"
            );
        }
        let unknown = bits(&[B::HAS_BODY, B::STRICT_LENGTH]);
        assert_eq!(
            Message::from_bits(unknown, None).framing,
            Framing::UntilClose
        );
    }

    /// Node's `write_`, transcribed as conditions on the fields in its order, for every state.
    #[test]
    fn a_write_in_every_state_is_answered_as_node_answers_it() {
        for (bits, accounted) in every_state() {
            for (len, last) in [0, 1, 6, 7, 10, 11]
                .into_iter()
                .flat_map(|l| [(l, false), (l, true)])
            {
                let is = |bit| bits.contains(bit);
                let strict = is(MessageBits::STRICT_LENGTH)
                    && is(MessageBits::HAS_BODY)
                    && !is(MessageBits::CHUNKED);
                let mismatch = accounted
                    .filter(|_| strict)
                    .and_then(|(declared, written)| {
                        let body = written + len as u64;
                        let is_wrong = if last {
                            body != declared
                        } else {
                            body > declared
                        };
                        is_wrong.then_some(Refusal::LengthMismatch { body, declared })
                    });
                let expected = if is(MessageBits::FINISHED) {
                    Err(Refusal::AfterEnd)
                } else if is(MessageBits::DESTROYED) {
                    Err(Refusal::Destroyed)
                } else if let Some(mismatch) = mismatch {
                    Err(mismatch)
                } else if is(MessageBits::HAS_BODY) {
                    Ok(Write::Framed)
                } else if is(MessageBits::REJECT_BODY) {
                    Err(Refusal::BodyNotAllowed)
                } else {
                    Ok(Write::Ignored)
                };
                let message = Message::from_bits(bits, accounted);
                assert_eq!(
                    message.write(len, last),
                    expected,
                    "{bits:?} {accounted:?} {len} {last}"
                );
            }
        }
    }

    #[test]
    fn an_end_in_every_state_is_answered_as_node_answers_it() {
        for (bits, accounted) in every_state() {
            let message = Message::from_bits(bits, accounted);
            let short = match message.framing {
                Framing::ContentLength { declared, written } if declared != written => {
                    Some(Refusal::LengthMismatch {
                        body: written,
                        declared,
                    })
                }
                _ => None,
            };
            let expected = if bits.contains(MessageBits::FINISHED) {
                Err(Refusal::AlreadyEnded)
            } else {
                short.map_or(Ok(()), Err)
            };
            assert_eq!(message.end(), expected, "{bits:?} {accounted:?}");
        }
    }

    #[test]
    fn a_length_that_no_message_has_is_a_mismatch_and_no_overflow() {
        let bits = bits(&[MessageBits::HAS_BODY, MessageBits::STRICT_LENGTH]);
        let message = Message::from_bits(bits, Some((5, u64::MAX)));
        let mismatch = Refusal::LengthMismatch {
            body: u64::MAX,
            declared: 5,
        };
        assert_eq!(message.write(usize::MAX, false), Err(mismatch));
    }

    #[test]
    fn codes_are_stable_and_tell_the_refusals_apart() {
        let refusals = [
            Refusal::AfterEnd,
            Refusal::Destroyed,
            Refusal::LengthMismatch {
                body: 1,
                declared: 2,
            },
            Refusal::BodyNotAllowed,
            Refusal::AlreadyEnded,
        ];
        assert_eq!(refusals.map(Refusal::code), [1, 2, 3, 4, 5]);
    }
}
