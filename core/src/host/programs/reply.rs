//! An HTTP response as a client reads it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The head of a response.
pub(super) struct Head {
    pub(super) status: u16,
    /// As it came, with the empty line.
    pub(super) text: String,
    pub(super) length: usize,
    headers: Vec<(String, String)>,
    keep: bool,
}

impl Head {
    /// Reads a head; `None` while it is not whole.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Head>, httparse::Error> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
        let headers = response.headers.iter();
        let headers = headers.map(|h| (h.name.to_string(), String::from_utf8_lossy(h.value).into_owned())).collect();
        let mut head = Head {
            status: response.code.unwrap_or(0),
            text: String::from_utf8_lossy(&bytes[..length]).into_owned(),
            length,
            headers,
            keep: response.version == Some(1),
        };
        if let Some(connection) = head.header("connection") {
            head.keep = !connection.eq_ignore_ascii_case("close");
        }
        Ok(Some(head))
    }

    /// A header, its name compared without case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether another request may follow on this connection.
    pub(super) fn keeps_open(&self) -> bool {
        self.keep
    }
}

/// How the end of a body is found.
pub(super) enum Body {
    /// After this many bytes.
    Length(usize),
    /// In pieces that each say their length.
    Chunked,
    /// When the server closes.
    UntilClose,
}

impl Body {
    pub(super) fn new(head: &Head, none: bool) -> Body {
        if none || head.status == 204 || head.status == 304 {
            return Body::Length(0);
        }
        if head.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return Body::Chunked;
        }
        match head.header("content-length").and_then(|value| value.trim().parse().ok()) {
            Some(length) => Body::Length(length),
            None => Body::UntilClose,
        }
    }

    /// The body, once `bytes` hold all of it.
    pub(super) fn whole(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Body::Length(length) => bytes.get(..*length).map(<[u8]>::to_vec),
            Body::Chunked => unchunk(bytes),
            Body::UntilClose => None,
        }
    }

    /// The body when the connection has ended; `None` if a part is missing.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        matches!(self, Body::UntilClose).then(|| bytes.to_vec())
    }

    /// Bytes that should have come still.
    pub(super) fn missing(&self, bytes: &[u8]) -> usize {
        match self {
            Body::Length(length) => length.saturating_sub(bytes.len()),
            _ => 0,
        }
    }
}

fn unchunk(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let mut rest = bytes;
    loop {
        let httparse::Status::Complete((start, size)) = httparse::parse_chunk_size(rest).ok()? else { return None };
        let size = usize::try_from(size).ok()?;
        let chunk = rest.get(start..start.checked_add(size)?)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        rest = rest.get(start + size + 2..)?;
    }
}
