//! The hasher of the packet path: fast, and keyed by the seed, so that nobody can aim packets at one bucket.

use crate::net::address::Address;
use crate::rng::Rng;

/// The key of the hashes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secret(u64, u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Secret {
    pub(crate) fn new(rng: &mut Rng) -> Secret {
        Secret(rng.next_u64() | 1, rng.next_u64())
    }

    #[inline]
    fn mix(&self, value: u64) -> u64 {
        let x = (value ^ self.1).wrapping_mul(self.0);
        let x = (x ^ x >> 32).wrapping_mul(GOLDEN);
        x ^ x >> 29
    }

    /// The hash of an address.
    #[inline]
    pub(crate) fn address<A: Address>(&self, address: A) -> u64 {
        self.mix(address.fold())
    }

    /// The hash of an address with a port and a protocol.
    #[inline]
    pub(crate) fn socket<A: Address>(&self, address: A, port: u16, protocol: u8) -> u64 {
        self.mix(address.fold() ^ (u64::from(port) << 40 | u64::from(protocol) << 56))
    }

    /// The hash of a name.
    pub(crate) fn text(&self, text: &str) -> u64 {
        text.as_bytes().chunks(8).fold(text.len() as u64, |hash, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(hash.rotate_left(23) ^ u64::from_le_bytes(word))
        })
    }
}

/// A hash that is the same for every seed, for choices that must agree between nodes (Maglev, source hashing).
pub(crate) fn stable(value: u128, salt: u64) -> u64 {
    let x = (value as u64 ^ salt).wrapping_mul(GOLDEN);
    let x = (x ^ x >> 32 ^ (value >> 64) as u64).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let x = (x ^ x >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ x >> 33
}
