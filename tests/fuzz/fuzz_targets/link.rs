//! Packets over a wire of any kind: what it took arrives whole, not before it was sent, once for each copy, and in order
//! unless the wire reorders; what it refused does not arrive.
#![no_main]

use std::collections::BTreeMap;

use clusterip::net::{Link, LinkConfig, Reason};
use clusterip::rng::Rng;
use clusterip::time::{Duration, Instant};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [seed, choice, latency, jitter, bandwidth, queue, mtu, acts @ ..] = data else { return };
    let config = LinkConfig {
        latency: Duration::from_micros(u64::from(*latency) * 37),
        jitter: Duration::from_micros(u64::from(*jitter) * 11),
        loss_ppm: if choice & 1 == 0 { 0 } else { 300_000 },
        reorder_ppm: if choice & 2 == 0 { 0 } else { 300_000 },
        duplicate_ppm: if choice & 4 == 0 { 0 } else { 300_000 },
        bandwidth: (choice & 8 != 0).then_some(u64::from(*bandwidth).pow(4)),
        queue: u32::from(*queue) * 16,
        mtu: u16::from(*mtu) * 2,
    };
    let mut link = Link::new(config.clone(), Rng::new(u64::from(*seed)));
    let mut now = Instant::ZERO;
    // When each packet was sent; packets are known by their number.
    let mut sent: BTreeMap<u32, Instant> = BTreeMap::new();
    let (mut number, mut latest, mut arrived) = (0_u32, 0, BTreeMap::<u32, u32>::new());
    let mut drain = |link: &mut Link, now: Instant, sent: &BTreeMap<u32, Instant>| {
        while let Some(packet) = link.poll(now) {
            let number = u32::from_be_bytes([packet[0], packet[1], packet[2], packet[3]]);
            let began = sent[&number];
            assert!(packet[4..].iter().all(|byte| *byte == number as u8), "whole");
            assert!(config.reorder_ppm != 0 || began + config.latency <= now, "no sooner than light");
            assert!(config.reorder_ppm != 0 || number >= latest, "in order");
            latest = latest.max(number);
            let copies = arrived.entry(number).or_default();
            *copies += 1;
            assert!(*copies <= if config.duplicate_ppm == 0 { 1 } else { 2 });
        }
        assert!(link.poll_at().is_none_or(|at| at > now));
        arrived.len()
    };
    for act in acts.chunks_exact(2) {
        now += Duration::from_micros(u64::from(act[0]) * u64::from(act[0]));
        drain(&mut link, now, &sent);
        number += 1;
        let mut packet = number.to_be_bytes().to_vec();
        packet.resize(4 + usize::from(act[1]) * 2, number as u8);
        let length = packet.len();
        match link.enqueue(now, packet) {
            Ok(()) => {
                assert!(length <= usize::from(config.mtu));
                sent.insert(number, now);
            }
            Err(Reason::TooBig) => assert!(length > usize::from(config.mtu)),
            Err(Reason::Lost) => assert!(config.loss_ppm > 0),
            Err(Reason::QueueFull) => assert!(config.bandwidth.is_some() || !link.is_empty()),
            Err(reason) => panic!("{reason}"),
        }
    }
    while let Some(at) = link.poll_at() {
        drain(&mut link, at, &sent);
    }
    assert_eq!(drain(&mut link, now, &sent), sent.len(), "all that was taken has arrived");
});
