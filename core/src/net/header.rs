//! Reading the headers of a packet: whose it is, and where its parts lie.

use super::address::Address;
use super::flow::{Plain, Tuple, pack_ports};
use super::tap::Reason;

/// What of a packet's headers the packet path needs.
#[derive(Debug, Clone, Copy)]
pub struct Header<A> {
    /// Whose packet it is. For ICMP errors and later fragments the ports are 0.
    pub tuple: Tuple<A>,
    /// Where the transport header begins.
    pub transport: usize,
    /// Length of the whole packet; bytes beyond it are padding.
    pub length: usize,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// The flags byte of a TCP header, the type of an SCTP packet's first chunk, else 0.
    pub flags: u8,
    /// What kind of packet it is.
    pub kind: Kind,
    /// The identification of the whole, if this is only its first part.
    pub first_of: Option<u32>,
}

/// How a packet is to be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// TCP: ports, and a checksum over everything.
    Tcp,
    /// UDP: ports, and a checksum that may be absent.
    Udp,
    /// SCTP: ports, and a CRC over the transport part alone.
    Sctp,
    /// An ICMP query: its identifier stands for the source port.
    Query,
    /// The answer to an ICMP query: the identifier stands for the destination port.
    Answer,
    /// An ICMP error, which quotes the packet it is about.
    Error,
    /// A part of a packet, without a transport header. The identification ties it to its first part.
    Fragment(u32),
    /// Any other protocol; it has no ports.
    Other,
}

/// TCP flags, as bits of their byte.
pub mod tcp_flags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// The acknowledgement number counts.
    pub const ACK: u8 = 0x10;
}

/// Reads an IPv4 packet's headers.
#[inline(always)]
pub(crate) fn parse_ipv4(packet: &[u8]) -> Result<Header<u32>, Reason> {
    let Some((ip, _)) = packet.split_first_chunk::<20>() else { return Err(Reason::Malformed) };
    let transport = usize::from(ip[0] & 0x0f) * 4;
    let length = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    if ip[0] >> 4 != 4 || transport < 20 || length < transport || length > packet.len() {
        return Err(Reason::Malformed);
    }
    let mut header = Header {
        tuple: Tuple { src: u32::load(&ip[12..]), dst: u32::load(&ip[16..]), ports: 0, protocol: ip[9] },
        transport,
        length,
        ttl: ip[8],
        flags: 0,
        kind: Kind::Other,
        first_of: None,
    };
    let identification = u32::from(u16::from_be_bytes([ip[4], ip[5]]));
    let offset = u16::from_be_bytes([ip[6] & 0x1f, ip[7]]);
    if offset != 0 {
        header.kind = Kind::Fragment(identification);
        return Ok(header);
    }
    header.first_of = (ip[6] & 0x20 != 0).then_some(identification);
    // A first fragment may be shorter than its transport part claims; only the header must be whole.
    parse_transport(&packet[..length], &mut header)?;
    Ok(header)
}

/// Reads an IPv6 packet's headers, walking its extension headers (RFC 8200 section 4).
pub(crate) fn parse_ipv6(packet: &[u8]) -> Result<Header<u128>, Reason> {
    let Some((ip, _)) = packet.split_first_chunk::<40>() else { return Err(Reason::Malformed) };
    let length = 40 + usize::from(u16::from_be_bytes([ip[4], ip[5]]));
    if ip[0] >> 4 != 6 || length > packet.len() {
        return Err(Reason::Malformed);
    }
    let packet = &packet[..length];
    let mut header = Header {
        tuple: Tuple { src: u128::load(&ip[8..]), dst: u128::load(&ip[24..]), ports: 0, protocol: ip[6] },
        transport: 40,
        length,
        ttl: ip[7],
        flags: 0,
        kind: Kind::Other,
        first_of: None,
    };
    if skip_extensions(packet, &mut header)? {
        parse_transport(packet, &mut header)?;
    }
    Ok(header)
}

/// Walks to the transport header; false if it is in another part of the packet.
pub(super) fn skip_extensions<A>(packet: &[u8], header: &mut Header<A>) -> Result<bool, Reason> {
    while let 0 | 43 | 44 | 60 = header.tuple.protocol {
        let Some(extension) = packet.get(header.transport..header.transport + 8) else { return Err(Reason::Truncated) };
        let is_fragment = header.tuple.protocol == 44;
        header.tuple.protocol = extension[0];
        header.transport += if is_fragment { 8 } else { 8 + 8 * usize::from(extension[1]) };
        if is_fragment {
            let identification = u32::from_be_bytes([extension[4], extension[5], extension[6], extension[7]]);
            let (offset, more) = (u16::from_be_bytes([extension[2], extension[3]]) >> 3, extension[3] & 1 != 0);
            if offset != 0 {
                header.kind = Kind::Fragment(identification);
                return Ok(false);
            }
            header.first_of = more.then_some(identification);
        }
    }
    Ok(true)
}

/// Reads ports, flags or identifier. `packet` ends where the IP header says.
#[inline(always)]
fn parse_transport<A: Address>(packet: &[u8], header: &mut Header<A>) -> Result<(), Reason> {
    let Some(bytes) = packet.get(header.transport..) else { return Err(Reason::Truncated) };
    match header.tuple.protocol {
        6 => {
            let Some((tcp, _)) = bytes.split_first_chunk::<20>() else { return Err(Reason::Truncated) };
            let data = usize::from(tcp[12] >> 4) * 4;
            if data < 20 || data > bytes.len() {
                return Err(Reason::Truncated);
            }
            header.kind = Kind::Tcp;
            header.flags = tcp[13];
            header.tuple.ports = u32::load(tcp);
        }
        17 => {
            let Some((udp, _)) = bytes.split_first_chunk::<8>() else { return Err(Reason::Truncated) };
            if u16::from_be_bytes([udp[4], udp[5]]) < 8 {
                return Err(Reason::Truncated);
            }
            header.kind = Kind::Udp;
            header.tuple.ports = u32::load(udp);
        }
        132 => {
            let Some((sctp, _)) = bytes.split_first_chunk::<12>() else { return Err(Reason::Truncated) };
            header.kind = Kind::Sctp;
            header.tuple.ports = u32::load(sctp);
            header.flags = bytes.get(12).copied().unwrap_or(0);
            // Who begins an association knows no tag of the other yet (RFC 9260 section 8.5.1).
            if header.flags == 1 && sctp[4..8] != [0; 4] {
                header.flags = u8::MAX;
            }
        }
        protocol if protocol == A::ICMP => {
            let Some((icmp, _)) = bytes.split_first_chunk::<8>() else { return Err(Reason::Truncated) };
            parse_icmp::<A>(icmp, header);
        }
        _ => {}
    }
    Ok(())
}

/// How many bytes of a packet the short way looks at: an IP header without extras, and twenty bytes more.
pub(crate) const fn plain_length<A: Address>() -> usize {
    A::SOURCE + 2 * A::LENGTH + 20
}

/// The tuple of a packet that has nothing special: no options, no fragment, TCP with ACK and without SYN, FIN and
/// RST, or UDP. `None` for all others, and for whatever is not as it should be.
#[inline(always)]
pub(crate) fn parse_plain<A: Address>(packet: &[u8]) -> Option<Plain<A>> {
    let start = A::SOURCE + 2 * A::LENGTH;
    let whole = packet.len();
    let packet = packet.get(..plain_length::<A>())?;
    let word = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    let (is_usual, length, protocol) = if A::CHECKSUM.is_some() {
        // Version 4 and a header of five words; no fragment.
        let first = u64::from_ne_bytes(*packet.first_chunk()?) & u64::from_ne_bytes([0xff, 0, 0, 0, 0, 0, 0x3f, 0xff]);
        (first == u64::from_ne_bytes([0x45, 0, 0, 0, 0, 0, 0, 0]), usize::from(word(2)), packet[9])
    } else {
        (packet[0] >> 4 == 6, usize::from(word(4)) + start, packet[6])
    };
    if !is_usual || length != whole {
        return None;
    }
    let is_plain = if protocol == 6 {
        // The flags go above the length of the header in bytes, so that one comparison finds a flag that should not be
        // there, a missing ACK, a header of less than 20 bytes, and one that is longer than the packet.
        let marks = u32::from(word(start + 12)).rotate_right(10) & 0x05c0_003c;
        marks.wrapping_sub(0x0400_0014) as usize <= whole - start - 20
    } else {
        protocol == 17 && word(start + 4) >= 8
    };
    if !is_plain {
        return None;
    }
    Some(Plain { addresses: A::load_pair(&packet[A::SOURCE..]), ports: u32::load(&packet[start..]), protocol })
}

/// Tells queries, answers and errors apart. (net/netfilter/nf_conntrack_proto_icmp.c, `invmap`.)
fn parse_icmp<A: Address>(icmp: &[u8; 8], header: &mut Header<A>) {
    let kind = u16::from_be_bytes([icmp[0], icmp[1]]);
    let identifier = u16::from_be_bytes([icmp[4], icmp[5]]);
    let is_ipv4 = A::ICMP == 1;
    // A query is (identifier, type); its answer (type of the query, identifier), so that one is the other reversed.
    match (is_ipv4, icmp[0]) {
        (true, 8 | 13 | 15 | 17) | (false, 128) => {
            header.kind = Kind::Query;
            header.tuple.ports = pack_ports(identifier, kind & 0xff00);
        }
        (true, 0) | (false, 129) => {
            header.kind = Kind::Answer;
            let query = if is_ipv4 { 0x0800 } else { 0x8000 };
            header.tuple.ports = pack_ports(query, identifier);
        }
        (true, 14 | 16 | 18) => {
            header.kind = Kind::Answer;
            header.tuple.ports = pack_ports((kind & 0xff00) - 0x0100, identifier);
        }
        (true, 3 | 4 | 5 | 11 | 12) | (false, 1..=4) => header.kind = Kind::Error,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ipv4(protocol: u8, transport: &[u8]) -> alloc::vec::Vec<u8> {
        let length = (20 + transport.len()) as u16;
        let mut packet = alloc::vec![0x45, 0, 0, 0, 0, 7, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        packet.extend_from_slice(transport);
        packet
    }

    #[test]
    fn a_udp_packet_has_its_ports_and_is_not_longer_than_it_says() {
        let mut packet = ipv4(17, &[0x30, 0x39, 0, 53, 0, 8, 0, 0]);
        packet.extend_from_slice(b"padding");
        let header = parse_ipv4(&packet).unwrap();
        assert_eq!((header.tuple.src_port(), header.tuple.dst_port(), header.length), (12345, 53, 28));
        assert_eq!((header.kind, header.transport), (Kind::Udp, 20));
    }

    #[test]
    fn an_echo_answer_is_the_reversed_query() {
        let query = parse_ipv4(&ipv4(1, &[8, 0, 0, 0, 0x12, 0x34, 0, 1])).unwrap();
        let mut packet = ipv4(1, &[0, 0, 0, 0, 0x12, 0x34, 0, 1]);
        packet[12..20].rotate_left(4);
        let answer = parse_ipv4(&packet).unwrap();
        assert_eq!((query.kind, answer.kind), (Kind::Query, Kind::Answer));
        assert_eq!(query.tuple.reversed(), answer.tuple);
    }

    #[test]
    fn every_truncation_is_refused_and_none_panics() {
        let mut tcp = [0; 20];
        tcp[12] = 0x50;
        for (packet, whole) in [(ipv4(6, &tcp), 40), (ipv4(17, &[0, 1, 0, 2, 0, 8, 0, 0]), 28)] {
            for length in 0..whole {
                assert!(parse_ipv4(&packet[..length]).is_err(), "{length} bytes are not a packet");
                let mut shorter = packet.clone();
                shorter[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                assert!(parse_ipv4(&shorter).is_err(), "a length of {length} is not a packet");
            }
            assert!(parse_ipv4(&packet).is_ok());
        }
    }

    #[test]
    fn ipv6_extension_headers_are_walked_and_endless_ones_refused() {
        let mut packet = alloc::vec![0x60, 0, 0, 0, 0, 24, 0, 64];
        packet.extend_from_slice(&[0; 32]);
        packet.extend_from_slice(&[60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0]);
        packet.extend_from_slice(&[0, 9, 0, 53, 0, 8, 0, 0]);
        let header = parse_ipv6(&packet).unwrap();
        assert_eq!((header.transport, header.tuple.dst_port(), header.tuple.protocol), (56, 53, 17));
        packet[48] = 60;
        packet[49] = 200;
        assert_eq!(parse_ipv6(&packet).unwrap_err(), Reason::Truncated);
    }

    #[test]
    fn a_later_fragment_has_no_ports() {
        let mut packet = ipv4(17, &[1, 2, 3, 4, 0, 8, 0, 0]);
        packet[7] = 5;
        let header = parse_ipv4(&packet).unwrap();
        assert_eq!((header.kind, header.tuple.ports), (Kind::Fragment(7), 0));
    }
}
