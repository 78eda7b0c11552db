//! ICMP errors: making them, and reading what they quote (RFC 792, RFC 4443).

use alloc::vec::Vec;

use super::address::Address;
use super::flow::{Tuple, pack_ports};
use super::header::{Header, Kind, skip_extensions};
use super::rewrite::{fill_header_checksum, fold, pseudo_header, sum};

/// An ICMP error, in both families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Nobody listens there.
    PortUnreachable,
    /// No route leads there.
    NetworkUnreachable,
    /// The packet was forwarded too often.
    TimeExceeded,
    /// The packet is too large for a link that carries this many bytes.
    TooBig(u16),
}

impl Error {
    /// Type and code, and the word that follows the checksum.
    fn fields(self, is_ipv4: bool) -> (u8, u8, u32) {
        match (self, is_ipv4) {
            (Error::PortUnreachable, true) => (3, 3, 0),
            (Error::NetworkUnreachable, true) => (3, 0, 0),
            (Error::TimeExceeded, true) => (11, 0, 0),
            (Error::TooBig(mtu), true) => (3, 4, u32::from(mtu)),
            (Error::PortUnreachable, false) => (1, 4, 0),
            (Error::NetworkUnreachable, false) => (1, 0, 0),
            (Error::TimeExceeded, false) => (3, 0, 0),
            (Error::TooBig(mtu), false) => (2, 0, u32::from(mtu)),
        }
    }
}

/// Writes the packet that tells the sender of `about` of an error; `source` is who tells.
///
/// It quotes as much of `about` as fits in 576 bytes, or 1280 for IPv6.
pub fn emit<A: Address>(out: &mut Vec<u8>, source: A, about: &[u8], header: &Header<A>, error: Error) {
    let is_ipv4 = A::CHECKSUM.is_some();
    let (start, most) = if is_ipv4 { (20, 576) } else { (40, 1280) };
    let quote = &about[..header.length.min(most - start - 8)];
    let length = start + 8 + quote.len();
    out.clear();
    out.resize(start + 8, 0);
    if is_ipv4 {
        out[0] = 0x45;
        out[1] = 0xc0; // internetwork control, as routers mark their messages
        out[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        out[9] = A::ICMP;
    } else {
        out[0] = 0x60;
        out[4..6].copy_from_slice(&((length - start) as u16).to_be_bytes());
        out[6] = A::ICMP;
    }
    out[A::TTL] = 64;
    source.store(&mut out[A::SOURCE..]);
    header.tuple.src.store(&mut out[A::SOURCE + A::LENGTH..]);
    if is_ipv4 {
        fill_header_checksum(out);
    }
    let (kind, code, word) = error.fields(is_ipv4);
    (out[start], out[start + 1]) = (kind, code);
    out[start + 4..start + 8].copy_from_slice(&word.to_be_bytes());
    out.extend_from_slice(quote);
    fill_checksum::<A>(out, start);
}

/// Takes one from the time to live of the packet that the error in `out` quotes, as forwarding it would have done.
pub(crate) fn count_down_quote<A: Address>(out: &mut [u8]) {
    let start = if A::CHECKSUM.is_some() { 20 } else { 40 };
    let quote = &mut out[start + 8..];
    quote[A::TTL] = quote[A::TTL].saturating_sub(1);
    if A::CHECKSUM.is_some() {
        fill_header_checksum(quote);
    }
    fill_checksum::<A>(out, start);
}

/// Computes the checksum of the ICMP message at `start` anew.
pub(crate) fn fill_checksum<A: Address>(packet: &mut [u8], start: usize) {
    packet[start + 2..start + 4].fill(0);
    let checksum = !fold(message_sum::<A>(packet, start));
    packet[start + 2..start + 4].copy_from_slice(&checksum.to_ne_bytes());
}

/// Whether the ICMP message at `start` sums to what it says.
pub(crate) fn checksum_is_right<A: Address>(packet: &[u8], start: usize) -> bool {
    fold(message_sum::<A>(packet, start)) == 0xffff
}

fn message_sum<A: Address>(packet: &[u8], start: usize) -> u64 {
    let message = &packet[start..];
    let pseudo = match A::CHECKSUM {
        Some(_) => 0,
        None => {
            let (src, dst) = (A::load(&packet[A::SOURCE..]), A::load(&packet[A::SOURCE + A::LENGTH..]));
            pseudo_header(src, dst, A::ICMP, message.len())
        }
    };
    sum(message) + pseudo
}

/// Reads the packet that an ICMP error quotes, of which only the first eight transport bytes need be there.
pub(crate) fn quoted<A: Address>(quote: &[u8]) -> Option<Header<A>> {
    let is_ipv4 = A::CHECKSUM.is_some();
    let first = *quote.first()?;
    let transport = if is_ipv4 { usize::from(first & 15) * 4 } else { 40 };
    if first >> 4 != if is_ipv4 { 4 } else { 6 } || transport < A::SOURCE + 2 * A::LENGTH || quote.len() < transport {
        return None;
    }
    if is_ipv4 && (quote[6] & 0x1f, quote[7]) != (0, 0) {
        return None;
    }
    let (src, dst) = (A::load(&quote[A::SOURCE..]), A::load(&quote[A::SOURCE + A::LENGTH..]));
    let tuple = Tuple { src, dst, ports: 0, protocol: if is_ipv4 { quote[9] } else { quote[6] } };
    let (length, ttl) = (quote.len(), quote[A::TTL]);
    let mut header = Header { tuple, transport, length, ttl, flags: 0, kind: Kind::Other, first_of: None };
    if !is_ipv4 && !skip_extensions(quote, &mut header).ok()? {
        return None;
    }
    let bytes = quote.get(header.transport..header.transport + 8)?;
    let identifier = u16::from_be_bytes([bytes[4], bytes[5]]);
    (header.kind, header.tuple.ports) = match (header.tuple.protocol, bytes[0]) {
        (6, _) => (Kind::Tcp, u32::load(bytes)),
        (17, _) => (Kind::Udp, u32::load(bytes)),
        (132, _) => (Kind::Sctp, u32::load(bytes)),
        (1, 8) if is_ipv4 => (Kind::Query, pack_ports(identifier, 0x0800)),
        (1, 0) if is_ipv4 => (Kind::Answer, pack_ports(0x0800, identifier)),
        (58, 128) if !is_ipv4 => (Kind::Query, pack_ports(identifier, 0x8000)),
        (58, 129) if !is_ipv4 => (Kind::Answer, pack_ports(0x8000, identifier)),
        (1 | 58, _) => return None,
        _ => (Kind::Other, 0),
    };
    Some(header)
}
