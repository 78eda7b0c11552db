//! Connections from their first packet to their last.

use alloc::vec;
use core::net::SocketAddr;

use super::lab::{CLIENT, FAR, Lab, POD, VIP, config, endpoint, flow, ip, packet, socket};
use super::*;
use crate::id::LinkId;
use crate::net::Protocol;
use crate::net::header::tcp_flags::{ACK, FIN, RST, SYN};
use crate::time::Duration;

#[test]
fn tcp_stays_with_an_endpoint_that_is_gone_and_udp_moves() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    let _ = lab.tcp(CLIENT, VIP, SYN, POD);
    let _ = lab.tcp(FAR, CLIENT, SYN | ACK, Ingress::Link(LinkId(2)));
    let dns = ServicePort::new("default/dns", Protocol::Udp, ip("10.96.0.10"), 53);
    let (first, second) = ("10.1.2.1:5353", "10.1.2.2:5353");
    lab.apply(Delta::Service(dns.clone()));
    lab.apply(Delta::Endpoints(dns.key(), vec![endpoint(first)]));
    let ask = |lab: &mut Lab| {
        let mut question = packet(Protocol::Udp, "10.1.1.101:7000", "10.96.0.10:53", 0);
        let _ = lab.send(&mut question, POD);
        flow(&question).destination()
    };
    assert_eq!(ask(&mut lab), socket(first));
    // With no serving endpoint left the flow is left alone.
    lab.apply(Delta::RemoveEndpoint(dns.key(), socket(first)));
    assert_eq!(ask(&mut lab), socket(first));
    lab.apply(Delta::Endpoint(dns.key(), endpoint(second)));
    assert_eq!(ask(&mut lab), socket(second));
    assert_eq!(lab.router.counters().ended(Reason::BackendGone), 1);
    // A terminating endpoint that serves keeps its flows.
    let mut leaving = endpoint(second);
    (leaving.ready, leaving.terminating) = (false, true);
    lab.apply(Delta::Endpoint(dns.key(), endpoint(first)));
    lab.apply(Delta::Endpoint(dns.key(), leaving));
    assert_eq!(ask(&mut lab), socket(second));
    lab.apply(Delta::Endpoints(lab.web.key(), vec![]));
    lab.apply(Delta::RemoveService(lab.web.key()));
    let (verdict, there) = lab.tcp(CLIENT, VIP, ACK, POD);
    assert_eq!((verdict, there.destination()), (Verdict::Link(LinkId(2)), socket(FAR)));
}

#[test]
fn a_port_that_is_taken_is_exchanged_for_a_free_one() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    assert_eq!(lab.tcp(CLIENT, FAR, SYN, POD).1.source(), socket(CLIENT));
    let (_, through_vip) = lab.tcp(CLIENT, VIP, SYN, POD);
    assert_eq!((through_vip.src, through_vip.destination()), (ip("10.1.1.101"), socket(FAR)));
    assert_ne!(through_vip.src_port, 40000, "its answers would be those of the direct connection");
    let answer_to = alloc::format!("{}", through_vip.source());
    assert_eq!(lab.tcp(FAR, &answer_to, SYN | ACK, Ingress::Link(LinkId(2))).1.source(), socket(VIP));
    assert_eq!(lab.tcp(FAR, CLIENT, SYN | ACK, Ingress::Link(LinkId(2))).1.source(), socket(FAR));
}

#[test]
fn a_closed_connection_may_be_opened_anew_and_is_balanced_anew() {
    let mut lab = Lab::serving(Mode::Iptables, &["10.1.2.1:80", "10.1.2.2:80", "10.1.2.3:80", "10.1.2.4:80"]);
    let chosen: crate::ordered::OrdSet<SocketAddr> = (0..20)
        .map(|_| {
            let chosen = lab.connect(CLIENT, VIP, POD).unwrap();
            let backend = alloc::format!("{chosen}");
            let _ = lab.tcp(&backend, CLIENT, SYN | ACK, Ingress::Link(LinkId(2)));
            let _ = lab.tcp(CLIENT, VIP, ACK, POD);
            let _ = lab.tcp(CLIENT, VIP, FIN | ACK, POD);
            let _ = lab.tcp(&backend, CLIENT, FIN | ACK, Ingress::Link(LinkId(2)));
            let _ = lab.tcp(CLIENT, VIP, ACK, POD);
            chosen
        })
        .collect();
    assert!(chosen.len() > 1);
    assert_eq!(lab.router.connection_count(), 1);
    let (verdict, _) = lab.tcp(CLIENT, VIP, RST, POD);
    assert!(matches!(verdict, Verdict::Link(_)));
}

#[test]
fn stray_answers_and_resets_are_invalid() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    for flags in [SYN | ACK, RST, FIN, FIN | ACK, 0] {
        assert_eq!(lab.tcp(FAR, CLIENT, flags, Ingress::Link(LinkId(2))).0, Verdict::Drop(Reason::Invalid));
    }
    assert!(
        matches!(lab.tcp(FAR, CLIENT, ACK, Ingress::Link(LinkId(2))).0, Verdict::Port(_)),
        "picked up in the middle"
    );
}

#[test]
fn silent_connections_are_forgotten_at_linux_times() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    let _ = lab.tcp(CLIENT, VIP, SYN, POD);
    let expired = |lab: &mut Lab, seconds| {
        lab.now += Duration::from_secs(seconds);
        lab.router.handle_timeout(lab.now, &mut ());
        lab.router.connection_count() == 0
    };
    assert!(!expired(&mut lab, 119));
    assert!(expired(&mut lab, 2));
    let _ = lab.tcp(CLIENT, VIP, SYN, POD);
    let _ = lab.tcp(FAR, CLIENT, SYN | ACK, Ingress::Link(LinkId(2)));
    let _ = lab.tcp(CLIENT, VIP, ACK, POD);
    for _ in 0..3 {
        assert!(!expired(&mut lab, 431_990));
        let _ = lab.tcp(FAR, CLIENT, ACK, Ingress::Link(LinkId(2)));
    }
    assert!(expired(&mut lab, 432_002));
    assert_eq!(lab.router.poll_at(), None);
    let mut ping = packet(Protocol::Udp, CLIENT, FAR, 0);
    let _ = lab.send(&mut ping, POD);
    let poll_at = lab.router.poll_at().unwrap();
    assert!(poll_at > lab.now && poll_at <= lab.now + Duration::from_secs(31));
}

#[test]
fn a_full_table_drops_the_oldest_unanswered_connection() {
    let mut config = config(Mode::Iptables);
    config.max_connections = 3;
    let mut lab = Lab::with(config);
    lab.serve(&[FAR]);
    let _ = lab.tcp(CLIENT, VIP, SYN, POD);
    let _ = lab.tcp(FAR, CLIENT, SYN | ACK, Ingress::Link(LinkId(2)));
    let _ = lab.tcp(CLIENT, VIP, ACK, POD);
    for port in 1..=10 {
        assert!(lab.connect(&alloc::format!("10.1.1.101:{port}"), VIP, POD).is_ok());
    }
    assert_eq!(lab.router.connection_count(), 3);
    assert_eq!(lab.router.counters().ended(Reason::Evicted), 8);
    let answer = lab.tcp(FAR, CLIENT, ACK, Ingress::Link(LinkId(2)));
    assert_eq!(answer.1.source(), socket(VIP), "the established one is still known");
}
