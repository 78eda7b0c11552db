//! URLs as curl reads them: the scheme may be missing.

use alloc::format;
use alloc::string::{String, ToString};

use super::Failure;

/// Where a request goes.
pub(super) struct Url {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) target: String,
}

impl Url {
    /// Reads a URL.
    pub(super) fn parse(text: &str) -> Result<Url, Failure> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            other => return Err(Failure(1, format!("Protocol \"{other}\" not supported"))),
        };
        let (authority, path) = rest.find(['/', '?']).map_or((rest, "/"), |at| rest.split_at(at));
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let malformed = || Failure(3, "URL rejected: Malformed input to a URL function".to_string());
        let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
            Some(at) => {
                let bad =
                    || Failure(3, "URL rejected: Port number was not a decimal number between 0 and 65535".into());
                let digits = &authority[at + 1..];
                let port = if digits.is_empty() { None } else { Some(digits.parse().map_err(|_| bad())?) };
                (&authority[..at], port)
            }
            None => (authority, None),
        };
        if host.is_empty() {
            return Err(Failure(3, "URL rejected: No host part in the URL".to_string()));
        }
        if host.contains([' ', '<', '>', '\t']) {
            return Err(malformed());
        }
        let path = path.split('#').next().unwrap_or("/");
        let target = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        Ok(Url { tls, host: host.to_string(), port: port.unwrap_or(if tls { 443 } else { 80 }), target })
    }

    /// The URL that `target` names in a page of this one.
    pub(super) fn join(&self, target: &str) -> Result<Url, Failure> {
        if target.contains("://") {
            return Url::parse(target);
        }
        let path = if target.starts_with('/') { target.to_string() } else { format!("/{target}") };
        Url::parse(&format!("{}://{}{path}", if self.tls { "https" } else { "http" }, self.authority()))
    }

    /// Host and port.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What `Host` says: the port only if it is not the scheme's own.
    pub(super) fn host_header(&self) -> String {
        let default = if self.tls { 443 } else { 80 };
        if self.port == default { self.host.clone() } else { self.authority() }
    }
}
