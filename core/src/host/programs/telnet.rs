//! busybox `telnet HOST [PORT]`, without the options of the protocol, which a plain server does not speak either.

use alloc::string::String;
use core::net::SocketAddr;

use super::super::resolve;
use super::super::sys::Sys;
use super::duplex::{End, converse};

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let (host, port) = match arguments {
        [host] => (host, "23"),
        [host, port] => (host, port.as_str()),
        _ => return sys.usage("telnet HOST [PORT]"),
    };
    let Ok(port) = port.parse() else { return sys.fail(format_args!("telnet: bad port '{port}'")) };
    let Some(address) = resolve::named(sys, "telnet", host).await else { return 1 };
    let stream = match sys.connect(0, SocketAddr::new(address, port), None).await {
        Ok(stream) => stream,
        Err(error) => return sys.fail(format_args!("telnet: can't connect to remote host ({address}): {error}")),
    };
    sys.line(format_args!("Connected to {host}"));
    if sys.terminal {
        sys.print(format_args!("\nEntering character mode\nEscape character is '^]'.\n\n"));
    }
    match converse(sys, &stream, false, None).await {
        End::Input => 0,
        End::Peer | End::Broken(_) => sys.fail(format_args!("Connection closed by foreign host")),
    }
}
