//! What a router tells of packets that end there, and packets that it takes for impossible; as observed on Linux.

use alloc::vec::Vec;

use super::lab::{CLIENT, FAR, Lab, POD, VIP, WIRE, endpoint, flow, ip, packet};
use super::*;
use crate::id::{HostId, LinkId};
use crate::net::header::tcp_flags::{ACK, FIN, SYN};
use crate::net::rewrite::fill_checksums;
use crate::net::{Protocol, icmp};

const BACK: Ingress = Ingress::Link(LinkId(2));
const IPVS: Mode = Mode::Ipvs(Scheduler::RoundRobin);

fn with_ttl(mut packet: Vec<u8>, ttl: u8) -> Vec<u8> {
    packet[8] = ttl;
    fill_checksums(&mut packet);
    packet
}

/// What the client is told of a packet that is refused.
fn told(lab: &mut Lab, mut packet: Vec<u8>, from: Ingress) -> (Refusal, Vec<u8>) {
    let Verdict::Reject(refusal) = lab.send(&mut packet, from) else { panic!("it is refused") };
    (refusal, lab.refusal(&packet, from, refusal).0)
}

#[test]
fn a_traceroute_finds_the_virtual_address_in_the_place_of_the_first_node() {
    for mode in [Mode::Iptables, Mode::Nftables, IPVS] {
        let mut lab = Lab::serving(mode, &[FAR]);
        let (refusal, error) = told(&mut lab, with_ttl(packet(Protocol::Tcp, CLIENT, VIP, SYN), 1), POD);
        assert_eq!((refusal, flow(&error).src), (Refusal::TimeExceeded, ip("10.96.0.10")), "{mode:?}");
        let _ = lab.tcp(CLIENT, VIP, SYN, POD);
        let _ = lab.tcp(FAR, CLIENT, SYN | ACK, BACK);
        let (_, error) = told(&mut lab, with_ttl(packet(Protocol::Tcp, CLIENT, VIP, ACK), 1), POD);
        assert_eq!(flow(&error).src, ip("10.96.0.10"));
        assert_eq!(error[28..], with_ttl(packet(Protocol::Tcp, CLIENT, VIP, ACK), 1));
        // The answers' way has another end: they are not for a virtual address.
        let (_, error) = told(&mut lab, with_ttl(packet(Protocol::Tcp, FAR, CLIENT, ACK), 1), BACK);
        assert_eq!(flow(&error).src, ip("172.30.0.11"));
        lab.apply(Delta::Route(Route { to: "10.1.2.0/24".parse().unwrap(), hop: Hop::Link(LinkId(2)), mtu: 39 }));
        let (refusal, error) = told(&mut lab, packet(Protocol::Tcp, CLIENT, VIP, ACK), POD);
        assert_eq!((refusal, flow(&error).src, error[36]), (Refusal::TooBig(39), ip("10.96.0.10"), 64));
    }
}

#[test]
fn a_refusal_quotes_the_packet_as_it_was_where_it_was_refused() {
    for (mode, source, ttl) in
        [(Mode::Iptables, "10.1.1.254", 63), (Mode::Nftables, "10.1.1.254", 63), (IPVS, "10.96.0.10", 64)]
    {
        let mut lab = Lab::serving(mode, &[]);
        let (_, error) = told(&mut lab, packet(Protocol::Tcp, CLIENT, VIP, SYN), POD);
        assert_eq!((flow(&error).src, error[36]), (ip(source), ttl), "{mode:?}");
        assert_eq!(error[28..], with_ttl(packet(Protocol::Tcp, CLIENT, VIP, SYN), ttl));
        assert!(icmp::checksum_is_right::<u32>(&error, 20));
    }
    // What is for the node itself is not forwarded.
    let mut lab = Lab::new(Mode::Iptables);
    lab.web.node_port = 30080;
    lab.serve(&[]);
    let (_, error) = told(&mut lab, packet(Protocol::Tcp, "172.30.0.50:5000", "172.30.0.11:30080", SYN), WIRE);
    assert_eq!((flow(&error).src, error[36]), (ip("172.30.0.11"), 64));
}

#[test]
fn an_error_quotes_no_more_than_eight_bytes_of_an_sctp_packet_and_still_finds_its_association() {
    let mut lab = Lab::serving_sctp();
    let mut init = packet(Protocol::Sctp, CLIENT, "10.96.0.10:3868", 0);
    assert_eq!(lab.send(&mut init, POD), Verdict::Link(LinkId(2)));
    for bytes in [8, 11, 12, 16] {
        let mut error = Vec::new();
        let router = u32::from_ip(ip("172.30.0.1")).unwrap();
        let mut header = u32::parse(&init).unwrap();
        header.length = 20 + bytes;
        icmp::emit(&mut error, router, &init, &header, icmp::Error::TimeExceeded);
        assert_eq!(lab.send(&mut error, BACK), Verdict::Port(HostId(101)), "{bytes}");
        assert_eq!(error[50..52], 3868_u16.to_be_bytes());
    }
}

#[test]
fn an_association_begins_with_an_init_that_knows_no_tag() {
    let mut lab = Lab::new(Mode::Iptables);
    for (chunk, tag, passes) in
        [(1, 0, true), (1, 7, false), (4, 7, true), (0, 7, false), (6, 7, false), (10, 7, false)]
    {
        let mut first = packet(Protocol::Sctp, CLIENT, "10.1.2.9:3868", 0);
        (first[27], first[32]) = (tag, chunk);
        first[21] = chunk << 4 | tag; // another port for each
        fill_checksums(&mut first);
        let expected = if passes { Verdict::Link(LinkId(2)) } else { Verdict::Drop(Reason::Invalid) };
        assert_eq!(lab.send(&mut first, POD), expected, "{chunk}, {tag}");
    }
}

#[test]
fn what_no_machine_on_a_wire_can_have_sent_is_dropped() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    for (from, to) in [
        ("0.0.0.0:5000", VIP),
        ("255.255.255.255:5000", VIP),
        ("224.0.0.5:5000", VIP),
        ("172.30.0.11:5000", "10.1.1.101:80"),
        (CLIENT, "224.0.0.9:80"),
        (CLIENT, "255.255.255.255:80"),
        ("[::]:5000", "[fd00:1:1::65]:80"),
        ("[fe80::5]:5000", "[fd00:1:1::65]:80"),
        ("[fd00:1:1::1]:5000", "[ff02::1]:80"),
    ] {
        for ingress in [POD, WIRE] {
            let mut packet = packet(Protocol::Udp, from, to, 0);
            assert_eq!(lab.send(&mut packet, ingress), Verdict::Drop(Reason::Invalid), "{from} to {to}");
        }
    }
    let (verdict, _) = lab.tcp(CLIENT, VIP, SYN | FIN, POD);
    assert_eq!(verdict, Verdict::Drop(Reason::Blackhole), "it begins no connection, and has no way untranslated");
}

#[test]
fn an_error_may_quote_an_ipv6_packet_with_extension_headers() {
    let mut lab = Lab::new(Mode::Iptables);
    let web = ServicePort::new("default/web", Protocol::Tcp, ip("fd00:96::10"), 80);
    lab.apply(Delta::Service(web.clone()));
    lab.apply(Delta::Endpoint(web.key(), endpoint("[fd00:1:2::1]:8080")));
    let mut syn = packet(Protocol::Tcp, "[fd00:1:1::65]:4000", "[fd00:96::10]:80", SYN);
    syn[6] = 60;
    syn[5] += 8;
    syn.splice(40..40, [6, 0, 1, 4, 0, 0, 0, 0]);
    fill_checksums(&mut syn);
    let sent = flow(&syn);
    assert_eq!(lab.send(&mut syn, POD), Verdict::Link(LinkId(2)));
    let mut error = Vec::new();
    let router = u128::from_ip(ip("fd00:30::99")).unwrap();
    icmp::emit(&mut error, router, &syn, &u128::parse(&syn).unwrap(), icmp::Error::TooBig(1300));
    assert_eq!(lab.send(&mut error, BACK), Verdict::Port(HostId(101)));
    assert_eq!(icmp::quoted::<u128>(&error[48..]).map(|header| header.tuple.flow()), Some(sent));
}
