//! URLs as curl reads them: the scheme may be missing.

use alloc::format;
use alloc::string::{String, ToString};

use super::Failure;
use crate::text::{cut, joined};

/// Where a request goes.
pub(in super::super) struct Url {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) target: String,
}

impl Url {
    /// Reads a URL.
    pub(super) fn parse(text: &str) -> Result<Url, Failure> {
        let rejected = |why: &str| Err(Failure(3, format!("URL rejected: {why}")));
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let tls = scheme.eq_ignore_ascii_case("https");
        if !tls && !scheme.eq_ignore_ascii_case("http") {
            return Err(Failure(1, format!("Protocol \"{}\" not supported", scheme.to_ascii_lowercase())));
        }
        let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (host, digits) = split_port(authority);
        let port = match digits {
            "" => Ok(if tls { 443 } else { 80 }),
            digits => digits.parse(),
        };
        let Ok(port) = port else { return rejected("Port number was not a decimal number between 0 and 65535") };
        if host.is_empty() {
            return rejected("No host part in the URL");
        }
        if host.bytes().any(|byte| matches!(byte, b' ' | b'<' | b'>' | b'\t')) {
            return rejected("Malformed input to a URL function");
        }
        let (path, _) = cut(path, b'#');
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Url { tls, host: host.to_string(), port, target: joined(&[slash, path]) })
    }

    /// The URL that `target` names in a page of this one.
    pub(super) fn join(&self, target: &str) -> Result<Url, Failure> {
        if target.contains("://") {
            return Url::parse(target);
        }
        let scheme = if self.tls { "https" } else { "http" };
        let slash = if target.starts_with('/') { "" } else { "/" };
        Url::parse(&format!("{scheme}://{}{slash}{target}", self.authority()))
    }

    /// Host and port.
    pub(super) fn authority(&self) -> String {
        joined(&[&self.host, ":", &self.port.to_string()])
    }

    /// What `Host` says: the port only if it is not the scheme's own.
    pub(super) fn host_header(&self) -> String {
        let default = if self.tls { 443 } else { 80 };
        if self.port == default { self.host.clone() } else { self.authority() }
    }
}

/// A URL's host and the digits of its port, which may be missing; an IPv6 address has brackets.
pub(in super::super) fn split_port(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    }
}
