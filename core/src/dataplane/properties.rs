//! What must hold whatever comes: against plain models, and for bytes of any kind.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use proptest::prelude::*;

use super::conntrack::{Conntrack, first_state, tick};
use super::*;
use crate::id::{HostId, LinkId};
use crate::net::flow::pack_ports;
use crate::net::header::Header;
use crate::net::rewrite::{fill_checksums, rewrite};
use crate::net::{Cidr, Protocol};
use crate::time::Duration;

fn udp(src: u8, dst: u8, ports: (u16, u16)) -> Header<u32> {
    let tuple = Tuple {
        src: u32::from_ne_bytes([10, 0, 0, src]),
        dst: u32::from_ne_bytes([10, 0, 1, dst]),
        ports: pack_ports(ports.0, ports.1),
        protocol: 17,
    };
    Header { tuple, transport: 20, length: 28, ttl: 64, flags: 0, kind: Kind::Udp, first_of: None }
}

/// One thing that happens to the table of connections.
#[derive(Debug, Clone)]
enum Act {
    Packet { client: u8, port: u16, reply: bool },
    Wait(u32),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (0..6_u8, 1..5_u16, any::<bool>()).prop_map(|(client, port, reply)| Act::Packet { client, port, reply }),
        2 => (0..40_u32).prop_map(Act::Wait),
        1 => (0..40_000_u32).prop_map(Act::Wait),
    ]
}

/// A UDP connection as a plain map keeps it.
#[derive(Debug, Clone, Copy)]
struct Plain {
    opened: u64,
    began: u32,
    last: u32,
    answered: bool,
    stream: bool,
}

proptest! {
    /// The table, with its slots, wheel and lists, is the plain map from flow to time of last packet.
    #[test]
    fn connection_tracking_is_a_map_with_timeouts(acts in prop::collection::vec(act(), 1..300)) {
        const LIMIT: usize = 9;
        let mut table = Conntrack::<u32>::new(LIMIT as u32, &Timeouts::LINUX, false, &mut crate::rng::Rng::new(3));
        let mut model: BTreeMap<(u8, u16), Plain> = BTreeMap::new();
        let mut now = Instant::from_secs(5);
        for (order, act) in acts.into_iter().enumerate() {
            let here = match act {
                Act::Wait(seconds) => {
                    now += Duration::from_secs(seconds.into());
                    tick(now)
                }
                Act::Packet { .. } => tick(now),
            };
            while table.expire(here).is_some() {}
            let ticks = |seconds: u64| (Duration::from_secs(seconds).total_micros() >> 18) as u32 + 2;
            model.retain(|_, c| here < c.last + ticks(if c.stream { 120 } else { 30 }));
            if let Act::Packet { client, port, reply } = act {
                let original = udp(client, 200, (port, 53));
                let mut header = original;
                if reply {
                    header.tuple = header.tuple.reversed();
                }
                let found = table.slots.find(&header.tuple);
                prop_assert_eq!(found.is_ok(), model.contains_key(&(client, port)));
                if let Ok(at) = found {
                    prop_assert_eq!(table.slots.at(at).is_reply(), reply);
                    table.progress(at, &header, &[], here);
                    let c = model.get_mut(&(client, port)).unwrap();
                    c.stream |= c.answered && (here as u8).wrapping_sub(c.began as u8) >= ticks(2) as u8;
                    c.answered |= reply;
                    c.last = here;
                } else if !reply {
                    // The places of both tuples, void by now if a connection has to make room.
                    let places = [found.err(), table.slots.find(&original.tuple.reversed()).err()];
                    prop_assert!(first_state(&header).is_some());
                    if model.len() == LIMIT {
                        let oldest = model.iter().filter(|(_, c)| !(c.stream && c.answered)).min_by_key(|(_, c)| c.opened);
                        let oldest = oldest.map(|(key, _)| *key);
                        prop_assert_eq!(table.evictable().is_some(), oldest.is_some());
                        if let (Some(connection), Some(key)) = (table.evictable(), oldest) {
                            table.close(connection);
                            model.remove(&key);
                        }
                    }
                    if !table.is_full() {
                        table.open(original.tuple, original.tuple.reversed(), &original, &[], 0, here, places);
                        let plain = Plain { opened: order as u64, began: here, last: here, answered: false, stream: false };
                        model.insert((client, port), plain);
                    }
                }
            }
            prop_assert_eq!(table.len() as usize, model.len());
        }
        for (client, port) in model.keys() {
            let tuple = udp(*client, 200, (*port, 53)).tuple;
            prop_assert!(table.slots.find(&tuple).is_ok());
            let reply = tuple.reversed();
            prop_assert!(table.slots.find(&reply).is_ok());
        }
    }

    /// Whatever is rewritten, the mended checksum is the one that would be computed anew.
    #[test]
    fn an_incremental_checksum_is_a_recomputed_one(
        protocol in prop::sample::select(alloc::vec![6_u8, 17, 132, 1]),
        addresses in any::<[u8; 8]>(),
        new in any::<([u8; 4], [u8; 4], u16, u16)>(),
        payload in prop::collection::vec(any::<u8>(), 20..80),
        forward in any::<bool>(),
    ) {
        let mut packet = alloc::vec![0x45, 0, 0, 20 + payload.len() as u8, 1, 2, 0x40, 0, 64, protocol, 0, 0];
        packet.extend_from_slice(&addresses);
        packet.extend_from_slice(&payload);
        match protocol {
            6 => packet[32] = 0x50,
            17 => packet[24..26].copy_from_slice(&(payload.len() as u16).to_be_bytes()),
            1 => packet[20..22].copy_from_slice(&[8, 0]),
            _ => {}
        }
        fill_checksums(&mut packet);
        let header = u32::parse(&packet).unwrap();
        let to = header.tuple.with_src(u32::from_ne_bytes(new.0), new.2).with_dst(u32::from_ne_bytes(new.1), new.3);
        rewrite(&mut packet, &header, &to, forward);
        let mut anew = packet.clone();
        fill_checksums(&mut anew);
        prop_assert_eq!(&packet, &anew);
        prop_assert_eq!(packet[8], 64 - u8::from(forward));
    }

    /// The short way and the long way are the same way.
    #[test]
    fn a_plain_packet_is_rewritten_as_any_other(
        is_tcp in any::<bool>(),
        payload in prop::collection::vec(any::<u8>(), 20..60),
        new in any::<([u8; 4], [u8; 4], u16, u16)>(),
    ) {
        let length = 20 + payload.len() as u8;
        let mut packet = alloc::vec![0x45, 0, 0, length, 1, 2, 0x40, 0, 64, if is_tcp { 6 } else { 17 }, 0, 0];
        packet.extend_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend_from_slice(&payload);
        if is_tcp {
            (packet[32], packet[33]) = (0x50, 0x10);
        } else {
            packet[24..26].copy_from_slice(&(payload.len() as u16).to_be_bytes());
        }
        fill_checksums(&mut packet);
        let header = u32::parse(&packet).unwrap();
        let plain = crate::net::header::parse_plain::<u32>(&packet).unwrap();
        prop_assert_eq!(plain.tuple(), header.tuple);
        let to = header.tuple.with_src(u32::from_ne_bytes(new.0), new.2).with_dst(u32::from_ne_bytes(new.1), new.3);
        let mut other = packet.clone();
        rewrite(&mut packet, &header, &to, true);
        crate::net::rewrite::rewrite_plain(&mut other, &plain, u32::join(to.src, to.dst), to.ports);
        prop_assert_eq!(packet, other);
    }

    /// No bytes make a router panic, and what it lets through is a packet still.
    #[test]
    fn a_router_survives_any_bytes(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..30)) {
        let mut router = table_of(&[(1, 3, 0, 0)], false);
        for mut packet in packets {
            if let Some(first) = packet.first_mut() {
                *first = if *first & 1 == 0 { 0x45 } else { 0x60 };
            }
            let copy = packet.clone();
            match router.handle_packet(Instant::ZERO, &mut packet, Ingress::Link(LinkId(0)), &mut ()) {
                Verdict::Reject(refusal) => {
                    prop_assert_eq!(&packet, &copy);
                    let mut out = Vec::new();
                    let _ = router.originate(Instant::ZERO, &packet, Ingress::Link(LinkId(0)), refusal, &mut out, &mut ());
                }
                Verdict::Drop(_) => prop_assert_eq!(packet, copy),
                _ => prop_assert_eq!(packet.len(), copy.len()),
            }
        }
    }

    /// A table that came about by changes is the table that is told at once.
    #[test]
    fn a_table_by_deltas_is_the_table_from_scratch(changes in prop::collection::vec((0..4_u8, 0..6_u8, 0..4_u8, 0..4_u8), 1..60)) {
        let by_deltas = table_of(&changes, false);
        let from_scratch = table_of(&changes, true);
        prop_assert_eq!(by_deltas.entries(), from_scratch.entries());
        prop_assert_eq!(by_deltas.routes(), from_scratch.routes());
        prop_assert_eq!(rules::nftables(&by_deltas, false), rules::nftables(&from_scratch, false));
        for service in 0..4 {
            for address in [[10, 96, 0, service], [203, 0, 113, 1], [172, 30, 0, 11]] {
                let find = |router: &Router| {
                    let port = if address[0] == 172 { 30_000 + u16::from(service) } else { 80 };
                    let mut syn = lab::syn(address, port);
                    let mut copy = Router::new(router.config().clone());
                    tell(&mut copy, router);
                    copy.handle_packet(Instant::ZERO, &mut syn, Ingress::Link(LinkId(0)), &mut ())
                };
                prop_assert_eq!(find(&by_deltas), find(&from_scratch));
            }
        }
    }
}

/// A router's table, told to another one at once.
fn tell(to: &mut Router, from: &Router) {
    for route in from.routes() {
        to.apply(Instant::ZERO, &Delta::Route(route), &mut ());
    }
    for entry in from.entries() {
        to.apply(Instant::ZERO, &Delta::Service(entry.port.clone()), &mut ());
        to.apply(Instant::ZERO, &Delta::Endpoints(entry.port.key(), entry.endpoints), &mut ());
    }
}

/// A router after the changes, or a new one that is told where they ended.
fn table_of(changes: &[(u8, u8, u8, u8)], at_once: bool) -> Router {
    let mut config = RouterConfig::new(IpAddr::V4(Ipv4Addr::new(172, 30, 0, 11)));
    config.mode = Mode::Nftables;
    let mut router = Router::new(config.clone());
    let mut apply = |delta| router.apply(Instant::ZERO, &delta, &mut ());
    for &(what, service, a, b) in changes {
        let mut port = ServicePort::new(
            alloc::format!("ns/s{service}"),
            Protocol::Tcp,
            IpAddr::V4(Ipv4Addr::new(10, 96, 0, service)),
            80,
        );
        port.node_port = if a == 1 { 30_000 + u16::from(service) } else { 0 };
        port.internal_local = a == 2;
        port.external_ips.extend((b == 1).then_some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1))));
        let mut endpoint = Endpoint::new(SocketAddr::new(Ipv4Addr::new(10, 1, 2, a).into(), 8080));
        endpoint.ready = b != 3;
        endpoint.local = b == 2;
        let to = Cidr { address: Ipv4Addr::new(10, a, b, 0).into(), length: 16 + 8 * (b % 3) };
        match (what, b) {
            (0, 0) => apply(Delta::RemoveService(port.key())),
            (0, _) => apply(Delta::Service(port)),
            (1, 0) => apply(Delta::RemoveEndpoint(port.key(), endpoint.address)),
            (1, _) => apply(Delta::Endpoint(port.key(), endpoint)),
            (2, _) => apply(Delta::Endpoints(port.key(), alloc::vec![endpoint])),
            (_, 0) => apply(Delta::RemoveRoute(to)),
            _ => apply(Delta::Route(Route::new(to, Hop::Port(HostId(u32::from(a)))))),
        }
    }
    if !at_once {
        return router;
    }
    let mut other = Router::new(config);
    tell(&mut other, &router);
    other
}
