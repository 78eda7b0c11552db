//! HTTP/1.1 servers: heads read by httparse, connections kept open as the client wants.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::super::machine::Machine;
use super::super::stream::{NetError, TcpStream};
use super::{Server, agnhost};

/// The longest head that is read, in bytes, and the most headers in it.
const HEAD_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// The longest body.
const BODY_MAX: usize = 1 << 20;

/// An HTTP request as a handler sees it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `GET` and the like.
    pub method: &'a str,
    /// The path and the query, as sent.
    pub target: &'a str,
    /// Header names and values in the order they came.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
    /// The name of the host that answers.
    pub host: &'a str,
    /// The client as this host sees it.
    pub client: SocketAddr,
    /// Where the client reached this host.
    pub local: SocketAddr,
}

impl Request<'_> {
    /// The target up to its `?`.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }

    /// A parameter of the query, percent-decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        let found = query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?;
        Some(percent_decode(found.1))
    }

    /// A header, its name compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An HTTP response; the length, `Date` and `Connection` are the server's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200 and the like.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// 200 with a text.
    pub fn text(body: &str) -> Response {
        Response::with(200, "text/plain; charset=utf-8", body)
    }

    /// Any status with a body of this type.
    pub fn with(status: u16, content_type: &str, body: &str) -> Response {
        let headers = alloc::vec![("Content-Type".to_string(), content_type.to_string())];
        Response { status, headers, body: body.into() }
    }

    fn emit(&self, with_body: bool, keep: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            for piece in [name, ": ", value, "\r\n"] {
                text.push_str(piece);
            }
        }
        let connection = if keep { "keep-alive" } else { "close" };
        text += &format!("Content-Length: {}\r\nConnection: {connection}\r\n\r\n", self.body.len());
        let mut bytes = text.into_bytes();
        if with_body {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// Serves one connection: requests one after the other until the client is done.
pub(super) async fn serve(machine: &Machine, server: &Server, stream: &TcpStream) -> Result<(), NetError> {
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            match head(&bytes) {
                Ok(Some(head)) => break head,
                Ok(None) if bytes.len() <= HEAD_MAX => {}
                _ => return stream.write(&Response::with(400, "text/plain", "Bad Request\n").emit(true, false)).await,
            }
            if stream.read(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        if head.body > BODY_MAX {
            return stream.write(&Response::with(413, "text/plain", "").emit(true, false)).await;
        }
        if head.expects {
            stream.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        while bytes.len() < head.length + head.body {
            if stream.read(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let response = respond(
            server,
            machine,
            &Request {
                method: &head.method,
                target: &head.target,
                headers: &head.headers,
                body: &bytes[head.length..head.length + head.body],
                host: &machine.config.hostname,
                client: stream.remote,
                local: stream.local,
            },
        );
        stream.write(&response.emit(head.method != "HEAD", head.keep)).await?;
        if !head.keep {
            return Ok(());
        }
        bytes.drain(..head.length + head.body);
    }
}

struct Head {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    /// Bytes of the head and of the body behind it.
    length: usize,
    body: usize,
    keep: bool,
    expects: bool,
}

/// Reads a request's head; `None` while it is not whole.
fn head(bytes: &[u8]) -> Result<Option<Head>, httparse::Error> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = request.parse(bytes)? else { return Ok(None) };
    let headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|header| (header.name.to_string(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let value = |name: &str| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let connection = value("connection").map(|value| value.to_ascii_lowercase());
    let keep = match connection.as_deref() {
        Some("close") => false,
        Some("keep-alive") => true,
        _ => request.version == Some(1),
    };
    let body = value("content-length").and_then(|value| value.trim().parse().ok()).unwrap_or(0);
    let expects = value("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"));
    Ok(Some(Head {
        method: request.method.unwrap_or("").to_string(),
        target: request.path.unwrap_or("").to_string(),
        headers,
        length,
        body,
        keep,
        expects,
    }))
}

fn respond(server: &Server, machine: &Machine, request: &Request<'_>) -> Response {
    match server {
        Server::Handler(handler) => handler(request),
        Server::Netexec => agnhost::respond(request),
        Server::Nginx => {
            let path = if request.path().ends_with('/') { "index.html" } else { "" };
            let path = format!("/usr/share/nginx/html{}{path}", request.path());
            let (status, page) = match machine.files.borrow().value(path.as_bytes()) {
                Some(bytes) => (200, String::from_utf8_lossy(bytes).into_owned()),
                None if path.ends_with("/html/index.html") => (200, NGINX_WELCOME.to_string()),
                None => (404, nginx_error("404 Not Found")),
            };
            let mut response = Response::with(status, "text/html", &page);
            response.headers.insert(0, ("Server".to_string(), "nginx/1.29.3".to_string()));
            response
        }
        _ => Response::text(&format!("{}\n", request.host)),
    }
}

fn nginx_error(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx/1.29.3</center>\r\n</body>\r\n</html>\r\n"
    )
}

/// The page that says that nginx runs: the upstream page's title and heading, which is what people look for.
const NGINX_WELCOME: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n\
    <h1>Welcome to nginx!</h1>\n</body>\n</html>\n";

/// The words of a status line.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let hex = |digit: u8| char::from(digit).to_digit(16);
        rest = more;
        match (first, more) {
            (b'%', [high, low, more @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high * 16 + low) as u8);
                    rest = more;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
