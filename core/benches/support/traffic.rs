//! Services, routers and packets to measure with: clients in 10.1.0.0/16, cluster IPs in 10.96.0.0/12, endpoints in
//! 10.128.0.0/9 behind link 0. The IPv6 ones are the same numbers in fd00::/96.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use clusterip::dataplane::{Delta, Endpoint, Hop, Ingress, Mode, Route, Router, RouterConfig, ServicePort, Verdict};
use clusterip::id::{HostId, LinkId};
use clusterip::net::Protocol;
use clusterip::net::rewrite::fill_checksums;
use clusterip::time::Instant;

/// When everything happens.
pub(crate) const NOW: Instant = Instant::from_micros_const(1_000_000_000);
/// Where clients' packets come from.
pub(crate) const CLIENTS: Ingress = Ingress::Port(HostId(1));
/// Where backends' packets come from.
pub(crate) const BACKENDS: Ingress = Ingress::Link(LinkId(0));
/// Bytes of an IPv4 packet: 24 of payload.
pub(crate) const IPV4: usize = 64;
/// Bytes of an IPv6 packet with the same payload.
pub(crate) const IPV6: usize = 84;

fn ip(bytes: usize, bits: u32) -> IpAddr {
    match bytes {
        IPV4 => Ipv4Addr::from_bits(bits).into(),
        _ => Ipv6Addr::from_bits(0xfd << 120 | u128::from(bits)).into(),
    }
}

/// A Service, found by packets of `bytes`.
pub(crate) fn service(bytes: usize, index: u32) -> ServicePort {
    ServicePort::new(format!("default/s{index}"), Protocol::Tcp, ip(bytes, 0x0a60_0000 + index + 1), 80)
}

/// An endpoint of it.
pub(crate) fn endpoint(bytes: usize, service: u32, index: u32) -> Endpoint {
    Endpoint::new(SocketAddr::new(ip(bytes, 0x0a80_0000 + (service * 100 + index) % 0x7f_ffff), 8080))
}

/// What routers are told.
pub(crate) fn config(mode: Mode, connections: u32) -> RouterConfig {
    let mut config = RouterConfig::new("172.30.0.11".parse().unwrap());
    config.addresses.push("fd01::11".parse().unwrap());
    config.mode = mode;
    config.max_connections = connections;
    config.pod_cidrs = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/96".parse().unwrap()];
    config.seed = 7;
    config
}

/// A router with routes and nothing else.
pub(crate) fn router(mode: Mode, connections: u32) -> Router {
    routed(config(mode, connections))
}

/// The same, told this.
pub(crate) fn routed(config: RouterConfig) -> Router {
    let mut router = Router::new(config);
    for (to, hop) in [
        ("10.1.0.0/16", Hop::Port(HostId(1))),
        ("10.128.0.0/9", Hop::Link(LinkId(0))),
        ("fd00::a01:0/112", Hop::Port(HostId(1))),
        ("fd00::a80:0/105", Hop::Link(LinkId(0))),
    ] {
        router.apply(NOW, &Delta::Route(Route::new(to.parse().unwrap(), hop)), &mut ());
    }
    router
}

/// What makes `services` Services of `endpoints` endpoints known.
pub(crate) fn deltas(bytes: usize, services: u32, endpoints: u32) -> impl Iterator<Item = Delta> {
    (0..services).flat_map(move |index| {
        let port = service(bytes, index);
        let all = (0..endpoints).map(|i| endpoint(bytes, index, i)).collect();
        [Delta::Endpoints(port.key(), all), Delta::Service(port)]
    })
}

/// Tells a router of them.
pub(crate) fn program(router: &mut Router, bytes: usize, services: u32, endpoints: u32) {
    deltas(bytes, services, endpoints).for_each(|delta| router.apply(NOW, &delta, &mut ()));
}

/// A TCP packet of flow `flow` to Service `service`.
pub(crate) fn packet<const BYTES: usize>(flow: u32, service: u32, flags: u8) -> [u8; BYTES] {
    let mut packet = [0; BYTES];
    let start = BYTES - 44;
    if BYTES == IPV4 {
        packet[..12].copy_from_slice(&[0x45, 0, 0, 64, 0, 0, 0x40, 0, 64, 6, 0, 0]);
    } else {
        packet[..8].copy_from_slice(&[0x60, 0, 0, 0, 0, 44, 6, 64]);
        (packet[8], packet[24]) = (0xfd, 0xfd);
    }
    let length = if BYTES == IPV4 { 4 } else { 16 };
    packet[start - length - 4..start - length].copy_from_slice(&(0x0a01_0000 + (flow >> 14 & 0xffff)).to_be_bytes());
    packet[start - 4..start].copy_from_slice(&(0x0a60_0000 + service + 1).to_be_bytes());
    packet[start..start + 2].copy_from_slice(&((flow & 0x3fff) as u16 + 2000).to_be_bytes());
    packet[start + 2..start + 4].copy_from_slice(&80_u16.to_be_bytes());
    (packet[start + 12], packet[start + 13]) = (0x50, flags);
    fill_checksums(&mut packet);
    packet
}

/// The answer to a packet that left, with other flags.
pub(crate) fn answer<const BYTES: usize>(sent: &[u8; BYTES], flags: u8) -> [u8; BYTES] {
    let mut packet = *sent;
    let (start, length, ttl) = if BYTES == IPV4 { (20, 4, 8) } else { (40, 16, 7) };
    packet[start - 2 * length..start].rotate_left(length);
    packet[start..start + 4].rotate_left(2);
    packet[ttl] = 64;
    packet[start + 13] = flags;
    fill_checksums(&mut packet);
    packet
}

/// Opens a connection; with `whole`, shakes hands.
pub(crate) fn open<const BYTES: usize>(router: &mut Router, flow: u32, service: u32, whole: bool) {
    let mut syn = packet::<BYTES>(flow, service, 2);
    assert_eq!(router.handle_packet(NOW, &mut syn, CLIENTS, &mut ()), Verdict::Link(LinkId(0)));
    if whole {
        let _ = router.handle_packet(NOW, &mut answer(&syn, 0x12), BACKENDS, &mut ());
        let _ = router.handle_packet(NOW, &mut packet::<BYTES>(flow, service, 0x10), CLIENTS, &mut ());
    }
}
