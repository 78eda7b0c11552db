//! The names a question means, and what the zone holds under them (coredns plugin/kubernetes/kubernetes.go, parse.go,
//! reverse.go, ns.go).

use super::{
    message::Type,
    name,
    zone::{Endpoint, Id, PodMode, Port, Target, Zone},
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The version of the schema, which `dns-version` tells.
const SCHEMA: &str = "1.1.0";
/// How long `dns-version` may be kept.
const SCHEMA_TTL: u32 = 28_800;
/// Labels under which a server finds itself.
const SERVER: &str = "ns.dns";

/// One thing found under a name: the value that upstream calls `msg.Service`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What is there.
    pub(super) host: Host,
    /// The port an SRV record would tell; none if none is declared.
    pub(super) port: Option<u16>,
    /// The name that stands for it, for SRV targets.
    pub(super) key: String,
    /// Seconds it may be kept.
    pub(super) ttl: u32,
}

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    Address(IpAddr),
    Name(String),
    Text(&'static str),
}

/// There is no such name: NXDOMAIN, or a question for upstream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoName;

/// A question inside one of the server's zones.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The name in the client's letters.
    pub(super) name: &'a str,
    /// The zone that holds it, in the client's letters too.
    pub(super) zone: &'a str,
    pub(super) kind: Type,
}

/// A name taken apart; all in lower case.
#[derive(Default)]
struct Parts {
    /// `svc` or `pod`; empty for the zone, `svc` and `pod` themselves, which have no records.
    branch: String,
    namespace: String,
    service: String,
    endpoint: String,
    port: String,
    protocol: String,
}

impl Zone {
    /// What is under a name. Nothing found and no error is NODATA: the name exists.
    pub(super) fn find(&self, asked: Asked<'_>) -> Result<Vec<Found>, NoName> {
        let lower = asked.name.to_ascii_lowercase();
        match asked.kind {
            Type::TXT => self.find_text(asked, &lower),
            Type::NS => Ok(self.servers(asked.zone)),
            kind => {
                // Only a zone asked for in lower case has this name.
                if lower.strip_prefix(SERVER).and_then(|rest| rest.strip_prefix('.')) == Some(asked.zone) {
                    let mut servers = self.servers(asked.zone);
                    servers.retain(|server| server.host.kind() == kind);
                    return Ok(servers);
                }
                let mut found = self.records(&lower, asked.zone)?;
                if kind == Type::SRV {
                    found.retain(|found| !matches!(found.host, Host::Name(_)));
                }
                Ok(found)
            }
        }
    }

    fn find_text(&self, asked: Asked<'_>, lower: &str) -> Result<Vec<Found>, NoName> {
        let below = name::labels(lower).count() - name::labels(asked.zone).count();
        if below == 1 && lower.starts_with("dns-version.") {
            let key = asked.name.to_string();
            return Ok([Found { host: Host::Text(SCHEMA), port: None, key, ttl: SCHEMA_TTL }].into());
        }
        // A name without records of another type, a namespace's say, is denied here.
        let others = self.records(lower, asked.zone)?;
        if others.is_empty() { Err(NoName) } else { Ok(Vec::new()) }
    }

    /// The server's own names and addresses: those of every Service that it is an endpoint of.
    fn servers(&self, zone: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let mut add = |key: String, address| found.push(self.found(Host::Address(address), None, key));
        let mut is_known = false;
        for server in &self.config.servers {
            let services = self.services_at(*server).cloned();
            for id in services.chain(self.endpoints_at(*server).map(|(id, _)| id)) {
                is_known = true;
                let own = format!("{}.{}.svc.{zone}", id.name, id.namespace);
                match self.services.get(&id).map(|service| &service.target) {
                    Some(Target::Addresses(addresses)) => addresses.iter().for_each(|ip| add(own.clone(), *ip)),
                    Some(Target::Endpoints) => self
                        .slices_of(&id)
                        .flat_map(|slice| &slice.endpoints)
                        .for_each(|endpoint| add(format!("{}.{own}", endpoint.label()), endpoint.address)),
                    _ => {}
                }
            }
        }
        if !is_known {
            self.config.servers.iter().for_each(|server| add(format!("{SERVER}.{zone}"), *server));
        }
        found
    }

    fn records(&self, lower: &str, zone: &str) -> Result<Vec<Found>, NoName> {
        let parts = parse(lower, zone)?;
        if parts.branch.is_empty() {
            return Ok(Vec::new());
        }
        if lower.ends_with(".in-addr.arpa.") || lower.ends_with(".ip6.arpa.") {
            return Err(NoName);
        }
        if !self.namespaces.contains(&parts.namespace) {
            return Err(NoName);
        }
        if parts.branch == "pod" { self.find_pod(&parts, zone) } else { self.find_service(&parts, zone) }
    }

    fn find_pod(&self, parts: &Parts, zone: &str) -> Result<Vec<Found>, NoName> {
        if self.config.pods == PodMode::Disabled {
            return Err(NoName);
        }
        if parts.service.is_empty() {
            return Ok(Vec::new());
        }
        let address = undashed(&parts.service).ok_or(NoName)?;
        if self.config.pods == PodMode::Verified && !self.has_pod(&parts.namespace, address) {
            return Err(NoName);
        }
        let key = format!("{}.{}.pod.{zone}", parts.service, parts.namespace);
        Ok([self.found(Host::Address(address), Some(0), key)].into())
    }

    fn find_service(&self, parts: &Parts, zone: &str) -> Result<Vec<Found>, NoName> {
        if parts.service.is_empty() {
            return Ok(Vec::new());
        }
        let id = Id::new(&parts.namespace, &parts.service);
        let service = self.services.get(&id).ok_or(NoName)?;
        let own = format!("{}.{}.svc.{zone}", id.name, id.namespace);
        let mut found = Vec::new();
        match &service.target {
            Target::Name(target) => {
                let is_exact = parts.endpoint.is_empty() && parts.port.is_empty() && parts.protocol.is_empty();
                // An ExternalName that reads as an address is no name to lead to.
                if is_exact && target.parse::<IpAddr>().is_err() {
                    found.push(self.found(Host::Name(target.clone()), Some(0), own));
                }
            }
            Target::Addresses(addresses) if parts.endpoint.is_empty() => {
                for port in or_undeclared(&service.ports).filter(|port| parts.accept(port)) {
                    for address in addresses {
                        found.push(self.found(Host::Address(*address), port.port, own.clone()));
                    }
                }
            }
            Target::Addresses(_) | Target::Endpoints => {
                for slice in self.slices_of(&id) {
                    for endpoint in slice.endpoints.iter() {
                        let label = endpoint.label();
                        if !parts.endpoint.is_empty() && !parts.endpoint.eq_ignore_ascii_case(&label) {
                            continue;
                        }
                        for port in or_undeclared(&slice.ports).filter(|port| parts.accept(port)) {
                            let key = format!("{label}.{own}");
                            found.push(self.found(Host::Address(endpoint.address), port.port, key));
                        }
                    }
                }
            }
        }
        if found.is_empty() { Err(NoName) } else { Ok(found) }
    }

    /// The names of an address: that of the Service that has it, else one for each Service it is an endpoint of.
    pub(super) fn reverse(&self, asked: Asked<'_>) -> Result<Vec<String>, NoName> {
        let lower = asked.name.to_ascii_lowercase();
        let Some(address) = reversed_address(&lower) else {
            return self.records(&lower, asked.zone).map(|_| Vec::new());
        };
        let domain = self.domain();
        if let Some(id) = self.services_at(address).next() {
            return Ok([format!("{}.{}.svc.{domain}", id.name, id.namespace)].into());
        }
        let mut names = Vec::new();
        for (id, endpoint) in self.endpoints_at(address).filter(|(id, _)| !id.name.is_empty()) {
            let name = format!("{}.{}.{}.svc.{domain}", endpoint.label(), id.name, id.namespace);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() { Err(NoName) } else { Ok(names) }
    }

    fn found(&self, host: Host, port: Option<u16>, key: String) -> Found {
        Found { host, port, key, ttl: self.config.ttl }
    }
}

/// Takes a name apart: `_port._protocol.service.namespace.svc`, `endpoint.service.namespace.svc`,
/// `service.namespace.svc`, and the same with `pod`.
fn parse(lower: &str, zone: &str) -> Result<Parts, NoName> {
    let depth = name::labels(lower).count() - name::labels(zone).count();
    let labels: Vec<&str> = name::labels(lower).take(depth).collect();
    let mut parts = Parts::default();
    let mut labels = match labels.as_slice() {
        [] | ["svc" | "pod"] => return Ok(parts),
        [rest @ .., branch @ ("svc" | "pod")] => {
            parts.branch = branch.to_string();
            rest.iter().rev().map(|label| label.to_string())
        }
        _ => return Err(NoName),
    };
    parts.namespace = labels.next().unwrap_or_default();
    parts.service = labels.next().unwrap_or_default();
    let stripped = |label: String| label.strip_prefix('_').map(String::from).unwrap_or(label);
    match (labels.next(), labels.next(), labels.next()) {
        (Some(endpoint), None, _) => parts.endpoint = endpoint,
        (Some(protocol), Some(port), None) => {
            parts.protocol = stripped(protocol);
            parts.port = stripped(port);
        }
        (None, ..) => {}
        _ => return Err(NoName),
    }
    Ok(parts)
}

impl Parts {
    fn accept(&self, port: &Port) -> bool {
        (self.port.is_empty() || self.port.eq_ignore_ascii_case(&port.name))
            && (self.protocol.is_empty() || self.protocol.eq_ignore_ascii_case(&port.protocol))
    }
}

/// The ports, or the one without a number that stands for none: it gives addresses, but no SRV record.
fn or_undeclared(ports: &[Port]) -> impl Iterator<Item = &Port> {
    static UNDECLARED: [Port; 1] = [Port { name: String::new(), protocol: String::new(), port: None }];
    if ports.is_empty() { UNDECLARED.iter() } else { ports.iter() }
}

impl Endpoint {
    /// Its host name, or its address with dashes.
    fn label(&self) -> String {
        if let Some(hostname) = self.hostname.as_ref().filter(|hostname| !hostname.is_empty()) {
            return hostname.clone();
        }
        let mut label = self.address.to_string().replace(['.', ':'], "-");
        // No label ends with a dash: `fd00::` is `fd00--0`.
        if label.ends_with('-') {
            label.push('0');
        }
        label
    }
}

impl Host {
    fn kind(&self) -> Type {
        match self {
            Host::Address(IpAddr::V4(_)) => Type::A,
            Host::Address(IpAddr::V6(_)) => Type::AAAA,
            Host::Name(_) => Type::CNAME,
            Host::Text(_) => Type::TXT,
        }
    }
}

/// `10-1-2-3` and `fd00--1` as addresses.
fn undashed(label: &str) -> Option<IpAddr> {
    let is_v4 = label.matches('-').count() == 3 && !label.contains("--");
    let address = label.replace('-', if is_v4 { "." } else { ":" }).parse::<IpAddr>().ok()?;
    Some(address.to_canonical())
}

/// The address of a reverse name (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reversed_address(lower: &str) -> Option<IpAddr> {
    if let Some(reversed) = lower.strip_suffix(".in-addr.arpa.") {
        let mut octets = reversed.rsplit('.').map(|octet| {
            let is_canonical = octet == "0" || !octet.starts_with('0');
            if is_canonical { octet.parse::<u8>().ok() } else { None }
        });
        let mut address = [0; 4];
        for octet in &mut address {
            *octet = octets.next()??;
        }
        return if octets.next().is_none() { Some(Ipv4Addr::from(address).into()) } else { None };
    }
    let mut nibbles = lower.strip_suffix(".ip6.arpa.")?.rsplit('.');
    let mut address = 0;
    for _ in 0..32 {
        let mut digits = nibbles.next()?.chars();
        address = address << 4 | u128::from(digits.next()?.to_digit(16)?);
        if digits.next().is_some() {
            return None;
        }
    }
    if nibbles.next().is_none() { Some(Ipv6Addr::from(address).into()) } else { None }
}
