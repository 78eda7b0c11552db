//! What differs from mode to mode, from family to family, and from one direction to the other.

use alloc::vec::Vec;

use super::lab::{CLIENT, FAR, Lab, NEAR, POD, VIP, WIRE, config, endpoint, flow, ip, packet, socket};
use super::*;
use crate::id::{HostId, LinkId};
use crate::net::header::tcp_flags::{ACK, SYN};
use crate::net::rewrite::fill_checksums;
use crate::net::{Flow, Protocol, icmp};
use crate::time::Duration;

const BACK: Ingress = Ingress::Link(LinkId(2));

/// An ICMP error by `from` about `packet`, which came to it.
fn error<A: Address>(from: &str, packet: &[u8], error: icmp::Error) -> Vec<u8> {
    let mut out = Vec::new();
    icmp::emit(&mut out, A::from_ip(ip(from)).unwrap(), packet, &A::parse(packet).unwrap(), error);
    out
}

/// The flow of the packet that an ICMP error of 8 bytes after its header quotes.
fn quoted(packet: &[u8], header: usize) -> Flow {
    flow(&packet[header + 8..])
}

#[test]
fn a_client_of_several_endpoints_returns_to_the_first_of_them_in_the_order_of_the_rules() {
    for mode in [Mode::Iptables, Mode::Nftables] {
        let mut lab = Lab::new(mode);
        lab.apply(Delta::Route(Route::new("10.1.0.0/24".parse().unwrap(), Hop::Link(LinkId(7)))));
        lab.web.affinity = Some(Duration::from_secs(100));
        lab.web.external_local = true;
        lab.web.node_port = 30080;
        let (first, local) = ("10.1.0.9:8080", NEAR);
        lab.serve(&[first, local]);
        let both = (20..60).filter(|n| {
            let mut port = 1000;
            let mut connect = |lab: &mut Lab, to: &str| {
                port += 1;
                lab.connect(&alloc::format!("172.30.0.{n}:{port}"), to, WIRE).unwrap()
            };
            if connect(&mut lab, VIP) != socket(first) {
                return false;
            }
            // The policy leaves this node port only the local endpoint, whose list the client enters too.
            assert_eq!(connect(&mut lab, "172.30.0.11:30080"), socket(local));
            assert_eq!(connect(&mut lab, VIP), socket(first), "{mode:?}");
            true
        });
        assert!(both.count() > 5);
    }
}

#[test]
fn in_ipvs_mode_an_endpoint_that_returns_finds_those_clients_that_did_not_ask_meanwhile() {
    let mut lab = Lab::new(Mode::Ipvs(Scheduler::RoundRobin));
    lab.web.affinity = Some(Duration::from_secs(10_800));
    let all = ["10.1.2.1:80", "10.1.2.2:80", "10.1.2.3:80"];
    lab.serve(&all);
    let patient = lab.connect("10.1.1.7:1", VIP, POD).unwrap();
    let mut gone = endpoint(&alloc::format!("{patient}"));
    gone.ready = false;
    lab.apply(Delta::Endpoint(lab.web.key(), gone));
    lab.serve(&all);
    assert_eq!(lab.connect("10.1.1.7:2", VIP, POD), Ok(patient));
    lab.apply(Delta::Endpoint(lab.web.key(), gone));
    let moved = lab.connect("10.1.1.7:3", VIP, POD).unwrap();
    assert_ne!(moved, patient);
    lab.serve(&all);
    assert_eq!(lab.connect("10.1.1.7:4", VIP, POD), Ok(moved));
}

#[test]
fn a_sender_is_not_told_of_errors_again_and_again() {
    let mut lab = Lab::serving(Mode::Iptables, &[]);
    let syn = packet(Protocol::Tcp, CLIENT, VIP, SYN);
    let refusal = Refusal::Port(Reason::NoBackend);
    let told = |lab: &mut Lab, packet: &[u8], from, refusal| {
        (0..20).filter(|_| lab.refusal(packet, from, refusal).1.is_some()).count()
    };
    assert_eq!(told(&mut lab, &syn, POD, refusal), 6);
    assert_eq!(lab.router.counters().ended(Reason::NotTold), 14);
    assert_eq!(told(&mut lab, &syn, POD, Refusal::TooBig(1400)), 20, "path MTU discovery is not limited");
    lab.now += Duration::from_secs(2);
    assert_eq!(told(&mut lab, &syn, POD, refusal), 2);
    let own = packet(Protocol::Tcp, "172.30.0.11:5", VIP, SYN);
    assert_eq!(told(&mut lab, &own, Ingress::Host, refusal), 20, "a node tells itself always");
    let mut config = config(Mode::Iptables);
    config.icmp.interval = Duration::ZERO;
    assert_eq!(told(&mut Lab::with(config), &syn, POD, refusal), 20);
}

#[test]
fn an_error_about_an_answer_reaches_the_backend_as_if_there_were_no_virtual_address() {
    let mut lab = Lab::new(Mode::Iptables);
    let dns = ServicePort::new("default/dns", Protocol::Udp, ip("10.96.0.10"), 53);
    lab.apply(Delta::Endpoint(dns.key(), endpoint("10.1.2.1:5353")));
    lab.apply(Delta::Service(dns));
    let mut question = packet(Protocol::Udp, "10.1.1.101:7000", "10.96.0.10:53", 0);
    let _ = lab.send(&mut question, POD);
    let mut answer = packet(Protocol::Udp, "10.1.2.1:5353", "10.1.1.101:7000", 0);
    let sent = answer.clone();
    assert_eq!(lab.send(&mut answer, BACK), Verdict::Port(HostId(101)));
    // The client has closed its socket.
    let mut error = error::<u32>("10.1.1.101", &answer, icmp::Error::PortUnreachable);
    assert_eq!(flow(&error).dst, ip("10.96.0.10"));
    assert_eq!(lab.send(&mut error, POD), Verdict::Link(LinkId(2)));
    assert_eq!((flow(&error).src, flow(&error).dst), (ip("10.1.1.101"), ip("10.1.2.1")));
    assert_eq!(quoted(&error, 20), flow(&sent));
}

#[test]
fn an_error_about_a_masqueraded_packet_finds_the_client_behind_the_node() {
    let mut lab = Lab::new(Mode::Iptables);
    lab.web.node_port = 30080;
    lab.serve(&[FAR]);
    let mut syn = packet(Protocol::Tcp, "172.30.0.50:5000", "172.30.0.11:30080", SYN);
    let sent = flow(&syn);
    let _ = lab.send(&mut syn, WIRE);
    assert_eq!(flow(&syn).src, ip("172.30.0.11"));
    for kind in [icmp::Error::TooBig(1300), icmp::Error::TimeExceeded, icmp::Error::PortUnreachable] {
        let mut error = error::<u32>("10.1.2.1", &syn, kind);
        assert_eq!(lab.send(&mut error, BACK), Verdict::Link(LinkId(0)));
        assert_eq!((flow(&error).dst, quoted(&error, 20)), (ip("172.30.0.50"), sent));
        // The backend itself tells, so the node stands in for it.
        assert_eq!(flow(&error).src, ip("172.30.0.11"));
    }
}

#[test]
fn ipv6_tells_of_packets_that_are_too_big_and_translates_what_others_tell() {
    let mut lab = Lab::new(Mode::Nftables);
    let web = ServicePort::new("default/web", Protocol::Tcp, ip("fd00:96::10"), 80);
    lab.apply(Delta::Service(web.clone()));
    lab.apply(Delta::Endpoint(web.key(), endpoint("[fd00:1:2::1]:8080")));
    let (client, vip) = ("[fd00:1:1::65]:4000", "[fd00:96::10]:80");
    let mut syn = packet(Protocol::Tcp, client, vip, SYN);
    let sent = flow(&syn);
    assert_eq!(lab.send(&mut syn, POD), Verdict::Link(LinkId(2)));
    let mut error = error::<u128>("fd00:30::99", &syn, icmp::Error::TooBig(1300));
    assert_eq!(lab.send(&mut error, BACK), Verdict::Port(HostId(101)));
    assert_eq!((error[40], &error[44..48]), (2, &1300_u32.to_be_bytes()[..]));
    assert_eq!((flow(&error).dst, quoted(&error, 40)), (ip("fd00:1:1::65"), sent));
    // The node's own link is too narrow.
    lab.apply(Delta::Route(Route { to: "fd00:1:2::/48".parse().unwrap(), hop: Hop::Link(LinkId(2)), mtu: 59 }));
    let mut segment = packet(Protocol::Tcp, client, vip, SYN);
    assert_eq!(lab.send(&mut segment, POD), Verdict::Reject(Refusal::TooBig(59)));
    let (error, verdict) = lab.refusal(&segment, POD, Refusal::TooBig(59));
    assert_eq!((verdict, error[40], quoted(&error, 40)), (Some(Verdict::Port(HostId(101))), 2, sent));
}

#[test]
fn later_parts_of_an_ipv6_packet_follow_the_first() {
    let mut lab = Lab::new(Mode::Iptables);
    let web = ServicePort::new("default/web", Protocol::Udp, ip("fd00:96::10"), 80);
    lab.apply(Delta::Service(web.clone()));
    lab.apply(Delta::Endpoint(web.key(), endpoint("[fd00:1:2::1]:8080")));
    let part = |offset: u16| {
        let mut part = packet(Protocol::Udp, "[fd00:1:1::65]:4000", "[fd00:96::10]:80", 0);
        // More follows the first part, nothing the second.
        let extension = [[17, 0], (offset << 3 | u16::from(offset == 0)).to_be_bytes(), [0, 0], [0, 9]].concat();
        part.splice(40..40, extension);
        (part[5], part[6]) = (part[5] + 8, 44);
        part
    };
    let send = |lab: &mut Lab, mut part: Vec<u8>| {
        let verdict = lab.router.handle_packet(lab.now, &mut part, POD, &mut ());
        (verdict, flow(&part).dst)
    };
    let there = (Verdict::Link(LinkId(2)), ip("fd00:1:2::1"));
    assert_eq!(send(&mut lab, part(2)).0, Verdict::Drop(Reason::Fragment));
    assert_eq!(send(&mut lab, part(0)), there);
    assert_eq!(send(&mut lab, part(2)), there);
}

#[test]
fn an_sctp_association_is_tracked_and_its_crc_renewed_in_both_directions() {
    let mut lab = Lab::new(Mode::Iptables);
    let diameter = ServicePort::new("default/d", Protocol::Sctp, ip("10.96.0.10"), 3868);
    lab.apply(Delta::Service(diameter.clone()));
    lab.apply(Delta::Endpoint(diameter.key(), endpoint("10.1.2.1:3000")));
    let send = |lab: &mut Lab, from: &str, to: &str, chunk, ingress| {
        let mut packet = packet(Protocol::Sctp, from, to, 0);
        packet[32] = chunk;
        fill_checksums(&mut packet);
        let _ = lab.send(&mut packet, ingress);
        flow(&packet)
    };
    let states = [(1, true), (2, false), (10, true), (11, false), (0, true), (7, true)].map(|(chunk, is_client)| {
        if is_client {
            let there = send(&mut lab, CLIENT, "10.96.0.10:3868", chunk, POD);
            assert_eq!(there.destination(), socket("10.1.2.1:3000"));
        } else {
            let back = send(&mut lab, "10.1.2.1:3000", CLIENT, chunk, BACK);
            assert_eq!(back.source(), socket("10.96.0.10:3868"));
        }
        lab.router.connections(lab.now)[0].state
    });
    let expected = [State::Setup, State::Setup, State::Associated, State::Associated, State::Associated, State::Setup];
    assert_eq!(states, expected);
}

#[test]
fn terminating_endpoints_serve_when_nothing_else_does() {
    for mode in [Mode::Iptables, Mode::Nftables, Mode::Ipvs(Scheduler::RoundRobin), Mode::Maglev(7)] {
        let mut lab = Lab::serving(mode, &[]);
        let mut leaving = endpoint(FAR);
        (leaving.ready, leaving.terminating) = (false, true);
        lab.apply(Delta::Endpoint(lab.web.key(), leaving));
        assert_eq!(lab.connect(CLIENT, VIP, POD), Ok(socket(FAR)), "{mode:?}");
        lab.apply(Delta::Endpoint(lab.web.key(), endpoint(NEAR)));
        assert!((1..20).all(|n| lab.connect(&alloc::format!("10.1.1.101:{n}"), VIP, POD) == Ok(socket(NEAR))));
        leaving.serving = false;
        lab.apply(Delta::Endpoints(lab.web.key(), alloc::vec![leaving]));
        assert_eq!(
            lab.connect("10.1.1.101:30", VIP, POD),
            Err(Verdict::Reject(Refusal::Port(Reason::NoBackend))),
            "{mode:?}"
        );
    }
}

#[test]
fn external_addresses_are_served_as_the_cluster_ip_is_and_masqueraded() {
    for mode in [Mode::Iptables, Mode::Nftables, Mode::Ipvs(Scheduler::RoundRobin)] {
        let mut lab = Lab::new(mode);
        lab.web.external_ips = alloc::vec![ip("203.0.113.9")];
        lab.serve(&[FAR]);
        let (verdict, there) = lab.tcp("172.30.0.50:7", "203.0.113.9:80", SYN, WIRE);
        assert_eq!((verdict, there.destination()), (Verdict::Link(LinkId(2)), socket(FAR)), "{mode:?}");
        assert_eq!(there.src, ip("172.30.0.11"), "{mode:?}");
        let (_, back) = lab.tcp(FAR, &alloc::format!("{}", there.source()), SYN | ACK, BACK);
        assert_eq!((back.source(), back.destination()), (socket("203.0.113.9:80"), socket("172.30.0.50:7")));
    }
}
