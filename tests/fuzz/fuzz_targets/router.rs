//! Raw bytes into a router with something of everything in its table: nothing may panic, what is dropped stays as it
//! was, and what is rewritten keeps a right checksum right.
#![no_main]

use core::net::{IpAddr, SocketAddr};

use clusterip::dataplane::{
    BatchPacket, Block, Delta, Endpoint, Hop, Ingress, Mode, Peers, PodPolicy, PolicyRule, PortRange, Route, Router,
    RouterConfig, Scheduler, ServicePort, Verdict,
};
use clusterip::id::{HostId, LinkId};
use clusterip::net::rewrite::fill_checksums;
use clusterip::net::{Cidr, Protocol};
use clusterip::time::{Duration, Instant};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [first, second, rest @ ..] = data else { return };
    let mut rest = rest;
    let (mut router, services) = router(*first, *second);
    let mut now = Instant::from_secs(1);
    // What left last.
    let mut left = Vec::new();
    while let [length, from, wait, tail @ ..] = rest {
        let (packet, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        if let [choice, of, last] = *packet {
            // The table changes under the connections.
            let address = |last: u8| match services[usize::from(of) % services.len()].cluster_ip {
                IpAddr::V4(_) => SocketAddr::new([10, 1, 0, last % 6].into(), 80),
                IpAddr::V6(_) => SocketAddr::new([0xfd00, 0, 0, 0, 0, 0, 0, u16::from(last % 6)].into(), 80),
            };
            let service = &services[usize::from(of) % services.len()];
            let mut endpoint = Endpoint::new(address(last));
            (endpoint.ready, endpoint.serving) = (choice & 16 == 0, choice & 32 == 0);
            (endpoint.terminating, endpoint.local) = (choice & 64 != 0, choice & 128 != 0);
            let delta = match choice % 8 {
                0 => Delta::RemoveEndpoint(service.key(), endpoint.address),
                1 => Delta::RemoveService(service.key()),
                2 => Delta::Service(service.clone()),
                3 => Delta::Endpoints(service.key(), vec![endpoint]),
                4 => Delta::Route(Route {
                    mtu: u16::from(last),
                    ..Route::new(Cidr::host(endpoint.address.ip()), Hop::Port(HostId(2)))
                }),
                5 => Delta::RemoveRoute(Cidr::host(endpoint.address.ip())),
                _ => Delta::Endpoint(service.key(), endpoint),
            };
            router.apply(now, &delta, &mut ());
            continue;
        }
        now += Duration::from_millis(u64::from(*wait) * u64::from(*wait));
        let from = match from % 4 {
            0 => Ingress::Port(HostId(1)),
            1 => Ingress::Host,
            _ => Ingress::Link(LinkId(0)),
        };
        let mut packet = match *packet {
            // An error about it, or its answer: these find its connection.
            [kind, code, quoted, word] if !left.is_empty() => answer(&left, kind, code, usize::from(quoted), word),
            _ => packet.to_vec(),
        };
        if wait & 1 == 0 {
            fill_checksums(&mut packet);
        }
        let before = packet.clone();
        let mut right = packet.clone();
        fill_checksums(&mut right);
        let was_right = right == before;
        let verdict = if wait & 2 == 0 {
            router.handle_packet(now, &mut packet, from, &mut ())
        } else {
            let mut batch = [BatchPacket::new(&mut packet, from)];
            router.handle_batch(now, &mut batch, &mut ());
            batch[0].verdict
        };
        match verdict {
            Verdict::Drop(_) => assert_eq!(packet, before),
            Verdict::Reject(refusal) => {
                assert_eq!(packet, before);
                let mut out = Vec::new();
                if router.originate(now, &packet, from, refusal, &mut out, &mut ()).is_some() {
                    let mut right = out.clone();
                    fill_checksums(&mut right);
                    assert_eq!(out, right);
                }
            }
            _ => {
                if was_right {
                    let mut right = packet.clone();
                    fill_checksums(&mut right);
                    assert_eq!(packet, right, "from {before:x?}");
                }
                left = packet;
            }
        }
    }
    router.handle_timeout(now + Duration::from_secs(1_000_000), &mut ());
    assert_eq!(router.connection_count(), 0);
});

/// An ICMP error that quotes so many bytes of `packet`; or the packet itself with its ends exchanged, if `kind` is odd.
fn answer(packet: &[u8], kind: u8, code: u8, quoted: usize, word: u8) -> Vec<u8> {
    let is_ipv4 = packet[0] >> 4 == 4;
    let (start, source, length) = if is_ipv4 { (20, 12, 4) } else { (40, 8, 16) };
    let mut answer = packet.to_vec();
    if kind & 1 != 0 {
        answer[source..source + 2 * length].rotate_left(length);
        if let Some(ports) = answer.get_mut(start..start + 4) {
            ports.rotate_left(2);
        }
        return answer;
    }
    answer.truncate(start);
    if is_ipv4 {
        answer[0] = 0x45;
    }
    // From whoever it was for, or a router on the way, to whoever sent it.
    answer[source..source + 2 * length].rotate_left(length);
    answer[source + length - 1] ^= code >> 6;
    (answer[if is_ipv4 { 8 } else { 7 }], answer[if is_ipv4 { 9 } else { 6 }]) = (64, if is_ipv4 { 1 } else { 58 });
    answer.extend_from_slice(&[kind >> 1, code & 63, 0, 0, 0, 0, 0, word]);
    answer.extend_from_slice(&packet[..packet.len().min(start + quoted)]);
    let total = answer.len();
    let field = if is_ipv4 { 2 } else { 4 };
    let size = if is_ipv4 { total } else { total - start } as u16;
    answer[field..field + 2].copy_from_slice(&size.to_be_bytes());
    answer
}

fn router(choice: u8, more: u8) -> (Router, Vec<ServicePort>) {
    let mut config = RouterConfig::new([10, 0, 0, 1].into());
    config.mode = [Mode::Iptables, Mode::Nftables, Mode::Ipvs(Scheduler::LeastConnections), Mode::Maglev(7)]
        [usize::from(choice & 3)];
    config.addresses.push([0xfd00, 0, 0, 0, 0, 0, 0, 1].into());
    config.pod_cidrs = vec!["10.1.0.0/16".parse().unwrap()];
    config.max_connections = 5;
    config.masquerade_all = choice & 4 != 0;
    config.masquerade_outbound = choice & 8 != 0;
    config.track_windows = more & 1 != 0;
    config.pod_cidrs.push("fd00::/64".parse().unwrap());
    let mut router = Router::new(config);
    let mut apply = |delta| router.apply(Instant::ZERO, &delta, &mut ());
    for (to, hop) in [
        ("10.1.0.0/24", Hop::Port(HostId(1))),
        ("10.1.0.0/16", Hop::Link(LinkId(0))),
        ("0.0.0.0/1", Hop::Link(LinkId(1))),
        ("fd00::/126", Hop::Port(HostId(1))),
        ("fd00::/16", Hop::Link(LinkId(0))),
    ] {
        apply(Delta::Route(Route { mtu: 200, ..Route::new(to.parse().unwrap(), hop) }));
    }
    let mut services = Vec::new();
    let pod = |ipv6: bool, last: u8| match ipv6 {
        false => IpAddr::from([10, 1, 0, last]),
        true => IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, u16::from(last)]),
    };
    for (protocol, ipv6) in
        [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].into_iter().flat_map(|p| [(p, false), (p, true)])
    {
        let vip = if ipv6 { [0xfd00, 0, 0, 0, 0, 0, 1, 0].into() } else { IpAddr::from([10, 2, 0, 1]) };
        let mut web = ServicePort::new("a/b", protocol, vip, 80);
        web.node_port = 80;
        web.external_local = choice & 16 != 0;
        web.internal_local = more & 2 != 0;
        web.affinity = (choice & 32 != 0).then_some(Duration::from_secs(1));
        if more & 4 != 0 {
            web.external_ips = vec![pod(ipv6, 77)];
            web.load_balancer_ips = vec![pod(ipv6, 78)];
            web.source_ranges = vec![Cidr::host(pod(ipv6, 1)), Cidr::host(pod(ipv6, 9))];
        }
        for last in 1..4 {
            let mut endpoint = Endpoint::new(SocketAddr::new(pod(ipv6, last), 80));
            endpoint.local = last == 1;
            apply(Delta::Endpoint(web.key(), endpoint));
        }
        apply(Delta::Service(web.clone()));
        services.push(web);
    }
    if choice & 64 != 0 {
        for ipv6 in [false, true] {
            let all = Cidr { address: pod(ipv6, 0), length: if ipv6 { 120 } else { 24 } };
            let blocks = vec![Block { cidr: all, except: vec![Cidr::host(pod(ipv6, 3))] }];
            let peers = Some(Peers::new(vec![pod(ipv6, 2)], if more & 8 != 0 { blocks } else { vec![] }).into());
            let range = PortRange { protocol: Protocol::Tcp, from: 79, to: 81 };
            let ports = (more & 16 != 0).then(|| [range].into());
            let rule = PolicyRule { peers: if more & 32 != 0 { None } else { peers }, ports };
            let egress = (more & 64 != 0).then(|| vec![rule.clone()]);
            let policy = PodPolicy { ingress: Some(vec![rule]), egress };
            apply(Delta::Policy(pod(ipv6, 1), Some(policy.into())));
        }
    }
    (router, services)
}
