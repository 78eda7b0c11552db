//! busybox `wget`: `-q -O FILE -S -T SECONDS --spider --header --post-data`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use smoltcp::time::Duration;

use super::super::resolve;
use super::super::sys::Sys;
use super::options::{self, Word};
use super::reply::{Body, Head};

const REDIRECTS_MAX: usize = 10;

#[derive(Default)]
struct Options {
    url: String,
    quiet: bool,
    show: bool,
    spider: bool,
    output: Option<String>,
    headers: Vec<String>,
    post: Option<String>,
    limit: Option<u64>,
}

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let mut options = Options::default();
    let words = match options::parse(arguments, "O T U P o t header post-data user-agent timeout tries output-document")
    {
        Ok(words) => words,
        Err(missing) => {
            sys.complain(&format!("wget: option requires an argument -- {}", missing.0.trim_start_matches('-')));
            return 1;
        }
    };
    for word in words {
        match word {
            Word::Plain(url) => options.url = url,
            Word::Option(name, value) => match (name.as_str(), value.unwrap_or_default()) {
                ("q" | "quiet", _) => options.quiet = true,
                ("S" | "server-response", _) => options.show = true,
                ("spider", _) => options.spider = true,
                ("O" | "output-document", file) => options.output = Some(file),
                ("T" | "timeout", text) => options.limit = options::seconds(&text),
                ("header", line) => options.headers.push(line),
                ("post-data", data) => options.post = Some(data),
                ("U" | "user-agent" | "t" | "tries" | "c" | "P" | "o" | "no-check-certificate", _) => {}
                (other, _) => {
                    sys.complain(&format!("wget: unrecognized option: {other}"));
                    return 1;
                }
            },
        }
    }
    if options.url.is_empty() {
        sys.complain("BusyBox v1.37.0 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] URL...");
        return 1;
    }
    match fetch(sys, &options).await {
        Ok(()) => 0,
        Err(message) => {
            sys.complain(&format!("wget: {message}"));
            1
        }
    }
}

async fn fetch(sys: &Sys, options: &Options) -> Result<(), String> {
    let mut url = options.url.clone();
    for _ in 0..REDIRECTS_MAX {
        // busybox gives each wait its limit, 900 seconds without -T.
        let limit = Duration::from_millis(options.limit.unwrap_or(900_000));
        let (head, body) =
            sys.timeout(limit, request(sys, options, &url)).await.unwrap_or(Err("download timed out".to_string()))?;
        if options.show {
            head.text.lines().filter(|line| !line.is_empty()).for_each(|line| sys.complain(&format!("  {line}")));
        }
        if let Some(target) = head.header("location").filter(|_| (300..400).contains(&head.status)) {
            url = target.to_string();
            continue;
        }
        if head.status >= 300 {
            let line = head.text.lines().next().unwrap_or("").to_string();
            return Err(format!("server returned error: {line}"));
        }
        return deliver(sys, options, &url, &body);
    }
    Err("too many redirections".to_string())
}

/// Prints the body, or says where it would have been stored.
fn deliver(sys: &Sys, options: &Options, url: &str, body: &[u8]) -> Result<(), String> {
    if options.spider {
        if !options.quiet {
            sys.complain("remote file exists");
        }
        return Ok(());
    }
    let file = match options.output.as_deref() {
        Some("-") => {
            sys.stdout.write(body);
            if !options.quiet {
                sys.complain("writing to stdout");
                sys.complain("written to stdout");
            }
            return Ok(());
        }
        Some(file) => file,
        None => match url.rsplit('/').next() {
            Some(name) if !name.is_empty() && url.matches('/').count() > 2 => name,
            _ => "index.html",
        },
    };
    sys.store(file, body.to_vec());
    if !options.quiet {
        sys.complain(&format!("saving to '{file}'"));
        sys.complain(&format!("'{file}' saved"));
    }
    Ok(())
}

async fn request(sys: &Sys, options: &Options, url: &str) -> Result<(Head, Vec<u8>), String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    if scheme != "http" {
        return Err(format!("not an http or ftp url: {url}"));
    }
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => (host, port.parse().map_err(|_| format!("bad port '{port}'"))?),
        None => (authority, 80),
    };
    let addresses = resolve::lookup(sys, host).await.map_err(|_| format!("bad address '{host}'"))?;
    let remote = SocketAddr::new(*addresses.first().ok_or("bad address")?, port);
    if !options.quiet {
        sys.complain(&format!("Connecting to {authority} ({remote})"));
    }
    let refused = |error| format!("can't connect to remote host ({}): {error}", remote.ip());
    let stream = sys.connect(remote).await.map_err(refused)?;
    let method = if options.spider {
        "HEAD"
    } else if options.post.is_some() {
        "POST"
    } else {
        "GET"
    };
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: Wget\r\nConnection: close\r\n");
    for line in &options.headers {
        text += &format!("{line}\r\n");
    }
    if let Some(post) = &options.post {
        text +=
            &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{post}", post.len());
    } else {
        text += "\r\n";
    }
    let broken = |error| format!("error getting response: {error}");
    stream.write(text.as_bytes()).await.map_err(broken)?;
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(head) = Head::parse(&bytes).map_err(|_| "error getting response".to_string())? {
            break head;
        }
        if stream.read(&mut bytes).await.map_err(broken)? == 0 {
            return Err("error getting response".to_string());
        }
    };
    bytes.drain(..head.length);
    let mut body = Body::new(&head, options.spider);
    loop {
        if let Some(whole) = body.whole(&bytes) {
            return Ok((head, whole));
        }
        if stream.read(&mut bytes).await.map_err(broken)? == 0 {
            let whole = body.end(&bytes).ok_or("connection closed prematurely")?;
            return Ok((head, whole));
        }
    }
}
