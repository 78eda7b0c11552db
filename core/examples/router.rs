//! The router alone: a table from values, bytes in, bytes out, and the rules as Linux' tools would print them.
//!
//! `cargo run -p clusterip --example router`

use clusterip::dataplane::{
    BatchPacket, Delta, Endpoint, Hop, Ingress, Route, Router, RouterConfig, ServicePort, Verdict, rules,
};
use clusterip::id::{HostId, LinkId};
use clusterip::net::rewrite::fill_checksums;
use clusterip::net::{Event, Protocol, Tap};
use clusterip::time::Instant;

/// Prints what happens to each packet.
struct Print;

impl Tap for Print {
    fn event(&mut self, _now: Instant, event: &Event) {
        match event.flow {
            Some(flow) => println!("  {flow}: {:?}", event.step),
            None => println!("  {:?}", event.step),
        }
    }
}

fn main() {
    let now = Instant::ZERO;
    let mut config = RouterConfig::new("172.30.0.11".parse().unwrap());
    config.pod_cidrs = vec!["10.1.0.0/16".parse().unwrap()];
    let mut router = Router::new(config);

    // A Service with two endpoints: one is a pod of this node, the other lives behind link 0.
    let mut web = ServicePort::new("default/web:http", Protocol::Tcp, "10.96.0.10".parse().unwrap(), 80);
    web.node_port = 30080;
    router.apply(now, &Delta::Service(web.clone()), &mut ());
    for address in ["10.1.1.7:8080", "10.1.2.7:8080"] {
        let mut endpoint = Endpoint::new(address.parse().unwrap());
        endpoint.local = address.starts_with("10.1.1.");
        router.apply(now, &Delta::Endpoint(web.key(), endpoint), &mut ());
    }
    for (to, hop) in [
        ("10.1.1.5/32", Hop::Port(HostId(5))),
        ("10.1.1.7/32", Hop::Port(HostId(7))),
        ("10.1.2.0/24", Hop::Link(LinkId(0))),
    ] {
        router.apply(now, &Delta::Route(Route::new(to.parse().unwrap(), hop)), &mut ());
    }

    println!("A pod opens a connection to the cluster IP:");
    let mut packet = syn([10, 1, 1, 5], 40000, [10, 96, 0, 10], 80);
    let verdict = router.handle_packet(now, &mut packet, Ingress::Port(HostId(5)), &mut Print);
    println!("  verdict: {verdict:?}\n");

    println!("The Service loses its endpoints; the next connection is refused:");
    router.apply(now, &Delta::Endpoints(web.key(), Vec::new()), &mut ());
    let mut packet = syn([10, 1, 1, 5], 40001, [10, 96, 0, 10], 80);
    if let Verdict::Reject(refusal) = router.handle_packet(now, &mut packet, Ingress::Port(HostId(5)), &mut Print) {
        let mut error = Vec::new();
        let to = router.originate(now, &packet, Ingress::Port(HostId(5)), refusal, &mut error, &mut Print);
        println!("  an ICMP error of {} bytes goes to {to:?}\n", error.len());
    }

    println!("Many at once, after one endpoint is back:");
    router.apply(now, &Delta::Endpoint(web.key(), Endpoint::new("10.1.2.7:8080".parse().unwrap())), &mut ());
    let mut packets: Vec<_> = (0..64).map(|n| syn([10, 1, 1, 5], 50000 + n, [10, 96, 0, 10], 80)).collect();
    let mut batch: Vec<_> = packets.iter_mut().map(|p| BatchPacket::new(p, Ingress::Port(HostId(5)))).collect();
    router.handle_batch(now, &mut batch, &mut ());
    let sent = batch.iter().filter(|packet| packet.verdict == Verdict::Link(LinkId(0))).count();
    println!("  {sent} of {} went over the link; {} connections\n", batch.len(), router.connection_count());

    println!("{}", rules::iptables(&router, false));
    print!("{}", rules::conntrack(&router, now).lines().take(3).map(|line| format!("{line}\n")).collect::<String>());
}

fn syn(from: [u8; 4], from_port: u16, to: [u8; 4], to_port: u16) -> [u8; 40] {
    let mut packet = [0; 40];
    packet[..12].copy_from_slice(&[0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0]);
    packet[12..16].copy_from_slice(&from);
    packet[16..20].copy_from_slice(&to);
    packet[20..22].copy_from_slice(&from_port.to_be_bytes());
    packet[22..24].copy_from_slice(&to_port.to_be_bytes());
    (packet[32], packet[33]) = (0x50, 0x02);
    fill_checksums(&mut packet);
    packet
}
