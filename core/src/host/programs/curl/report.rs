//! What `-w` can tell of a transfer.

use alloc::format;
use alloc::string::{String, ToString};
use core::net::SocketAddr;

/// How a transfer ended, for its message, its exit code and `-w`.
#[derive(Default)]
pub(super) struct Transfer {
    pub(super) status: u16,
    pub(super) size: usize,
    pub(super) remote: Option<SocketAddr>,
    pub(super) local: Option<SocketAddr>,
    pub(super) named: u64,
    pub(super) connected: u64,
    pub(super) started: u64,
}

/// `-w`: the variables people print.
pub(super) fn write_out(format: &str, url: &str, transfer: &Transfer, total: u64) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        text += &rest[..at];
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("%{")
            && let Some((name, after)) = after.split_once('}')
        {
            let time = |micros: u64| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            let address = |end: Option<SocketAddr>| end.map(|end| end.ip().to_string()).unwrap_or_default();
            let port = |end: Option<SocketAddr>| end.map_or(0, |end| end.port()).to_string();
            text += &match name {
                "http_code" | "response_code" => format!("{:03}", transfer.status),
                "remote_ip" => address(transfer.remote),
                "remote_port" => port(transfer.remote),
                "local_ip" => address(transfer.local),
                "local_port" => port(transfer.local),
                "size_download" => transfer.size.to_string(),
                "time_namelookup" => time(transfer.named),
                "time_connect" => time(transfer.connected),
                "time_starttransfer" => time(transfer.started),
                "time_total" => time(total),
                "url" | "url_effective" => url.to_string(),
                _ => String::new(),
            };
            rest = after;
            continue;
        }
        let (plain, length) = match rest.get(..2) {
            Some("\\n") => ("\n", 2),
            Some("\\t") => ("\t", 2),
            Some("\\r") => ("\r", 2),
            Some("%%") => ("%", 2),
            _ => (&rest[..1], 1),
        };
        text += plain;
        rest = &rest[length..];
    }
    text + rest
}
