//! Group `dns`: what the cluster's DNS answers, asked with `dig` from a pod; search lists; `resolv.conf`.

use super::{
    Case, endpoints,
    tree::{Fail, Tree, check},
    world::{self, PodSpec, parsed},
};
use clusterip::{
    cluster::{Cluster, Config, DnsConfig, Place},
    dns::{Message, PodMode},
};
use std::{collections::BTreeSet, net::IpAddr};

/// One case of one of three forms.
pub(super) fn run(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["config", "query", "lookup", "resolvconf", "expect"])?;
    let forms = ["query", "lookup", "resolvconf"];
    match forms.into_iter().find(|form| case.case.has(form)) {
        Some("query") => query(case),
        Some("lookup") => lookup(case),
        Some(_) => resolvconf(case),
        None => Err(Fail::new("query, lookup or resolvconf", case.case)),
    }
}

/// The file's `state`, with a client in a namespace.
fn start(case: Case<'_>, client_namespace: &str) -> Result<Cluster, Fail> {
    let state = &case.table.root["state"];
    state.only("state", &["cluster", "kubernetes_service", "namespaces", "objects", "pods", "upstream"])?;
    let shape = &state["cluster"];
    shape.only("cluster", &["serviceCIDRs", "zone", "dns_service_ip"])?;
    let dns = dns_config(case, state)?;
    let mut node = world::node(0, &Tree::Map([("name".to_string(), Tree::Text("n1".into()))].into()), "")?;
    node.pod_cidrs = world::cidrs(&["10.1.0.0/16", "fd00:1::/64"])?;
    let config = Config {
        nodes: vec![node],
        service_cidrs: world::cidrs(&shape["serviceCIDRs"].texts())?,
        domain: shape["zone"].text().into(),
        dns: Some(dns),
        ..world::bare()
    };
    let mut cluster = world::start(config)?;
    for name in state["namespaces"].texts() {
        world::ensure_namespace(&mut cluster, name)?;
    }
    for pod in state["pods"].items() {
        world::create_pod(&mut cluster, &endpoints::pod_spec(pod)?)?;
    }
    world::settle(&mut cluster)?;
    for object in state["objects"].texts() {
        world::create(&mut cluster, object, "default")?;
    }
    let client = PodSpec {
        namespace: client_namespace.into(),
        name: CLIENT.into(),
        node: Some("n1".into()),
        ready: true,
        ..PodSpec::default()
    };
    world::create_pod(&mut cluster, &client)?;
    world::settle(&mut cluster)?;
    Ok(cluster)
}

const CLIENT: &str = "conformance-client";

fn dns_config(case: Case<'_>, state: &Tree) -> Result<DnsConfig, Fail> {
    let name = case.get("config").text();
    let wanted = &case.table.root["configs"][name];
    wanted.only("config", &["zones", "pods", "ttl", "fallthrough"])?;
    let mut dns = world::dns(state["cluster"]["dns_service_ip"].text())?;
    dns.pods = match wanted["pods"].text() {
        "insecure" => PodMode::Insecure,
        "verified" => PodMode::Verified,
        "" | "disabled" => PodMode::Disabled,
        other => return Err(Fail::unknown("pod mode", other)),
    };
    dns.ttl = wanted["ttl"].int().unwrap_or(5) as u32;
    let domain = state["cluster"]["zone"].text();
    let names = |key: &str| wanted[key].texts().into_iter().filter(|zone| *zone != domain).map(String::from).collect();
    if wanted.has("zones") {
        dns.zones = names("zones");
    }
    dns.fallthrough = names("fallthrough");
    for (name, records) in state["upstream"].fields() {
        if name == "anything_else" {
            check("other names upstream", &"NXDOMAIN", &records.text())?;
            continue;
        }
        records.only("upstream record", &["A", "AAAA", "ttl"])?;
        for key in ["A", "AAAA"] {
            if records.has(key) {
                dns.upstream.push((name.trim_end_matches('.').into(), parsed("address", records[key].text())?));
            }
        }
    }
    Ok(dns)
}

fn query(case: Case<'_>) -> Result<(), Fail> {
    let asked = case.get("query");
    asked.only("query", &["name", "type"])?;
    let mut cluster = start(case, "default")?;
    let line = format!("dig '{}' {}", asked["name"].text(), asked["type"].text());
    let output = world::exec(&mut cluster, &Place::pod("default", CLIENT), &line)?;
    let reply = Dig::parse(&output.stdout)?;
    let expect = case.get("expect");
    expect.only("expect", &["rcode", "answer", "additional", "authority", "aa"])?;
    check("rcode", &expect["rcode"].text(), &reply.status.as_str())?;
    if expect.has("answer") {
        check("answer", &records(&expect["answer"])?, &reply.answer)?;
    }
    // A server may leave additional records out.
    if expect.has("additional") && !reply.additional.is_empty() {
        check("additional", &records(&expect["additional"])?, &reply.additional)?;
    }
    if let Some(wanted) = expect["aa"].truth() {
        check("aa", &wanted, &reply.flags.contains("aa"))?;
    }
    match expect["authority"].text() {
        "" => Ok(()),
        text => {
            let zone = text.strip_prefix("SOA of ").ok_or_else(|| Fail::unknown("authority", text))?;
            let ttl = case.table.root["configs"][case.get("config").text()]["ttl"].int().unwrap_or(5);
            let start = format!("{zone} {} SOA ", ttl.min(300)).to_ascii_lowercase();
            let is_right = reply.authority.len() == 1
                && reply.authority.iter().all(|record| record.to_ascii_lowercase().starts_with(&start));
            if is_right { Ok(()) } else { Err(Fail::new(text, format!("{:?}", reply.authority))) }
        }
    }
}

/// The records of a case as `name ttl type data`.
fn records(list: &Tree) -> Result<BTreeSet<String>, Fail> {
    let text = |record: &Tree| {
        record.only("record", &["name", "type", "ttl", "data"])?;
        let data = record["data"].text().replace('"', "");
        Ok(format!("{} {} {} {data}", record["name"].text(), record["ttl"], record["type"].text()))
    };
    list.items().iter().map(text).collect()
}

/// What `dig` printed.
#[derive(Debug, Default)]
struct Dig {
    status: String,
    flags: BTreeSet<String>,
    answer: BTreeSet<String>,
    authority: BTreeSet<String>,
    additional: BTreeSet<String>,
}

impl Dig {
    fn parse(text: &str) -> Result<Dig, Fail> {
        let mut dig = Dig::default();
        let mut section = None;
        for line in text.lines() {
            if let Some((_, rest)) = line.split_once("status: ") {
                dig.status = rest.split(',').next().unwrap_or("").to_string();
            } else if let Some(flags) = line.strip_prefix(";; flags: ") {
                dig.flags = flags.split(';').next().unwrap_or("").split(' ').map(String::from).collect();
            } else if let Some(name) = line.strip_prefix(";; ").and_then(|rest| rest.strip_suffix(" SECTION:")) {
                section = Some(name.to_string());
            } else if line.is_empty() {
                section = None;
            } else if let (Some(section), false) = (&section, line.starts_with(';')) {
                let record = line.split_whitespace().filter(|word| *word != "IN").collect::<Vec<_>>().join(" ");
                let record = record.replace('"', "");
                match section.as_str() {
                    "ANSWER" => dig.answer.insert(record),
                    "AUTHORITY" => dig.authority.insert(record),
                    _ => dig.additional.insert(record),
                };
            }
        }
        if dig.status.is_empty() { Err(Fail::new("an answer", text)) } else { Ok(dig) }
    }
}

fn lookup(case: Case<'_>) -> Result<(), Fail> {
    let asked = case.get("lookup");
    asked.only("lookup", &["name", "type", "pod_namespace"])?;
    let namespace = asked["pod_namespace"].text();
    let mut cluster = start(case, namespace)?;
    cluster.set_capture(1 << 20, None);
    let line = format!("dig +search '{}' {}", asked["name"].text(), asked["type"].text());
    let output = world::exec(&mut cluster, &Place::pod(namespace, CLIENT), &line)?;
    let reply = Dig::parse(&output.stdout)?;
    let expect = case.get("expect");
    expect.only("expect", &["queries_in_order", "final"])?;
    if expect.has("queries_in_order") {
        check("queries", &expect["queries_in_order"].texts(), &queries(&cluster).iter().map(String::as_str).collect())?;
    }
    let end = &expect["final"];
    end.only("final", &["rcode", "address", "addresses"])?;
    check("final rcode", &end["rcode"].text(), &reply.status.as_str())?;
    let mut wanted: BTreeSet<&str> = end["addresses"].texts().into_iter().collect();
    wanted.extend(Some(end["address"].text()).filter(|address| !address.is_empty()));
    let got = reply.answer.iter().filter_map(|record| record.rsplit(' ').next());
    let got: BTreeSet<&str> = got.filter(|data| data.parse::<IpAddr>().is_ok()).collect();
    check("final addresses", &wanted, &got)
}

/// The names asked for on the wire, each once, in order.
fn queries(cluster: &Cluster) -> Vec<String> {
    let mut seen: Vec<(u16, String)> = Vec::new();
    let frames = cluster.capture().into_iter().flat_map(|capture| capture.frames());
    for message in frames.filter_map(|frame| dns_payload(frame.packet)) {
        let Ok(message) = Message::parse(message) else { continue };
        if let (false, Some(question)) = (message.flags.response, message.question()) {
            let entry = (message.id, question.name.clone());
            if !seen.contains(&entry) {
                seen.push(entry);
            }
        }
    }
    seen.into_iter().map(|(_, name)| name).collect()
}

/// The content of a UDP datagram to or from port 53.
fn dns_payload(packet: &[u8]) -> Option<&[u8]> {
    let (protocol, header) = match packet.first()? >> 4 {
        4 => (*packet.get(9)?, usize::from(packet[0] & 15) * 4),
        6 => (*packet.get(6)?, 40),
        _ => return None,
    };
    let udp = packet.get(header..).filter(|_| protocol == 17)?;
    let port = |at: usize| Some(u16::from_be_bytes([*udp.get(at)?, *udp.get(at + 1)?]));
    if port(0)? == 53 || port(2)? == 53 { udp.get(8..) } else { None }
}

fn resolvconf(case: Case<'_>) -> Result<(), Fail> {
    let wanted = case.get("resolvconf");
    wanted.only(
        "resolvconf",
        &[
            "dnsPolicy",
            "namespace",
            "cluster_domain",
            "cluster_dns",
            "node_search",
            "node_nameservers",
            "node_nameserver",
            "node_options",
            "hostNetwork",
            "dnsConfig",
        ],
    )?;
    let mut config = world::bare();
    config.domain = wanted["cluster_domain"].text().into();
    config.dns = Some(world::dns(wanted["cluster_dns"].text())?);
    config.node_resolv.search = strings(&wanted["node_search"]);
    let mut servers = strings(&wanted["node_nameservers"]);
    servers.extend(Some(wanted["node_nameserver"].text().to_string()).filter(|server| !server.is_empty()));
    config.node_resolv.nameservers =
        servers.iter().map(|server| parsed("address", server)).collect::<Result<Vec<IpAddr>, Fail>>()?;
    let mut cluster = world::start(config)?;
    let namespace = wanted["namespace"].text();
    let mut spec: Vec<(&'static str, Tree)> = Vec::new();
    for field in ["dnsPolicy", "hostNetwork", "dnsConfig"] {
        if wanted.has(field) {
            spec.push((field, wanted[field].clone()));
        }
    }
    let pod = PodSpec {
        namespace: namespace.into(),
        name: CLIENT.into(),
        node: Some("node-1".into()),
        ready: true,
        spec,
        ..PodSpec::default()
    };
    world::create_pod(&mut cluster, &pod)?;
    world::settle(&mut cluster)?;
    let output = world::exec(&mut cluster, &Place::pod(namespace, CLIENT), "cat /etc/resolv.conf")?;
    let lines = |word: &str| {
        let words = output.stdout.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '));
        words.flat_map(|rest| rest.split_whitespace()).map(String::from).collect::<Vec<String>>()
    };
    let expect = case.get("expect");
    expect.only("expect", &["nameserver", "search", "options"])?;
    for key in ["nameserver", "search", "options"] {
        if expect.has(key) {
            let (mut wanted, mut got) = (strings(&expect[key]), lines(key));
            if key == "options" {
                // The kubelet merges them in no order of its own.
                wanted.sort();
                got.sort();
            }
            check(key, &wanted, &got)?;
        }
    }
    Ok(())
}

fn strings(list: &Tree) -> Vec<String> {
    list.texts().into_iter().map(String::from).collect()
}
