//! What `-w` can tell of a transfer.

use alloc::format;
use alloc::string::{String, ToString};
use core::net::SocketAddr;

use super::super::super::sys::Sys;
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
pub(super) fn write_out(sys: &Sys, format: &str, url: &str, transfer: &Transfer, response: &Response) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("%{")
            && let Some((name, after)) = after.split_once('}')
        {
            match variable(name, url, transfer, response) {
                Some(value) => text += &value,
                None => sys.complain(format_args!("curl: unknown --write-out variable: '{name}'")),
            }
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

fn variable(name: &str, url: &str, transfer: &Transfer, response: &Response) -> Option<String> {
    let (local, remote) = transfer.ends.unzip();
    let end = if name.starts_with('l') { local } else { remote };
    let (code, message) = transfer.failure.as_ref().map_or((0, ""), |(code, message)| (*code, message));
    let micros = match name {
        "exitcode" => return Some(code.to_string()),
        "errormsg" => return Some(message.to_string()),
        "http_code" | "response_code" => return Some(format!("{:03}", response.status)),
        "remote_ip" | "local_ip" => return Some(end.map(|end| end.ip().to_string()).unwrap_or_default()),
        "remote_port" | "local_port" => return Some(end.map_or(0, |end| end.port()).to_string()),
        "size_download" => return Some(response.body.len().to_string()),
        "url" | "url_effective" => return Some(url.to_string()),
        "scheme" => return Some("http".to_string()),
        "content_type" => return Some(response.header("content-type").unwrap_or_default().to_string()),
        "num_connects" => return Some(u64::from(transfer.connected > 0).to_string()),
        "time_namelookup" => transfer.named,
        "time_connect" => transfer.connected,
        "time_starttransfer" => transfer.started,
        "time_total" => transfer.total,
        _ => return None,
    };
    Some(format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000))
}
