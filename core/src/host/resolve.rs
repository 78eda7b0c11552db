//! The C library's resolver: `/etc/hosts`, the search list and ndots, A and AAAA together, TCP behind a truncated answer.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::future::Future;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::pin::Pin;

use smoltcp::time::Duration;

use super::stream::NetError;
use super::sys::Sys;
use crate::dns::message::{Data, Message, Rcode, Type};
use crate::text::{cut, joined};

/// How long one server is waited for, and how often each is asked (resolv.conf(5): timeout, attempts).
const TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 2;

/// Why a name has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResolveError {
    /// The servers say that there is none.
    NotFound,
    /// No server could say (EAI_AGAIN).
    Again,
}

/// The addresses of a name, in the order they should be tried. Boxed, as the functions below that every program calls.
pub(super) fn lookup<'a>(
    sys: &'a Sys,
    name: &'a str,
) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, ResolveError>> + 'a>> {
    Box::pin(search(sys, name))
}

/// The address of a name to try first.
pub(super) async fn address(sys: &Sys, name: &str) -> Option<IpAddr> {
    lookup(sys, name).await.ok()?.first().copied()
}

/// [`address`]; without one, `program` says so in busybox' words.
pub(super) fn named<'a>(
    sys: &'a Sys,
    program: &'a str,
    name: &'a str,
) -> Pin<Box<dyn Future<Output = Option<IpAddr>> + 'a>> {
    Box::pin(async move {
        let address = address(sys, name).await;
        if address.is_none() {
            sys.complain(format_args!("{program}: bad address '{name}'"));
        }
        address
    })
}

async fn search(sys: &Sys, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
    if let Some(address) = literal(name) {
        return Ok(vec![address]);
    }
    let config = sys.config();
    let mut found = listed(HOSTS, name);
    if *name == *config.hostname || (!config.domain().is_empty() && name == config.full_name()) {
        found.extend_from_slice(&config.addresses);
    }
    if let Some(names) = &config.names {
        found.extend(listed(&names.hosts, name));
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let mut servfail = false;
    for candidate in candidates(sys, name) {
        let asked = ask_any(sys, &candidate, &[Type::A, Type::AAAA]).await;
        let Ok(replies) = asked else { return Err(ResolveError::Again) };
        for reply in &replies {
            servfail |= reply.rcode == Rcode::ServFail;
            for record in &reply.answers {
                match record.data {
                    Data::A(address) => found.push(IpAddr::from(address)),
                    Data::Aaaa(address) => found.push(IpAddr::from(address)),
                    _ => {}
                }
            }
        }
        if !found.is_empty() {
            return Ok(ordered(sys, &found));
        }
    }
    Err(if servfail { ResolveError::Again } else { ResolveError::NotFound })
}

/// An address written as one, with or without the brackets of a URL.
pub(super) fn literal(name: &str) -> Option<IpAddr> {
    name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name).parse().ok()
}

/// The addresses that lines of `/etc/hosts` give a name.
fn listed(lines: &str, name: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let (line, behind) = cut(rest, b'\n');
        let (address, mut names) = cut(line, b'\t');
        while !names.is_empty() {
            let end = names.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(names.len());
            if &names[..end] == name {
                found.extend(address.parse::<IpAddr>());
                break;
            }
            names = names.get(end + 1..).unwrap_or_default();
        }
        rest = behind;
    }
    found
}

/// The first lines of every `/etc/hosts`.
const HOSTS: &str = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
    fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n";

/// `/etc/hosts` as the kubelet writes it (pkg/kubelet/kubelet_pods.go, `managedHostsFileContent`).
pub(super) fn hosts_file(sys: &Sys) -> String {
    let mut text = HOSTS.to_string();
    let config = sys.config();
    for address in &config.addresses {
        text += &joined(&[&address.to_string(), "\t"]);
        if !config.domain().is_empty() {
            text += &joined(&[&config.full_name(), "\t"]);
        }
        text += &joined(&[&config.hostname, "\n"]);
    }
    text + config.names.as_ref().map_or("", |names| &names.hosts)
}

/// The full names to ask for, in order (glibc resolv/res_query.c, `__res_context_search`).
pub(super) fn candidates(sys: &Sys, name: &str) -> Vec<String> {
    if name.ends_with('.') {
        return vec![name.to_string()];
    }
    let resolv = sys.resolv();
    let mut all = Vec::new();
    for domain in &resolv.search {
        all.push(joined(&[name, ".", domain.strip_suffix('.').unwrap_or(domain), "."]));
    }
    let dots = name.bytes().filter(|byte| *byte == b'.').count();
    let at = if dots >= usize::from(resolv.ndots.max(1)) { 0 } else { all.len() };
    all.insert(at, joined(&[name, "."]));
    all
}

/// Asks the servers of `/etc/resolv.conf` in turn until one answers all questions.
pub(super) async fn ask_any(sys: &Sys, name: &str, kinds: &[Type]) -> Result<Vec<Message>, NetError> {
    let mut servers = sys.resolv().nameservers.clone();
    if servers.is_empty() {
        servers.push(Ipv4Addr::LOCALHOST.into());
    }
    let mut error = NetError::TimedOut;
    for _ in 0..ATTEMPTS {
        for server in &servers {
            match ask(sys, SocketAddr::new(*server, 53), name, kinds, 1).await {
                Ok(replies) => return Ok(replies),
                Err(problem) => error = problem,
            }
        }
        if error != NetError::TimedOut {
            break;
        }
    }
    Err(error)
}

/// Asks one server for several types at once, over one socket, and waits for all the answers; so many times until it does.
pub(super) fn ask<'a>(
    sys: &'a Sys,
    server: SocketAddr,
    name: &'a str,
    kinds: &'a [Type],
    tries: u32,
) -> Pin<Box<dyn Future<Output = Result<Vec<Message>, NetError>> + 'a>> {
    Box::pin(async move {
        let mut result = Err(NetError::TimedOut);
        for _ in 0..tries {
            result = exchange(sys, server, name, kinds).await;
            if result.is_ok() {
                break;
            }
        }
        result
    })
}

async fn exchange(sys: &Sys, server: SocketAddr, name: &str, kinds: &[Type]) -> Result<Vec<Message>, NetError> {
    let socket = sys.udp(0, server)?;
    let first = sys.draw();
    let query = |index: usize| Message::query(first.wrapping_add(index as u16), name, kinds[index]).emit(u16::MAX);
    for index in 0..kinds.len() {
        socket.send(None, server, &query(index))?;
    }
    let end = sys.now() + TIMEOUT;
    let mut replies: Vec<Message> = Vec::new();
    while replies.len() < kinds.len() {
        let datagram = socket.receive(Some(end)).await?;
        let Ok(mut reply) = Message::parse(&datagram.content) else { continue };
        let index = usize::from(reply.id.wrapping_sub(first));
        let fits = reply.question().is_some_and(|question| kinds.get(index) == Some(&question.kind));
        // Kept in the order of the questions; a second reply to one of them is not heard.
        let at = replies.partition_point(|have| usize::from(have.id.wrapping_sub(first)) < index);
        let is_known = replies.get(at).is_some_and(|have| have.id == reply.id);
        if reply.flags.response && fits && !is_known {
            if reply.flags.truncated {
                reply = Message { id: reply.id, ..ask_stream(sys, server, &query(index)).await? };
            }
            replies.insert(at, reply);
        }
    }
    Ok(replies)
}

/// One question over TCP.
pub(super) async fn ask_stream(sys: &Sys, server: SocketAddr, query: &[u8]) -> Result<Message, NetError> {
    let exchange = exchange_stream(sys, server, query);
    sys.timeout(Some(sys.now() + TIMEOUT), exchange).await.unwrap_or(Err(NetError::TimedOut))
}

fn exchange_stream<'a>(
    sys: &'a Sys,
    server: SocketAddr,
    query: &'a [u8],
) -> Pin<Box<dyn Future<Output = Result<Message, NetError>> + 'a>> {
    Box::pin(async move {
        let stream = sys.connect(0, server, None).await?;
        let mut bytes = Vec::from((query.len() as u16).to_be_bytes());
        bytes.extend_from_slice(query);
        stream.write(&bytes).await?;
        bytes.clear();
        loop {
            if let Some(&[high, low]) = bytes.first_chunk::<2>() {
                let length = usize::from(u16::from_be_bytes([high, low]));
                if let Some(text) = bytes.get(2..2 + length) {
                    return Message::parse(text).map_err(|_| NetError::Reset);
                }
            }
            if stream.read(&mut bytes).await? == 0 {
                return Err(NetError::Reset);
            }
        }
    })
}

/// The name that a reverse lookup of this address asks for.
pub(super) fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let mut name = String::new();
            for byte in address.octets().iter().rev() {
                name += &format!("{:x}.{:x}.", byte & 15, byte >> 4);
            }
            name + "ip6.arpa"
        }
    }
}

/// Addresses of a family this host has come first, IPv6 before IPv4 (RFC 6724); those it cannot reach come last.
fn ordered(sys: &Sys, found: &[IpAddr]) -> Vec<IpAddr> {
    let stack = sys.machine.stack.borrow();
    let mut all = Vec::new();
    for rank in [(true, false), (true, true), (false, false), (false, true)] {
        for address in found {
            if (stack.source_for(*address).is_some(), address.is_ipv4()) == rank {
                all.push(*address);
            }
        }
    }
    all
}
