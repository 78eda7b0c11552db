use super::*;
use crate::dns::zone::{Endpoint, PodMode, Port, Service, Slice, Target, Zone, ZoneConfig};
use alloc::format;
use alloc::{string::ToString, vec};

#[test]
fn a_service_has_the_address_of_its_vip() {
    let reply = ask(&shop(), "web.shop.svc.cluster.local.", Type::A);
    assert_eq!(reply.rcode, Rcode::NoError);
    assert!(reply.flags.authoritative && !reply.flags.recursion_available);
    assert_eq!(texts_of(&reply.answers), ["web.shop.svc.cluster.local. 30 A 10.96.20.1"]);
    assert!(reply.authority.is_empty());
}

#[test]
fn another_type_of_a_name_that_exists_is_no_data_and_a_name_that_does_not_is_no_name() {
    for (name, kind, rcode) in [
        ("web.shop.svc.cluster.local.", Type::AAAA, Rcode::NoError),
        ("web.shop.svc.cluster.local.", Type::HTTPS, Rcode::NoError),
        ("web.shop.svc.cluster.local.", Type::TXT, Rcode::NoError),
        ("shop.svc.cluster.local.", Type::A, Rcode::NoError),
        ("svc.cluster.local.", Type::A, Rcode::NoError),
        ("cluster.local.", Type::A, Rcode::NoError),
        ("shop.svc.cluster.local.", Type::TXT, Rcode::NxDomain),
        ("none.svc.cluster.local.", Type::A, Rcode::NxDomain),
        ("none.shop.svc.cluster.local.", Type::A, Rcode::NxDomain),
        ("*.shop.svc.cluster.local.", Type::A, Rcode::NxDomain),
        ("a.b.web.shop.svc.cluster.local.", Type::A, Rcode::NxDomain),
        ("a.b.c.web.shop.svc.cluster.local.", Type::A, Rcode::NxDomain),
        ("web.shop.cluster.local.", Type::A, Rcode::NxDomain),
        ("empty.shop.svc.cluster.local.", Type::A, Rcode::NxDomain),
    ] {
        let reply = ask(&shop(), name, kind);
        assert_eq!(reply.rcode, rcode, "{name} {kind}");
        assert!(reply.answers.is_empty(), "{name} {kind}");
        assert_eq!(reply.authority.len(), 1, "{name} {kind}");
        assert_eq!(reply.authority[0].name, "cluster.local.");
        assert_eq!(reply.authority[0].data.kind(), Type::SOA);
    }
}

#[test]
fn the_letters_of_the_question_come_back() {
    let reply = ask(&shop(), "WEB.shop.SVC.Cluster.Local.", Type::SRV);
    assert_eq!(texts_of(&reply.answers), ["WEB.shop.SVC.Cluster.Local. 30 SRV 0 100 80 web.shop.svc.Cluster.Local."]);
    assert_eq!(texts_of(&reply.additional), ["web.shop.svc.Cluster.Local. 30 A 10.96.20.1"]);
}

#[test]
fn a_headless_service_has_the_addresses_of_its_endpoints_and_each_has_a_name() {
    let zone = shop();
    let mut all = texts_of(&ask(&zone, "peers.shop.svc.cluster.local.", Type::A).answers);
    all.sort();
    assert_eq!(all, ["peers.shop.svc.cluster.local. 30 A 10.1.1.10", "peers.shop.svc.cluster.local. 30 A 10.1.1.11"]);
    for (name, address) in
        [("p0.peers.shop.svc.cluster.local.", "10.1.1.10"), ("10-1-1-11.peers.shop.svc.cluster.local.", "10.1.1.11")]
    {
        let reply = ask(&zone, name, Type::A);
        assert_eq!(reply.answers[0].data.to_string(), address);
    }
    // The dashed name belongs to endpoints without a host name.
    assert_eq!(ask(&zone, "10-1-1-10.peers.shop.svc.cluster.local.", Type::A).rcode, Rcode::NxDomain);
}

#[test]
fn srv_tells_each_endpoint_and_shares_the_weight() {
    let reply = ask(&shop(), "_peer._tcp.peers.shop.svc.cluster.local.", Type::SRV);
    let name = "_peer._tcp.peers.shop.svc.cluster.local. 30 SRV 0 50 7000";
    assert_eq!(
        texts_of(&reply.answers),
        [format!("{name} p0.peers.shop.svc.cluster.local."), format!("{name} 10-1-1-11.peers.shop.svc.cluster.local."),]
    );
    assert_eq!(reply.additional.len(), 2);
    assert_eq!(ask(&shop(), "_peer._udp.peers.shop.svc.cluster.local.", Type::SRV).rcode, Rcode::NxDomain);
}

#[test]
fn an_external_name_is_an_alias_and_its_target_is_asked_for() {
    let mut zone = shop();
    let record = Record { name: "db.example.com.".into(), ttl: 300, data: Data::A("192.0.2.53".parse().unwrap()) };
    zone.config_mut().upstream.records.push(record);
    let name = "ext.shop.svc.cluster.local.";
    assert_eq!(
        texts_of(&ask(&zone, name, Type::A).answers),
        ["ext.shop.svc.cluster.local. 30 CNAME db.example.com.", "db.example.com. 300 A 192.0.2.53"]
    );
    assert_eq!(
        texts_of(&ask(&zone, name, Type::AAAA).answers),
        ["ext.shop.svc.cluster.local. 30 CNAME db.example.com."]
    );
    assert_eq!(ask(&zone, name, Type::CNAME).answers.len(), 1);
    assert_eq!(ask(&zone, name, Type::SRV).rcode, Rcode::NoError);
    assert_eq!(ask(&zone, "a.ext.shop.svc.cluster.local.", Type::A).rcode, Rcode::NxDomain);
}

#[test]
fn aliases_inside_the_zone_are_followed_and_circles_end() {
    let mut zone = shop();
    external(&mut zone, "alias", "web.shop.svc.cluster.local");
    external(&mut zone, "one", "two.shop.svc.cluster.local");
    external(&mut zone, "two", "one.shop.svc.cluster.local");
    external(&mut zone, "self", "self.shop.svc.cluster.local");
    assert_eq!(
        texts_of(&ask(&zone, "alias.shop.svc.cluster.local.", Type::A).answers),
        [
            "alias.shop.svc.cluster.local. 30 CNAME web.shop.svc.cluster.local.",
            "web.shop.svc.cluster.local. 30 A 10.96.20.1"
        ]
    );
    for name in ["one.shop.svc.cluster.local.", "self.shop.svc.cluster.local."] {
        let reply = ask(&zone, name, Type::A);
        assert_eq!((reply.rcode, reply.answers.len()), (Rcode::NoError, 0), "{name}");
    }
}

#[test]
fn an_address_leads_back_to_its_service_or_its_endpoint_names() {
    let zone = shop();
    let name = |address: &str| texts_of(&ask(&zone, address, Type::PTR).answers);
    assert_eq!(name("1.20.96.10.in-addr.arpa."), ["1.20.96.10.in-addr.arpa. 30 PTR web.shop.svc.cluster.local."]);
    assert_eq!(name("10.1.1.10.in-addr.arpa."), ["10.1.1.10.in-addr.arpa. 30 PTR p0.peers.shop.svc.cluster.local."]);
    // Not the cluster's: upstream decides.
    let free = ask(&zone, "77.77.96.10.in-addr.arpa.", Type::PTR);
    assert_eq!((free.rcode, free.flags.authoritative), (Rcode::NxDomain, false));
    let apex = ask(&zone, "in-addr.arpa.", Type::PTR);
    assert_eq!((apex.rcode, apex.flags.authoritative), (Rcode::NoError, true));
    let mut zone = zone.clone();
    endpoint(&mut zone, "duo", "fd00:1::30", None);
    let reversed = "0.3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa.";
    let reply = ask(&zone, reversed, Type::PTR);
    assert_eq!(reply.answers[0].data.to_string(), "fd00-1--30.duo.shop.svc.cluster.local.");
}

#[test]
fn pod_names_go_by_the_mode() {
    let mut zone = shop();
    zone.set_pod("shop", "free", Some("10.1.1.99".parse().unwrap()));
    let code = |zone: &Zone, name: &str| {
        let reply = ask(zone, &format!("{name}.pod.cluster.local."), Type::A);
        (reply.rcode, reply.answers.len())
    };
    let found = (Rcode::NoError, 1);
    let missing = (Rcode::NxDomain, 0);
    assert_eq!(code(&zone, "10-9-9-9.shop"), found);
    assert_eq!(code(&zone, "10-9-9-9.none"), missing);
    assert_eq!(code(&zone, "web-1.shop"), missing);
    assert_eq!(code(&zone, "shop"), (Rcode::NoError, 0));
    zone.config_mut().pods = PodMode::Verified;
    assert_eq!(code(&zone, "10-1-1-99.shop"), found);
    assert_eq!(code(&zone, "10-9-9-9.shop"), missing);
    assert_eq!(code(&zone, "10-1-1-99.default"), missing);
    zone.config_mut().pods = PodMode::Disabled;
    assert_eq!(code(&zone, "10-1-1-99.shop"), missing);
    assert_eq!(code(&zone, "shop"), missing);
}

#[test]
fn the_version_of_the_schema_is_a_text() {
    let reply = ask(&shop(), "dns-version.cluster.local.", Type::TXT);
    assert_eq!(texts_of(&reply.answers), ["dns-version.cluster.local. 28800 TXT \"1.1.0\""]);
    assert_eq!(ask(&shop(), "dns-version.cluster.local.", Type::A).rcode, Rcode::NxDomain);
}

#[test]
fn the_server_names_itself_by_its_service() {
    let mut zone = shop();
    zone.config_mut().servers = vec!["10.1.1.53".parse().unwrap()];
    let key = |zone: &Zone| ask(zone, "cluster.local.", Type::NS).answers[0].data.to_string();
    assert_eq!(key(&zone), "ns.dns.cluster.local.");
    zone.set_namespace("kube-system", true);
    let ports = vec![port("dns", "UDP", 53)];
    let target = Target::Addresses(vec!["10.96.0.10".parse().unwrap()]);
    zone.set_service("kube-system", "kube-dns", Some(Service { target, ports: ports.clone() }));
    let endpoints = vec![Endpoint { address: "10.1.1.53".parse().unwrap(), hostname: None }];
    zone.set_slice("kube-system", "kube-dns-1", Some(Slice { service: "kube-dns".into(), ports, endpoints }));
    assert_eq!(key(&zone), "kube-dns.kube-system.svc.cluster.local.");
    let own = ask(&zone, "ns.dns.cluster.local.", Type::A);
    assert_eq!(texts_of(&own.answers), ["ns.dns.cluster.local. 30 A 10.96.0.10"]);
    zone.config_mut().servers = vec!["10.96.0.10".parse().unwrap()];
    assert_eq!(key(&zone), "kube-dns.kube-system.svc.cluster.local.");
}

#[test]
fn what_the_server_does_not_do_it_says() {
    let zone = shop();
    assert_eq!(ask(&zone, "cluster.local.", Type::AXFR).rcode, Rcode::Refused);
    let mut query = Message::query(1, "web.shop.svc.cluster.local.", Type::A);
    query.questions[0].class = 3;
    assert_eq!(respond(&zone, &query).answers.len(), 1, "a class other than the Internet's is answered alike");
    let whole = |query: &Message| Message::parse(&answer(&zone, &query.emit(512), Transport::Udp).unwrap()).unwrap();
    query.flags.checking_disabled = true;
    assert!(whole(&query).flags.checking_disabled);
    query.questions.push(query.questions[0].clone());
    assert_eq!((whole(&query).rcode, whole(&query).questions.len()), (Rcode::FormErr, 0));
    query.opcode = 5;
    assert_eq!((whole(&query).rcode, whole(&query).opcode), (Rcode::NotImp, 5));
    let mut query = Message::query(1, "web.shop.svc.cluster.local.", Type::A);
    query.edns = Some(Edns { size: 1232, version: 1, dnssec: false });
    assert_eq!(respond(&zone, &query).rcode, Rcode::BadVers);
    assert_eq!(respond(&zone, &query).edns.map(|edns| edns.size), Some(0));
    let garbage = answer(&zone, b"\x00\x09\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xff", Transport::Udp).unwrap();
    assert_eq!(Message::parse(&garbage).map(|message| (message.id, message.rcode)), Ok((9, Rcode::FormErr)));
    assert!(Message::parse(&garbage).unwrap().flags.recursion_desired);
    assert_eq!(answer(&zone, b"short", Transport::Udp), None);
    assert_eq!(answer(&zone, &garbage, Transport::Udp), None, "an answer is not answered");
}

#[test]
fn names_outside_the_cluster_go_upstream() {
    let mut zone = shop();
    assert_eq!(ask(&zone, "example.com.", Type::A).rcode, Rcode::NxDomain);
    zone.config_mut().upstream.otherwise = Rcode::ServFail;
    let reply = ask(&zone, "example.com.", Type::A);
    assert_eq!((reply.rcode, reply.flags.authoritative), (Rcode::ServFail, false));
}

#[test]
fn a_long_answer_is_cut_in_a_datagram_and_whole_in_a_stream() {
    let mut zone = shop();
    let endpoints = (0..200u8).map(|n| Endpoint { address: IpAddr::from([10, 2, 0, n]), hostname: None }).collect();
    zone.set_slice("shop", "peers-1", Some(Slice { service: "peers".into(), ports: Vec::new(), endpoints }));
    let mut query = Message::query(5, "peers.shop.svc.cluster.local.", Type::A);
    let bytes = |query: &Message, transport| answer(&zone, &query.emit(512), transport).unwrap();
    let parsed = |bytes: &[u8]| Message::parse(bytes).unwrap();
    let cut = bytes(&query, Transport::Udp);
    assert!(cut.len() <= 512 && parsed(&cut).flags.truncated);
    let whole = parsed(&bytes(&query, Transport::Tcp));
    assert!(!whole.flags.truncated);
    assert_eq!(whole.answers.len(), 202);
    query.edns = Some(Edns { size: 1232, version: 0, dnssec: false });
    let longer = bytes(&query, Transport::Udp);
    assert!((513..=1232).contains(&longer.len()) && parsed(&longer).flags.truncated);
}

#[test]
fn the_order_of_addresses_changes_with_the_query_and_only_with_it() {
    let zone = shop();
    let first = |id| respond(&zone, &Message::query(id, "peers.shop.svc.cluster.local.", Type::A)).answers[0].clone();
    let firsts: Vec<Record> = (0..64).map(first).collect();
    assert!(firsts.iter().any(|record| *record != firsts[0]));
    assert_eq!(firsts, (0..64).map(first).collect::<Vec<_>>());
}

fn ask(zone: &Zone, name: &str, kind: Type) -> Message {
    let bytes = answer(zone, &Message::query(1, name, kind).emit(512), Transport::Tcp).unwrap();
    Message::parse(&bytes).unwrap()
}

fn texts_of(records: &[Record]) -> Vec<String> {
    let text = |record: &Record| format!("{} {} {} {}", record.name, record.ttl, record.data.kind(), record.data);
    records.iter().map(text).collect()
}

fn port(name: &str, protocol: &str, port: u16) -> Port {
    Port { name: name.into(), protocol: protocol.into(), port: Some(port) }
}

fn external(zone: &mut Zone, name: &str, target: &str) {
    zone.set_service("shop", name, Some(Service { target: Target::Name(target.into()), ports: Vec::new() }));
}

fn endpoint(zone: &mut Zone, service: &str, address: &str, hostname: Option<&str>) {
    let slice = Slice {
        service: service.into(),
        ports: vec![port("peer", "TCP", 7000)],
        endpoints: vec![Endpoint { address: address.parse().unwrap(), hostname: hostname.map(String::from) }],
    };
    zone.set_slice("shop", &format!("{service}-{address}"), Some(slice));
}

fn shop() -> Zone {
    let mut zone = Zone::new(ZoneConfig::default());
    zone.set_namespace("default", true);
    zone.set_namespace("shop", true);
    let target = Target::Addresses(vec!["10.96.20.1".parse().unwrap()]);
    zone.set_service("shop", "web", Some(Service { target, ports: vec![port("http", "TCP", 80)] }));
    for name in ["peers", "empty"] {
        zone.set_service("shop", name, Some(Service { target: Target::Endpoints, ports: Vec::new() }));
    }
    endpoint(&mut zone, "peers", "10.1.1.10", Some("p0"));
    endpoint(&mut zone, "peers", "10.1.1.11", None);
    external(&mut zone, "ext", "db.example.com");
    zone
}
