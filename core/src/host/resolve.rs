//! The C library's resolver: `/etc/hosts`, the search list and ndots, A and AAAA together, TCP behind a truncated answer.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::future::Future;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::pin::Pin;

use smoltcp::time::Duration;

use super::stream::NetError;
use super::sys::Sys;
use crate::dns::message::{Data, Message, Rcode, Type};

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
pub(super) fn address<'a>(sys: &'a Sys, name: &'a str) -> Pin<Box<dyn Future<Output = Option<IpAddr>> + 'a>> {
    Box::pin(async move { search(sys, name).await.ok()?.first().copied() })
}

async fn search(sys: &Sys, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
    if let Some(address) = literal(name) {
        return Ok(vec![address]);
    }
    let listed = hosts_file(sys).into_iter().filter(|(_, names)| names.split(' ').any(|have| have == name));
    let listed: Vec<IpAddr> = listed.map(|(address, _)| address).collect();
    if !listed.is_empty() {
        return Ok(listed);
    }
    let mut servfail = false;
    for candidate in candidates(sys, name) {
        let mut found = Vec::new();
        match ask_any(sys, &candidate, &[Type::A, Type::AAAA]).await {
            Ok(replies) => {
                servfail |= replies.iter().any(|reply| reply.rcode == Rcode::ServFail);
                found.extend(replies.iter().flat_map(addresses));
            }
            Err(_) => return Err(ResolveError::Again),
        }
        if !found.is_empty() {
            return Ok(ordered(sys, found));
        }
    }
    Err(if servfail { ResolveError::Again } else { ResolveError::NotFound })
}

/// An address written as one, with or without the brackets of a URL.
pub(super) fn literal(name: &str) -> Option<IpAddr> {
    name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name).parse().ok()
}

/// The lines of `/etc/hosts`, names separated by blanks, as the kubelet writes them (pkg/kubelet/kubelet_pods.go).
pub(super) fn hosts_file(sys: &Sys) -> Vec<(IpAddr, String)> {
    let mut lines = vec![
        (IpAddr::from(Ipv4Addr::LOCALHOST), "localhost".to_string()),
        (IpAddr::from(Ipv6Addr::LOCALHOST), "localhost ip6-localhost ip6-loopback".to_string()),
    ];
    let config = sys.config();
    lines.extend(config.addresses.iter().map(|address| (*address, config.hostname.clone())));
    lines.extend(config.hosts.iter().cloned());
    lines
}

/// The full names to ask for, in order (glibc resolv/res_query.c, `__res_context_search`).
pub(super) fn candidates(sys: &Sys, name: &str) -> Vec<String> {
    if name.ends_with('.') {
        return vec![name.to_string()];
    }
    let resolv = sys.resolv();
    let as_it_is = format!("{name}.");
    let searched = resolv.search.iter().map(|domain| format!("{name}.{}.", domain.trim_end_matches('.')));
    let dots = name.matches('.').count();
    let mut all: Vec<String> = searched.collect();
    if dots >= usize::from(resolv.ndots.max(1)) {
        all.insert(0, as_it_is);
    } else {
        all.push(as_it_is);
    }
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
            match ask(sys, SocketAddr::new(*server, 53), name, kinds).await {
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

/// Asks one server for several types at once, over one socket, and waits for all the answers.
pub(super) fn ask<'a>(
    sys: &'a Sys,
    server: SocketAddr,
    name: &'a str,
    kinds: &'a [Type],
) -> Pin<Box<dyn Future<Output = Result<Vec<Message>, NetError>> + 'a>> {
    Box::pin(exchange(sys, server, name, kinds))
}

async fn exchange(sys: &Sys, server: SocketAddr, name: &str, kinds: &[Type]) -> Result<Vec<Message>, NetError> {
    let socket = sys.udp(0, server)?;
    let first = sys.draw();
    let query = |index: usize| Message::query(first.wrapping_add(index as u16), name, kinds[index]).emit(u16::MAX);
    for index in 0..kinds.len() {
        socket.send(None, server, &query(index))?;
    }
    let end = sys.now() + TIMEOUT;
    let mut replies: Vec<Option<Message>> = vec![None; kinds.len()];
    while replies.iter().any(Option::is_none) {
        let left = end - sys.now().min(end);
        let datagram = sys.timeout(left, socket.receive()).await.ok_or(NetError::TimedOut)??;
        let Ok(reply) = Message::parse(&datagram.content) else { continue };
        let index = usize::from(reply.id.wrapping_sub(first));
        let fits = reply.question().is_some_and(|question| kinds.get(index) == Some(&question.kind));
        if reply.flags.response && fits {
            replies[index] = Some(match reply.flags.truncated {
                true => ask_stream(sys, server, &query(index)).await?,
                false => reply,
            });
        }
    }
    Ok(replies.into_iter().flatten().collect())
}

/// One question over TCP.
pub(super) async fn ask_stream(sys: &Sys, server: SocketAddr, query: &[u8]) -> Result<Message, NetError> {
    let exchange = async {
        let stream = sys.connect(0, server).await?;
        stream.write(&(query.len() as u16).to_be_bytes()).await?;
        stream.write(query).await?;
        let mut bytes = Vec::new();
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
    };
    sys.timeout(TIMEOUT, exchange).await.unwrap_or(Err(NetError::TimedOut))
}

/// The addresses in an answer.
pub(super) fn addresses(reply: &Message) -> impl Iterator<Item = IpAddr> {
    reply.answers.iter().filter_map(|record| match &record.data {
        Data::A(address) => Some(IpAddr::from(*address)),
        Data::Aaaa(address) => Some(IpAddr::from(*address)),
        _ => None,
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
                for digit in [byte & 15, byte >> 4] {
                    name.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                    name.push('.');
                }
            }
            name + "ip6.arpa"
        }
    }
}

/// Addresses of a family this host has come first, IPv6 before IPv4 (RFC 6724); those it cannot reach come last.
fn ordered(sys: &Sys, found: Vec<IpAddr>) -> Vec<IpAddr> {
    let stack = sys.machine.stack.borrow();
    let of_rank = |reachable: bool, ipv4: bool| {
        let stack = &stack;
        found
            .iter()
            .copied()
            .filter(move |address| stack.source_for(*address).is_some() == reachable && address.is_ipv4() == ipv4)
    };
    let ranks = [(true, false), (true, true), (false, false), (false, true)];
    ranks.into_iter().flat_map(|(reachable, ipv4)| of_rank(reachable, ipv4)).collect()
}
