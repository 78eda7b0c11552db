//! The names a question means, and what the zone holds under them (coredns plugin/kubernetes/kubernetes.go, parse.go,
//! reverse.go, ns.go).

use super::{
    message::Type,
    name,
    zone::{Endpoint, Id, PodMode, Port, Target, Zone},
};
use crate::text::joined;
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::net::IpAddr;

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
struct Parts<'a> {
    /// `svc` or `pod`; empty for the zone, `svc` and `pod` themselves, which have no records.
    branch: &'a str,
    namespace: &'a str,
    service: &'a str,
    endpoint: &'a str,
    port: &'a str,
    protocol: &'a str,
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
        let below = name::labels(lower).len() - name::labels(asked.zone).len();
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
        let mut is_known = false;
        for server in &self.config.servers {
            let mut ids: Vec<Id> = Vec::new();
            for id in self.services_at(*server) {
                ids.push(id.clone());
            }
            for (id, _) in self.endpoints_at(*server) {
                ids.push(id);
            }
            for id in ids {
                is_known = true;
                let own = joined(&[&id.name, ".", &id.namespace, ".svc.", zone]);
                match self.services.get(&id).map(|service| &service.target) {
                    Some(Target::Addresses(addresses)) => {
                        for address in addresses {
                            found.push(self.found(Host::Address(*address), None, own.clone()));
                        }
                    }
                    Some(Target::Endpoints) => {
                        for slice in self.slices_of(&id) {
                            for endpoint in &slice.endpoints {
                                let key = joined(&[&endpoint.label(), ".", &own]);
                                found.push(self.found(Host::Address(endpoint.address), None, key));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        if !is_known {
            for server in &self.config.servers {
                found.push(self.found(Host::Address(*server), None, joined(&[SERVER, ".", zone])));
            }
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
        if !self.namespaces.contains(parts.namespace) {
            return Err(NoName);
        }
        if parts.branch == "pod" { self.find_pod(&parts, zone) } else { self.find_service(&parts, zone) }
    }

    fn find_pod(&self, parts: &Parts<'_>, zone: &str) -> Result<Vec<Found>, NoName> {
        if self.config.pods == PodMode::Disabled {
            return Err(NoName);
        }
        if parts.service.is_empty() {
            return Ok(Vec::new());
        }
        let address = undashed(parts.service).ok_or(NoName)?;
        if self.config.pods == PodMode::Verified && !self.has_pod(parts.namespace, address) {
            return Err(NoName);
        }
        let key = joined(&[parts.service, ".", parts.namespace, ".pod.", zone]);
        Ok([self.found(Host::Address(address), Some(0), key)].into())
    }

    fn find_service(&self, parts: &Parts<'_>, zone: &str) -> Result<Vec<Found>, NoName> {
        if parts.service.is_empty() {
            return Ok(Vec::new());
        }
        let id = Id::new(parts.namespace, parts.service);
        let service = self.services.get(&id).ok_or(NoName)?;
        let own = joined(&[&id.name, ".", &id.namespace, ".svc.", zone]);
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
                for port in parts.accepted(&service.ports) {
                    for address in addresses {
                        found.push(self.found(Host::Address(*address), port, own.clone()));
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
                        for port in parts.accepted(&slice.ports) {
                            let key = joined(&[&label, ".", &own]);
                            found.push(self.found(Host::Address(endpoint.address), port, key));
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
        if let Some(id) = self.services_at(address).first() {
            return Ok([joined(&[&id.name, ".", &id.namespace, ".svc.", domain])].into());
        }
        let mut names = Vec::new();
        for (id, endpoint) in self.endpoints_at(address) {
            let name = joined(&[&endpoint.label(), ".", &id.name, ".", &id.namespace, ".svc.", domain]);
            if !id.name.is_empty() && !names.contains(&name) {
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
fn parse<'a>(lower: &'a str, zone: &str) -> Result<Parts<'a>, NoName> {
    let labels = name::labels(lower);
    let own = &labels[..labels.len() - name::labels(zone).len()];
    let mut parts = Parts::default();
    let (branch, rest) = match own {
        [] | ["svc" | "pod"] => return Ok(parts),
        [rest @ .., branch @ ("svc" | "pod")] => (branch, rest),
        _ => return Err(NoName),
    };
    parts.branch = branch;
    let stripped = |label: &'a str| label.strip_prefix('_').unwrap_or(label);
    match *rest {
        [] => {}
        [namespace] => parts.namespace = namespace,
        [service, namespace] => (parts.service, parts.namespace) = (service, namespace),
        [endpoint, service, namespace] => {
            (parts.endpoint, parts.service, parts.namespace) = (endpoint, service, namespace);
        }
        [port, protocol, service, namespace] => {
            (parts.service, parts.namespace) = (service, namespace);
            (parts.port, parts.protocol) = (stripped(port), stripped(protocol));
        }
        _ => return Err(NoName),
    }
    Ok(parts)
}

impl Parts<'_> {
    /// The numbers of the ports that the name means; none declared is one without a number, which gives addresses, but no
    /// SRV record.
    fn accepted(&self, ports: &[Port]) -> Vec<Option<u16>> {
        let mut numbers = Vec::new();
        for port in ports {
            if (self.port.is_empty() || self.port.eq_ignore_ascii_case(&port.name))
                && (self.protocol.is_empty() || self.protocol.eq_ignore_ascii_case(&port.protocol))
            {
                numbers.push(port.port);
            }
        }
        if ports.is_empty() && self.port.is_empty() && self.protocol.is_empty() {
            numbers.push(None);
        }
        numbers
    }
}

impl Endpoint {
    /// Its host name, or its address with dashes.
    fn label(&self) -> String {
        if let Some(hostname) = self.hostname.as_ref().filter(|hostname| !hostname.is_empty()) {
            return hostname.clone();
        }
        let mut label = String::new();
        for c in self.address.to_string().chars() {
            label.push(if matches!(c, '.' | ':') { '-' } else { c });
        }
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
    let mut text = String::new();
    if let Some(reversed) = lower.strip_suffix(".in-addr.arpa.") {
        for octet in reversed.rsplit('.') {
            if !text.is_empty() {
                text.push('.');
            }
            text += octet;
        }
        return text.parse().ok().filter(IpAddr::is_ipv4);
    }
    // Groups of four; what is left over in front is not looked at (coredns plugin/pkg/dnsutil/reverse.go).
    let mut group = String::new();
    let mut count = 0;
    for nibble in lower.strip_suffix(".ip6.arpa.")?.rsplit('.') {
        group += nibble;
        count += 1;
        if count % 4 == 0 {
            if count > 4 {
                text.push(':');
            }
            text += &group;
            group.clear();
        }
    }
    text.parse().ok()
}
