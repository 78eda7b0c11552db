//! Addresses as the raw words in which they lie in a packet.

use core::fmt;
use core::hash::Hash;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::header::{self, Header};
use super::rewrite;
use super::tap::Reason;
use crate::cidr::Cidr;

/// An address as the word it is in memory, so that the packet path neither swaps bytes nor knows the family.
///
/// Two families have two widths, and a connection of the narrow one must not pay for the wide one; that is
/// why this is a trait. The words compare equal as addresses do, but are *not* ordered as addresses are: use
/// [`Address::bits`] for order and prefixes.
pub trait Address: Copy + Eq + Hash + fmt::Debug + Default {
    /// Bytes in the packet: 4 or 16.
    const LENGTH: usize;
    /// Where the source address lies in the IP header; the destination follows it.
    const SOURCE: usize;
    /// Where time to live, or the hop limit, lies.
    const TTL: usize;
    /// Where the header checksum lies, if the family has one.
    const CHECKSUM: Option<usize>;
    /// The number of the family's ICMP.
    const ICMP: u8;
    /// Two addresses side by side, as they lie in a packet: source, then destination.
    type Pair: Copy + Eq + Default + fmt::Debug;
    /// The word at the start of `bytes`, which holds at least `LENGTH` bytes.
    fn load(bytes: &[u8]) -> Self;
    /// Writes the word to the start of `bytes`.
    fn store(self, bytes: &mut [u8]);
    /// The address, when it is of this family.
    fn from_ip(address: IpAddr) -> Option<Self>;
    /// The address for people.
    fn ip(self) -> IpAddr;
    /// The address as a number, first byte most significant; IPv4 in the low 32 bits.
    fn bits(self) -> u128;
    /// The sum of the word's 32-bit parts, as the internet checksum adds them.
    fn sum(self) -> u64;
    /// Whether the bits that `mask` has are the same in `other`.
    fn agrees(self, other: Self, mask: Self) -> bool;
    /// Eight bytes to hash by.
    fn fold(self) -> u64;
    /// The pair at the start of `bytes`, which holds at least twice `LENGTH` bytes.
    fn load_pair(bytes: &[u8]) -> Self::Pair;
    /// Writes the pair to the start of `bytes`.
    fn store_pair(pair: Self::Pair, bytes: &mut [u8]);
    /// Two addresses as a pair.
    fn join(src: Self, dst: Self) -> Self::Pair;
    /// The two addresses of a pair.
    fn split(pair: Self::Pair) -> (Self, Self);
    /// Eight bytes of a pair to hash by.
    fn fold_pair(pair: Self::Pair) -> u64;
    /// What replacing one pair by another adds to the complement of a checksum.
    fn replaced(old: Self::Pair, new: Self::Pair) -> u32;
    /// Reads the headers of a packet of this family.
    fn parse(packet: &[u8]) -> Result<Header<Self>, Reason>;
}

/// A prefix as words, for the packet path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefix<A> {
    address: A,
    mask: A,
}

impl<A: Address> Prefix<A> {
    /// The prefix, if it is of this family.
    pub(crate) fn new(cidr: &Cidr) -> Option<Prefix<A>> {
        let ones = match cidr.address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::BROADCAST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(u128::MAX)),
        };
        let mask = Cidr { address: ones, length: cidr.length }.masked().address;
        Some(Prefix { address: A::from_ip(cidr.address)?, mask: A::from_ip(mask)? })
    }

    /// Whether `address` lies in it.
    #[inline(always)]
    pub(crate) fn contains(&self, address: A) -> bool {
        address.agrees(self.address, self.mask)
    }
}

impl Address for u32 {
    const LENGTH: usize = 4;
    const SOURCE: usize = 12;
    const TTL: usize = 8;
    const CHECKSUM: Option<usize> = Some(10);
    const ICMP: u8 = 1;

    #[inline(always)]
    fn load(bytes: &[u8]) -> u32 {
        u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    #[inline(always)]
    fn store(self, bytes: &mut [u8]) {
        bytes[..4].copy_from_slice(&self.to_ne_bytes());
    }

    fn from_ip(address: IpAddr) -> Option<u32> {
        match address {
            IpAddr::V4(a) => Some(u32::from_ne_bytes(a.octets())),
            IpAddr::V6(_) => None,
        }
    }

    #[inline]
    fn ip(self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(self.to_ne_bytes()))
    }

    #[inline]
    fn bits(self) -> u128 {
        u128::from(u32::from_be(self))
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        u64::from(self)
    }

    #[inline(always)]
    fn agrees(self, other: u32, mask: u32) -> bool {
        (self ^ other) & mask == 0
    }

    #[inline(always)]
    fn fold(self) -> u64 {
        u64::from(self)
    }

    type Pair = u64;

    #[inline(always)]
    fn load_pair(bytes: &[u8]) -> u64 {
        bytes.first_chunk().map_or(0, |word| u64::from_ne_bytes(*word))
    }

    #[inline(always)]
    fn store_pair(pair: u64, bytes: &mut [u8]) {
        bytes[..8].copy_from_slice(&pair.to_ne_bytes());
    }

    #[inline(always)]
    fn join(src: u32, dst: u32) -> u64 {
        let (low, high) = if cfg!(target_endian = "little") { (src, dst) } else { (dst, src) };
        u64::from(high) << 32 | u64::from(low)
    }

    #[inline(always)]
    fn split(pair: u64) -> (u32, u32) {
        let (low, high) = (pair as u32, (pair >> 32) as u32);
        if cfg!(target_endian = "little") { (low, high) } else { (high, low) }
    }

    #[inline(always)]
    fn fold_pair(pair: u64) -> u64 {
        pair
    }

    #[inline(always)]
    fn replaced(old: u64, new: u64) -> u32 {
        rewrite::fold_word(rewrite::add_words(!old, new))
    }

    #[inline(always)]
    fn parse(packet: &[u8]) -> Result<Header<u32>, Reason> {
        header::parse_ipv4(packet)
    }
}

impl Address for u128 {
    const LENGTH: usize = 16;
    const SOURCE: usize = 8;
    const TTL: usize = 7;
    const CHECKSUM: Option<usize> = None;
    const ICMP: u8 = 58;

    #[inline(always)]
    fn load(bytes: &[u8]) -> u128 {
        let mut word = [0; 16];
        word.copy_from_slice(&bytes[..16]);
        u128::from_ne_bytes(word)
    }

    #[inline(always)]
    fn store(self, bytes: &mut [u8]) {
        bytes[..16].copy_from_slice(&self.to_ne_bytes());
    }

    fn from_ip(address: IpAddr) -> Option<u128> {
        match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(a) => Some(u128::from_ne_bytes(a.octets())),
        }
    }

    #[inline]
    fn ip(self) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from(self.to_ne_bytes()))
    }

    #[inline]
    fn bits(self) -> u128 {
        u128::from_be(self)
    }

    #[inline(always)]
    fn sum(self) -> u64 {
        (0..4).map(|i| (self >> (32 * i)) as u32 as u64).sum()
    }

    #[inline(always)]
    fn agrees(self, other: u128, mask: u128) -> bool {
        (self ^ other) & mask == 0
    }

    #[inline(always)]
    fn fold(self) -> u64 {
        (self as u64).rotate_left(21) ^ (self >> 64) as u64
    }

    type Pair = [u128; 2];

    #[inline(always)]
    fn load_pair(bytes: &[u8]) -> [u128; 2] {
        [u128::load(bytes), u128::load(&bytes[16..])]
    }

    #[inline(always)]
    fn store_pair(pair: [u128; 2], bytes: &mut [u8]) {
        pair[0].store(bytes);
        pair[1].store(&mut bytes[16..]);
    }

    #[inline(always)]
    fn join(src: u128, dst: u128) -> [u128; 2] {
        [src, dst]
    }

    #[inline(always)]
    fn split(pair: [u128; 2]) -> (u128, u128) {
        (pair[0], pair[1])
    }

    #[inline(always)]
    fn fold_pair(pair: [u128; 2]) -> u64 {
        pair[0].fold() ^ pair[1].fold().rotate_left(32)
    }

    #[inline(always)]
    fn replaced(old: [u128; 2], new: [u128; 2]) -> u32 {
        let half = |old: u128, new: u128| {
            let low = rewrite::add_words(!old as u64, new as u64);
            rewrite::add_words(low, rewrite::add_words(!(old >> 64) as u64, (new >> 64) as u64))
        };
        rewrite::fold_word(rewrite::add_words(half(old[0], new[0]), half(old[1], new[1])))
    }

    #[inline]
    fn parse(packet: &[u8]) -> Result<Header<u128>, Reason> {
        header::parse_ipv6(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_of_words_holds_what_its_range_holds() {
        for text in ["10.1.2.0/24", "0.0.0.0/0", "10.1.2.3/32", "fd00:1::/64", "::/0"] {
            let cidr: Cidr = text.parse().unwrap();
            for address in ["10.1.2.0", "10.1.2.3", "10.1.3.0", "fd00:1::1", "fd00:1:0:1::", "::"] {
                let address: IpAddr = address.parse().unwrap();
                let v4 = Prefix::<u32>::new(&cidr).zip(u32::from_ip(address)).map(|(p, a)| p.contains(a));
                let v6 = Prefix::<u128>::new(&cidr).zip(u128::from_ip(address)).map(|(p, a)| p.contains(a));
                assert_eq!(v4.or(v6).unwrap_or(false), cidr.contains(address), "{address} in {text}");
            }
        }
    }

    #[test]
    fn a_word_is_its_address() {
        let a: IpAddr = "10.1.2.3".parse().unwrap();
        assert_eq!(u32::from_ip(a).unwrap().ip(), a);
        assert_eq!(u32::from_ip(a).unwrap().bits(), 0x0a01_0203);
        let b: IpAddr = "fd00::5".parse().unwrap();
        assert_eq!(u128::from_ip(b).unwrap().ip(), b);
        assert_eq!(u128::from_ip(a), None);
    }
}
