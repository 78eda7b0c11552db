//! What holds for every message and every zone, not only for examples.

use super::{
    message::{Data, Edns, Message, Question, Record, Type},
    zone::{Endpoint, PodMode, Port, Service, Slice, Target, Zone, ZoneConfig},
    *,
};
use alloc::{format, string::String, vec::Vec};
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_bytes_make_the_reader_or_the_server_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let zone = shop(1);
        // Whatever it is, it is read or refused, and answered or not.
        let read = Message::parse(&bytes);
        let answered = answer::answer(&zone, &bytes, Transport::Udp);
        if read.is_ok_and(|message| !message.flags.response) {
            prop_assert!(Message::parse(&answered.unwrap()).is_ok());
        }
    }

    #[test]
    fn damaged_questions_are_read_or_refused(at in 0usize..60, byte in any::<u8>(), cut in 0usize..60) {
        let mut bytes = query("_http._tcp.web.shop.svc.cluster.local.", Type::SRV).emit(512);
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(length - cut % length);
        if let Some(reply) = answer::answer(&shop(1), &bytes, Transport::Tcp) {
            prop_assert!(Message::parse(&reply).is_ok());
        }
    }

    #[test]
    fn what_is_written_reads_the_same(message in message()) {
        prop_assert_eq!(Message::parse(&message.emit(u16::MAX)).unwrap(), message);
    }

    #[test]
    fn no_answer_is_longer_than_the_client_takes(endpoints in 0u16..300, size in any::<u16>(), srv in any::<bool>()) {
        let zone = shop(endpoints);
        let (name, kind) = match srv {
            true => ("_http._tcp.peers.shop.svc.cluster.local.", Type::SRV),
            false => ("peers.shop.svc.cluster.local.", Type::A),
        };
        let mut query = query(name, kind);
        let short = answer::answer(&zone, &query.emit(512), Transport::Udp).unwrap();
        prop_assert!(short.len() <= 512);
        query.edns = Some(Edns { size, version: 0, dnssec: false });
        let bytes = answer::answer(&zone, &query.emit(512), Transport::Udp).unwrap();
        prop_assert!(bytes.len() <= usize::from(size.max(512)));
        let whole = Message::parse(&answer::answer(&zone, &query.emit(512), Transport::Tcp).unwrap()).unwrap();
        let reply = Message::parse(&bytes).unwrap();
        let is_whole = reply.answers.len() == whole.answers.len() && reply.additional.len() == whole.additional.len();
        prop_assert_eq!(reply.flags.truncated, !is_whole);
    }

    #[test]
    fn a_name_that_exists_for_one_type_exists_for_all(label in "[a-z0-9-]{1,6}", more in 0usize..4, mode in 0u8..3) {
        let mut zone = shop(3);
        zone.config_mut().pods = [PodMode::Disabled, PodMode::Insecure, PodMode::Verified][usize::from(mode)];
        let tails = ["shop.svc.cluster.local.", "web.shop.svc.cluster.local.", "shop.pod.cluster.local.", "cluster.local."];
        let name = format!("{label}.{}", tails[more]);
        let rcode = |kind| answer::respond(&zone, &query(&name, kind)).rcode;
        for kind in [Type::AAAA, Type::MX, Type::HTTPS, Type::SRV] {
            prop_assert_eq!(rcode(kind), rcode(Type::A), "{} {}", name, kind);
        }
    }
}

fn query(name: &str, kind: Type) -> Message {
    Message::query(7, name, kind)
}

fn shop(endpoints: u16) -> Zone {
    let mut zone = Zone::new(ZoneConfig::default());
    zone.set_namespace("shop", true);
    let ports: Vec<Port> = [Port { name: "http".into(), protocol: "TCP".into(), port: Some(80) }].into();
    let target = Target::Addresses(["10.96.0.7".parse().unwrap()].into());
    zone.set_service("shop", "web", Some(Service { target, ports: ports.clone() }));
    zone.set_service("shop", "peers", Some(Service { target: Target::Endpoints, ports: ports.clone() }));
    let endpoint =
        |n: u16| Endpoint { address: core::net::IpAddr::from([10, 1, (n >> 8) as u8, n as u8]), hostname: None };
    let endpoints = (0..endpoints).map(endpoint).collect();
    zone.set_slice("shop", "peers-1", Some(Slice { service: "peers".into(), ports, endpoints }));
    zone
}

fn name() -> impl Strategy<Value = String> {
    proptest::collection::vec("[a-zA-Z0-9_-]{1,20}", 0..5).prop_map(|labels| format!("{}.", labels.join(".")))
}

fn record() -> impl Strategy<Value = Record> {
    let data = prop_oneof![
        any::<[u8; 4]>().prop_map(|octets| Data::A(octets.into())),
        any::<[u8; 16]>().prop_map(|octets| Data::Aaaa(octets.into())),
        name().prop_map(Data::Cname),
        name().prop_map(Data::Ptr),
        "[ -~]{0,300}".prop_map(Data::Txt),
        (any::<u16>(), any::<u16>(), name()).prop_map(|(weight, port, target)| Data::Srv {
            priority: 0,
            weight,
            port,
            target
        }),
    ];
    (name(), any::<u32>(), data).prop_map(|(name, ttl, data)| Record { name, ttl, data })
}

fn message() -> impl Strategy<Value = Message> {
    let records = || proptest::collection::vec(record(), 0..4);
    (any::<u16>(), name(), any::<u16>(), records(), records(), any::<u16>()).prop_map(
        |(id, name, kind, answers, additional, size)| Message {
            id,
            questions: [Question { name, kind: Type(kind), class: 1 }].into(),
            answers,
            additional,
            edns: Some(Edns { size, version: 0, dnssec: size % 2 == 0 }),
            ..Message::default()
        },
    )
}
