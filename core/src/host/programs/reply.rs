//! An HTTP exchange as a client sees it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;

use smoltcp::time::Instant;

use super::super::server::{field, fields};
use super::super::stream::{NetError, TcpStream};
use super::super::sys::Sys;

/// A response as far as it has come.
#[derive(Default)]
pub(super) struct Response {
    /// 0 while the head is not whole.
    pub(super) status: u16,
    /// The head as it came, with the empty line.
    pub(super) head: String,
    headers: Vec<(String, String)>,
    /// When the head was whole.
    pub(super) started: Option<Instant>,
    /// Whether another request may follow on this connection.
    pub(super) keep: bool,
    /// What has come behind the head; in the end the body without its chunks' lengths.
    pub(super) body: Vec<u8>,
}

/// Why there is no whole response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The connection ended before a head.
    Empty,
    /// What came is no HTTP.
    Malformed,
    /// So many bytes of the body are missing.
    Missing(usize),
    /// The connection broke.
    Net(NetError),
}

/// Sends a request and reads its response; `bodiless` if the request was one whose response has no body. `verbose` says
/// what happens in curl's words. Boxed, because each HTTP client calls it.
pub(super) fn exchange<'a>(
    sys: &'a Sys,
    stream: &'a TcpStream,
    request: &'a str,
    response: &'a mut Response,
    bodiless: bool,
    verbose: bool,
) -> Pin<Box<dyn Future<Output = Result<(), Broken>> + 'a>> {
    Box::pin(async move {
        stream.write(request.as_bytes()).await.map_err(Broken::Net)?;
        if verbose {
            sys.complain(format_args!("* Request completely sent off"));
        }
        let mut end = None;
        loop {
            if end.is_none() && response.has_head()? {
                response.started = Some(sys.now());
                if verbose {
                    for line in response.head.lines() {
                        sys.complain(format_args!("< {line}"));
                    }
                }
                end = Some(if bodiless { End::Length(0) } else { response.end() });
            }
            if end.is_some_and(|end| response.is_whole(end)) {
                return Ok(());
            }
            if stream.read(&mut response.body).await.map_err(Broken::Net)? == 0 {
                return match end {
                    None => Err(Broken::Empty),
                    Some(End::Close) => Ok(()),
                    Some(End::Length(length)) => Err(Broken::Missing(length - response.body.len())),
                    Some(End::Chunked) => Err(Broken::Missing(1)),
                };
            }
        }
    })
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy)]
enum End {
    /// After this many bytes.
    Length(usize),
    /// In pieces that each say their length.
    Chunked,
    /// When the server closes.
    Close,
}

impl Response {
    /// A header, its name compared without case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }

    /// Takes the head out of what has come, past interim ones; false while it is not whole.
    fn has_head(&mut self) -> Result<bool, Broken> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut parsed = httparse::Response::new(&mut headers);
            let length = match parsed.parse(&self.body) {
                Ok(httparse::Status::Complete(length)) => length,
                Ok(httparse::Status::Partial) => return Ok(false),
                Err(_) => return Err(Broken::Malformed),
            };
            self.headers = fields(parsed.headers);
            self.keep = parsed.version == Some(1);
            let status = parsed.code.unwrap_or(0);
            let rest = self.body.split_off(length);
            self.head = String::from_utf8_lossy(&self.body).into_owned();
            self.body = rest;
            if status != 100 {
                self.status = status;
                if let Some(connection) = self.header("connection") {
                    self.keep = !connection.eq_ignore_ascii_case("close");
                }
                return Ok(true);
            }
        }
    }

    fn end(&self) -> End {
        if self.status == 204 || self.status == 304 {
            return End::Length(0);
        }
        if self.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return End::Chunked;
        }
        let length = self.header("content-length").and_then(|value| value.trim().parse().ok());
        length.map_or(End::Close, End::Length)
    }

    /// Whether the body is whole; then it is all there is.
    fn is_whole(&mut self, end: End) -> bool {
        match end {
            End::Length(length) => {
                let whole = self.body.len() >= length;
                self.body.truncate(length);
                whole
            }
            End::Chunked => match unchunk(&self.body) {
                Some(body) => {
                    self.body = body;
                    true
                }
                None => false,
            },
            End::Close => false,
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
