//! Where a Service answers: cluster IPs, node ports, balancer addresses, and who may use them.

use super::lab::{CLIENT, FAR, Lab, NEAR, POD, REFUSED, VIP, WIRE, endpoint, ip, packet, socket};
use super::*;
use crate::id::LinkId;
use crate::net::Protocol;
use crate::net::header::tcp_flags::SYN;
use alloc::vec;

#[test]
fn an_unlisted_port_is_silent_in_iptables_mode_and_refused_in_the_others() {
    let other = "10.96.0.10:81";
    assert_eq!(Lab::serving(Mode::Iptables, &[FAR]).connect(CLIENT, other, POD), Err(Verdict::Drop(Reason::Blackhole)));
    for mode in [Mode::Nftables, Mode::Ipvs(Scheduler::RoundRobin)] {
        let refused = Err(Verdict::Reject(Refusal::Port(Reason::NoSuchPort)));
        assert_eq!(Lab::serving(mode, &[FAR]).connect(CLIENT, other, POD), refused);
    }
    let free = Lab::serving(Mode::Nftables, &[FAR]).connect(CLIENT, "10.96.9.9:80", POD);
    assert_eq!(free, Err(Verdict::Drop(Reason::NoSuchAddress)));
}

#[test]
fn a_ping_to_a_cluster_ip_is_silent_in_iptables_mode_and_refused_in_nftables_mode() {
    let mut ping = packet(Protocol::Icmp, "10.1.1.101:7", "10.96.0.10:0", 0);
    assert_eq!(Lab::serving(Mode::Iptables, &[FAR]).send(&mut ping, POD), Verdict::Drop(Reason::Blackhole));
    let refused = Verdict::Reject(Refusal::Port(Reason::NoSuchPort));
    assert_eq!(Lab::serving(Mode::Nftables, &[FAR]).send(&mut ping, POD), refused);
}

#[test]
fn internal_policy_local_drops_without_a_local_endpoint_and_refuses_without_any() {
    let mut lab = Lab::new(Mode::Iptables);
    lab.web.internal_local = true;
    lab.serve(&[FAR]);
    assert_eq!(lab.connect(CLIENT, VIP, POD), Err(Verdict::Drop(Reason::NoLocalBackend)));
    lab.serve(&[FAR, NEAR]);
    assert_eq!(lab.connect(CLIENT, VIP, POD), Ok(socket(NEAR)));
    lab.serve(&[]);
    assert_eq!(lab.connect("10.1.1.101:40001", VIP, POD), REFUSED);
}

#[test]
fn a_node_port_answers_on_every_address_in_iptables_mode_and_on_the_primary_one_in_nftables_mode() {
    for (mode, gateway) in [(Mode::Iptables, Ok(socket(FAR))), (Mode::Nftables, Ok(socket("10.1.1.254:30080")))] {
        let mut lab = Lab::new(mode);
        lab.web.node_port = 30080;
        lab.serve(&[FAR]);
        let (verdict, there) = lab.tcp("172.30.0.50:5000", "172.30.0.11:30080", SYN, WIRE);
        assert_eq!(
            (verdict, there.src, there.destination()),
            (Verdict::Link(LinkId(2)), ip("172.30.0.11"), socket(FAR))
        );
        assert_eq!(lab.connect(CLIENT, "10.1.1.254:30080", POD), gateway);
        let loopback = lab.tcp("127.0.0.1:5001", "127.0.0.1:30080", SYN, Ingress::Host);
        let expected = if mode == Mode::Iptables { Verdict::Link(LinkId(2)) } else { Verdict::Host };
        assert_eq!(loopback.0, expected);
    }
}

#[test]
fn external_policy_local_keeps_the_client_and_drops_where_there_is_no_local_endpoint() {
    let mut lab = Lab::new(Mode::Iptables);
    lab.web.node_port = 30080;
    lab.web.external_local = true;
    lab.serve(&[FAR, NEAR]);
    let (_, there) = lab.tcp("172.30.0.50:5000", "172.30.0.11:30080", SYN, WIRE);
    assert_eq!((there.src, there.destination()), (ip("172.30.0.50"), socket(NEAR)));
    lab.serve(&[FAR]);
    let outside = lab.connect("172.30.0.50:5001", "172.30.0.11:30080", WIRE);
    assert_eq!(outside, Err(Verdict::Drop(Reason::NoLocalBackend)));
    // Pods and the node itself may use every endpoint.
    let (_, there) = lab.tcp(CLIENT, "172.30.0.11:30080", SYN, POD);
    assert_eq!((there.source(), there.destination()), (socket(CLIENT), socket(FAR)));
    let (_, there) = lab.tcp("172.30.0.11:6000", "172.30.0.11:30080", SYN, Ingress::Host);
    assert_eq!((there.src, there.destination()), (ip("172.30.0.11"), socket(FAR)));
}

#[test]
fn source_ranges_guard_the_load_balancer_address_and_nothing_else() {
    for mode in [Mode::Iptables, Mode::Nftables] {
        let mut lab = Lab::new(mode);
        lab.web.node_port = 30080;
        lab.web.load_balancer_ips = vec![ip("198.51.100.5")];
        lab.web.source_ranges = vec!["172.30.0.48/28".parse().unwrap()];
        lab.serve(&[FAR]);
        assert_eq!(lab.connect("172.30.0.50:1", "198.51.100.5:80", WIRE), Ok(socket(FAR)));
        assert_eq!(lab.connect("172.30.0.99:1", "198.51.100.5:80", WIRE), Err(Verdict::Drop(Reason::Firewall)));
        assert_eq!(lab.connect("172.30.0.99:2", "172.30.0.11:30080", WIRE), Ok(socket(FAR)));
        lab.serve(&[]);
        let refused = Err(Verdict::Reject(Refusal::Port(Reason::NoBackend)));
        let expected = if mode == Mode::Iptables { refused } else { Err(Verdict::Drop(Reason::Firewall)) };
        assert_eq!(lab.connect("172.30.0.99:3", "198.51.100.5:80", WIRE), expected);
    }
}

#[test]
fn the_first_name_has_an_address_that_two_services_claim_in_whatever_order_they_came() {
    let claim = |name: &str, endpoint: &str| {
        let mut port = ServicePort::new(name, Protocol::Tcp, ip("10.96.0.77"), 443);
        port.cluster_ip = if name.ends_with('a') { ip("10.96.0.1") } else { ip("10.96.0.2") };
        port.external_ips = vec![ip("203.0.113.9")];
        (port, self::endpoint(endpoint))
    };
    let (a, b) = (claim("ns/a", "10.1.2.1:1"), claim("ns/b", "10.1.2.2:2"));
    for order in [[&a, &b], [&b, &a]] {
        let mut lab = Lab::new(Mode::Iptables);
        for (port, endpoint) in order {
            lab.apply(Delta::Endpoint(port.key(), *endpoint));
            lab.apply(Delta::Service(port.clone()));
        }
        assert_eq!(lab.connect(CLIENT, "203.0.113.9:443", POD), Ok(socket("10.1.2.1:1")));
        lab.apply(Delta::RemoveService(a.0.key()));
        assert_eq!(lab.connect("10.1.1.101:2", "203.0.113.9:443", POD), Ok(socket("10.1.2.2:2")));
        lab.apply(Delta::RemoveService(b.0.key()));
        assert!(lab.connect("10.1.1.101:3", "203.0.113.9:443", POD).is_err());
    }
}

#[test]
fn nobody_reaches_the_loopback_of_a_node_from_elsewhere() {
    let mut lab = Lab::new(Mode::Iptables);
    lab.web.node_port = 30080;
    lab.serve(&[FAR]);
    let martian = Err(Verdict::Drop(Reason::Invalid));
    assert_eq!(lab.connect("172.30.0.50:1", "127.0.0.1:30080", WIRE), martian);
    assert_eq!(lab.connect("127.0.0.1:1", VIP, POD), martian);
}
