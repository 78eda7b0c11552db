//! One router among its pods and links, packet by packet.

use alloc::vec::Vec;

use super::lab::{CLIENT, FAR, Lab, NEAR, POD, REFUSED, VIP, WIRE, endpoint, flow, ip, packet, socket};
use super::*;
use crate::id::{HostId, LinkId};
use crate::net::header::tcp_flags::{ACK, SYN};
use crate::net::rewrite::{fill_checksums, header_checksum_is_right};
use crate::net::{Protocol, icmp};
use crate::time::Duration;
use alloc::rc::Rc;
use alloc::vec;
use core::net::{IpAddr, SocketAddr};

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
    // It was forwarded to the rule that refused it.
    let mut quote = error[28..].to_vec();
    quote[8] += 1;
    fill_checksums(&mut quote);
    assert_eq!(quote, syn);
    assert_eq!((flow(&error).src, flow(&error).dst), (ip("10.1.1.254"), ip("10.1.1.101")));
    assert!(header_checksum_is_right(&error, 20) && icmp::checksum_is_right::<u32>(&error, 20));
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
    let [sticky] = &lab.router.sticky_clients(lab.now)[..] else { panic!("one client is bound") };
    assert_eq!((sticky.client, sticky.backend, sticky.left), (ip("10.1.1.101"), first, Duration::from_secs(10)));
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
    let mut lab = Lab::serving_sctp();
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
