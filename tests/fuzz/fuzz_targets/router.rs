//! Raw bytes into a router with something of everything in its table: nothing may panic, what is dropped stays as it
//! was, and what is rewritten keeps a right checksum right.
#![no_main]

use clusterip::dataplane::{
    BatchPacket, Delta, Endpoint, Hop, Ingress, Mode, Peers, PodPolicy, PolicyRule, Route, Router, RouterConfig,
    Scheduler, ServicePort, Verdict,
};
use clusterip::id::{HostId, LinkId};
use clusterip::net::Protocol;
use clusterip::net::rewrite::fill_checksums;
use clusterip::time::{Duration, Instant};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, mut rest)) = data.split_first() else { return };
    let mut router = router(first);
    let mut now = Instant::from_secs(1);
    while let [length, from, wait, tail @ ..] = rest {
        let (packet, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        now += Duration::from_millis(u64::from(*wait) * u64::from(*wait));
        let from = match from % 4 {
            0 => Ingress::Port(HostId(1)),
            1 => Ingress::Host,
            _ => Ingress::Link(LinkId(0)),
        };
        let mut packet = packet.to_vec();
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
            _ if was_right => {
                let mut right = packet.clone();
                fill_checksums(&mut right);
                assert_eq!(packet, right, "from {before:x?}");
            }
            _ => {}
        }
    }
    router.handle_timeout(now + Duration::from_secs(1_000_000), &mut ());
    assert_eq!(router.connection_count(), 0);
});

fn router(choice: u8) -> Router {
    let mut config = RouterConfig::new([10, 0, 0, 1].into());
    config.mode = [Mode::Iptables, Mode::Nftables, Mode::Ipvs(Scheduler::LeastConnections), Mode::Maglev(7)]
        [usize::from(choice & 3)];
    config.addresses.push([0xfd00, 0, 0, 0, 0, 0, 0, 1].into());
    config.pod_cidrs = vec!["10.1.0.0/16".parse().unwrap()];
    config.max_connections = 5;
    config.masquerade_all = choice & 4 != 0;
    config.masquerade_outbound = choice & 8 != 0;
    let mut router = Router::new(config);
    let mut apply = |delta| router.apply(Instant::ZERO, &delta, &mut ());
    for (to, hop) in [
        ("10.1.0.0/24", Hop::Port(HostId(1))),
        ("10.1.0.0/16", Hop::Link(LinkId(0))),
        ("0.0.0.0/1", Hop::Link(LinkId(1))),
        ("fd00::/16", Hop::Link(LinkId(0))),
    ] {
        apply(Delta::Route(Route { mtu: 200, ..Route::new(to.parse().unwrap(), hop) }));
    }
    for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Sctp] {
        let mut web = ServicePort::new("a/b", protocol, [10, 2, 0, 1].into(), 80);
        web.node_port = 80;
        web.external_local = choice & 16 != 0;
        web.affinity = (choice & 32 != 0).then_some(Duration::from_secs(1));
        for last in 1..4 {
            let mut endpoint = Endpoint::new(([10, 1, 0, last], 80).into());
            endpoint.local = last == 1;
            apply(Delta::Endpoint(web.key(), endpoint));
        }
        apply(Delta::Service(web));
    }
    let six = ServicePort::new("a/b", Protocol::Udp, [0xfd00, 0, 0, 0, 0, 0, 0, 2].into(), 80);
    apply(Delta::Endpoint(six.key(), Endpoint::new(([0xfd00, 0, 0, 0, 0, 0, 0, 3], 80).into())));
    apply(Delta::Service(six));
    if choice & 64 != 0 {
        let peers = Peers::new(vec![[10, 1, 0, 2].into()], vec![]);
        let rule = PolicyRule { peers: Some(peers.into()), ports: None };
        let policy = PodPolicy { ingress: Some(vec![rule]), egress: None };
        apply(Delta::Policy([10, 1, 0, 1].into(), Some(policy.into())));
    }
    router
}
