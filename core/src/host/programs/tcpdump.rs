//! `tcpdump [-n] [-i any] [-c COUNT] [FILTER]`; a filter is `host A`, `port N`, `src`/`dst` before either, `tcp`, `udp`,
//! `icmp`, `not`, and these joined by `and` and `or`, read from left to right.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use smoltcp::wire::{IpProtocol, TcpPacket};

use super::super::nic::Seen;
use super::super::packet::{Icmp, IpPacket, Reason};
use super::super::stream::Watch;
use super::super::sys::Sys;
use super::options::{self, Word};
use super::records::{content, word};
use crate::dns::message::{Message, Rcode};

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let (mut most, mut filter) = (usize::MAX, Vec::new());
    for word in options::parse(arguments, "i c s w r").unwrap_or_default() {
        match word {
            Word::Option("c", count) => most = count.parse().unwrap_or(most),
            Word::Option(..) => {}
            Word::Plain(word) => filter.extend(word.split_whitespace()),
        }
    }
    let watch = Watch::start(&sys.machine);
    sys.complain("tcpdump: verbose output suppressed, use -v[v]... for full protocol decode");
    sys.complain("listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes");
    let mut first = Vec::new();
    let mut count = 0;
    while count < most {
        let seen = watch.next().await;
        let Some(packet) = IpPacket::parse(&seen.packet) else { continue };
        match is_wanted(&packet, &filter) {
            Some(true) => {
                count += 1;
                sys.line(line(&seen, &packet, &mut first));
            }
            Some(false) => {}
            None => {
                sys.complain(format_args!("tcpdump: can't parse filter expression: {}", filter.join(" ")));
                return 1;
            }
        }
    }
    sys.complain(format_args!("{count} packets captured\n{count} packets received by filter"));
    sys.complain("0 packets dropped by kernel");
    0
}

/// Whether a packet passes the filter; `None` if that is no filter.
fn is_wanted(packet: &IpPacket<'_>, filter: &[&str]) -> Option<bool> {
    let mut words = filter.iter().copied();
    let mut wanted = true;
    let mut or = false;
    while let Some(mut word) = words.next() {
        match word {
            "and" | "&&" => continue,
            "or" | "||" => {
                or = true;
                continue;
            }
            _ => {}
        }
        let not = matches!(word, "not" | "!");
        if not {
            word = words.next()?;
        }
        let side = Some(word).filter(|word| matches!(*word, "src" | "dst"));
        if side.is_some() {
            word = words.next()?;
        }
        let (from, to) = (side != Some("dst"), side != Some("src"));
        let fits = match word {
            "ip" => packet.source.is_ipv4(),
            "ip6" => packet.source.is_ipv6(),
            "tcp" => packet.protocol == IpProtocol::Tcp,
            "udp" => packet.protocol == IpProtocol::Udp,
            "icmp" | "icmp6" => matches!(packet.protocol, IpProtocol::Icmp | IpProtocol::Icmpv6),
            "host" => {
                let address: IpAddr = words.next()?.parse().ok()?;
                from && packet.source == address || to && packet.destination == address
            }
            "port" => {
                let port: u16 = words.next()?.parse().ok()?;
                let has_ports = matches!(packet.protocol, IpProtocol::Tcp | IpProtocol::Udp);
                let ports = packet.ports().filter(|_| has_ports);
                ports.is_some_and(|(source, destination)| from && source == port || to && destination == port)
            }
            _ => return None,
        };
        wanted = if or { wanted || fits != not } else { wanted && fits != not };
        or = false;
    }
    Some(wanted)
}

/// Where the numbers of one direction of a connection start.
struct First {
    from: String,
    to: String,
    sequence: u32,
}

/// A packet in tcpdump's words, its addresses as numbers.
fn line(seen: &Seen, packet: &IpPacket<'_>, first: &mut Vec<First>) -> String {
    let micros = seen.at.total_micros();
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let way = if seen.outgoing { "Out" } else { "In " };
    let family = if packet.source.is_ipv4() { "IP" } else { "IP6" };
    let mut text = format!("{hours:02}:{minutes:02}:{seconds:02}.{micros:06} eth0  {way} {family} ");
    let (mut from, mut to) = (packet.source.to_string(), packet.destination.to_string());
    if let (IpProtocol::Tcp | IpProtocol::Udp, Some((source, destination))) = (packet.protocol, packet.ports()) {
        from += &format!(".{source}");
        to += &format!(".{destination}");
    }
    text += &format!("{from} > {to}: ");
    match packet.protocol {
        IpProtocol::Tcp => text += &tcp(packet, from, to, first),
        IpProtocol::Udp => text += &udp(packet),
        _ => text += &icmp(packet),
    }
    text
}

fn tcp(packet: &IpPacket<'_>, from: String, to: String, first: &mut Vec<First>) -> String {
    let Ok(tcp) = TcpPacket::new_checked(packet.payload) else { return "[malformed]".to_string() };
    let (sequence, acknowledged) = (tcp.seq_number().0.cast_unsigned(), tcp.ack_number().0.cast_unsigned());
    let length = tcp.payload().len();
    let mut flags = String::new();
    for (set, letter) in [(tcp.syn(), 'S'), (tcp.fin(), 'F'), (tcp.psh(), 'P'), (tcp.rst(), 'R')] {
        if set {
            flags.push(letter);
        }
    }
    if tcp.ack() {
        flags.push('.');
    }
    let start = |first: &[First], from: &str, to: &str| {
        first.iter().find(|first| first.from == from && first.to == to).map_or(0, |first| first.sequence)
    };
    let peer = start(first, &to, &from);
    if tcp.syn() {
        first.retain(|first| first.from != from || first.to != to);
        first.push(First { from: from.clone(), to: to.clone(), sequence });
    }
    let base = if tcp.syn() { 0 } else { start(first, &from, &to) };
    let relative = sequence.wrapping_sub(base);
    let mut text = format!("Flags [{flags}], ");
    if tcp.syn() || tcp.fin() || tcp.rst() {
        text += &format!("seq {relative}, ");
    } else if length > 0 {
        text += &format!("seq {relative}:{}, ", relative.wrapping_add(length as u32));
    }
    if tcp.ack() {
        text += &format!("ack {}, ", acknowledged.wrapping_sub(peer));
    }
    text += &format!("win {}, length {length}", tcp.window_len());
    let start = tcp.payload().split(|byte| *byte == b'\r').next().unwrap_or_default();
    if start.starts_with(b"HTTP/") || start.windows(6).any(|word| word == b" HTTP/") {
        text += &format!(": HTTP: {}", String::from_utf8_lossy(start));
    }
    text
}

fn udp(packet: &IpPacket<'_>) -> String {
    let Some(datagram) = packet.datagram() else { return "[bad udp cksum]".to_string() };
    let is_dns = packet.ports().is_some_and(|(source, destination)| source == 53 || destination == 53);
    let Some(message) = Message::parse(datagram).ok().filter(|_| is_dns) else {
        return format!("UDP, length {}", datagram.len());
    };
    let mut text = message.id.to_string();
    if message.flags.response {
        text += if message.flags.authoritative { "* " } else { " " };
        if message.rcode != Rcode::NoError {
            text += &format!("{} ", word(message.rcode));
        }
        let (answers, authority, more) = (message.answers.len(), message.authority.len(), message.additional.len());
        text += &format!("{answers}/{authority}/{more}");
        if let Some(record) = message.answers.first() {
            text += &format!(" {} {}", record.data.kind(), content(&record.data));
        }
    } else if let Some(question) = message.question() {
        text += &format!("+ {}? {}", question.kind, question.name);
    }
    text + &format!(" ({})", datagram.len())
}

fn icmp(packet: &IpPacket<'_>) -> String {
    let length = packet.payload.len();
    let words = match packet.icmp() {
        Some(Icmp::Echo(message)) => format!("echo request, {}", numbers(message)),
        Some(Icmp::EchoReply { ident, sequence, .. }) => format!("echo reply, id {ident}, seq {sequence}"),
        Some(Icmp::Error { reason, about }) => {
            let (about, port) = (about.destination, about.ports().map_or(0, |(_, port)| port));
            match reason {
                Reason::Refused => format!("{about} port {port} unreachable"),
                Reason::NetworkUnreachable => format!("net {about} unreachable"),
                Reason::HostUnreachable => format!("host {about} unreachable"),
                Reason::TooBig(mtu) => format!("{about} unreachable - need to frag (mtu {mtu})"),
                Reason::TimeExceeded => "time exceeded in-transit".to_string(),
            }
        }
        None => "type unknown".to_string(),
    };
    format!("ICMP {words}, length {length}")
}

fn numbers(message: &[u8]) -> String {
    let number = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
    format!("id {}, seq {}", number(4), number(6))
}
