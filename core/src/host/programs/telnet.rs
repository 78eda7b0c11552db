//! busybox `telnet HOST [PORT]`, without the options of the protocol, which a plain server does not speak either.

use alloc::string::String;
use core::net::SocketAddr;

use super::super::resolve;
use super::super::sys::Sys;
use super::duplex::{End, converse};

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let (host, port) = match arguments {
        [host] => (host, 23),
        [host, port] => match port.parse() {
            Ok(port) => (host, port),
            Err(_) => {
                sys.complain(format_args!("telnet: bad port '{port}'"));
                return 1;
            }
        },
        _ => {
            sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: telnet HOST [PORT]");
            return 1;
        }
    };
    let Some(address) = resolve::address(sys, host).await else {
        sys.complain(format_args!("telnet: bad address '{host}'"));
        return 1;
    };
    let stream = match sys.connect(0, SocketAddr::new(address, port)).await {
        Ok(stream) => stream,
        Err(error) => {
            sys.complain(format_args!("telnet: can't connect to remote host ({address}): {error}"));
            return 1;
        }
    };
    sys.line(format_args!("Connected to {host}"));
    if sys.terminal {
        sys.print("\nEntering character mode\nEscape character is '^]'.\n\n");
    }
    match converse(sys, &stream, false).await {
        End::Input => 0,
        End::Peer | End::Broken(_) => {
            sys.complain("Connection closed by foreign host");
            1
        }
    }
}
