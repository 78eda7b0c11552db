//! busybox `wget`: `-q -O FILE -S -T SECONDS --spider --header --post-data`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use smoltcp::time::Duration;

use super::super::resolve;
use super::super::sys::Sys;
use super::options::{self, Word};
use super::reply::{self, Broken, Head};

const REDIRECTS_MAX: usize = 10;

/// Options that take a value.
const VALUED: &str = "O T U P o t header post-data user-agent timeout tries output-document";

#[derive(Default)]
struct Options<'a> {
    url: &'a str,
    quiet: bool,
    show: bool,
    spider: bool,
    output: Option<&'a str>,
    headers: Vec<&'a str>,
    post: Option<&'a str>,
    limit: Option<u64>,
}

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = match Options::read(arguments) {
        Ok(options) => options,
        Err(message) => {
            sys.complain(message);
            return 1;
        }
    };
    match fetch(sys, &options).await {
        Ok(()) => 0,
        Err(message) => {
            sys.complain(format_args!("wget: {message}"));
            1
        }
    }
}

impl<'a> Options<'a> {
    fn read(arguments: &'a [String]) -> Result<Options<'a>, String> {
        let mut options = Options::default();
        let words = options::parse(arguments, VALUED)
            .map_err(|missing| format!("wget: option requires an argument -- {}", missing.0.trim_start_matches('-')))?;
        for word in words {
            match word {
                Word::Plain(url) => options.url = url,
                Word::Option("q" | "quiet", _) => options.quiet = true,
                Word::Option("S" | "server-response", _) => options.show = true,
                Word::Option("spider", _) => options.spider = true,
                Word::Option("O" | "output-document", file) => options.output = Some(file),
                Word::Option("T" | "timeout", text) => options.limit = options::seconds(text),
                Word::Option("header", line) => options.headers.push(line),
                Word::Option("post-data", data) => options.post = Some(data),
                Word::Option("U" | "user-agent" | "t" | "tries" | "c" | "P" | "o" | "no-check-certificate", _) => {}
                Word::Option(other, _) => return Err(format!("wget: unrecognized option: {other}")),
            }
        }
        if options.url.is_empty() {
            let usage = "BusyBox v1.37.0 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] URL...";
            return Err(usage.to_string());
        }
        Ok(options)
    }
}

async fn fetch(sys: &Sys, options: &Options<'_>) -> Result<(), String> {
    let mut url = options.url.to_string();
    for _ in 0..REDIRECTS_MAX {
        // busybox gives each wait its limit, 900 seconds without -T.
        let limit = Duration::from_millis(options.limit.unwrap_or(900_000));
        let (head, body) =
            sys.timeout(limit, request(sys, options, &url)).await.unwrap_or(Err("download timed out".to_string()))?;
        if options.show {
            head.text.lines().filter(|line| !line.is_empty()).for_each(|line| sys.complain(format_args!("  {line}")));
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
fn deliver(sys: &Sys, options: &Options<'_>, url: &str, body: &[u8]) -> Result<(), String> {
    if options.spider {
        if !options.quiet {
            sys.complain("remote file exists");
        }
        return Ok(());
    }
    let file = match options.output {
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
        sys.complain(format_args!("saving to '{file}'"));
        sys.complain(format_args!("'{file}' saved"));
    }
    Ok(())
}

async fn request(sys: &Sys, options: &Options<'_>, url: &str) -> Result<(Head, Vec<u8>), String> {
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
        sys.complain(format_args!("Connecting to {authority} ({remote})"));
    }
    let refused = |error| format!("can't connect to remote host ({}): {error}", remote.ip());
    let stream = sys.connect(0, remote).await.map_err(refused)?;
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
    if let Some(post) = options.post {
        text +=
            &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{post}", post.len());
    } else {
        text += "\r\n";
    }
    let broken = |broken| match broken {
        Broken::Net(error) => format!("error getting response: {error}"),
        Broken::Missing(_) => "connection closed prematurely".to_string(),
        Broken::Empty | Broken::Malformed => "error getting response".to_string(),
    };
    stream.write(text.as_bytes()).await.map_err(|error| broken(Broken::Net(error)))?;
    let mut bytes = Vec::new();
    let head = reply::read_head(&stream, &mut bytes).await.map_err(broken)?;
    let body = reply::read_body(&stream, &head, options.spider, bytes, &mut 0).await.map_err(broken)?;
    Ok((head, body))
}
