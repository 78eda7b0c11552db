//! busybox `wget`: `-q -O FILE -S -T SECONDS --spider --header --post-data`.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::net::SocketAddr;

use super::super::resolve;
use super::super::sys::Sys;
use super::curl::split_port;
use super::options::{Misuse, Options};
use super::reply::{self, Broken, Response};

const REDIRECTS_MAX: usize = 10;

/// `!`: `--spider`; `@`: `--header`; `&`: `--post-data`.
const KNOWN: &str = "q,quiet S,server-response !,spider O:,output-document T:,timeout @:,header &:,post-data U:,user-agent \
    t:,tries c P: o: ~,no-check-certificate";

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = match Options::read(arguments, KNOWN) {
        Ok(options) => options,
        Err(Misuse::MissingValue(last)) => {
            let name = last.trim_start_matches('-');
            return sys.fail(format_args!("wget: option requires an argument -- {name}"));
        }
        Err(Misuse::Unknown(name)) => return sys.fail(format_args!("wget: unrecognized option: {name}")),
    };
    let Some(url) = options.words.last() else {
        return sys.usage("wget [-cqS] [--spider] [-O FILE] [-T SEC] URL...");
    };
    match fetch(sys, &options, url.to_string()).await {
        Ok(()) => 0,
        Err(message) => sys.fail(format_args!("wget: {message}")),
    }
}

async fn fetch(sys: &Sys, options: &Options<'_>, mut url: String) -> Result<(), String> {
    for _ in 0..REDIRECTS_MAX {
        // busybox gives each wait its limit, 900 seconds without -T.
        let end = sys.after(options.seconds('T').unwrap_or(900_000));
        let mut response = Response::default();
        let request = Box::pin(request(sys, options, &url, &mut response));
        sys.timeout(Some(end), request).await.unwrap_or(Err("download timed out".to_string()))?;
        if options.has('S') {
            for line in response.head.lines() {
                if !line.is_empty() {
                    sys.complain(format_args!("  {line}"));
                }
            }
        }
        if (300..400).contains(&response.status)
            && let Some(target) = response.header("location")
        {
            url = target.to_string();
            continue;
        }
        if response.status >= 300 {
            let line = response.head.lines().next().unwrap_or_default();
            return Err(format!("server returned error: {line}"));
        }
        deliver(sys, options, &url, &response.body);
        return Ok(());
    }
    Err("too many redirections".to_string())
}

/// Prints the body, or says where it would have been stored.
fn deliver(sys: &Sys, options: &Options<'_>, url: &str, body: &[u8]) {
    let said = if options.has('!') {
        "remote file exists".to_string()
    } else if options.value('O') == Some("-") {
        sys.stdout.write(body);
        "writing to stdout\nwritten to stdout".to_string()
    } else {
        let file = options.value('O').unwrap_or_else(|| match url.rsplit_once('/') {
            Some((before, name)) if !name.is_empty() && before.matches('/').count() > 1 => name,
            _ => "index.html",
        });
        sys.store(file, body.to_vec());
        format!("saving to '{file}'\n'{file}' saved")
    };
    if !options.has('q') {
        sys.complain(format_args!("{said}"));
    }
}

async fn request(sys: &Sys, options: &Options<'_>, url: &str, response: &mut Response) -> Result<(), String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    if scheme != "http" {
        return Err(format!("not an http or ftp url: {url}"));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let (host, digits) = split_port(authority);
    let port = match digits {
        _ if host.len() == authority.len() => 80,
        digits => digits.parse().map_err(|_| format!("bad port '{digits}'"))?,
    };
    let address = resolve::address(sys, host).await.ok_or_else(|| format!("bad address '{host}'"))?;
    let remote = SocketAddr::new(address, port);
    if !options.has('q') {
        sys.complain(format_args!("Connecting to {authority} ({remote})"));
    }
    let connected = sys.connect(0, remote, None).await;
    let stream = connected.map_err(|error| format!("can't connect to remote host ({address}): {error}"))?;
    let post = options.value('&');
    let method = match post {
        _ if options.has('!') => "HEAD",
        Some(_) => "POST",
        None => "GET",
    };
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: Wget\r\nConnection: close\r\n");
    for line in options.values('@') {
        text += &format!("{line}\r\n");
    }
    if let Some(post) = post {
        let length = post.len();
        text += &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n");
    }
    text += "\r\n";
    text += post.unwrap_or_default();
    reply::exchange(sys, &stream, &text, response, options.has('!'), false).await.map_err(|broken| match broken {
        Broken::Net(error) => format!("error getting response: {error}"),
        Broken::Missing(_) => "connection closed prematurely".to_string(),
        Broken::Empty | Broken::Malformed => "error getting response".to_string(),
    })
}
