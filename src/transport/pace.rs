//! Whether a write waits for others of its turn of the event loop.
#![forbid(unsafe_code)]

/// Turns of the event loop in a row with one write each, after which a write is handed over at once:
/// nothing is gathered by waiting for the turn's end, and the wait takes a `process.nextTick`. An event
/// a turn: 4.2 µs, and 3.4 at once. At the most, and at first.
const STEADY_MOST: u32 = 1024;
const STEADY_FIRST: u32 = 8;

/// Writes that are handed over at once before one waits again, to see whether another comes in its turn.
const AHEAD: u32 = 8;

/// What the turns of a connection have shown.
pub(super) struct Pace {
    /// Turns in a row with one write each, and writes that were handed over at once since.
    steady: u32,
    /// How many of them it takes: more each time that it was wrong. None where nothing ever waits.
    needed: u32,
}

impl Pace {
    /// Without `coalesce` no write waits.
    pub fn new(coalesce: bool) -> Self {
        Self {
            steady: 0,
            needed: if coalesce { STEADY_FIRST } else { 0 },
        }
    }

    /// Whether a write may wait at all.
    pub fn coalesces(&self) -> bool {
        self.needed != 0
    }

    /// Whether the next write is handed over at once.
    pub fn is_ahead(&self) -> bool {
        self.steady >= self.needed
    }

    /// A write did not wait.
    pub fn went_ahead(&mut self) {
        self.steady += 1;
        if self.steady >= self.needed + AHEAD {
            self.steady = self.needed.saturating_sub(1);
        }
    }

    /// A turn is over in which so many writes waited.
    pub fn turn_ended(&mut self, writes: usize) {
        match writes {
            0 => {}
            1 => self.steady += 1,
            _ => {
                if self.steady + 1 >= self.needed {
                    self.needed = (self.needed * 2).min(STEADY_MOST);
                }
                self.steady = 0;
            }
        }
    }

    /// What leaves with the end of a message says nothing of turns.
    pub fn message_ended(&mut self) {
        self.steady = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::connection::tests::pair;
    use crate::transport::{Connection, Outcome, When};
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    fn read_all(theirs: &mut UnixStream) {
        theirs.set_nonblocking(true).unwrap();
        while matches!(theirs.read(&mut [0; 1024]), Ok(1..)) {}
    }

    /// What becomes of a turn's only write.
    fn one_write_a_turn(connection: &mut Connection<Vec<u8>>) -> Outcome {
        let spare = &mut Vec::new();
        connection.append(spare, |out| out.push(1));
        let outcome = connection.settle(When::Promptly, spare).0;
        assert_eq!(connection.flush(spare), Outcome::Sent);
        outcome
    }

    fn burst(connection: &mut Connection<Vec<u8>>) -> Vec<Outcome> {
        let spare = &mut Vec::new();
        let outcomes = (0..20)
            .map(|_| {
                connection.append(spare, |out| out.push(2));
                connection.settle(When::Promptly, spare).0
            })
            .collect();
        assert_eq!(connection.flush(spare), Outcome::Sent);
        outcomes
    }

    #[test]
    fn one_write_a_turn_leaves_at_once_and_now_and_then_waits_for_others() {
        let (_ours, _theirs, mut connection) = pair(true);
        for _ in 0..STEADY_FIRST {
            assert_eq!(one_write_a_turn(&mut connection), Outcome::Deferred);
            assert!(connection.sent() == connection.enqueued());
        }
        for _ in 0..3 {
            assert_eq!(connection.room(), 0);
            for _ in 0..AHEAD {
                assert_eq!(one_write_a_turn(&mut connection), Outcome::Sent);
            }
            assert_eq!(one_write_a_turn(&mut connection), Outcome::Deferred);
        }
    }

    #[test]
    fn writes_that_come_together_are_gathered_again_and_for_longer() {
        let (_ours, mut theirs, mut connection) = pair(true);
        for wait in [STEADY_FIRST, STEADY_FIRST * 2, STEADY_FIRST * 4] {
            for _ in 0..wait {
                assert_eq!(one_write_a_turn(&mut connection), Outcome::Deferred);
            }
            read_all(&mut theirs);
            let outcomes = burst(&mut connection);
            let at_once = outcomes.iter().filter(|outcome| **outcome == Outcome::Sent);
            assert_eq!(at_once.count(), AHEAD as usize);
            assert_eq!(burst(&mut connection), [Outcome::Deferred; 20]);
        }
    }

    #[test]
    fn no_more_turns_are_needed_than_the_bound() {
        let mut pace = Pace::new(true);
        for _ in 0..20 {
            for _ in 0..STEADY_MOST {
                if pace.is_ahead() {
                    pace.went_ahead();
                } else {
                    pace.turn_ended(1);
                }
            }
            while pace.is_ahead() {
                pace.went_ahead();
            }
            pace.turn_ended(20);
        }
        assert_eq!(pace.needed, STEADY_MOST);
    }

    #[test]
    fn what_is_handed_over_by_an_end_says_nothing_of_turns() {
        let (_ours, _theirs, mut connection) = pair(true);
        let spare = &mut Vec::new();
        for _ in 0..STEADY_FIRST * 2 {
            assert_eq!(one_write_a_turn(&mut connection), Outcome::Deferred);
            connection.append(spare, |out| out.push(3));
            assert_eq!(connection.settle(When::Now, spare).0, Outcome::Sent);
        }
    }

    #[test]
    fn what_is_gathered_is_whatever_came_before() {
        let (_ours, _theirs, mut connection) = pair(true);
        let spare = &mut Vec::new();
        for _ in 0..STEADY_FIRST {
            one_write_a_turn(&mut connection);
        }
        connection.append(spare, |out| out.push(3));
        assert_eq!(
            connection.settle(When::Gathered, spare).0,
            Outcome::Deferred
        );
    }
}
