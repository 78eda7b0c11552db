//! A static file server for one person on one machine.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::Error;

/// The port when none is asked for.
pub const PORT: u16 = 8080;
/// How many ports are tried, from the one asked for upwards.
const PORTS: u16 = 100;
/// More than this is not a browser asking for a page.
const HEAD_LIMIT: usize = 16 * 1024;

/// A server that listens on the loopback address; nothing is answered before [`Server::run`] or [`Server::spawn`].
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    site: Arc<Path>,
}

impl Server {
    /// Binds `port`, or the next one that is free.
    pub fn bind(site: &Path, port: u16) -> Result<Self, Error> {
        let last = port.saturating_add(PORTS - 1);
        for candidate in port..=last {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, candidate)) {
                Ok(listener) => {
                    let address = listener.local_addr().map_err(|error| Error::new(error.to_string()))?;
                    return Ok(Self { listener, address, site: site.into() });
                }
                Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {}
                Err(error) => return Err(Error::new(format!("listening on port {candidate}: {error}"))),
            }
        }
        Err(Error::new(format!("no free port from {port} to {last}")).advise("name another with --port"))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the process ends.
    pub fn run(&self) {
        for stream in self.listener.incoming().flatten() {
            let site = Arc::clone(&self.site);
            // A browser that goes away is no error of ours.
            std::thread::spawn(move || answer(stream, &site).ok());
        }
    }

    /// Serves from a thread of its own, until the process ends.
    pub fn spawn(self) -> SocketAddr {
        let address = self.address;
        std::thread::spawn(move || self.run());
        address
    }
}

fn answer(mut stream: TcpStream, site: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut read, mut line) = (first.len(), String::new());
    while read < HEAD_LIMIT && reader.read_line(&mut line)? > 2 {
        read += line.len();
        line.clear();
    }
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, mime, body) = match (method, resolve(site, target)) {
        ("GET" | "HEAD", Some(file)) => match std::fs::read(&file) {
            Ok(body) => ("200 OK", mime(&file), body),
            Err(_) => ("404 Not Found", "text/plain; charset=utf-8", b"not found\n".to_vec()),
        },
        ("GET" | "HEAD", None) => ("404 Not Found", "text/plain; charset=utf-8", b"not found\n".to_vec()),
        _ => ("405 Method Not Allowed", "text/plain; charset=utf-8", b"only GET and HEAD\n".to_vec()),
    };
    let length = body.len();
    // The site changes under the same names when it is built again.
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The file a request names; nothing outside `site` has a name.
fn resolve(site: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = PathBuf::from(decode(path)?);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let file = site.join(path);
    Some(if file.is_dir() { file.join("index.html") } else { file })
}

/// Undoes percent encoding.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = core::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Browsers stream a module only when it says what it is.
fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "yaml" | "yml" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_site_is_served_with_its_types_and_nothing_outside_it() {
        let folder = std::env::temp_dir().join(format!("serve-{}", std::process::id()));
        let site = folder.join("site");
        std::fs::create_dir_all(&site).unwrap();
        std::fs::write(folder.join("secret"), "secret").unwrap();
        std::fs::write(site.join("index.html"), "<p>hello").unwrap();
        std::fs::write(site.join("a b.wasm"), "\0asm").unwrap();
        let address = Server::bind(&site, 0).unwrap().spawn();

        let page = ask(address, "GET /?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("text/html") && page.ends_with("<p>hello"));
        assert!(ask(address, "GET /a%20b.wasm HTTP/1.1\r\n\r\n").contains("application/wasm"));
        assert!(ask(address, "HEAD / HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
        for outside in ["/../secret", "/%2e%2e/secret", "//etc/passwd", "/nothing"] {
            let answer = ask(address, &format!("GET {outside} HTTP/1.1\r\n\r\n"));
            assert!(answer.starts_with("HTTP/1.1 404"), "{outside}: {answer}");
        }
        assert!(ask(address, "POST / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_taken_port_gives_the_next_free_one() {
        let first = Server::bind(Path::new("."), 18080).unwrap();
        let second = Server::bind(Path::new("."), first.address().port()).unwrap();
        assert!(second.address().port() > first.address().port());
    }
}
