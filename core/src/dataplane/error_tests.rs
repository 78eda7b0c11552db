//! ICMP errors: what the router originates, and those that it translates on their way.

use alloc::vec::Vec;

use super::lab::{CLIENT, FAR, Lab, POD, VIP, flow, ip, packet};
use super::*;
use crate::id::{HostId, LinkId};
use crate::net::header::tcp_flags::SYN;
use crate::net::rewrite::fill_checksums;
use crate::net::{Protocol, icmp};

#[test]
fn an_error_about_a_translated_packet_reaches_its_sender_as_it_was_sent() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    let mut syn = packet(Protocol::Tcp, CLIENT, VIP, SYN);
    let original = syn.clone();
    let _ = lab.send(&mut syn, POD);
    // Some router on the way to the backend cannot carry it.
    let mut error = Vec::new();
    let router = u32::from_ip(ip("172.30.0.1")).unwrap();
    icmp::emit(&mut error, router, &syn, &u32::parse(&syn).unwrap(), icmp::Error::TooBig(1400));
    assert_eq!(lab.send(&mut error, Ingress::Link(LinkId(2))), Verdict::Port(HostId(101)));
    assert_eq!(flow(&error).dst, ip("10.1.1.101"));
    assert_eq!(error[26..28], 1400_u16.to_be_bytes());
    // The quote is what the client sent, but for TTL, which Linux leaves as it was, and the sums over it.
    let mut quote = error[28..].to_vec();
    quote[8] = 64;
    fill_checksums(&mut quote);
    assert_eq!(quote, original);
}

#[test]
fn an_error_about_nothing_that_is_known_is_dropped() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    let stray = packet(Protocol::Udp, CLIENT, FAR, 0);
    let mut error = Vec::new();
    let router = u32::from_ip(ip("172.30.0.1")).unwrap();
    icmp::emit(&mut error, router, &stray, &u32::parse(&stray).unwrap(), icmp::Error::PortUnreachable);
    assert_eq!(lab.send(&mut error, Ingress::Link(LinkId(2))), Verdict::Drop(Reason::Invalid));
}

#[test]
fn each_router_on_the_way_answers_when_time_to_live_runs_out() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    let mut probe = packet(Protocol::Udp, CLIENT, "10.1.2.9:33434", 0);
    probe[8] = 1;
    fill_checksums(&mut probe);
    assert_eq!(lab.send(&mut probe, POD), Verdict::Reject(Refusal::TimeExceeded));
    assert_eq!(lab.router.connection_count(), 0);
    let (error, verdict) = lab.refusal(&probe, POD, Refusal::TimeExceeded);
    assert_eq!((verdict, error[20], flow(&error).src), (Some(Verdict::Port(HostId(101))), 11, ip("10.1.1.254")));
    probe[8] = 2;
    fill_checksums(&mut probe);
    assert_eq!(lab.send(&mut probe, POD), Verdict::Link(LinkId(2)));
    assert_eq!(probe[8], 1);
}

#[test]
fn the_way_to_a_cluster_ip_begins_at_the_node_whatever_becomes_of_the_packet_there() {
    for mode in [Mode::Iptables, Mode::Nftables, Mode::Ipvs(Scheduler::RoundRobin)] {
        let mut lab = Lab::serving(mode, &[]);
        let answers = ["10.96.0.10:80", "10.96.0.10:81", "10.96.9.9:80"].map(|to| {
            let mut probe = packet(Protocol::Tcp, CLIENT, to, SYN);
            probe[8] = 1;
            fill_checksums(&mut probe);
            lab.send(&mut probe, POD)
        });
        let expired = Verdict::Reject(Refusal::TimeExceeded);
        let expected = match mode {
            // Its virtual addresses are the node's own: who reaches them has arrived.
            Mode::Ipvs(_) => [Reason::NoBackend, Reason::NoSuchPort].map(|why| Verdict::Reject(Refusal::Port(why))),
            _ => [expired; 2],
        };
        assert_eq!(answers[..2], expected, "{mode:?}");
        assert_eq!(answers[2], expired, "{mode:?}");
    }
}

#[test]
fn what_does_not_fit_the_link_is_refused_with_its_size() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    lab.apply(Delta::Route(Route { to: "10.1.2.0/24".parse().unwrap(), hop: Hop::Link(LinkId(2)), mtu: 39 }));
    let mut syn = packet(Protocol::Tcp, CLIENT, VIP, SYN);
    assert_eq!(lab.send(&mut syn, POD), Verdict::Reject(Refusal::TooBig(39)));
    let (error, _) = lab.refusal(&syn, POD, Refusal::TooBig(39));
    assert_eq!((error[20], error[21], &error[26..28]), (3, 4, &[0, 39][..]));
}
