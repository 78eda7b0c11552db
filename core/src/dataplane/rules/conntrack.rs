//! `conntrack -L`.

use alloc::format;
use alloc::string::String;

use crate::dataplane::Router;
use crate::net::{Flow, Protocol};
use crate::time::Instant;

/// The connections of both families, one a line.
pub fn conntrack(router: &Router, now: Instant) -> String {
    let mut out = String::new();
    for connection in router.connections(now) {
        let protocol = connection.original.protocol;
        let name = match protocol {
            Protocol::Tcp => "tcp".into(),
            Protocol::Udp => "udp".into(),
            Protocol::Sctp => "sctp".into(),
            Protocol::Icmp if connection.original.src.is_ipv6() => "icmpv6".into(),
            Protocol::Icmp => "icmp".into(),
            Protocol::Other(number) => format!("unknown {number}"),
        };
        let number = if name == "icmpv6" { 58 } else { protocol.number() };
        let mut line = format!("{name:<8} {number} {} ", connection.left.secs());
        let state = connection.state.name();
        if !state.is_empty() {
            line += &format!("{state} ");
        }
        line += &tuple(&connection.original);
        if !connection.answered {
            line += "[UNREPLIED] ";
        }
        line += &tuple(&connection.reply);
        if connection.assured {
            line += "[ASSURED] ";
        }
        out += &line;
        out += "mark=0 use=1\n";
    }
    out
}

fn tuple(flow: &Flow) -> String {
    let Flow { protocol, src, src_port, dst, dst_port } = flow;
    let ports = match protocol {
        Protocol::Icmp if *dst_port >= 0x0800 && dst_port & 0xff == 0 => {
            format!("type={} code=0 id={src_port} ", dst_port >> 8)
        }
        Protocol::Icmp => format!("type={} code=0 id={dst_port} ", if src.is_ipv6() { 129 } else { 0 }),
        Protocol::Other(_) => String::new(),
        _ => format!("sport={src_port} dport={dst_port} "),
    };
    format!("src={src} dst={dst} {ports}")
}
