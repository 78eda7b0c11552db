//! Work for an instruction counter: `established ROUNDS` carries 1000 packets of known flows that often.
//!
//! Instructions do not depend on the machine's mood. Two runs, of which the second carries more packets, differ by
//! exactly what those packets cost; the test `instructions` runs them under callgrind and compares with its baseline.

use clusterip::dataplane::{Delta, Endpoint, Hop, Ingress, Route, Router, RouterConfig, ServicePort, Verdict};
use clusterip::id::{HostId, LinkId};
use clusterip::net::Protocol;
use clusterip::net::rewrite::fill_checksums;
use clusterip::time::Instant;

const POD: Ingress = Ingress::Port(HostId(1));

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let rounds = arguments.iter().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1);
    let is_new = arguments.iter().any(|argument| argument == "new");
    let now = Instant::from_secs(1000);
    let mut config = RouterConfig::new("172.30.0.11".parse().unwrap());
    config.pod_cidrs = vec!["10.0.0.0/8".parse().unwrap()];
    let mut router = Router::new(config);
    let mut apply = |delta| router.apply(now, &delta, &mut ());
    apply(Delta::Route(Route::new("10.1.0.0/16".parse().unwrap(), Hop::Port(HostId(1)))));
    apply(Delta::Route(Route::new("10.128.0.0/9".parse().unwrap(), Hop::Link(LinkId(0)))));
    let web = ServicePort::new("default/web", Protocol::Tcp, "10.96.0.1".parse().unwrap(), 80);
    for last in 1..=10 {
        let address = core::net::Ipv4Addr::new(10, 128, 0, last).into();
        apply(Delta::Endpoint(web.key(), Endpoint::new(core::net::SocketAddr::new(address, 8080))));
    }
    apply(Delta::Service(web));
    let open = |router: &mut Router, flow: u32| {
        let mut syn = packet(flow, 2);
        assert_eq!(router.handle_packet(now, &mut syn, POD, &mut ()), Verdict::Link(LinkId(0)));
        syn
    };
    if is_new {
        for flow in 0..rounds * 1000 {
            open(&mut router, flow);
        }
        return;
    }
    let mut packets = Vec::new();
    for flow in 0..1000 {
        let mut answer = open(&mut router, flow);
        answer[12..20].rotate_left(4);
        answer[20..24].rotate_left(2);
        answer[33] = 0x12;
        fill_checksums(&mut answer);
        let _ = router.handle_packet(now, &mut answer, Ingress::Link(LinkId(0)), &mut ());
        let _ = router.handle_packet(now, &mut packet(flow, 0x10), POD, &mut ());
        packets.push(packet(flow, 0x10));
    }
    let mut work = packets.clone();
    for _ in 0..rounds {
        work.copy_from_slice(&packets);
        for packet in &mut work {
            let verdict = router.handle_packet(now, packet, POD, &mut ());
            let _ = core::hint::black_box(verdict);
        }
    }
}

fn packet(flow: u32, flags: u8) -> [u8; 64] {
    let mut packet = [0; 64];
    packet[..12].copy_from_slice(&[0x45, 0, 0, 64, 0, 0, 0x40, 0, 64, 6, 0, 0]);
    packet[12..16].copy_from_slice(&(0x0a01_0000 + (flow >> 14 & 0xffff)).to_be_bytes());
    packet[16..20].copy_from_slice(&[10, 96, 0, 1]);
    packet[20..22].copy_from_slice(&((flow & 0x3fff) as u16 + 2000).to_be_bytes());
    packet[22..24].copy_from_slice(&80_u16.to_be_bytes());
    (packet[32], packet[33]) = (0x50, flags);
    fill_checksums(&mut packet);
    packet
}
