//! Rewriting a packet's headers without reading its payload.
//!
//! The internet checksum is a sum of 16-bit words in ones' complement arithmetic. When a word changes, the
//! checksum can be mended by subtracting the old word and adding the new one (RFC 1624, equation 3:
//! `HC' = ~(~HC + ~m + m')`). Because 2^16 = 1 modulo 2^16 - 1, words may be added 32 bits at a time, in the
//! byte order of the machine, and folded at the end. A wrong checksum stays wrong, so that its receiver notices.

use core::net::IpAddr;

use super::address::Address;
use super::flow::{Plain, Tuple};
use super::header::{Header, Kind, plain_length};

/// Writes the addresses and ports of `to` over those of the packet, whose headers are `header`.
///
/// With `forward`, time to live is decremented as well.
#[inline(always)]
pub fn rewrite<A: Address>(packet: &mut [u8], header: &Header<A>, to: &Tuple<A>, forward: bool) {
    let from = &header.tuple;
    let addresses = replaced(from.src, to.src) + replaced(from.dst, to.dst);
    to.src.store(&mut packet[A::SOURCE..]);
    to.dst.store(&mut packet[A::SOURCE + A::LENGTH..]);
    let mut change = addresses;
    if forward {
        let ttl = packet[A::TTL];
        packet[A::TTL] = ttl.wrapping_sub(1);
        change += u64::from(u16::from_ne_bytes([packet[A::TTL], 0])) + u64::from(!u16::from_ne_bytes([ttl, 0]));
    }
    if let Some(at) = A::CHECKSUM {
        mend(packet, at, change);
    }
    let start = header.transport;
    let change = addresses + u64::from(!from.ports) + u64::from(to.ports);
    match header.kind {
        Kind::Tcp => {
            to.ports.store(&mut packet[start..]);
            mend(packet, start + 16, change);
        }
        Kind::Udp => {
            to.ports.store(&mut packet[start..]);
            if packet[start + 6] != 0 || packet[start + 7] != 0 {
                mend(packet, start + 6, change);
                if packet[start + 6] == 0 && packet[start + 7] == 0 {
                    // Zero would mean "no checksum" (RFC 768).
                    packet[start + 6..start + 8].fill(0xff);
                }
            }
        }
        Kind::Sctp if from.ports != to.ports => {
            to.ports.store(&mut packet[start..]);
            // What an error quotes may end before the checksum.
            if header.length >= start + 12 {
                sctp_checksum(&mut packet[start..header.length]);
            }
        }
        Kind::Query | Kind::Answer => {
            let (old, new) = match header.kind {
                Kind::Query => (from.src_port(), to.src_port()),
                _ => (from.dst_port(), to.dst_port()),
            };
            packet[start + 4..start + 6].copy_from_slice(&new.to_be_bytes());
            let mut change = u64::from(!old.to_be()) + u64::from(new.to_be());
            if A::CHECKSUM.is_none() {
                // ICMPv6 sums the addresses, ICMP does not.
                change += addresses;
            }
            mend(packet, start + 2, change);
            let message = &mut packet[start..header.length];
            if message.iter().all(|byte| *byte == 0) {
                // An answer of nothing but zeros: of the two zeros of ones' complement its sum is the other one.
                message[2..4].fill(0xff);
            }
        }
        Kind::Error if A::CHECKSUM.is_none() => mend(packet, start + 2, addresses),
        Kind::Sctp | Kind::Error | Kind::Fragment(_) | Kind::Other => {}
    }
}

/// As [`rewrite`], for a packet that [`parse_plain`](super::header::parse_plain) has read, and that is forwarded.
#[inline(always)]
pub(crate) fn rewrite_plain<A: Address>(packet: &mut [u8], from: &Plain<A>, addresses: A::Pair, ports: u32) {
    let start = A::SOURCE + 2 * A::LENGTH;
    let Some(packet) = packet.get_mut(..plain_length::<A>()) else { return };
    // Never 0, as the sum of a word and the complement of another is not unless both are.
    let change = A::replaced(from.addresses, addresses);
    A::store_pair(addresses, &mut packet[A::SOURCE..]);
    ports.store(&mut packet[start..]);
    packet[A::TTL] = packet[A::TTL].wrapping_sub(1);
    if let Some(at) = A::CHECKSUM {
        // The word of the TTL lost one in its first byte, which its checksum gains.
        subtract(
            packet,
            at,
            if cfg!(target_endian = "little") { change.wrapping_sub(1) } else { add_halves(change, !0x0100) },
        );
    }
    let change = add_halves(change, add_halves(!from.ports, ports));
    if from.protocol == 6 {
        subtract(packet, start + 16, change);
    } else if packet[start + 6] != 0 || packet[start + 7] != 0 {
        subtract(packet, start + 6, change);
        if packet[start + 6] == 0 && packet[start + 7] == 0 {
            packet[start + 6..start + 8].fill(0xff);
        }
    }
}

/// Subtracts `change` from the checksum at `at`: what its complement gains, it loses.
#[inline(always)]
fn subtract(packet: &mut [u8], at: usize, change: u32) {
    let Some(field) = packet.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) else { return };
    let change = (change.wrapping_add(change.rotate_left(16)) >> 16) as u16;
    let (rest, borrow) = u16::from_ne_bytes(*field).overflowing_sub(change);
    *field = rest.wrapping_sub(u16::from(borrow)).to_ne_bytes();
}

/// The ones' complement sum of two words.
#[inline(always)]
pub(super) fn add_words(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    sum.wrapping_add(u64::from(carry))
}

/// The ones' complement sum of two half words.
#[inline(always)]
fn add_halves(a: u32, b: u32) -> u32 {
    let (sum, carry) = a.overflowing_add(b);
    sum.wrapping_add(u32::from(carry))
}

/// The ones' complement sum of a word's halves.
#[inline(always)]
pub(super) fn fold_word(word: u64) -> u32 {
    add_halves(word as u32, (word >> 32) as u32)
}

/// What replacing one word by another adds to the complement of a checksum.
#[inline(always)]
fn replaced<A: Address>(old: A, new: A) -> u64 {
    let words = (A::LENGTH / 4) as u64;
    words * 0xffff_ffff - old.sum() + new.sum()
}

/// Adds `change` to the checksum at `at`.
#[inline(always)]
fn mend(packet: &mut [u8], at: usize, change: u64) {
    let Some(field) = packet.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) else { return };
    // A change is a few 32-bit words: what it has above 32 bits is small, and one carry is all there can be.
    let sum = change + u64::from(!u16::from_ne_bytes(*field));
    let (half, carry) = (sum as u32).overflowing_add((sum >> 32) as u32);
    let half = half + u32::from(carry);
    *field = (!(half.wrapping_add(half.rotate_left(16)) >> 16) as u16).to_ne_bytes();
}

/// Folds a sum into 16 bits, adding the carries back in.
#[inline(always)]
pub(crate) fn fold(sum: u64) -> u16 {
    let (half, carry) = (sum as u32).overflowing_add((sum >> 32) as u32);
    let (half, carry) = half.overflowing_add(u32::from(carry));
    let half = half + u32::from(carry);
    // Both halves added in the upper one, which takes the carry of the lower.
    (half.wrapping_add(half.rotate_left(16)) >> 16) as u16
}

/// The ones' complement sum of `bytes`, in the byte order of the machine.
#[inline]
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    // Two halves at a time, each added where no carry is lost.
    let halves = |word: [u8; 8]| {
        let word = u64::from_ne_bytes(word);
        (word & 0xffff_ffff) + (word >> 32)
    };
    let (words, rest) = bytes.as_chunks();
    let mut total = 0;
    for word in words {
        total += halves(*word);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        total += halves(last);
    }
    total
}

/// The sum of the pseudo header that TCP, UDP and ICMPv6 include.
pub(crate) fn pseudo_header<A: Address>(src: A, dst: A, protocol: u8, length: usize) -> u64 {
    let length = (length as u32).to_be_bytes();
    src.sum() + dst.sum() + u64::from(u32::from_ne_bytes(length)) + u64::from(u16::from_ne_bytes([0, protocol]))
}

/// Computes every checksum of a packet anew. One that cannot be parsed is left alone, and so is the transport checksum
/// of a packet in parts, which covers all of them.
pub fn fill_checksums(packet: &mut [u8]) {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => fill::<u32>(packet),
        Some(6) => fill::<u128>(packet),
        _ => {}
    }
}

fn fill<A: Address>(packet: &mut [u8]) {
    let Ok(header) = A::parse(packet) else { return };
    if A::CHECKSUM.is_some() {
        fill_header_checksum(packet);
    }
    if header.first_of.is_some() {
        return;
    }
    let start = header.transport;
    let transport = &mut packet[start..header.length];
    let Tuple { src, dst, protocol, .. } = header.tuple;
    let at = match header.kind {
        Kind::Tcp => 16,
        Kind::Udp => 6,
        Kind::Query | Kind::Answer | Kind::Error => {
            return super::icmp::fill_checksum::<A>(&mut packet[..header.length], start);
        }
        Kind::Sctp => return sctp_checksum(transport),
        Kind::Fragment(_) | Kind::Other => return,
    };
    transport[at..at + 2].fill(0);
    let checksum = !fold(sum(transport) + pseudo_header(src, dst, protocol, transport.len()));
    let checksum = if checksum == 0 && header.kind == Kind::Udp { 0xffff } else { checksum };
    transport[at..at + 2].copy_from_slice(&checksum.to_ne_bytes());
}

/// Computes the IPv4 header checksum anew.
pub(crate) fn fill_header_checksum(packet: &mut [u8]) {
    packet[10..12].fill(0);
    let length = usize::from(packet[0] & 0x0f) * 4;
    let checksum = !fold(sum(&packet[..length]));
    packet[10..12].copy_from_slice(&checksum.to_ne_bytes());
}

/// Whether an IPv4 header sums to what it says.
pub(crate) fn header_checksum_is_right(packet: &[u8], transport: usize) -> bool {
    // Nearly always without options: then the loop over its words is unrolled.
    let total = match packet.first_chunk::<20>() {
        Some(header) if transport == 20 => sum(header),
        _ => sum(&packet[..transport]),
    };
    fold(total) == 0xffff
}

/// Whether the checksum of TCP's kind that `transport` carries is what it and its addresses sum to.
pub(crate) fn transport_checksum_is_right(from: IpAddr, to: IpAddr, protocol: u8, transport: &[u8]) -> bool {
    let address = |address: IpAddr| match address {
        IpAddr::V4(address) => sum(&address.octets()),
        IpAddr::V6(address) => sum(&address.octets()),
    };
    let rest = pseudo_header(0_u32, 0, protocol, transport.len());
    fold(sum(transport) + address(from) + address(to) + rest) == 0xffff
}

/// Computes the CRC32c of an SCTP packet anew (RFC 9260 appendix A).
fn sctp_checksum(sctp: &mut [u8]) {
    sctp[8..12].fill(0);
    let crc = crc32c(sctp);
    sctp[8..12].copy_from_slice(&crc.to_le_bytes());
}

/// CRC32c, four bits at a time.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut i = 0;
        while i < 16 {
            let mut value = i as u32;
            let mut bit = 0;
            while bit < 4 {
                value = if value & 1 == 1 { value >> 1 ^ 0x82f6_3b78 } else { value >> 1 };
                bit += 1;
            }
            table[i] = value;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        let crc = crc ^ u32::from(byte);
        let crc = crc >> 4 ^ TABLE[(crc & 15) as usize];
        crc >> 4 ^ TABLE[(crc & 15) as usize]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32c_has_the_value_of_its_check_string() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn an_echo_answer_of_nothing_but_zeros_keeps_a_right_checksum() {
        let mut packet = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 10, 1, 0, 1, 10, 2, 0, 1, 0, 0, 0, 0, 0, 7, 0, 0];
        fill_checksums(&mut packet);
        // Once its identifier becomes 0, once it stays.
        for _ in 0..2 {
            let header = u32::parse(&packet).unwrap();
            rewrite(&mut packet, &header, &header.tuple.with_dst(header.tuple.dst, 0), true);
            assert_eq!(packet[22..26], [0xff, 0xff, 0, 0]);
        }
    }

    #[test]
    fn folding_keeps_the_value_modulo_65535() {
        for sum in [0, 1, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_2345_6789_abcd, u64::MAX >> 8] {
            let folded = u64::from(fold(sum));
            assert_eq!(folded % 0xffff, sum % 0xffff, "{sum:x}");
            assert_eq!(folded == 0, sum == 0);
        }
    }
}
