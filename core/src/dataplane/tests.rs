//! One router among its pods and links, packet by packet.

use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::*;
use crate::id::{HostId, LinkId};
use crate::net::header::tcp_flags::{ACK, SYN};
use crate::net::rewrite::{fill_checksums, header_checksum_is_right};
use crate::net::{Flow, Protocol, icmp};
use crate::time::Duration;

pub(super) const CLIENT: &str = "10.1.1.101:40000";
pub(super) const VIP: &str = "10.96.0.10:80";
pub(super) const NEAR: &str = "10.1.1.1:8080";
pub(super) const FAR: &str = "10.1.2.1:8080";
pub(super) const POD: Ingress = Ingress::Port(HostId(101));
pub(super) const WIRE: Ingress = Ingress::Link(LinkId(0));

pub(super) fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn packet(protocol: Protocol, from: &str, to: &str, flags: u8) -> Vec<u8> {
    let (from, to) = (socket(from), socket(to));
    let number = if protocol == Protocol::Icmp && from.is_ipv6() { 58 } else { protocol.number() };
    let mut transport = match protocol {
        Protocol::Tcp => vec![0; 20],
        Protocol::Udp => vec![0, 0, 0, 0, 0, 12, 0, 0, b'p', b'i', b'n', b'g'],
        Protocol::Sctp => vec![0; 16],
        _ => vec![if from.is_ipv6() { 128 } else { 8 }, 0, 0, 0, 0, 0, 0, 1],
    };
    if protocol == Protocol::Icmp {
        transport[4..6].copy_from_slice(&from.port().to_be_bytes());
    } else {
        transport[..2].copy_from_slice(&from.port().to_be_bytes());
        transport[2..4].copy_from_slice(&to.port().to_be_bytes());
    }
    if protocol == Protocol::Tcp {
        (transport[12], transport[13]) = (0x50, flags);
    }
    let mut packet = match (from.ip(), to.ip()) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let mut header = vec![0x45, 0, 0, 20 + transport.len() as u8, 0, 0, 0x40, 0, 64, number, 0, 0];
            header.extend_from_slice(&src.octets());
            header.extend_from_slice(&dst.octets());
            header
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let mut header = vec![0x60, 0, 0, 0, 0, transport.len() as u8, number, 64];
            header.extend_from_slice(&src.octets());
            header.extend_from_slice(&dst.octets());
            header
        }
        _ => unreachable!("one family"),
    };
    packet.extend_from_slice(&transport);
    fill_checksums(&mut packet);
    packet
}

/// A SYN from outside.
pub(super) fn syn(to: [u8; 4], port: u16) -> Vec<u8> {
    packet(Protocol::Tcp, "192.0.2.1:40000", &alloc::format!("{}:{port}", core::net::Ipv4Addr::from(to)), SYN)
}

pub(super) fn flow(packet: &[u8]) -> Flow {
    match packet[0] >> 4 {
        4 => u32::parse(packet).unwrap().tuple.flow(),
        _ => u128::parse(packet).unwrap().tuple.flow(),
    }
}

pub(super) fn config(mode: Mode) -> RouterConfig {
    let mut config = RouterConfig::new(ip("172.30.0.11"));
    config.mode = mode;
    config.addresses.push(ip("fd00:30::11"));
    config.gateways = vec![ip("10.1.1.254"), ip("fd00:1:1::fe")];
    config.pod_cidrs = vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()];
    config.service_cidrs = vec!["10.96.0.0/16".parse().unwrap()];
    config
}

pub(super) struct Lab {
    pub(super) router: Router,
    pub(super) now: Instant,
    pub(super) web: ServicePort,
}

impl Lab {
    pub(super) fn new(mode: Mode) -> Lab {
        Lab::with(config(mode))
    }

    pub(super) fn with(config: RouterConfig) -> Lab {
        let web = ServicePort::new("default/web", Protocol::Tcp, ip("10.96.0.10"), 80);
        let mut lab = Lab { router: Router::new(config), now: Instant::from_secs(1000), web };
        for (to, hop) in [
            ("10.1.1.101/32", Hop::Port(HostId(101))),
            ("10.1.1.1/32", Hop::Port(HostId(1))),
            ("10.1.2.0/24", Hop::Link(LinkId(2))),
            ("172.30.0.0/24", Hop::Link(LinkId(0))),
            ("0.0.0.0/0", Hop::Blackhole),
            ("fd00:1:1::65/128", Hop::Port(HostId(101))),
            ("fd00:1:1::1/128", Hop::Port(HostId(1))),
            ("fd00:1:2::/48", Hop::Link(LinkId(2))),
        ] {
            lab.apply(Delta::Route(Route::new(to.parse().unwrap(), hop)));
        }
        lab
    }

    /// With the Service `web` and these endpoints; those of the node's own range are local.
    pub(super) fn serving(mode: Mode, endpoints: &[&str]) -> Lab {
        let mut lab = Lab::new(mode);
        lab.serve(endpoints);
        lab
    }

    pub(super) fn serve(&mut self, endpoints: &[&str]) {
        self.apply(Delta::Service(self.web.clone()));
        let endpoints = endpoints.iter().map(|e| endpoint(e)).collect();
        self.apply(Delta::Endpoints(self.web.key(), endpoints));
    }

    pub(super) fn apply(&mut self, delta: Delta) {
        self.router.apply(self.now, &delta, &mut ());
    }

    pub(super) fn send(&mut self, packet: &mut [u8], from: Ingress) -> Verdict {
        let before = packet.to_vec();
        let verdict = self.router.handle_packet(self.now, packet, from, &mut ());
        let mut renewed = packet.to_vec();
        fill_checksums(&mut renewed);
        assert_eq!(packet, renewed, "checksums are right after rewriting");
        if matches!(verdict, Verdict::Drop(_) | Verdict::Reject(_)) {
            assert_eq!(packet, before, "what ends here is not touched");
        }
        verdict
    }

    pub(super) fn tcp(&mut self, from: &str, to: &str, flags: u8, ingress: Ingress) -> (Verdict, Flow) {
        let mut packet = packet(Protocol::Tcp, from, to, flags);
        let verdict = self.send(&mut packet, ingress);
        (verdict, flow(&packet))
    }

    /// Opens a connection, and says which backend has it.
    pub(super) fn connect(&mut self, from: &str, to: &str, ingress: Ingress) -> Result<SocketAddr, Verdict> {
        match self.tcp(from, to, SYN, ingress) {
            (Verdict::Port(_) | Verdict::Link(_) | Verdict::Host, flow) => Ok(flow.destination()),
            (verdict, _) => Err(verdict),
        }
    }

    pub(super) fn refusal(&mut self, packet: &[u8], from: Ingress, refusal: Refusal) -> (Vec<u8>, Option<Verdict>) {
        let mut out = Vec::new();
        let verdict = self.router.originate(self.now, packet, from, refusal, &mut out, &mut ());
        (out, verdict)
    }
}

pub(super) fn endpoint(text: &str) -> Endpoint {
    let mut endpoint = Endpoint::new(socket(text));
    endpoint.local = text.starts_with("10.1.1.") || text.starts_with("[fd00:1:1:");
    endpoint
}

const REFUSED: Result<SocketAddr, Verdict> = Err(Verdict::Reject(Refusal::Port(Reason::NoBackend)));

#[test]
fn a_connection_goes_to_the_endpoint_and_its_answer_comes_from_the_cluster_ip() {
    for mode in [Mode::Iptables, Mode::Nftables, Mode::Ipvs(Scheduler::RoundRobin), Mode::Maglev(251)] {
        let mut lab = Lab::serving(mode, &[FAR]);
        let (verdict, there) = lab.tcp(CLIENT, VIP, SYN, POD);
        assert_eq!(verdict, Verdict::Link(LinkId(2)));
        assert_eq!((there.source(), there.destination()), (socket(CLIENT), socket(FAR)));
        let (verdict, back) = lab.tcp(FAR, CLIENT, SYN | ACK, Ingress::Link(LinkId(2)));
        assert_eq!(verdict, Verdict::Port(HostId(101)));
        assert_eq!((back.source(), back.destination()), (socket(VIP), socket(CLIENT)));
    }
}

#[test]
fn connections_spread_evenly_and_packets_of_one_do_not() {
    for mode in [Mode::Iptables, Mode::Nftables] {
        let mut lab = Lab::serving(mode, &["10.1.2.1:8080", "10.1.2.2:8080", "10.1.2.3:8080", "10.1.2.4:8080"]);
        let mut counts = [0; 5];
        for port in 1..=4000 {
            let client = alloc::format!("10.1.1.101:{port}");
            let chosen = lab.connect(&client, VIP, POD).unwrap();
            assert_eq!(lab.connect(&client, VIP, POD).unwrap(), chosen, "a second SYN is the same connection");
            let IpAddr::V4(address) = chosen.ip() else { unreachable!() };
            counts[usize::from(address.octets()[3])] += 1;
        }
        // Mean 1000, standard deviation 27.
        assert!(counts[1..].iter().all(|n| (870..=1130).contains(n)), "{counts:?}");
    }
}

#[test]
fn without_endpoints_the_client_is_told_at_once_by_its_own_node() {
    let mut lab = Lab::serving(Mode::Iptables, &[]);
    assert_eq!(lab.connect(CLIENT, VIP, POD), REFUSED);
    assert_eq!(lab.router.connection_count(), 0);
    let syn = packet(Protocol::Tcp, CLIENT, VIP, SYN);
    let (error, verdict) = lab.refusal(&syn, POD, Refusal::Port(Reason::NoBackend));
    assert_eq!(verdict, Some(Verdict::Port(HostId(101))));
    assert_eq!((error[20], error[21]), (3, 3));
    assert_eq!(error[28..], syn[..]);
    assert_eq!((flow(&error).src, flow(&error).dst), (ip("10.1.1.254"), ip("10.1.1.101")));
    assert!(header_checksum_is_right(&error, 20) && icmp::checksum_is_right::<u32>(&error, 20));
}

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
fn a_pod_that_reaches_itself_sees_its_node_as_the_client() {
    let mut lab = Lab::serving(Mode::Iptables, &[NEAR]);
    let myself = "10.1.1.1:5000";
    let (verdict, there) = lab.tcp(myself, VIP, SYN, Ingress::Port(HostId(1)));
    assert_eq!((verdict, there.src), (Verdict::Port(HostId(1)), ip("10.1.1.254")));
    let (answer_from, answer_to) = (there.destination(), there.source());
    let (verdict, back) =
        lab.tcp(&alloc::format!("{answer_from}"), &alloc::format!("{answer_to}"), SYN | ACK, Ingress::Port(HostId(1)));
    assert_eq!((verdict, back.source(), back.destination()), (Verdict::Port(HostId(1)), socket(VIP), socket(myself)));
}

#[test]
fn a_client_that_is_no_pod_is_masqueraded() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    let (_, there) = lab.tcp("172.30.0.50:999", VIP, SYN, WIRE);
    assert_eq!((there.src, there.destination()), (ip("172.30.0.11"), socket(FAR)));
    assert!((600..1024).contains(&there.src_port), "a reserved port stays reserved");
    let (verdict, back) = lab.tcp(FAR, &alloc::format!("{}", there.source()), SYN | ACK, Ingress::Link(LinkId(2)));
    assert_eq!((verdict, back.destination()), (Verdict::Link(LinkId(0)), socket("172.30.0.50:999")));
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
fn affinity_binds_a_client_until_its_time_is_over_or_its_endpoint_goes() {
    let mut lab = Lab::new(Mode::Iptables);
    lab.web.affinity = Some(Duration::from_secs(10));
    let all = ["10.1.2.1:80", "10.1.2.2:80", "10.1.2.3:80", "10.1.2.4:80", "10.1.2.5:80"];
    lab.serve(&all);
    let mut port = 1000;
    let mut connect = |lab: &mut Lab| {
        port += 1;
        lab.connect(&alloc::format!("10.1.1.101:{port}"), VIP, POD).unwrap()
    };
    let first = connect(&mut lab);
    for _ in 0..20 {
        lab.now += Duration::from_secs(9);
        assert_eq!(connect(&mut lab), first, "each connection restarts the time");
    }
    // Its endpoint goes: the client moves, and does not move back when the endpoint returns.
    let mut gone = endpoint(&alloc::format!("{first}"));
    gone.ready = false;
    lab.apply(Delta::Endpoint(lab.web.key(), gone));
    let second = connect(&mut lab);
    assert_ne!(second, first);
    lab.serve(&all);
    assert_eq!(connect(&mut lab), second);
    let fresh: crate::ordered::OrdSet<SocketAddr> = (0..30)
        .map(|_| {
            lab.now += Duration::from_secs(10);
            connect(&mut lab)
        })
        .collect();
    assert!(fresh.len() > 2, "without a record the choice is random again");
}

#[test]
fn an_endpoint_that_returned_does_not_remember_its_clients() {
    let mut lab = Lab::new(Mode::Iptables);
    lab.web.affinity = Some(Duration::from_secs(10_800));
    let all = ["10.1.2.1:80", "10.1.2.2:80", "10.1.2.3:80", "10.1.2.4:80"];
    let moved = (0..40).filter(|client| {
        lab.serve(&all);
        let from = |port: u32| alloc::format!("10.1.1.{client}:{port}");
        let first = lab.connect(&from(1), VIP, POD).unwrap();
        let mut gone = endpoint(&alloc::format!("{first}"));
        gone.ready = false;
        lab.apply(Delta::Endpoint(lab.web.key(), gone));
        lab.serve(&all);
        lab.connect(&from(2), VIP, POD).unwrap() != first
    });
    assert!(moved.count() > 15, "its list was destroyed with its rules");
}

#[test]
fn policies_judge_pod_addresses_after_translation_and_only_new_connections() {
    let mut lab = Lab::serving(Mode::Iptables, &[NEAR]);
    let only = |peer: &str| PolicyRule {
        peers: Some(Rc::new(Peers::new(vec![ip(peer)], vec![]))),
        ports: Some(Rc::from([PortRange { protocol: Protocol::Tcp, from: 8080, to: 8080 }])),
    };
    let policy = |ingress, egress| Some(Rc::new(PodPolicy { ingress, egress }));
    lab.apply(Delta::Policy(ip("10.1.1.1"), policy(Some(vec![only("10.1.1.101")]), Some(vec![]))));
    assert_eq!(lab.connect(CLIENT, VIP, POD), Ok(socket(NEAR)));
    let denied = Err(Verdict::Drop(Reason::Policy));
    assert_eq!(lab.connect("10.1.2.9:1", NEAR, Ingress::Link(LinkId(2))), denied);
    assert_eq!(lab.connect(CLIENT, "10.1.1.1:9090", POD), denied);
    // The answer passes although the pod may send nothing of its own.
    let (verdict, _) = lab.tcp(NEAR, CLIENT, SYN | ACK, Ingress::Port(HostId(1)));
    assert_eq!(verdict, Verdict::Port(HostId(101)));
    assert_eq!(lab.connect("10.1.1.1:5", FAR, Ingress::Port(HostId(1))), denied);
    // The node itself, and the pod itself, are always allowed.
    assert_eq!(lab.connect("172.30.0.11:5", NEAR, Ingress::Host), Ok(socket(NEAR)));
    assert!(lab.connect("10.1.1.1:6", "172.30.0.11:22", Ingress::Port(HostId(1))).is_ok());
    assert_eq!(lab.connect("10.1.1.1:7", VIP, Ingress::Port(HostId(1))), Ok(socket(NEAR)));
    lab.apply(Delta::Policy(ip("10.1.1.1"), policy(Some(vec![]), None)));
    assert_eq!(lab.connect("10.1.1.101:40009", VIP, POD), denied);
    assert_eq!(lab.tcp(CLIENT, VIP, ACK, POD).0, Verdict::Port(HostId(1)), "an open connection goes on");
}

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

#[test]
fn ipv6_services_are_services() {
    let mut lab = Lab::new(Mode::Iptables);
    let web = ServicePort::new("default/web", Protocol::Tcp, ip("fd00:96::10"), 80);
    lab.apply(Delta::Service(web.clone()));
    lab.apply(Delta::Endpoint(web.key(), endpoint("[fd00:1:2::1]:8080")));
    let (client, vip, backend) = ("[fd00:1:1::65]:4000", "[fd00:96::10]:80", "[fd00:1:2::1]:8080");
    let (verdict, there) = lab.tcp(client, vip, SYN, POD);
    assert_eq!((verdict, there.destination()), (Verdict::Link(LinkId(2)), socket(backend)));
    assert_eq!(lab.tcp(backend, client, SYN | ACK, Ingress::Link(LinkId(2))).1.source(), socket(vip));
    lab.apply(Delta::RemoveEndpoint(web.key(), socket(backend)));
    let other = packet(Protocol::Tcp, "[fd00:1:1::65]:4001", vip, SYN);
    assert_eq!(lab.send(&mut other.clone(), POD), Verdict::Reject(Refusal::Port(Reason::NoBackend)));
    let (error, _) = lab.refusal(&other, POD, Refusal::Port(Reason::NoBackend));
    assert_eq!((error[40], error[41]), (1, 4));
    assert!(icmp::checksum_is_right::<u128>(&error, 40));
    let mut ping = packet(Protocol::Icmp, "[fd00:1:1::65]:9", "[fd00:1:2::7]:0", 0);
    assert_eq!(lab.send(&mut ping, POD), Verdict::Link(LinkId(2)));
}

#[test]
fn sctp_keeps_its_crc() {
    let mut lab = Lab::new(Mode::Iptables);
    let diameter = ServicePort::new("default/d", Protocol::Sctp, ip("10.96.0.10"), 3868);
    lab.apply(Delta::Service(diameter.clone()));
    lab.apply(Delta::Endpoint(diameter.key(), endpoint("10.1.2.1:3000")));
    let mut init = packet(Protocol::Sctp, CLIENT, "10.96.0.10:3868", 0);
    assert_eq!(lab.send(&mut init, POD), Verdict::Link(LinkId(2)));
    assert_eq!(flow(&init).destination(), socket("10.1.2.1:3000"));
}

#[test]
fn a_new_route_takes_open_connections_along() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    assert_eq!(lab.tcp(CLIENT, VIP, SYN, POD).0, Verdict::Link(LinkId(2)));
    lab.apply(Delta::Route(Route::new("10.1.2.1/32".parse().unwrap(), Hop::Link(LinkId(9)))));
    assert_eq!(lab.tcp(CLIENT, VIP, SYN, POD).0, Verdict::Link(LinkId(9)));
    lab.apply(Delta::RemoveRoute("10.1.2.1/32".parse().unwrap()));
    assert_eq!(lab.tcp(CLIENT, VIP, SYN, POD).0, Verdict::Link(LinkId(2)));
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
fn equal_seeds_and_calls_give_equal_packets() {
    let run = || {
        let mut lab = Lab::serving(Mode::Iptables, &["10.1.2.1:80", "10.1.2.2:80", "10.1.2.3:80"]);
        (1..500).map(|port| lab.tcp(&alloc::format!("172.30.0.50:{port}"), VIP, SYN, WIRE).1).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn the_rules_are_those_that_kube_proxy_writes() {
    let mut lab = Lab::serving(Mode::Iptables, &[NEAR, FAR]);
    let text = rules::iptables(&lab.router, false);
    for line in [
        "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
        "-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment \"default/web cluster IP\" -m tcp --dport 80 -j KUBE-SVC-",
        " ! -s 10.1.0.0/16 -d 10.96.0.10/32 -p tcp -m comment --comment \"default/web cluster IP\" -m tcp --dport 80 -j KUBE-MARK-MASQ",
        " -m comment --comment \"default/web -> 10.1.1.1:8080\" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-",
        " -s 10.1.1.1/32 -m comment --comment \"default/web\" -j KUBE-MARK-MASQ",
        " -p tcp -m comment --comment \"default/web\" -m tcp -j DNAT --to-destination 10.1.2.1:8080",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
    let text = rules::nftables(&lab.router, false);
    for line in [
        "elements = { 10.96.0.10 . tcp . 80 : goto service-",
        "numgen random mod 2 map { 0 : 10.1.1.1 . 8080, 1 : 10.1.2.1 . 8080 }",
        "elements = { 10.1.1.1 . 10.1.1.1 . tcp . 8080 }",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
    let _ = lab.tcp(CLIENT, FAR, SYN, POD);
    let text = rules::conntrack(&lab.router, lab.now);
    assert_eq!(
        text,
        "tcp      6 119 SYN_SENT src=10.1.1.101 dst=10.1.2.1 sport=40000 dport=8080 [UNREPLIED] \
         src=10.1.2.1 dst=10.1.1.101 sport=8080 dport=40000 mark=0 use=1\n"
    );
    let lab = Lab::serving(Mode::Ipvs(Scheduler::LeastConnections), &[NEAR, FAR]);
    let text = rules::ipvsadm(&lab.router);
    assert!(
        text.contains("TCP  10.96.0.10:80 lc\n  -> 10.1.1.1:8080                Masq    1      0          0"),
        "{text}"
    );
}

#[test]
fn a_batch_ends_as_its_packets_do_one_at_a_time() {
    let endpoints = ["10.1.2.1:80", "10.1.2.2:80", "10.1.2.3:80"];
    let (mut one, mut many) = (Lab::serving(Mode::Iptables, &endpoints), Lab::serving(Mode::Iptables, &endpoints));
    let clients = (1..200).map(|n| alloc::format!("10.1.1.101:{}", 1000 + n % 90));
    let mut packets: Vec<Vec<u8>> = clients.map(|client| packet(Protocol::Tcp, &client, VIP, SYN)).collect();
    packets.push(vec![0x45, 1, 2]);
    let mut expected = packets.clone();
    let verdicts: Vec<Verdict> =
        expected.iter_mut().map(|p| one.router.handle_packet(one.now, p, POD, &mut ())).collect();
    let mut batch: Vec<BatchPacket> = packets.iter_mut().map(|p| BatchPacket::new(p, POD)).collect();
    many.router.handle_batch(many.now, &mut batch, &mut ());
    assert_eq!(batch.iter().map(|p| p.verdict).collect::<Vec<_>>(), verdicts);
    assert_eq!(packets, expected);
}

#[test]
fn later_parts_of_a_packet_follow_the_first() {
    let mut lab = Lab::serving(Mode::Iptables, &[FAR]);
    let part = |identification: u8, offset: u8, more: bool| {
        let mut part = packet(Protocol::Tcp, CLIENT, VIP, ACK);
        (part[5], part[6], part[7]) = (identification, if more { 0x20 } else { 0 }, offset);
        fill_checksums(&mut part);
        part
    };
    let (mut early, mut first, mut last) = (part(9, 5, false), part(8, 0, true), part(8, 5, false));
    assert_eq!(lab.send(&mut early, POD), Verdict::Drop(Reason::Fragment));
    assert_eq!(lab.send(&mut first, POD), Verdict::Link(LinkId(2)));
    let payload = last[20..].to_vec();
    assert_eq!(lab.send(&mut last, POD), Verdict::Link(LinkId(2)));
    assert_eq!((flow(&last).dst, &last[20..]), (socket(FAR).ip(), &payload[..]));
    lab.now += Duration::from_secs(31);
    assert_eq!(lab.send(&mut part(8, 5, false), POD), Verdict::Drop(Reason::Fragment));
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
