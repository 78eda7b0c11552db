//! IP packets as a host reads and writes them outside smoltcp's sockets: UDP, ICMP and the look at a TCP header.

use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv4Message, Icmpv4Packet, Icmpv6Message, Icmpv6Packet, IpAddress, IpProtocol, IpRepr, Ipv4Packet, Ipv6Packet,
    TcpPacket, TcpSeqNumber, UdpPacket,
};

use crate::net::rewrite::transport_checksum_is_right;

/// Hops a packet of ours may take, as Linux sets it.
pub(super) const HOP_LIMIT: u8 = 64;
/// The longest ICMP error (RFC 1812 4.3.2.3: 576 bytes) and ICMPv6 error (RFC 4443 2.4: the minimum MTU).
const ICMPV4_ERROR_MAX: usize = 576;
const ICMPV6_ERROR_MAX: usize = 1280;

/// A whole, unfragmented IP packet: addresses, protocol and the bytes behind the header.
#[derive(Debug, Clone, Copy)]
pub(super) struct IpPacket<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: IpProtocol,
    pub(super) hop_limit: u8,
    pub(super) payload: &'a [u8],
}

impl<'a> IpPacket<'a> {
    /// Reads a packet; `None` if it is malformed, has a wrong header checksum or is a fragment.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<IpPacket<'a>> {
        if bytes.first()? >> 4 == 4 {
            let ip = Ipv4Packet::new_checked(bytes).ok()?;
            let fragment = ip.more_frags() || ip.frag_offset() != 0;
            (!fragment && ip.verify_checksum()).then(|| IpPacket {
                source: ip.src_addr().into(),
                destination: ip.dst_addr().into(),
                protocol: ip.next_header(),
                hop_limit: ip.hop_limit(),
                payload: ip.payload(),
            })
        } else {
            IpPacket::parse_quote(bytes)
        }
    }

    /// Reads the packet quoted by an ICMP error, which may be cut short after its first bytes.
    fn parse_quote(bytes: &'a [u8]) -> Option<IpPacket<'a>> {
        if bytes.first()? >> 4 == 4 {
            let header = usize::from(bytes[0] & 15) * 4;
            if header < 20 {
                return None;
            }
            let ip = Ipv4Packet::new_unchecked(bytes.get(..header)?);
            Some(IpPacket {
                source: ip.src_addr().into(),
                destination: ip.dst_addr().into(),
                protocol: ip.next_header(),
                hop_limit: ip.hop_limit(),
                payload: &bytes[header..],
            })
        } else {
            let ip = Ipv6Packet::new_unchecked(bytes);
            (bytes.len() >= 40 && ip.version() == 6).then(|| IpPacket {
                source: ip.src_addr().into(),
                destination: ip.dst_addr().into(),
                protocol: ip.next_header(),
                hop_limit: ip.hop_limit(),
                payload: &bytes[40..],
            })
        }
    }

    /// Where a packet that smoltcp wrote goes.
    pub(super) fn destination(bytes: &[u8]) -> Option<IpAddr> {
        match bytes.first()? >> 4 {
            4 => Some(IpAddr::from(<[u8; 4]>::try_from(bytes.get(16..20)?).ok()?)),
            6 => Some(IpAddr::from(<[u8; 16]>::try_from(bytes.get(24..40)?).ok()?)),
            _ => None,
        }
    }

    /// The source and destination ports of a TCP or UDP header, also of a quoted one.
    pub(super) fn ports(&self) -> Option<(u16, u16)> {
        let &[a, b, c, d] = self.payload.first_chunk()?;
        Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
    }

    /// The content of a UDP datagram with a right checksum.
    pub(super) fn datagram(&self) -> Option<&'a [u8]> {
        let udp = UdpPacket::new_checked(self.payload).ok()?;
        udp.verify_checksum(&self.source.into(), &self.destination.into()).then(|| udp.payload())
    }

    /// The ICMP message, if this is one with a right checksum. Both families lay theirs out alike (RFC 792, RFC 4443).
    pub(super) fn icmp(&self) -> Option<Icmp<'a>> {
        let is_v6 = match (self.protocol, self.source, self.destination) {
            (IpProtocol::Icmp, IpAddr::V4(_), IpAddr::V4(_)) => {
                Icmpv4Packet::new_checked(self.payload).ok().filter(|icmp| icmp.verify_checksum())?;
                false
            }
            (IpProtocol::Icmpv6, IpAddr::V6(source), IpAddr::V6(destination)) => {
                let icmp = Icmpv6Packet::new_checked(self.payload).ok()?;
                icmp.verify_checksum(&source, &destination).then_some(())?;
                true
            }
            _ => return None,
        };
        let (&[kind, code, _, _, a, b, c, d], rest) = self.payload.split_first_chunk()?;
        let low = u16::from_be_bytes([c, d]);
        let reason = match (is_v6, kind, code) {
            (false, 8, _) | (true, 128, _) => return Some(Icmp::Echo(self.payload)),
            (false, 0, _) | (true, 129, _) => {
                return Some(Icmp::EchoReply { ident: u16::from_be_bytes([a, b]), sequence: low, data: rest });
            }
            // Linux' icmp_err_convert: which error a program sees for which code.
            (false, 3, 0 | 6 | 9) | (true, 1, 0) => Reason::NetworkUnreachable,
            (false, 3, 2 | 3) | (true, 1, 4) => Reason::Refused,
            (false, 3, 4) => Reason::TooBig(low.into()),
            (true, 2, _) => Reason::TooBig(u32::from_be_bytes([a, b, c, d])),
            (false, 3, _) | (true, 1, _) => Reason::HostUnreachable,
            (false, 11, _) | (true, 3, _) => Reason::TimeExceeded,
            _ => return None,
        };
        Some(Icmp::Error { reason, about: IpPacket::parse_quote(rest)? })
    }
}

/// An ICMP message a host acts on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Icmp<'a> {
    /// An echo request, whole.
    Echo(&'a [u8]),
    /// The answer to a `ping`.
    EchoReply { ident: u16, sequence: u16, data: &'a [u8] },
    /// Something happened to a packet of ours.
    Error { reason: Reason, about: IpPacket<'a> },
}

/// Why a packet did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Port or protocol unreachable.
    Refused,
    HostUnreachable,
    NetworkUnreachable,
    /// Larger than this many bytes, the next link's MTU (0 from routers older than RFC 1191).
    TooBig(u32),
    TimeExceeded,
}

/// A UDP packet.
pub(super) fn udp(source: SocketAddr, destination: SocketAddr, content: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(8 + content.len()).ok()?;
    let (mut packet, at) = ip(source.ip(), destination.ip(), IpProtocol::Udp, usize::from(length))?;
    let mut udp = UdpPacket::new_unchecked(&mut packet[at..]);
    udp.set_src_port(source.port());
    udp.set_dst_port(destination.port());
    udp.set_len(length);
    udp.payload_mut().copy_from_slice(content);
    udp.fill_checksum(&source.ip().into(), &destination.ip().into());
    Some(packet)
}

/// What tells one echo request from another, and how far it may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Echo<'a> {
    pub(super) ident: u16,
    pub(super) sequence: u16,
    pub(super) hop_limit: u8,
    pub(super) data: &'a [u8],
}

/// An echo request.
pub(super) fn echo_request(source: IpAddr, destination: IpAddr, echo: Echo<'_>) -> Option<Vec<u8>> {
    let mut message = vec![0; 8 + echo.data.len()];
    message[0] = if source.is_ipv4() { Icmpv4Message::EchoRequest.into() } else { Icmpv6Message::EchoRequest.into() };
    message[4..6].copy_from_slice(&echo.ident.to_be_bytes());
    message[6..8].copy_from_slice(&echo.sequence.to_be_bytes());
    message[8..].copy_from_slice(echo.data);
    let mut packet = icmp(source, destination, &message)?;
    match destination {
        IpAddr::V4(_) => {
            let mut header = Ipv4Packet::new_unchecked(&mut packet[..]);
            header.set_hop_limit(echo.hop_limit);
            header.fill_checksum();
        }
        IpAddr::V6(_) => Ipv6Packet::new_unchecked(&mut packet[..]).set_hop_limit(echo.hop_limit),
    }
    Some(packet)
}

/// The reply to an echo request, given that request's whole message.
pub(super) fn echo_reply(source: IpAddr, destination: IpAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut message = request.to_vec();
    message[0] = if source.is_ipv4() { Icmpv4Message::EchoReply.into() } else { Icmpv6Message::EchoReply.into() };
    icmp(source, destination, &message)
}

/// "Port unreachable" about `packet`, which arrived here and found nobody.
pub(super) fn port_unreachable(packet: &[u8], parsed: &IpPacket<'_>) -> Option<Vec<u8>> {
    let (kind, code, most) = match parsed.source {
        IpAddr::V4(_) => (Icmpv4Message::DstUnreachable.into(), 3, ICMPV4_ERROR_MAX - 28),
        IpAddr::V6(_) => (Icmpv6Message::DstUnreachable.into(), 4, ICMPV6_ERROR_MAX - 48),
    };
    let mut message = vec![kind, code, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(&packet[..packet.len().min(most)]);
    icmp(parsed.destination, parsed.source, &message)
}

/// An ICMP or ICMPv6 message, whichever the addresses ask for; its checksum is filled in.
pub(super) fn icmp(source: IpAddr, destination: IpAddr, message: &[u8]) -> Option<Vec<u8>> {
    let protocol = if source.is_ipv4() { IpProtocol::Icmp } else { IpProtocol::Icmpv6 };
    let (mut packet, at) = ip(source, destination, protocol, message.len())?;
    packet[at..].copy_from_slice(message);
    match (source, destination) {
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            Icmpv6Packet::new_unchecked(&mut packet[at..]).fill_checksum(&source, &destination);
        }
        _ => Icmpv4Packet::new_unchecked(&mut packet[at..]).fill_checksum(),
    }
    Some(packet)
}

/// An IP packet with `length` bytes of payload still to be written, and where they start; `None` if the addresses are of
/// two families.
fn ip(source: IpAddr, destination: IpAddr, protocol: IpProtocol, length: usize) -> Option<(Vec<u8>, usize)> {
    if source.is_ipv4() != destination.is_ipv4() {
        return None;
    }
    let header = IpRepr::new(IpAddress::from(source), IpAddress::from(destination), protocol, length, HOP_LIMIT);
    let mut packet = vec![0; header.buffer_len()];
    header.emit(&mut packet[..], &ChecksumCapabilities::default());
    Some((packet, header.header_len()))
}

/// What a host reads of a TCP header before it knows the socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct TcpHead {
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    sequence: u32,
    acknowledged: u32,
    length: usize,
}

impl TcpHead {
    /// Reads the header of a segment with a right checksum.
    pub(super) fn parse(packet: &IpPacket<'_>) -> Option<TcpHead> {
        let tcp = TcpPacket::new_checked(packet.payload).ok()?;
        let IpPacket { source, destination, payload, .. } = *packet;
        transport_checksum_is_right(source, destination, IpProtocol::Tcp.into(), payload).then(|| TcpHead {
            syn: tcp.syn(),
            ack: tcp.ack(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            sequence: tcp.seq_number().0.cast_unsigned(),
            acknowledged: tcp.ack_number().0.cast_unsigned(),
            length: tcp.segment_len(),
        })
    }

    /// A bare acknowledgement of this segment.
    pub(super) fn acknowledgement(&self, local: SocketAddr, remote: SocketAddr) -> Option<Vec<u8>> {
        let (mut packet, at) = ip(local.ip(), remote.ip(), IpProtocol::Tcp, 20)?;
        let mut tcp = TcpPacket::new_unchecked(&mut packet[at..]);
        tcp.set_src_port(local.port());
        tcp.set_dst_port(remote.port());
        tcp.set_seq_number(TcpSeqNumber(self.acknowledged.cast_signed()));
        tcp.set_ack_number(TcpSeqNumber(self.sequence.cast_signed()) + self.length);
        tcp.clear_flags();
        tcp.set_header_len(20);
        tcp.set_ack(true);
        tcp.fill_checksum(&local.ip().into(), &remote.ip().into());
        Some(packet)
    }
}
