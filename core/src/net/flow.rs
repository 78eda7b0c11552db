//! Whose packet it is: addresses, ports and protocol.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use super::address::Address;

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Transmission Control Protocol, 6.
    Tcp,
    /// User Datagram Protocol, 17.
    Udp,
    /// Stream Control Transmission Protocol, 132.
    Sctp,
    /// ICMP in IPv4, ICMPv6 in IPv6: 1 or 58.
    Icmp,
    /// Any other, by its number; it has no ports here.
    Other(u8),
}

impl Protocol {
    /// The protocol of an IP header's number.
    #[inline]
    pub fn from_number(number: u8) -> Protocol {
        match number {
            6 => Protocol::Tcp,
            17 => Protocol::Udp,
            132 => Protocol::Sctp,
            1 | 58 => Protocol::Icmp,
            other => Protocol::Other(other),
        }
    }

    /// The IP header's number; for ICMP IPv4's.
    pub fn number(self) -> u8 {
        match self {
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
            Protocol::Sctp => 132,
            Protocol::Icmp => 1,
            Protocol::Other(number) => number,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Protocol::Tcp => f.write_str("TCP"),
            Protocol::Udp => f.write_str("UDP"),
            Protocol::Sctp => f.write_str("SCTP"),
            Protocol::Icmp => f.write_str("ICMP"),
            Protocol::Other(number) => write!(f, "protocol {number}"),
        }
    }
}

/// One direction of a conversation, for people and tables.
///
/// An ICMP echo request has its identifier as `src_port` and `type * 256 + code` as `dst_port`; its reply has
/// them the other way round, so that [`Flow::reversed`] holds for ICMP too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// The transport protocol.
    pub protocol: Protocol,
    /// Who sent it.
    pub src: IpAddr,
    /// The sender's port; 0 for protocols without ports.
    pub src_port: u16,
    /// For whom it is.
    pub dst: IpAddr,
    /// The receiver's port; 0 for protocols without ports.
    pub dst_port: u16,
}

impl Flow {
    /// The flow of the answer.
    pub fn reversed(&self) -> Flow {
        Flow { protocol: self.protocol, src: self.dst, src_port: self.dst_port, dst: self.src, dst_port: self.src_port }
    }

    /// Sender and its port.
    pub fn source(&self) -> SocketAddr {
        SocketAddr::new(self.src, self.src_port)
    }

    /// Receiver and its port.
    pub fn destination(&self) -> SocketAddr {
        SocketAddr::new(self.dst, self.dst_port)
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.protocol, self.source(), self.destination())
    }
}

/// A flow as raw words of a packet of one family: the key of the packet path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tuple<A> {
    /// Source address, as it lies in the packet.
    pub src: A,
    /// Destination address, as it lies in the packet.
    pub dst: A,
    /// Both ports, as they lie in the packet: source first.
    pub ports: u32,
    /// The IP header's protocol number.
    pub protocol: u8,
}

/// The tuple of a packet with nothing special, its addresses still side by side: what the short way looks up by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Plain<A: Address> {
    pub(crate) addresses: A::Pair,
    /// Both ports, as they lie in the packet: source first.
    pub(crate) ports: u32,
    /// TCP or UDP.
    pub(crate) protocol: u8,
}

impl<A: Address> Plain<A> {
    /// The same as a tuple.
    #[inline(always)]
    pub(crate) fn tuple(&self) -> Tuple<A> {
        let (src, dst) = A::split(self.addresses);
        Tuple { src, dst, ports: self.ports, protocol: self.protocol }
    }
}

/// Two ports as the word they are in a packet.
#[inline(always)]
pub(crate) fn pack_ports(src: u16, dst: u16) -> u32 {
    let (s, d) = (src.to_be_bytes(), dst.to_be_bytes());
    u32::from_ne_bytes([s[0], s[1], d[0], d[1]])
}

impl<A: Address> Tuple<A> {
    /// The tuple of the answer.
    #[inline(always)]
    pub fn reversed(self) -> Tuple<A> {
        Tuple { src: self.dst, dst: self.src, ports: self.ports.rotate_left(16), protocol: self.protocol }
    }

    /// The source port.
    #[inline(always)]
    pub fn src_port(self) -> u16 {
        let b = self.ports.to_ne_bytes();
        u16::from_be_bytes([b[0], b[1]])
    }

    /// The destination port.
    #[inline(always)]
    pub fn dst_port(self) -> u16 {
        let b = self.ports.to_ne_bytes();
        u16::from_be_bytes([b[2], b[3]])
    }

    /// The same tuple with another source.
    #[inline]
    pub fn with_src(self, src: A, port: u16) -> Tuple<A> {
        Tuple { src, ports: pack_ports(port, self.dst_port()), ..self }
    }

    /// The same tuple with another destination.
    #[inline]
    pub fn with_dst(self, dst: A, port: u16) -> Tuple<A> {
        Tuple { dst, ports: pack_ports(self.src_port(), port), ..self }
    }

    /// The tuple for people.
    #[inline]
    pub fn flow(self) -> Flow {
        Flow {
            protocol: Protocol::from_number(self.protocol),
            src: self.src.ip(),
            src_port: self.src_port(),
            dst: self.dst.ip(),
            dst_port: self.dst_port(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuple_reversed_twice_is_itself_and_once_is_the_answer() {
        let tuple = Tuple { src: 1_u32, dst: 2, ports: pack_ports(1000, 80), protocol: 6 };
        assert_eq!(tuple.reversed().reversed(), tuple);
        assert_eq!(tuple.reversed().flow(), tuple.flow().reversed());
        assert_eq!((tuple.src_port(), tuple.dst_port()), (1000, 80));
        assert_eq!(tuple.with_src(7, 9).flow().source().port(), 9);
        assert_eq!(tuple.with_dst(7, 9).dst_port(), 9);
    }
}
