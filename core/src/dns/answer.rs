//! A question and a zone give an answer: what CoreDNS does with kubeadm's Corefile (coredns plugin/kubernetes/handler.go,
//! plugin/backend_lookup.go, plugin/loadbalance).

use super::{
    message::{Data, Edns, Flags, INTERNET, Message, Question, Rcode, Record, Type},
    name::{absolute, is_within, labels},
    records::{Asked, Found, Host, NoName},
    zone::Zone,
};
use crate::{rng::Rng, text::joined};
use alloc::{string::String, vec::Vec};
use core::net::IpAddr;

/// The opcodes that are answered.
const QUERY: u8 = 0;
const NOTIFY: u8 = 4;

/// How a question came, which decides how long its answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// In a datagram: 512 bytes, or what the client's EDNS record says.
    Udp,
    /// In a stream, each message behind two bytes of length.
    Tcp,
}

/// The bytes that answer a question's bytes, or nothing if they deserve no answer.
///
/// Addresses come in an order drawn from the query's id, as CoreDNS' `loadbalance` draws one for every answer: equal
/// bytes give equal bytes.
///
/// ```
/// use clusterip::dns::{Message, Rcode, Transport, Type, Zone, answer};
/// let query = Message::query(1, "nobody.default.svc.cluster.local.", Type::A).emit(512);
/// let bytes = answer(&Zone::default(), &query, Transport::Udp).unwrap();
/// assert_eq!(Message::parse(&bytes).unwrap().rcode, Rcode::NxDomain);
/// ```
pub fn answer(zone: &Zone, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
    let header = query.first_chunk::<12>()?;
    let bits = u16::from_be_bytes([header[2], header[3]]);
    if bits & 0x8000 != 0 {
        return None;
    }
    let count = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (opcode, is_sound) = ((bits >> 11) as u8 & 0xf, count(4) == 1 && count(6) < 2 && count(8) < 2 && count(10) < 3);
    let reply = match Message::parse(query) {
        Ok(query) if matches!(opcode, QUERY | NOTIFY) && is_sound => respond(zone, &query),
        // Of any other only the header is answered (miekg/dns acceptfunc.go, server.go).
        _ => {
            let is_known = matches!(opcode, QUERY | NOTIFY);
            let mut flags = Flags::from_bits(bits);
            (flags.response, flags.authoritative) = (true, false);
            let (opcode, rcode) = if is_known { (QUERY, Rcode::FormErr) } else { (opcode, Rcode::NotImp) };
            Message { id: count(0), flags, opcode, rcode, ..Message::default() }
        }
    };
    let limit = match transport {
        Transport::Tcp => u16::MAX,
        Transport::Udp => reply.edns.map_or(0, |edns| edns.size),
    };
    Some(reply.emit(limit))
}

/// The message that answers a query.
pub fn respond(zone: &Zone, query: &Message) -> Message {
    let is_query = query.opcode == QUERY;
    let flags = Flags {
        response: true,
        recursion_desired: is_query && query.flags.recursion_desired,
        checking_disabled: is_query && query.flags.checking_disabled,
        ..Flags::default()
    };
    let mut reply = Message {
        id: query.id,
        flags,
        opcode: query.opcode,
        questions: query.questions.clone(),
        edns: query.edns.map(|edns| Edns { version: 0, ..edns }),
        ..Message::default()
    };
    match query.questions.as_slice() {
        [_] if query.edns.is_some_and(|edns| edns.version != 0) => {
            reply.rcode = Rcode::BadVers;
            // Upstream says its version and no more (plugin/pkg/edns).
            reply.edns = Some(Edns { size: 0, version: 0, dnssec: false });
        }
        // Of whatever class: `forward` lets a server answer all (coredns core/dnsserver/server.go).
        [question] => resolve(zone, question, &mut reply),
        _ => reply.rcode = Rcode::FormErr,
    }
    let mut rng = Rng::new(query.id.into());
    shuffle(&mut reply.answers, &mut rng);
    shuffle(&mut reply.additional, &mut rng);
    reply
}

/// Answers from the cluster's zones, or from upstream.
fn resolve(zone: &Zone, question: &Question, reply: &mut Message) {
    let Some(origin) = origin(zone, &question.name) else { return forward(zone, question, reply) };
    if matches!(question.kind, Type::AXFR | Type::IXFR) {
        reply.rcode = Rcode::Refused;
        return;
    }
    let asked = Asked { name: &question.name, zone: origin, kind: question.kind };
    match lookup(zone, asked, &mut reply.additional) {
        Ok(answers) => reply.answers = answers,
        Err(NoName) => {
            for zone_name in &zone.config.fallthrough {
                if is_within(&question.name, zone_name) {
                    return forward(zone, question, reply);
                }
            }
            reply.rcode = Rcode::NxDomain;
        }
    }
    reply.flags.authoritative = true;
    if reply.answers.is_empty() {
        reply.authority.push(soa(zone, origin));
    }
}

/// The zone that holds a name, in the client's letters: the longest one, if several do.
fn origin<'a>(zone: &Zone, name: &'a str) -> Option<&'a str> {
    let mut longest = None;
    for origin in &zone.config.zones {
        if is_within(name, origin) {
            longest = longest.max(Some(origin.len()));
        }
    }
    name.get(name.len() - longest?..)
}

fn lookup(zone: &Zone, asked: Asked<'_>, additional: &mut Vec<Record>) -> Result<Vec<Record>, NoName> {
    let is_origin = labels(asked.name).len() == labels(asked.zone).len();
    let mut answers = Vec::new();
    match asked.kind {
        Type::A | Type::AAAA => answers = addresses(zone, asked, &[])?,
        Type::TXT | Type::CNAME | Type::SRV => answers = records(zone, asked, additional)?,
        // Upstream compares these with regard to case.
        Type::NS if is_origin && asked.name == asked.name.to_ascii_lowercase() => {
            answers = records(zone, asked, additional)?;
        }
        Type::PTR => {
            for name in zone.reverse(asked)? {
                answers.push(Record { name: asked.name.into(), ttl: zone.config.ttl, data: Data::Ptr(name) });
            }
        }
        // Upstream asks nothing about the name here: below the zone it is NODATA, even for a name that is not there.
        Type::SOA if !is_origin => {}
        Type::SOA => answers.push(soa(zone, asked.zone)),
        // Any other type has no record, but whether the name exists is told.
        _ => {
            addresses(zone, Asked { kind: Type::A, ..asked }, &[])?;
        }
    }
    Ok(answers)
}

/// What is found under a name as records of the type that is asked for, and the addresses of the names in them.
fn records(zone: &Zone, asked: Asked<'_>, additional: &mut Vec<Record>) -> Result<Vec<Record>, NoName> {
    let all = zone.find(asked)?;
    // 100 shared among all that was found, the undeclared ports and the duplicates that are dropped below included.
    let weight = (100 / all.len().max(1)).max(1) as u16;
    let mut records = Vec::new();
    for Found { host, port, key, ttl } in all {
        let data = match (asked.kind, host, port) {
            (Type::TXT, Host::Text(text), _) => Data::Txt(text.into()),
            (Type::CNAME, Host::Name(target), _) => Data::Cname(absolute(&target)),
            (Type::SRV, Host::Address(address), Some(port)) => {
                push_new(additional, Record { name: key.clone(), ttl, data: address_data(address) });
                Data::Srv { priority: 0, weight, port, target: key }
            }
            (Type::NS, Host::Address(address), _) => {
                additional.push(Record { name: key.clone(), ttl, data: address_data(address) });
                Data::Ns(key)
            }
            _ => continue,
        };
        push_new(&mut records, Record { name: asked.name.into(), ttl, data });
    }
    Ok(records)
}

/// Longest chain of aliases that is followed.
const MAX_CHAIN: usize = 10;

/// A or AAAA records, behind the aliases that lead to them.
fn addresses(zone: &Zone, asked: Asked<'_>, chain: &[Record]) -> Result<Vec<Record>, NoName> {
    let mut records: Vec<Record> = Vec::new();
    for found in zone.find(asked)? {
        match &found.host {
            Host::Address(address) => {
                let data = address_data(*address);
                let is_new = !records.iter().any(|record| record.data == data);
                if data.kind() == asked.kind && is_new {
                    records.push(Record { name: asked.name.into(), ttl: found.ttl, data });
                }
            }
            Host::Name(target) => records.extend(follow(zone, asked, &found, target, chain)),
            Host::Text(_) => {}
        }
    }
    Ok(records)
}

/// An alias and what it leads to, inside the zone or upstream; nothing if it leads nowhere inside, or in circles.
fn follow(zone: &Zone, asked: Asked<'_>, found: &Found, target: &str, chain: &[Record]) -> Vec<Record> {
    let target = absolute(target);
    if is_within(&target, asked.name) || chain.len() > MAX_CHAIN {
        return Vec::new();
    }
    let alias = Record { name: asked.name.into(), ttl: found.ttl, data: Data::Cname(target.clone()) };
    if chain.iter().any(|record| record.name == alias.name && record.data == alias.data) {
        return Vec::new();
    }
    let mut chain = chain.to_vec();
    chain.push(alias.clone());
    let mut records = [alias].to_vec();
    if is_within(&target, asked.zone) {
        let next = Asked { name: &target, zone: asked.zone, kind: asked.kind };
        let behind = addresses(zone, next, &chain).unwrap_or_default();
        if behind.is_empty() {
            return Vec::new();
        }
        records.extend(behind);
    } else {
        let question = Question { name: target, kind: asked.kind, class: INTERNET };
        records.extend(upstream(zone, &question).1);
    }
    records
}

fn push_new(records: &mut Vec<Record>, record: Record) {
    if !records.contains(&record) {
        records.push(record);
    }
}

fn address_data(address: IpAddr) -> Data {
    match address {
        IpAddr::V4(address) => Data::A(address),
        IpAddr::V6(address) => Data::Aaaa(address),
    }
}

fn soa(zone: &Zone, origin: &str) -> Record {
    let ttl = zone.config.ttl;
    let data = Data::Soa {
        server: joined(&["ns.dns.", origin]),
        mailbox: joined(&["hostmaster.", origin]),
        serial: zone.serial,
        refresh: 7200,
        retry: 1800,
        expire: 86_400,
        minimum: ttl,
    };
    Record { name: origin.into(), ttl: ttl.min(300), data }
}

/// What the resolvers of the node say (plugin/forward): never authoritative.
fn forward(zone: &Zone, question: &Question, reply: &mut Message) {
    (reply.rcode, reply.answers) = upstream(zone, question);
    reply.flags.recursion_available = reply.rcode != Rcode::ServFail;
}

fn upstream(zone: &Zone, question: &Question) -> (Rcode, Vec<Record>) {
    let known = &zone.config.upstream.records;
    let mut name: String = question.name.clone();
    let mut answers: Vec<Record> = Vec::new();
    let mut exists = false;
    // One alias a round.
    for _ in 0..MAX_CHAIN {
        let here = known.iter().filter(|record| record.name.eq_ignore_ascii_case(&name));
        let mut alias = None;
        for record in here {
            exists = true;
            let kind = record.data.kind();
            if kind == question.kind || kind == Type::CNAME {
                answers.push(Record { name: name.clone(), ..record.clone() });
            }
            if let (Data::Cname(target), true) = (&record.data, kind != question.kind) {
                alias = Some(target.clone());
            }
        }
        match alias {
            Some(target) => name = target,
            None => break,
        }
    }
    let rcode = if exists { Rcode::NoError } else { zone.config.upstream.otherwise };
    (rcode, answers)
}

/// Puts aliases first, other records behind them, and the addresses in an order of their own.
fn shuffle(records: &mut [Record], rng: &mut Rng) {
    crate::ordered::sort_by_key(records, |record| match record.data {
        Data::Cname(_) => 0,
        Data::A(_) | Data::Aaaa(_) => 2,
        _ => 1,
    });
    let first = records.partition_point(|record| !matches!(record.data, Data::A(_) | Data::Aaaa(_)));
    let addresses = &mut records[first..];
    for at in (1..addresses.len()).rev() {
        addresses.swap(at, rng.below(at as u32 + 1) as usize);
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
