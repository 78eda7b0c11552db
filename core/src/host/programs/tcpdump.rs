//! `tcpdump [-n] [-i any] [-c COUNT] [FILTER]`; a filter is `host A`, `port N`, `src`/`dst` before either, `tcp`, `udp`,
//! `icmp`, `not`, and these joined by `and` and `or`, read from left to right.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use smoltcp::wire::{IpProtocol, TcpPacket};

use super::super::nic::Seen;
use super::super::packet::{Icmp, IpPacket, Reason};
use super::super::stream::Watch;
use super::super::sys::Sys;
use super::options::Options;
use crate::dns::message::{Message, Rcode};

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = Options::read(arguments, "i: c: s: w: r: *").unwrap_or_default();
    let most = options.number('c').unwrap_or(u64::MAX);
    let filter = options.words.join(" ");
    let watch = Watch::start(&sys.machine);
    sys.complain(format_args!(
        "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n\
         listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes"
    ));
    let mut first = Vec::new();
    let mut count = 0;
    while count < most {
        let seen = watch.next().await;
        let Some(packet) = IpPacket::parse(&seen.packet) else { continue };
        match is_wanted(&packet, &filter) {
            Some(true) => {
                count += 1;
                print(sys, &seen, &packet, &mut first);
            }
            Some(false) => {}
            None => return sys.fail(format_args!("tcpdump: can't parse filter expression: {filter}")),
        }
    }
    sys.complain(format_args!(
        "{count} packets captured\n{count} packets received by filter\n0 packets dropped by kernel"
    ));
    0
}

/// Whether a packet passes the filter; `None` if that is no filter.
fn is_wanted(packet: &IpPacket<'_>, filter: &str) -> Option<bool> {
    let mut words = filter.split_whitespace();
    let mut wanted = true;
    let mut or = false;
    while let Some(mut word) = words.next() {
        if matches!(word, "and" | "&&" | "or" | "||") {
            or |= matches!(word, "or" | "||");
            continue;
        }
        let not = matches!(word, "not" | "!");
        if not {
            word = words.next()?;
        }
        let (from, to) = (word != "dst", word != "src");
        if !(from && to) {
            word = words.next()?;
        }
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
                let (source, destination) = packet.ports().unwrap_or_default();
                let has_ports = matches!(packet.protocol, IpProtocol::Tcp | IpProtocol::Udp);
                has_ports && (from && source == port || to && destination == port)
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
    from: SocketAddr,
    to: SocketAddr,
    sequence: u32,
}

/// A packet in tcpdump's words, its addresses as numbers.
fn print(sys: &Sys, seen: &Seen, packet: &IpPacket<'_>, first: &mut Vec<First>) {
    let micros = seen.at.total_micros();
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let way = if seen.outgoing { "Out" } else { "In " };
    let family = if packet.source.is_ipv4() { "IP" } else { "IP6" };
    sys.print(format_args!("{hours:02}:{minutes:02}:{seconds:02}.{micros:06} eth0  {way} {family} "));
    let (from, to) = (packet.source, packet.destination);
    match (packet.protocol, packet.ports()) {
        (IpProtocol::Tcp | IpProtocol::Udp, Some((source, destination))) => {
            sys.print(format_args!("{from}.{source} > {to}.{destination}: "));
            if packet.protocol == IpProtocol::Tcp {
                tcp(sys, packet, SocketAddr::new(from, source), SocketAddr::new(to, destination), first);
            } else {
                udp(sys, packet, source == 53 || destination == 53);
            }
        }
        _ => {
            sys.print(format_args!("{from} > {to}: ICMP "));
            icmp(sys, packet);
        }
    }
}

fn tcp(sys: &Sys, packet: &IpPacket<'_>, from: SocketAddr, to: SocketAddr, first: &mut Vec<First>) {
    let Ok(tcp) = TcpPacket::new_checked(packet.payload) else { return sys.line(format_args!("[malformed]")) };
    let (sequence, acknowledged) = (tcp.seq_number().0.cast_unsigned(), tcp.ack_number().0.cast_unsigned());
    let length = tcp.payload().len() as u32;
    sys.print(format_args!("Flags ["));
    for (set, letter) in [(tcp.syn(), "S"), (tcp.fin(), "F"), (tcp.psh(), "P"), (tcp.rst(), "R"), (tcp.ack(), ".")] {
        sys.print(format_args!("{}", if set { letter } else { "" }));
    }
    let peer = start(first, to, from).map_or(0, |first| first.sequence);
    let base = match start(first, from, to) {
        _ if !tcp.syn() => start(first, from, to).map_or(0, |first| first.sequence),
        Some(first) => {
            first.sequence = sequence;
            0
        }
        None => {
            first.push(First { from, to, sequence });
            0
        }
    };
    let relative = sequence.wrapping_sub(base);
    if tcp.syn() || tcp.fin() || tcp.rst() {
        sys.print(format_args!("], seq {relative}, "));
    } else if length > 0 {
        sys.print(format_args!("], seq {relative}:{}, ", relative.wrapping_add(length)));
    } else {
        sys.print(format_args!("], "));
    }
    if tcp.ack() {
        sys.print(format_args!("ack {}, ", acknowledged.wrapping_sub(peer)));
    }
    sys.print(format_args!("win {}, length {length}", tcp.window_len()));
    let line = tcp.payload().split(|byte| *byte == b'\r').next().unwrap_or_default();
    if line.starts_with(b"HTTP/") || line.windows(6).any(|word| word == b" HTTP/") {
        sys.print(format_args!(": HTTP: {}", String::from_utf8_lossy(line)));
    }
    sys.line(format_args!(""));
}

fn start(first: &mut [First], from: SocketAddr, to: SocketAddr) -> Option<&mut First> {
    first.iter_mut().find(|first| first.from == from && first.to == to)
}

fn udp(sys: &Sys, packet: &IpPacket<'_>, is_dns: bool) {
    let Some(datagram) = packet.datagram() else { return sys.line(format_args!("[bad udp cksum]")) };
    let length = datagram.len();
    let message = match Message::parse(datagram) {
        Ok(message) if is_dns => message,
        _ => return sys.line(format_args!("UDP, length {length}")),
    };
    sys.print(format_args!("{}", message.id));
    if message.flags.response {
        sys.print(format_args!("{}", if message.flags.authoritative { "* " } else { " " }));
        if message.rcode != Rcode::NoError {
            sys.print(format_args!("{} ", message.rcode));
        }
        let (answers, authority, more) = (message.answers.len(), message.authority.len(), message.additional.len());
        sys.print(format_args!("{answers}/{authority}/{more}"));
        if let Some(record) = message.answers.first() {
            sys.print(format_args!(" {} {}", record.data.kind(), record.data));
        }
    } else if let Some(question) = message.question() {
        sys.print(format_args!("+ {}? {}", question.kind, question.name));
    }
    sys.line(format_args!(" ({length})"));
}

fn icmp(sys: &Sys, packet: &IpPacket<'_>) {
    match packet.icmp() {
        Some(Icmp::Echo(message)) => {
            let number = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
            sys.print(format_args!("echo request, id {}, seq {}", number(4), number(6)));
        }
        Some(Icmp::EchoReply { ident, sequence, .. }) => {
            sys.print(format_args!("echo reply, id {ident}, seq {sequence}"));
        }
        Some(Icmp::Error { reason, about }) => {
            let (about, port) = (about.destination, about.ports().map_or(0, |(_, port)| port));
            match reason {
                Reason::Refused => sys.print(format_args!("{about} port {port} unreachable")),
                Reason::NetworkUnreachable => sys.print(format_args!("net {about} unreachable")),
                Reason::HostUnreachable => sys.print(format_args!("host {about} unreachable")),
                Reason::TooBig(mtu) => sys.print(format_args!("{about} unreachable - need to frag (mtu {mtu})")),
                Reason::TimeExceeded => sys.print(format_args!("time exceeded in-transit")),
            }
        }
        None => sys.print(format_args!("type unknown")),
    }
    sys.line(format_args!(", length {}", packet.payload.len()));
}
