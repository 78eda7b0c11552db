//! Which ports are open and which connections there are: `ss` and `netstat`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::server::Protocol;
use super::super::sys::Sys;

/// One row of either table.
struct Row {
    is_tcp: bool,
    state: &'static str,
    local: String,
    remote: String,
}

/// `ss [-t] [-u] [-l] [-n] [-p] [-a]`.
pub(super) fn ss(sys: &Sys, arguments: &[String]) -> i32 {
    sys.line(format_args!("Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process"));
    for Row { is_tcp, state, local, remote } in rows(sys, arguments) {
        let protocol = if is_tcp { "tcp" } else { "udp" };
        sys.line(format_args!("{protocol:<5} {state:<6} 0      0      {local:>18} {remote:>18}"));
    }
    0
}

/// `netstat [-t] [-u] [-l] [-n] [-a]`.
pub(super) fn netstat(sys: &Sys, arguments: &[String]) -> i32 {
    let which = if flag(arguments, 'l') { "only servers" } else { "w/o servers" };
    sys.line(format_args!(
        "Active Internet connections ({which})\n\
         Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
    ));
    for Row { is_tcp, state, local, remote } in rows(sys, arguments) {
        let protocol = if is_tcp { "tcp" } else { "udp" };
        let state = match state {
            "ESTAB" => "ESTABLISHED",
            "UNCONN" => "",
            other => other,
        };
        sys.line(format_args!("{protocol:<5}      0      0 {local:<23} {remote:<23} {state:<11} "));
    }
    0
}

fn flag(arguments: &[String], letter: char) -> bool {
    arguments.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
}

fn rows(sys: &Sys, arguments: &[String]) -> Vec<Row> {
    let (tcp, udp) = (flag(arguments, 't'), flag(arguments, 'u'));
    let (tcp, udp) = (tcp || !udp, udp || !tcp);
    let (all, listening) = (flag(arguments, 'a'), flag(arguments, 'l'));
    let mut stack = sys.machine.stack.borrow_mut();
    let mut rows = Vec::new();
    if listening || all {
        let mut open = Vec::new();
        for listener in &stack.listeners {
            open.push((listener.protocol == Protocol::Tcp, listener.port));
        }
        for port in stack.udp.bound() {
            open.push((false, port));
        }
        for (is_tcp, port) in open {
            if if is_tcp { tcp } else { udp } {
                let state = if is_tcp { "LISTEN" } else { "UNCONN" };
                rows.push(Row { is_tcp, state, local: format!("0.0.0.0:{port}"), remote: "0.0.0.0:*".to_string() });
            }
        }
    }
    if tcp && (!listening || all) {
        for (pair, state) in stack.connections() {
            rows.push(Row { is_tcp: true, state, local: pair.local.to_string(), remote: pair.remote.to_string() });
        }
    }
    rows
}
