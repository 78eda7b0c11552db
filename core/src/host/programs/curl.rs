//! `curl`, the part of it that one types to try a Service. Words and exit codes as curl 8.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use smoltcp::time::{Duration, Instant};

use super::super::resolve::{self, ResolveError};
use super::super::stream::{NetError, TcpStream};
use super::super::sys::Sys;
use super::options::{self, MissingValue, Word};
use super::reply::{Body, Head};

/// What `User-Agent` says.
const AGENT: &str = "curl/8.17.0";
/// Options that take a value.
const VALUED: &str = "o w m H X d A u e b T F connect-timeout max-time resolve header request data data-raw user-agent \
    output write-out retry retry-delay max-redirs cacert interface connect-to url user";
/// How long a connection may take if nothing is said.
const CONNECT_TIMEOUT: u64 = 300_000;
const REDIRECTS_MAX: u32 = 50;

#[derive(Default)]
struct Options {
    urls: Vec<String>,
    silent: bool,
    show_error: bool,
    verbose: bool,
    include: bool,
    head: bool,
    fail: bool,
    location: bool,
    only: Option<bool>,
    output: Option<String>,
    write_out: Option<String>,
    method: Option<String>,
    headers: Vec<String>,
    data: Option<String>,
    agent: Option<String>,
    resolve: Vec<String>,
    connect_timeout: Option<u64>,
    max_time: Option<u64>,
    retry: u32,
}

/// How a transfer ended, for its message, its exit code and `-w`.
#[derive(Default)]
struct Transfer {
    status: u16,
    size: usize,
    remote: Option<SocketAddr>,
    local: Option<SocketAddr>,
    named: u64,
    connected: u64,
    started: u64,
}

/// An exit code and the message behind `curl: (N) `.
struct Failure(i32, String);

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let options = match read_options(arguments) {
        Ok(options) => options,
        Err(Failure(code, message)) => {
            sys.complain(&format!("curl: {message}\ncurl: try 'curl --help' for more information"));
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
                        sys.complain(&format!("curl: ({code}) {message}"));
                    }
                    break code;
                }
            }
        };
    }
    code
}

/// One URL, its redirects and its `-w` line. `open` is the connection kept from the last one.
async fn fetch(sys: &Sys, options: &Options, url: &str, open: &mut Option<(String, TcpStream)>) -> Result<(), Failure> {
    let start = sys.now();
    let mut transfer = Transfer::default();
    let whole = follow(sys, options, url, open, start, &mut transfer);
    let result = match options.max_time {
        Some(limit) => sys.timeout(Duration::from_millis(limit), whole).await.unwrap_or_else(|| {
            let elapsed = sys.millis_since(start);
            Err(Failure(
                28,
                match transfer.connected {
                    0 => format!("Connection timed out after {elapsed} milliseconds"),
                    _ => format!(
                        "Operation timed out after {elapsed} milliseconds with {} bytes received",
                        transfer.size
                    ),
                },
            ))
        }),
        None => whole.await,
    };
    if let Some(format) = &options.write_out {
        sys.print(&write_out(format, url, &transfer, micros(sys, start)));
    }
    result
}

/// A request, and again where the answer points while `-L` says so.
async fn follow(
    sys: &Sys,
    options: &Options,
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
        match options.output.as_deref() {
            None | Some("-") => sys.stdout.write(&body),
            // There are no files to write to; what would be in one is gone.
            Some(_) => {}
        }
        return Ok(());
    }
    Err(Failure(47, format!("Maximum ({REDIRECTS_MAX}) redirects followed")))
}

/// One request and its response, over the open connection if it goes to the same place.
async fn request(
    sys: &Sys,
    options: &Options,
    url: &Url,
    open: &mut Option<(String, TcpStream)>,
    start: Instant,
    transfer: &mut Transfer,
) -> Result<(Head, Vec<u8>), Failure> {
    let verbose = |text: &str| {
        if options.verbose {
            sys.complain(text);
        }
    };
    let place = url.authority();
    let kept = open.take().filter(|(known, _)| *known == place);
    let stream = match kept {
        Some((_, stream)) => {
            verbose(&format!("* Reusing existing http: connection with host {}", url.host));
            stream
        }
        None => connect(sys, options, url, start, transfer).await?,
    };
    let method = options.method.clone().unwrap_or_else(|| {
        let default = if options.head {
            "HEAD"
        } else if options.data.is_some() {
            "POST"
        } else {
            "GET"
        };
        default.to_string()
    });
    let mut text = format!("{method} {} HTTP/1.1\r\n", url.target);
    let given = |name: &str| {
        options.headers.iter().any(|line| line.split(':').next().is_some_and(|key| key.eq_ignore_ascii_case(name)))
    };
    if !given("host") {
        text += &format!("Host: {}\r\n", url.host_header());
    }
    if !given("user-agent") {
        text += &format!("User-Agent: {}\r\n", options.agent.as_deref().unwrap_or(AGENT));
    }
    if !given("accept") {
        text += "Accept: */*\r\n";
    }
    for line in &options.headers {
        text += &format!("{line}\r\n");
    }
    let body = options.data.as_deref().unwrap_or("");
    if options.data.is_some() {
        text += &format!("Content-Length: {}\r\n", body.len());
        if !given("content-type") {
            text += "Content-Type: application/x-www-form-urlencoded\r\n";
        }
    }
    for line in text.lines() {
        verbose(&format!("> {line}"));
    }
    verbose("> ");
    text += "\r\n";
    text += body;
    let reset = |_: NetError| Failure(56, "Recv failure: Connection reset by peer".to_string());
    stream.write(text.as_bytes()).await.map_err(reset)?;
    verbose("* Request completely sent off");

    let mut bytes = Vec::new();
    let head = loop {
        match Head::parse(&bytes) {
            Ok(Some(head)) if head.status == 100 => {
                bytes.drain(..head.length);
            }
            Ok(Some(head)) => break head,
            Ok(None) => {
                if stream.read(&mut bytes).await.map_err(reset)? == 0 {
                    return Err(Failure(52, "Empty reply from server".to_string()));
                }
            }
            Err(_) => return Err(Failure(1, "Received HTTP/0.9 when not allowed".to_string())),
        }
    };
    transfer.status = head.status;
    transfer.started = micros(sys, start);
    for line in head.text.lines() {
        verbose(&format!("< {line}"));
    }
    bytes.drain(..head.length);
    let mut body = Body::new(&head, method == "HEAD");
    let whole = loop {
        transfer.size = bytes.len();
        if let Some(whole) = body.whole(&bytes) {
            break whole;
        }
        if stream.read(&mut bytes).await.map_err(reset)? == 0 {
            match body.end(&bytes) {
                Some(whole) => break whole,
                None => {
                    let missing = body.missing(&bytes);
                    return Err(Failure(18, format!("end of response with {missing} bytes missing")));
                }
            }
        }
    };
    transfer.size = whole.len();
    if head.keeps_open() {
        verbose(&format!("* Connection #0 to host {} left intact", url.host));
        *open = Some((place, stream));
    } else {
        verbose("* shutting down connection #0");
    }
    Ok((head, whole))
}

/// A connection to where the URL, `--resolve` and the resolver say.
async fn connect(
    sys: &Sys,
    options: &Options,
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
        sys.complain(&format!("* Host {}:{} was resolved.", url.host, url.port));
        sys.complain(&format!("* IPv6: {}\n* IPv4: {}", list(false), list(true)));
    }
    let mut timed_out = false;
    for address in addresses {
        let remote = SocketAddr::new(address, url.port);
        if options.verbose {
            sys.complain(&format!("*   Trying {remote}..."));
        }
        match sys.timeout(left(sys), sys.connect(remote)).await {
            Some(Ok(stream)) => {
                transfer.connected = micros(sys, start).max(1);
                transfer.remote = Some(remote);
                transfer.local = Some(stream.local);
                if options.verbose {
                    let local = stream.local;
                    sys.complain(&format!(
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
                    sys.complain(&format!(
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
fn pinned(options: &Options, url: &Url) -> Option<IpAddr> {
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

/// `-w`: the variables people print.
fn write_out(format: &str, url: &str, transfer: &Transfer, total: u64) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        text += &rest[..at];
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("%{")
            && let Some((name, after)) = after.split_once('}')
        {
            let time = |micros: u64| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            let address = |end: Option<SocketAddr>| end.map(|end| end.ip().to_string()).unwrap_or_default();
            let port = |end: Option<SocketAddr>| end.map_or(0, |end| end.port()).to_string();
            text += &match name {
                "http_code" | "response_code" => format!("{:03}", transfer.status),
                "remote_ip" => address(transfer.remote),
                "remote_port" => port(transfer.remote),
                "local_ip" => address(transfer.local),
                "local_port" => port(transfer.local),
                "size_download" => transfer.size.to_string(),
                "time_namelookup" => time(transfer.named),
                "time_connect" => time(transfer.connected),
                "time_starttransfer" => time(transfer.started),
                "time_total" => time(total),
                "url" | "url_effective" => url.to_string(),
                _ => String::new(),
            };
            rest = after;
            continue;
        }
        let (plain, length) = match rest.get(..2) {
            Some("\\n") => ("\n", 2),
            Some("\\t") => ("\t", 2),
            Some("\\r") => ("\r", 2),
            Some("%%") => ("%", 2),
            _ => (&rest[..1], 1),
        };
        text += plain;
        rest = &rest[length..];
    }
    text + rest
}

/// Where a request goes.
struct Url {
    tls: bool,
    host: String,
    port: u16,
    target: String,
}

impl Url {
    fn parse(text: &str) -> Result<Url, Failure> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            other => return Err(Failure(1, format!("Protocol \"{other}\" not supported"))),
        };
        let (authority, path) = rest.find(['/', '?']).map_or((rest, "/"), |at| rest.split_at(at));
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let malformed = || Failure(3, "URL rejected: Malformed input to a URL function".to_string());
        let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
            Some(at) => {
                let bad =
                    || Failure(3, "URL rejected: Port number was not a decimal number between 0 and 65535".into());
                let digits = &authority[at + 1..];
                let port = if digits.is_empty() { None } else { Some(digits.parse().map_err(|_| bad())?) };
                (&authority[..at], port)
            }
            None => (authority, None),
        };
        if host.is_empty() {
            return Err(Failure(3, "URL rejected: No host part in the URL".to_string()));
        }
        if host.contains([' ', '<', '>', '\t']) {
            return Err(malformed());
        }
        let path = path.split('#').next().unwrap_or("/");
        let target = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        Ok(Url { tls, host: host.to_string(), port: port.unwrap_or(if tls { 443 } else { 80 }), target })
    }

    /// The URL that `target` names in a page of this one.
    fn join(&self, target: &str) -> Result<Url, Failure> {
        if target.contains("://") {
            return Url::parse(target);
        }
        let path = if target.starts_with('/') { target.to_string() } else { format!("/{target}") };
        Url::parse(&format!("{}://{}{path}", if self.tls { "https" } else { "http" }, self.authority()))
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    fn host_header(&self) -> String {
        let default = if self.tls { 443 } else { 80 };
        if self.port == default { self.host.clone() } else { self.authority() }
    }
}

fn read_options(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options::default();
    let words = options::parse(arguments, VALUED)
        .map_err(|MissingValue(name)| Failure(2, format!("option {name}: requires parameter")))?;
    for word in words {
        let (name, value) = match word {
            Word::Plain(url) => {
                options.urls.push(url);
                continue;
            }
            Word::Option(name, value) => (name, value.unwrap_or_default()),
        };
        let number = || {
            options::seconds(&value)
                .ok_or_else(|| Failure(2, format!("option {}: expected a proper numerical parameter", dashed(&name))))
        };
        match name.as_str() {
            "s" | "silent" => options.silent = true,
            "S" | "show-error" => options.show_error = true,
            "v" | "verbose" => options.verbose = true,
            "i" | "include" | "show-headers" => options.include = true,
            "I" | "head" => options.head = true,
            "f" | "fail" => options.fail = true,
            "L" | "location" => options.location = true,
            "4" | "ipv4" => options.only = Some(true),
            "6" | "ipv6" => options.only = Some(false),
            "o" | "output" => options.output = Some(value),
            "w" | "write-out" => options.write_out = Some(value),
            "X" | "request" => options.method = Some(value),
            "H" | "header" => options.headers.push(value),
            "A" | "user-agent" => options.agent = Some(value),
            "d" | "data" | "data-raw" => {
                options.data = Some(options.data.map_or(value.clone(), |have| format!("{have}&{value}")));
            }
            "resolve" => options.resolve.push(value),
            "connect-timeout" => options.connect_timeout = Some(number()?),
            "m" | "max-time" => options.max_time = Some(number()?),
            "retry" => options.retry = value.parse().unwrap_or(0),
            "url" => options.urls.push(value),
            "k" | "insecure" | "N" | "no-buffer" | "g" | "globoff" | "http1.1" | "compressed" | "no-progress-meter"
            | "retry-connrefused" | "retry-delay" | "noproxy" | "max-redirs" | "cacert" | "connect-to"
            | "keepalive-time" | "no-keepalive" => {}
            _ => return Err(Failure(2, format!("option {}: is unknown", dashed(&name)))),
        }
    }
    Ok(options)
}

fn dashed(name: &str) -> String {
    if name.len() == 1 { format!("-{name}") } else { format!("--{name}") }
}
