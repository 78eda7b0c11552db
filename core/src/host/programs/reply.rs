//! An HTTP response as a client reads it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::stream::{NetError, TcpStream};

/// The head of a response.
pub(super) struct Head {
    pub(super) status: u16,
    /// As it came, with the empty line.
    pub(super) text: String,
    length: usize,
    headers: Vec<(String, String)>,
    keep: bool,
}

impl Head {
    /// Reads a head; `None` while it is not whole.
    fn parse(bytes: &[u8]) -> Result<Option<Head>, httparse::Error> {
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

    /// Whether another request may follow on this connection.
    pub(super) fn keeps_open(&self) -> bool {
        self.keep
    }
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

/// Reads the head of the response, past interim ones; what came behind it is left in `bytes`.
pub(super) async fn read_head(stream: &TcpStream, bytes: &mut Vec<u8>) -> Result<Head, Broken> {
    loop {
        match Head::parse(bytes) {
            Ok(Some(head)) => {
                bytes.drain(..head.length);
                if head.status != 100 {
                    return Ok(head);
                }
            }
            Ok(None) => {
                if stream.read(bytes).await.map_err(Broken::Net)? == 0 {
                    return Err(Broken::Empty);
                }
            }
            Err(_) => return Err(Broken::Malformed),
        }
    }
}

/// Reads the body behind a head; `none` if the request was one that has no body. `size` follows how much has come.
pub(super) async fn read_body(
    stream: &TcpStream,
    head: &Head,
    none: bool,
    mut bytes: Vec<u8>,
    size: &mut usize,
) -> Result<Vec<u8>, Broken> {
    let end = if none { End::Length(0) } else { head.end() };
    loop {
        *size = bytes.len();
        match end {
            End::Length(length) if bytes.len() >= length => {
                bytes.truncate(length);
                return Ok(bytes);
            }
            End::Chunked => {
                if let Some(whole) = unchunk(&bytes) {
                    return Ok(whole);
                }
            }
            End::Length(_) | End::Close => {}
        }
        if stream.read(&mut bytes).await.map_err(Broken::Net)? == 0 {
            return match end {
                End::Close => Ok(bytes),
                End::Length(length) => Err(Broken::Missing(length - bytes.len())),
                End::Chunked => Err(Broken::Missing(1)),
            };
        }
    }
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
