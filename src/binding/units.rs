//! The room that strings pass through.

/// What a string is on its way to its bytes, kept for its capacity.
#[derive(Default)]
pub(super) struct Units {
    pub(super) wide: Vec<u16>,
    #[cfg(feature = "simdutf")]
    pub(super) latin1: Vec<u8>,
}

impl Units {
    /// In bytes.
    pub(super) fn capacity(&self) -> usize {
        #[cfg(feature = "simdutf")]
        let latin1 = self.latin1.capacity();
        #[cfg(not(feature = "simdutf"))]
        let latin1 = 0;
        2 * self.wide.capacity() + latin1
    }
}
