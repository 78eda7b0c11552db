//! Which ports are open and which connections there are: `ss` and `netstat`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::server::Protocol;
use super::super::sys::Sys;

/// One row of either table.
struct Row {
    protocol: &'static str,
    state: &'static str,
    local: String,
    remote: String,
}

/// `ss [-t] [-u] [-l] [-n] [-p] [-a]`.
pub(super) fn ss(sys: &Sys, arguments: &[String]) -> i32 {
    sys.line("Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process");
    for row in rows(sys, arguments, "0.0.0.0:*") {
        let Row { protocol, state, local, remote } = row;
        sys.line(format_args!("{protocol:<5} {state:<6} {:<6} {:<6} {local:>18} {remote:>18}", 0, 0));
    }
    0
}

/// `netstat [-t] [-u] [-l] [-n] [-a]`.
pub(super) fn netstat(sys: &Sys, arguments: &[String]) -> i32 {
    let listening = flag(arguments, 'l');
    let which = if listening { "only servers" } else { "w/o servers" };
    sys.line(format_args!("Active Internet connections ({which})"));
    sys.line("Proto Recv-Q Send-Q Local Address           Foreign Address         State       ");
    for row in rows(sys, arguments, "0.0.0.0:*") {
        let Row { protocol, state, local, remote } = row;
        let state = match state {
            "ESTAB" => "ESTABLISHED",
            "UNCONN" => "",
            other => other,
        };
        sys.line(format_args!("{protocol:<5} {:>6} {:>6} {local:<23} {remote:<23} {state:<11} ", 0, 0));
    }
    0
}

fn flag(arguments: &[String], letter: char) -> bool {
    arguments.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
}

fn rows(sys: &Sys, arguments: &[String], anyone: &str) -> Vec<Row> {
    let (tcp, udp) = (flag(arguments, 't'), flag(arguments, 'u'));
    let (tcp, udp) = (tcp || !udp, udp || !tcp);
    let (all, listening) = (flag(arguments, 'a'), flag(arguments, 'l'));
    let mut stack = sys.machine.stack.borrow_mut();
    let mut rows = Vec::new();
    if listening || all {
        for listener in &stack.listeners {
            let (protocol, state) = match listener.protocol {
                Protocol::Tcp => ("tcp", "LISTEN"),
                Protocol::Udp => ("udp", "UNCONN"),
            };
            let local = format!("0.0.0.0:{}", listener.port);
            rows.push(Row { protocol, state, local, remote: anyone.to_string() });
        }
        for port in stack.udp.bound() {
            let local = format!("0.0.0.0:{port}");
            rows.push(Row { protocol: "udp", state: "UNCONN", local, remote: anyone.to_string() });
        }
    }
    if !listening || all {
        for (pair, state) in stack.connections() {
            let (local, remote) = (pair.local.to_string(), pair.remote.to_string());
            rows.push(Row { protocol: "tcp", state, local, remote });
        }
    }
    rows.retain(|row| if row.protocol == "tcp" { tcp } else { udp });
    rows
}
