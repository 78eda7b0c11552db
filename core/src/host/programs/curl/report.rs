//! What `-w` can tell of a transfer.

use alloc::format;
use alloc::string::{String, ToString};
use core::net::SocketAddr;

use super::super::reply::Response;

/// When the steps of a transfer were done, in microseconds since its start, and between whom.
#[derive(Default)]
pub(super) struct Transfer {
    /// This host's end of the connection, and the server's.
    pub(super) ends: Option<(SocketAddr, SocketAddr)>,
    pub(super) named: u64,
    pub(super) connected: u64,
    pub(super) started: u64,
    pub(super) total: u64,
    /// The exit code and the message, if it failed.
    pub(super) failure: Option<(i32, String)>,
}

/// `-w`: the variables people print.
pub(super) fn write_out(format: &str, url: &str, transfer: &Transfer, response: &Response) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("%{")
            && let Some((name, after)) = after.split_once('}')
        {
            text += &variable(name, url, transfer, response);
            rest = after;
            continue;
        }
        let (plain, length) = match rest.get(..2) {
            Some("\\n") => ('\n', 2),
            Some("\\t") => ('\t', 2),
            Some("\\r") => ('\r', 2),
            Some("%%") => ('%', 2),
            _ => (first, first.len_utf8()),
        };
        text.push(plain);
        rest = &rest[length..];
    }
    text
}

fn variable(name: &str, url: &str, transfer: &Transfer, response: &Response) -> String {
    let (local, remote) = transfer.ends.unzip();
    let end = if name.starts_with('l') { local } else { remote };
    let (code, message) = transfer.failure.as_ref().map_or((0, ""), |(code, message)| (*code, message));
    let micros = match name {
        "exitcode" => return code.to_string(),
        "errormsg" => return message.to_string(),
        "http_code" | "response_code" => return format!("{:03}", response.status),
        "remote_ip" | "local_ip" => return end.map(|end| end.ip().to_string()).unwrap_or_default(),
        "remote_port" | "local_port" => return end.map_or(0, |end| end.port()).to_string(),
        "size_download" => return response.body.len().to_string(),
        "url" | "url_effective" => return url.to_string(),
        "time_namelookup" => transfer.named,
        "time_connect" => transfer.connected,
        "time_starttransfer" => transfer.started,
        "time_total" => transfer.total,
        _ => return String::new(),
    };
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
