//! Surrogates: the only code units whose meaning hangs on their neighbour.

/// The number of surrogate pairs; a high surrogate in front of a low one is always a pair.
pub(super) fn pairs(units: &[u16]) -> usize {
    units
        .iter()
        .zip(units.iter().skip(1))
        .filter(|(first, second)| **first & 0xfc00 == 0xd800 && **second & 0xfc00 == 0xdc00)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_high_before_low_is_a_pair() {
        for (units, expected) in [
            (&[][..], 0),
            (&[0xd83d], 0),
            (&[0xd83d, 0xde00], 1),
            (&[0xde00, 0xd83d], 0),
            (&[0xd83d, 0xd83d, 0xde00, 0xde00], 1),
            (&[0xd83d, 0x41, 0xde00], 0),
            (&[0xd800, 0xdc00, 0xdbff, 0xdfff], 2),
            (&[0xd7ff, 0xdc00, 0xdbff, 0xe000], 0),
        ] {
            assert_eq!(pairs(units), expected, "{units:04x?}");
        }
    }
}
