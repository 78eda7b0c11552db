//! `curl`, the part of it that one types to try a Service. Words and exit codes as curl 8.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

use smoltcp::time::{Duration, Instant};

use super::super::resolve::{self, ResolveError};
use super::super::stream::{NetError, TcpStream};
use super::super::sys::Sys;
use super::reply::{self, Broken, Head};

mod options;
mod report;
mod url;

use options::Options;
use report::Transfer;
use url::Url;

/// What `User-Agent` says.
const AGENT: &str = "curl/8.17.0";
/// How long a connection may take if nothing is said.
const CONNECT_TIMEOUT: u64 = 300_000;
const REDIRECTS_MAX: u32 = 50;

/// An exit code and the message behind `curl: (N) `.
struct Failure(i32, String);

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = match Options::read(arguments) {
        Ok(options) => options,
        Err(Failure(code, message)) => {
            sys.complain(format_args!("curl: {message}\ncurl: try 'curl --help' for more information"));
            return code;
        }
    };
    if options.urls.is_empty() {
        sys.complain("curl: (2) no URL specified\ncurl: try 'curl --help' for more information");
        return 2;
    }
    let mut code = 0;
    let mut open = None;
    for url in &options.urls {
        let mut tries = 0;
        code = loop {
            match fetch(sys, &options, url, &mut open).await {
                Ok(()) => break 0,
                Err(Failure(28 | 7 | 6 | 22, _)) if tries < options.retry => {
                    sys.sleep(Duration::from_secs(1 << tries.min(9))).await;
                    tries += 1;
                }
                Err(Failure(code, message)) => {
                    if !options.silent || options.show_error {
                        sys.complain(format_args!("curl: ({code}) {message}"));
                    }
                    break code;
                }
            }
        };
    }
    code
}

/// One URL, its redirects and its `-w` line. `open` is the connection kept from the last one.
async fn fetch(
    sys: &Sys,
    options: &Options<'_>,
    url: &str,
    open: &mut Option<(String, TcpStream)>,
) -> Result<(), Failure> {
    let start = sys.now();
    let mut transfer = Transfer::default();
    let whole = follow(sys, options, url, open, start, &mut transfer);
    let limit = options.max_time.map(Duration::from_millis);
    let result = sys.timeout(limit, whole).await.unwrap_or_else(|| {
        let elapsed = sys.millis_since(start);
        Err(Failure(
            28,
            match transfer.connected {
                0 => format!("Connection timed out after {elapsed} milliseconds"),
                _ => format!("Operation timed out after {elapsed} milliseconds with {} bytes received", transfer.size),
            },
        ))
    });
    if let Some(format) = options.write_out {
        sys.print(report::write_out(format, url, &transfer, micros(sys, start)));
    }
    result
}

/// A request, and again where the answer points while `-L` says so.
async fn follow(
    sys: &Sys,
    options: &Options<'_>,
    url: &str,
    open: &mut Option<(String, TcpStream)>,
    start: Instant,
    transfer: &mut Transfer,
) -> Result<(), Failure> {
    let mut url = Url::parse(url)?;
    for _ in 0..=REDIRECTS_MAX {
        let (head, body) = request(sys, options, &url, open, start, transfer).await?;
        if options.fail && head.status >= 400 {
            return Err(Failure(22, format!("The requested URL returned error: {}", head.status)));
        }
        if options.include || options.head {
            sys.print(&head.text);
        }
        let target = head.header("location").filter(|_| options.location && (300..400).contains(&head.status));
        if let Some(target) = target {
            url = url.join(target)?;
            continue;
        }
        match options.output {
            None | Some("-") => sys.stdout.write(&body),
            Some(file) => sys.store(file, body),
        }
        return Ok(());
    }
    Err(Failure(47, format!("Maximum ({REDIRECTS_MAX}) redirects followed")))
}

/// One request and its response, over the open connection if it goes to the same place.
async fn request(
    sys: &Sys,
    options: &Options<'_>,
    url: &Url,
    open: &mut Option<(String, TcpStream)>,
    start: Instant,
    transfer: &mut Transfer,
) -> Result<(Head, Vec<u8>), Failure> {
    let verbose = |text: fmt::Arguments<'_>| {
        if options.verbose {
            sys.complain(text);
        }
    };
    let place = url.authority();
    let kept = open.take().filter(|(known, _)| *known == place);
    let stream = match kept {
        Some((_, stream)) => {
            verbose(format_args!("* Reusing existing http: connection with host {}", url.host));
            stream
        }
        None => connect(sys, options, url, start, transfer).await?,
    };
    let method = match options.method {
        Some(method) => method,
        None if options.head => "HEAD",
        None if options.data.is_some() => "POST",
        None => "GET",
    };
    let mut text = head(options, url, method);
    for line in text.lines() {
        verbose(format_args!("> {line}"));
    }
    verbose(format_args!("> "));
    text += "\r\n";
    text += options.data.as_deref().unwrap_or("");
    stream.write(text.as_bytes()).await.map_err(|error| broken(Broken::Net(error)))?;
    verbose(format_args!("* Request completely sent off"));
    let mut bytes = Vec::new();
    let head = reply::read_head(&stream, &mut bytes).await.map_err(broken)?;
    transfer.status = head.status;
    transfer.started = micros(sys, start);
    for line in head.text.lines() {
        verbose(format_args!("< {line}"));
    }
    let no_body = method == "HEAD";
    let whole = reply::read_body(&stream, &head, no_body, bytes, &mut transfer.size).await.map_err(broken)?;
    transfer.size = whole.len();
    if head.keeps_open() {
        verbose(format_args!("* Connection #0 to host {} left intact", url.host));
        *open = Some((place, stream));
    } else {
        verbose(format_args!("* shutting down connection #0"));
    }
    Ok((head, whole))
}

/// What curl says of a response that did not come whole.
fn broken(broken: Broken) -> Failure {
    match broken {
        Broken::Empty => Failure(52, "Empty reply from server".to_string()),
        Broken::Malformed => Failure(1, "Received HTTP/0.9 when not allowed".to_string()),
        Broken::Missing(bytes) => Failure(18, format!("end of response with {bytes} bytes missing")),
        Broken::Net(_) => Failure(56, "Recv failure: Connection reset by peer".to_string()),
    }
}

/// The request's lines, without the empty one.
fn head(options: &Options<'_>, url: &Url, method: &str) -> String {
    let mut text = format!("{method} {} HTTP/1.1\r\n", url.target);
    let given = |name: &str| {
        options.headers.iter().any(|line| line.split(':').next().is_some_and(|key| key.eq_ignore_ascii_case(name)))
    };
    if !given("host") {
        text += &format!("Host: {}\r\n", url.host_header());
    }
    if !given("user-agent") {
        text += &format!("User-Agent: {}\r\n", options.agent.unwrap_or(AGENT));
    }
    if !given("accept") {
        text += "Accept: */*\r\n";
    }
    for line in &options.headers {
        text += &format!("{line}\r\n");
    }
    if let Some(data) = &options.data {
        text += &format!("Content-Length: {}\r\n", data.len());
        if !given("content-type") {
            text += "Content-Type: application/x-www-form-urlencoded\r\n";
        }
    }
    text
}

/// A connection to where the URL, `--resolve` and the resolver say.
async fn connect(
    sys: &Sys,
    options: &Options<'_>,
    url: &Url,
    start: Instant,
    transfer: &mut Transfer,
) -> Result<TcpStream, Failure> {
    let limit = options.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
    let end = start + Duration::from_millis(limit);
    let left = |sys: &Sys| end - sys.now().min(end);
    let mut addresses = match pinned(options, url) {
        Some(address) => alloc::vec![address],
        None => match sys.timeout(left(sys), resolve::lookup(sys, &url.host)).await {
            Some(Ok(addresses)) => addresses,
            Some(Err(ResolveError::NotFound | ResolveError::Again)) => {
                return Err(Failure(6, format!("Could not resolve host: {}", url.host)));
            }
            None => {
                let elapsed = sys.millis_since(start);
                return Err(Failure(28, format!("Resolving timed out after {elapsed} milliseconds")));
            }
        },
    };
    addresses.retain(|address| options.only.is_none_or(|ipv4| address.is_ipv4() == ipv4));
    transfer.named = micros(sys, start);
    if options.verbose && resolve::literal(&url.host).is_none() {
        let list = |ipv4: bool| {
            let of_family = addresses.iter().filter(|address| address.is_ipv4() == ipv4).map(IpAddr::to_string);
            let text = of_family.collect::<Vec<_>>().join(", ");
            if text.is_empty() { "(none)".to_owned() } else { text }
        };
        sys.complain(format_args!("* Host {}:{} was resolved.", url.host, url.port));
        sys.complain(format_args!("* IPv6: {}\n* IPv4: {}", list(false), list(true)));
    }
    let mut timed_out = false;
    for address in addresses {
        let remote = SocketAddr::new(address, url.port);
        if options.verbose {
            sys.complain(format_args!("*   Trying {remote}..."));
        }
        match sys.timeout(left(sys), sys.connect(0, remote)).await {
            Some(Ok(stream)) => {
                transfer.connected = micros(sys, start).max(1);
                transfer.remote = Some(remote);
                transfer.local = Some(stream.local);
                if options.verbose {
                    let local = stream.local;
                    sys.complain(format_args!(
                        "* Established connection to {} ({address} port {}) from {} port {} ",
                        url.host,
                        url.port,
                        local.ip(),
                        local.port()
                    ));
                    sys.complain("* using HTTP/1.x");
                }
                if url.tls {
                    let message = "TLS connect error: no TLS is simulated here; use http://";
                    return Err(Failure(35, message.to_string()));
                }
                return Ok(stream);
            }
            Some(Err(NetError::TimedOut)) => timed_out = true,
            Some(Err(error)) => {
                if options.verbose {
                    sys.complain(format_args!(
                        "* connect to {address} port {} from 0.0.0.0 port 0 failed: {error}",
                        url.port
                    ));
                }
            }
            None => {
                let elapsed = sys.millis_since(start);
                return Err(Failure(28, format!("Connection timed out after {elapsed} milliseconds")));
            }
        }
    }
    let code = if timed_out { 28 } else { 7 };
    let elapsed = sys.millis_since(start);
    let (host, port) = (&url.host, url.port);
    Err(Failure(
        code,
        format!("Failed to connect to {host} port {port} after {elapsed} ms: Could not connect to server"),
    ))
}

/// The address that `--resolve HOST:PORT:ADDRESS` gives.
fn pinned(options: &Options<'_>, url: &Url) -> Option<IpAddr> {
    options.resolve.iter().find_map(|entry| {
        let mut parts = entry.splitn(3, ':');
        let (host, port, address) = (parts.next()?, parts.next()?, parts.next()?);
        let fits = (host == url.host || host == "*") && port.parse() == Ok(url.port);
        if fits { resolve::literal(address) } else { None }
    })
}

fn micros(sys: &Sys, start: Instant) -> u64 {
    (sys.now() - start).total_micros()
}
