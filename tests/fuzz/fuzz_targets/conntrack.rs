//! A stream of UDP packets against a plain map: a flow keeps its backend and its port while it lives, its answers come
//! from the virtual address, and nobody else's packets are taken for them.
#![no_main]

use std::collections::BTreeMap;

use clusterip::dataplane::{Delta, Endpoint, Hop, Ingress, Route, Router, RouterConfig, ServicePort, Verdict};
use clusterip::id::LinkId;
use clusterip::net::Protocol;
use clusterip::net::rewrite::fill_checksums;
use clusterip::time::{Duration, Instant};
use libfuzzer_sys::fuzz_target;

const VIP: [u8; 4] = [10, 2, 0, 1];
const FROM: Ingress = Ingress::Link(LinkId(0));

/// Address and port of both ends.
type Ends = ([u8; 4], u16, [u8; 4], u16);

fuzz_target!(|data: &[u8]| {
    let mut config = RouterConfig::new([10, 0, 0, 1].into());
    config.masquerade_all = data.first().is_some_and(|byte| byte & 1 == 1);
    let mut router = Router::new(config);
    router.apply(
        Instant::ZERO,
        &Delta::Route(Route::new("10.1.0.0/16".parse().unwrap(), Hop::Link(LinkId(0)))),
        &mut (),
    );
    let dns = ServicePort::new("a/b", Protocol::Udp, VIP.into(), 53);
    for last in 1..5 {
        let endpoint = Endpoint::new(([10, 1, 1, last], 5353).into());
        router.apply(Instant::ZERO, &Delta::Endpoint(dns.key(), endpoint), &mut ());
    }
    router.apply(Instant::ZERO, &Delta::Service(dns), &mut ());
    let mut now = Instant::from_secs(1);
    // From the client's flow to that which the backend sees, and when it was last used.
    let mut model: BTreeMap<Ends, (Ends, Instant)> = BTreeMap::new();
    for act in data.chunks_exact(2) {
        now += Duration::from_millis(u64::from(act[1] >> 3) * 100);
        let client = [10, 1, 0, act[0] & 7];
        let port = 1000 + u16::from(act[0] >> 3);
        let flow = (client, port, VIP, 53);
        let known = model.get(&flow).copied();
        if act[1] & 1 == 0 {
            let Some(out) = send(&mut router, now, flow) else { panic!("{flow:?} was not let through") };
            match known {
                // Half a second of slack, since timers are coarse; Linux forgets unanswered flows after 30 s.
                Some((before, last)) if now < last + Duration::from_secs(30) => assert_eq!(out, before),
                _ => {
                    assert!(model.values().all(|(other, last)| *other != out || now > *last + Duration::from_secs(29)))
                }
            }
            model.insert(flow, (out, now));
        } else if let Some(((source, source_port, backend, backend_port), last)) = known {
            let answer = (backend, backend_port, source, source_port);
            if now < last + Duration::from_secs(30) {
                assert_eq!(send(&mut router, now, answer), Some((VIP, 53, client, port)));
                model.insert(flow, ((source, source_port, backend, backend_port), now));
            }
        }
        assert!(router.connection_count() as usize <= model.len());
    }
});

fn send(router: &mut Router, now: Instant, (src, src_port, dst, dst_port): Ends) -> Option<Ends> {
    let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0];
    packet.extend_from_slice(&src);
    packet.extend_from_slice(&dst);
    packet.extend_from_slice(&src_port.to_be_bytes());
    packet.extend_from_slice(&dst_port.to_be_bytes());
    packet.extend_from_slice(&[0, 8, 0, 0]);
    fill_checksums(&mut packet);
    let Verdict::Link(_) = router.handle_packet(now, &mut packet, FROM, &mut ()) else { return None };
    let address = |at: usize| [packet[at], packet[at + 1], packet[at + 2], packet[at + 3]];
    let port = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
    Some((address(12), port(20), address(16), port(22)))
}
