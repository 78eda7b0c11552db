//! HTTP/1.1 servers: heads read by httparse, connections kept open as the client wants.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use smoltcp::time::Instant;

use super::super::machine::Machine;
use super::super::stream::TcpStream;
use super::{Connection, Server, Step, agnhost};
use crate::text::joined;

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
        let (_, query) = self.target.split_once('?')?;
        for pair in query.split('&') {
            if let Some((key, value)) = pair.split_once('=')
                && key == name
            {
                return Some(percent_decode(value));
            }
        }
        None
    }

    /// A header, its name compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        field(self.headers, name)
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
        let mut text = joined(&["HTTP/1.1 ", &self.status.to_string(), " ", reason(self.status), "\r\n"]);
        for (name, value) in &self.headers {
            for piece in [name, ": ", value, "\r\n"] {
                text.push_str(piece);
            }
        }
        let connection = if keep { "keep-alive" } else { "close" };
        for piece in ["Content-Length: ", &self.body.len().to_string(), "\r\nConnection: ", connection, "\r\n\r\n"] {
            text.push_str(piece);
        }
        let mut bytes = text.into_bytes();
        if with_body {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// One line of nginx's access log, in its format `main`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// When the request was answered.
    pub at: Instant,
    /// Who asked.
    pub client: IpAddr,
    /// What stands after the time.
    pub line: String,
}

/// The most lines that are kept.
const LOG_MAX: usize = 1000;

impl Access {
    fn of(request: &Request<'_>, response: &Response, at: Instant) -> Access {
        let header = |name: &str| request.header(name).unwrap_or("-");
        let sent = if request.method == "HEAD" { 0 } else { response.body.len() };
        let line = format!(
            "\"{} {} HTTP/1.1\" {} {sent} \"{}\" \"{}\" \"{}\"",
            request.method,
            request.target,
            response.status,
            header("referer"),
            header("user-agent"),
            header("x-forwarded-for")
        );
        Access { at, client: request.client.ip(), line }
    }
}

/// Answers the request that has come, once it is whole.
pub(super) fn step(machine: &Machine, server: &Server, stream: &TcpStream, connection: &mut Connection) -> Step {
    let bytes = &mut connection.bytes;
    let head = match head(bytes) {
        Ok(Some(head)) => head,
        Ok(None) if bytes.len() <= HEAD_MAX => return Step::Wait,
        _ => return Step::Last(Response::with(400, "text/plain", "Bad Request\n").emit(true, false)),
    };
    if head.body > BODY_MAX {
        return Step::Last(Response::with(413, "text/plain", "").emit(true, false));
    }
    if head.expects && !connection.continued {
        connection.continued = true;
        return Step::Say(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
    }
    let length = head.length + head.body;
    let Some(body) = bytes.get(head.length..length) else { return Step::Wait };
    let request = Request {
        method: &head.method,
        target: &head.target,
        headers: &head.headers,
        body,
        host: &machine.config.hostname,
        client: stream.remote,
        local: stream.local,
    };
    let response = respond(server, machine, &request);
    if matches!(server, Server::Nginx) {
        let mut log = machine.log.borrow_mut();
        if log.len() == LOG_MAX {
            log.pop_front();
        }
        log.push_back(Access::of(&request, &response, machine.now()));
    }
    let reply = response.emit(head.method != "HEAD", head.keep);
    connection.continued = false;
    connection.bytes.drain(..length);
    if head.keep { Step::Say(reply) } else { Step::Last(reply) }
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
    let headers = fields(request.headers);
    let value = |name: &str| field(&headers, name).unwrap_or_default();
    let connection = value("connection");
    let close = connection.eq_ignore_ascii_case("close");
    let keep = !close && (request.version == Some(1) || connection.eq_ignore_ascii_case("keep-alive"));
    let body = value("content-length").trim().parse().unwrap_or(0);
    let expects = value("expect").eq_ignore_ascii_case("100-continue");
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

/// Header names and values as text.
pub(in super::super) fn fields(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let mut fields = Vec::with_capacity(headers.len());
    for header in headers {
        let value = match core::str::from_utf8(header.value) {
            Ok(value) => value.to_string(),
            Err(_) => String::from_utf8_lossy(header.value).into_owned(),
        };
        fields.push((header.name.to_string(), value));
    }
    fields
}

/// The value of the first header of that name, compared without case.
pub(in super::super) fn field<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
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
        _ => Response::text(&joined(&[request.host, "\n"])),
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
        let digit = |at: usize| char::from(*more.get(at)?).to_digit(16);
        rest = more;
        bytes.push(match (*first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                rest = &more[2..];
                (high * 16 + low) as u8
            }
            (b'+', ..) => b' ',
            (other, ..) => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
