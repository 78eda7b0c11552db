//! What the tests of the router share: packets written by hand, and one router among its pods and links.

use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::*;
use crate::id::{HostId, LinkId};
use crate::net::header::tcp_flags::SYN;
use crate::net::rewrite::fill_checksums;
use crate::net::{Flow, Protocol};

pub(super) const CLIENT: &str = "10.1.1.101:40000";
pub(super) const VIP: &str = "10.96.0.10:80";
pub(super) const NEAR: &str = "10.1.1.1:8080";
pub(super) const FAR: &str = "10.1.2.1:8080";
pub(super) const POD: Ingress = Ingress::Port(HostId(101));
pub(super) const WIRE: Ingress = Ingress::Link(LinkId(0));

pub(super) fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn packet(protocol: Protocol, from: &str, to: &str, flags: u8) -> Vec<u8> {
    let (from, to) = (socket(from), socket(to));
    let number = if protocol == Protocol::Icmp && from.is_ipv6() { 58 } else { protocol.number() };
    let mut transport = match protocol {
        Protocol::Tcp => vec![0; 20],
        Protocol::Udp => vec![0, 0, 0, 0, 0, 12, 0, 0, b'p', b'i', b'n', b'g'],
        // An INIT.
        Protocol::Sctp => vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 4],
        _ => vec![if from.is_ipv6() { 128 } else { 8 }, 0, 0, 0, 0, 0, 0, 1],
    };
    if protocol == Protocol::Icmp {
        transport[4..6].copy_from_slice(&from.port().to_be_bytes());
    } else {
        transport[..2].copy_from_slice(&from.port().to_be_bytes());
        transport[2..4].copy_from_slice(&to.port().to_be_bytes());
    }
    if protocol == Protocol::Tcp {
        (transport[12], transport[13]) = (0x50, flags);
    }
    let mut packet = match (from.ip(), to.ip()) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let mut header = vec![0x45, 0, 0, 20 + transport.len() as u8, 0, 0, 0x40, 0, 64, number, 0, 0];
            header.extend_from_slice(&src.octets());
            header.extend_from_slice(&dst.octets());
            header
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let mut header = vec![0x60, 0, 0, 0, 0, transport.len() as u8, number, 64];
            header.extend_from_slice(&src.octets());
            header.extend_from_slice(&dst.octets());
            header
        }
        _ => unreachable!("one family"),
    };
    packet.extend_from_slice(&transport);
    fill_checksums(&mut packet);
    packet
}

/// A SYN from outside.
pub(super) fn syn(to: [u8; 4], port: u16) -> Vec<u8> {
    packet(Protocol::Tcp, "192.0.2.1:40000", &alloc::format!("{}:{port}", core::net::Ipv4Addr::from(to)), SYN)
}

pub(super) fn flow(packet: &[u8]) -> Flow {
    match packet[0] >> 4 {
        4 => u32::parse(packet).unwrap().tuple.flow(),
        _ => u128::parse(packet).unwrap().tuple.flow(),
    }
}

pub(super) fn config(mode: Mode) -> RouterConfig {
    let mut config = RouterConfig::new(ip("172.30.0.11"));
    config.mode = mode;
    config.addresses.push(ip("fd00:30::11"));
    config.gateways = vec![ip("10.1.1.254"), ip("fd00:1:1::fe")];
    config.pod_cidrs = vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()];
    config.service_cidrs = vec!["10.96.0.0/16".parse().unwrap()];
    config
}

pub(super) struct Lab {
    pub(super) router: Router,
    pub(super) now: Instant,
    pub(super) web: ServicePort,
}

impl Lab {
    pub(super) fn new(mode: Mode) -> Lab {
        Lab::with(config(mode))
    }

    pub(super) fn with(config: RouterConfig) -> Lab {
        let web = ServicePort::new("default/web", Protocol::Tcp, ip("10.96.0.10"), 80);
        let mut lab = Lab { router: Router::new(config), now: Instant::from_secs(1000), web };
        for (to, hop) in [
            ("10.1.1.101/32", Hop::Port(HostId(101))),
            ("10.1.1.1/32", Hop::Port(HostId(1))),
            ("10.1.2.0/24", Hop::Link(LinkId(2))),
            ("172.30.0.0/24", Hop::Link(LinkId(0))),
            ("0.0.0.0/0", Hop::Blackhole),
            ("fd00:1:1::65/128", Hop::Port(HostId(101))),
            ("fd00:1:1::1/128", Hop::Port(HostId(1))),
            ("fd00:1:2::/48", Hop::Link(LinkId(2))),
        ] {
            lab.apply(Delta::Route(Route::new(to.parse().unwrap(), hop)));
        }
        lab
    }

    /// With an SCTP Service on port 3868 whose endpoint is 10.1.2.1:3000.
    pub(super) fn serving_sctp() -> Lab {
        let mut lab = Lab::new(Mode::Iptables);
        let diameter = ServicePort::new("default/d", Protocol::Sctp, ip("10.96.0.10"), 3868);
        lab.apply(Delta::Service(diameter.clone()));
        lab.apply(Delta::Endpoint(diameter.key(), endpoint("10.1.2.1:3000")));
        lab
    }

    /// With the Service `web` and these endpoints; those of the node's own range are local.
    pub(super) fn serving(mode: Mode, endpoints: &[&str]) -> Lab {
        let mut lab = Lab::new(mode);
        lab.serve(endpoints);
        lab
    }

    pub(super) fn serve(&mut self, endpoints: &[&str]) {
        self.apply(Delta::Service(self.web.clone()));
        let endpoints = endpoints.iter().map(|e| endpoint(e)).collect();
        self.apply(Delta::Endpoints(self.web.key(), endpoints));
    }

    pub(super) fn apply(&mut self, delta: Delta) {
        self.router.apply(self.now, &delta, &mut ());
    }

    pub(super) fn send(&mut self, packet: &mut [u8], from: Ingress) -> Verdict {
        let before = packet.to_vec();
        let verdict = self.router.handle_packet(self.now, packet, from, &mut ());
        let mut renewed = packet.to_vec();
        fill_checksums(&mut renewed);
        assert_eq!(packet, renewed, "checksums are right after rewriting");
        if matches!(verdict, Verdict::Drop(_) | Verdict::Reject(_)) {
            assert_eq!(packet, before, "what ends here is not touched");
        }
        verdict
    }

    pub(super) fn tcp(&mut self, from: &str, to: &str, flags: u8, ingress: Ingress) -> (Verdict, Flow) {
        let mut packet = packet(Protocol::Tcp, from, to, flags);
        let verdict = self.send(&mut packet, ingress);
        (verdict, flow(&packet))
    }

    /// Opens a connection, and says which backend has it.
    pub(super) fn connect(&mut self, from: &str, to: &str, ingress: Ingress) -> Result<SocketAddr, Verdict> {
        match self.tcp(from, to, SYN, ingress) {
            (Verdict::Port(_) | Verdict::Link(_) | Verdict::Host, flow) => Ok(flow.destination()),
            (verdict, _) => Err(verdict),
        }
    }

    pub(super) fn refusal(&mut self, packet: &[u8], from: Ingress, refusal: Refusal) -> (Vec<u8>, Option<Verdict>) {
        let mut out = Vec::new();
        let verdict = self.router.originate(self.now, packet, from, refusal, &mut out, &mut ());
        (out, verdict)
    }
}

pub(super) fn endpoint(text: &str) -> Endpoint {
    let mut endpoint = Endpoint::new(socket(text));
    endpoint.local = text.starts_with("10.1.1.") || text.starts_with("[fd00:1:1:");
    endpoint
}

pub(super) const REFUSED: Result<SocketAddr, Verdict> = Err(Verdict::Reject(Refusal::Port(Reason::NoBackend)));
