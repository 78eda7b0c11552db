//! `curl`, the part of it that one types to try a Service. Words and exit codes as curl 8.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

use smoltcp::time::{Duration, Instant};

use super::super::resolve;
use super::super::stream::{NetError, TcpStream};
use super::super::sys::Sys;
use super::files;
use super::options::Options;
use super::reply::{self, Broken, Response};
use crate::text::{cut, joined};

mod options;
mod report;
mod url;

use report::Transfer;
use url::Url;
pub(super) use url::split_port;

/// What `User-Agent` says.
const AGENT: &str = "curl/8.17.0";
/// How long a connection may take if nothing is said.
const CONNECT_TIMEOUT: u64 = 300_000;
const REDIRECTS_MAX: u64 = 50;

/// An exit code and the message behind `curl: (N) `.
struct Failure(i32, String);

/// One run of curl.
struct Client<'a> {
    sys: &'a Sys,
    options: Options<'a>,
    /// The connection kept from the last request, and the host and port it leads to.
    open: Option<(String, TcpStream)>,
    /// When the transfer began that is under way, and what has become of it.
    start: Instant,
    transfer: Transfer,
    response: Response,
    /// What `-d` sends, if it is given.
    data: Option<String>,
}

/// What the values of `-d` are together; `@FILE` stands for a file without its line ends.
async fn data(sys: &Sys, options: &Options<'_>) -> Result<Option<String>, Failure> {
    let mut data: Option<String> = None;
    for (name, value) in options.all('d') {
        let text = match value.strip_prefix('@').filter(|_| name != "data-raw") {
            None => value.to_string(),
            Some(path) => {
                let bytes = if path == "-" { Some(sys.stdin.read_to_end().await) } else { files::contents(sys, path) };
                let Some(mut bytes) = bytes else {
                    return Err(Failure(26, format!("Failed to open {path}")));
                };
                bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        match &mut data {
            Some(data) => *data += &joined(&["&", &text]),
            None => data = Some(text),
        }
    }
    Ok(data)
}

pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let try_help = "curl: try 'curl --help' for more information";
    let options = match options::read(arguments) {
        Ok(options) => options,
        Err(Failure(code, message)) => {
            sys.complain(format_args!("curl: {message}\n{try_help}"));
            return code;
        }
    };
    if options.words.is_empty() {
        sys.complain(format_args!("curl: (2) no URL specified\n{try_help}"));
        return 2;
    }
    let data = match data(sys, &options).await {
        Ok(data) => data,
        Err(Failure(code, message)) => {
            sys.complain(format_args!("curl: {message}\n{try_help}"));
            return code;
        }
    };
    let urls = options.words.clone();
    let pause = options.value(options::RATE).and_then(options::pause).unwrap_or(0);
    let (transfer, response) = (Transfer::default(), Response::default());
    let mut client = Client { sys, options, open: None, start: sys.now(), transfer, response, data };
    let mut code = 0;
    let mut next = sys.now();
    for url in urls {
        sys.sleep_until(next).await;
        next = sys.after(pause);
        let mut tries = 0;
        loop {
            let result = client.fetch(url).await;
            code = result.as_ref().err().map_or(0, |Failure(code, _)| *code);
            // What may pass by itself (curl's src/tool_operate.c, retrycheck).
            let passes = match code {
                0 | 22 => matches!(client.response.status, 408 | 429 | 500 | 502 | 503 | 504),
                7 => client.options.has(options::RETRY_REFUSED),
                code => matches!(code, 6 | 28),
            };
            if !passes || tries >= client.options.number(options::RETRY).unwrap_or(0) {
                if let Err(Failure(_, message)) = result
                    && (!client.options.has('s') || client.options.has('S'))
                {
                    sys.complain(format_args!("curl: ({code}) {message}"));
                }
                break;
            }
            let delay = client.options.number(options::RETRY_DELAY).filter(|delay| *delay > 0);
            sys.sleep_until(sys.after(delay.map_or(1000 << tries.min(9), |delay| delay * 1000))).await;
            tries += 1;
        }
    }
    code
}

impl Client<'_> {
    /// One URL, its redirects and its `-w` line.
    async fn fetch(&mut self, url: &str) -> Result<(), Failure> {
        let sys = self.sys;
        self.start = sys.now();
        self.transfer = Transfer::default();
        self.response = Response::default();
        let end = self.options.seconds('m').filter(|millis| *millis > 0).map(|millis| sys.after(millis));
        let result = match sys.timeout(end, Box::pin(self.follow(url))).await {
            Some(result) => result,
            None if self.transfer.connected == 0 => Err(self.late("Connection", "")),
            None => Err(self.late("Operation", &format!(" with {} bytes received", self.response.body.len()))),
        };
        if let Some(format) = self.options.value('w') {
            self.transfer.total = self.micros();
            self.transfer.failure = result.as_ref().err().map(|Failure(code, message)| (*code, message.clone()));
            let text = report::write_out(sys, format, url, &self.transfer, &self.response);
            sys.stdout.write(text.as_bytes());
        }
        result
    }

    /// What curl says of something that took too long.
    fn late(&self, what: &str, more: &str) -> Failure {
        Failure(28, format!("{what} timed out after {} milliseconds{more}", self.micros() / 1000))
    }

    /// Microseconds since the transfer began.
    fn micros(&self) -> u64 {
        (self.sys.now() - self.start).total_micros()
    }

    fn verbose(&self, text: fmt::Arguments<'_>) {
        if self.options.has('v') {
            self.sys.complain(text);
        }
    }

    /// A request, and again where the answer points while `-L` says so.
    async fn follow(&mut self, url: &str) -> Result<(), Failure> {
        let mut url = Url::parse(url)?;
        let redirects = self.options.number(options::REDIRECTS).unwrap_or(REDIRECTS_MAX);
        for _ in 0..=redirects {
            self.request(&url).await?;
            let response = &self.response;
            let status = response.status;
            if self.options.has('f') && status >= 400 {
                return Err(Failure(22, format!("The requested URL returned error: {status}")));
            }
            if self.options.has('i') || self.options.has('I') {
                self.sys.stdout.write(response.head.as_bytes());
            }
            if self.options.has('L')
                && (300..400).contains(&status)
                && let Some(target) = response.header("location")
            {
                url = url.join(target)?;
                continue;
            }
            match self.options.value('o') {
                None | Some("-") => self.sys.stdout.write(&response.body),
                Some(file) => self.sys.store(file, response.body.clone()),
            }
            return Ok(());
        }
        Err(Failure(47, format!("Maximum ({redirects}) redirects followed")))
    }

    /// One request and its response, over the open connection if it goes to the same place.
    async fn request(&mut self, url: &Url) -> Result<(), Failure> {
        let place = url.authority();
        let stream = match self.open.take().filter(|(known, _)| *known == place) {
            Some((_, stream)) if stream.poll_read(&mut Vec::new()).is_pending() => {
                self.verbose(format_args!("* Reusing existing http: connection with host {}", url.host));
                stream
            }
            closed => {
                if closed.is_some() {
                    self.verbose(format_args!("* Connection 0 seems to be dead"));
                }
                self.connect(url).await?
            }
        };
        let method = match self.options.value('X') {
            Some(method) => method,
            None if self.options.has('I') => "HEAD",
            None if self.options.has('d') => "POST",
            None => "GET",
        };
        let text = self.text(url, method);
        let verbose = self.options.has('v');
        let exchange = reply::exchange(self.sys, &stream, &text, &mut self.response, method == "HEAD", verbose);
        let result = exchange.await;
        self.transfer.started = self.response.started.map_or(0, |at| (at - self.start).total_micros());
        result.map_err(broken)?;
        if self.response.keep {
            self.verbose(format_args!("* Connection #0 to host {} left intact", url.host));
            self.open = Some((place, stream));
        } else {
            self.verbose(format_args!("* shutting down connection #0"));
        }
        Ok(())
    }

    /// The request's text.
    fn text(&self, url: &Url, method: &str) -> String {
        let headers = self.options.values('H');
        let data = self.data.as_deref().unwrap_or_default();
        let mut text = joined(&[method, " ", &url.target, " HTTP/1.1\r\n"]);
        let agent = self.options.value('A').unwrap_or(AGENT);
        let length = data.len().to_string();
        for (name, value) in [
            ("Host", url.host_header().as_str()),
            ("User-Agent", agent),
            ("Accept", "*/*"),
            ("", ""),
            ("Content-Length", &length),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ] {
            if name.is_empty() {
                for line in &headers {
                    text += &joined(&[line, "\r\n"]);
                }
                if !self.options.has('d') {
                    break;
                }
            } else if !headers.iter().any(|line| is_header(line, name)) {
                text += &joined(&[name, ": ", value, "\r\n"]);
            }
        }
        if self.options.has('v') {
            for line in text.lines() {
                self.verbose(format_args!("> {line}"));
            }
            self.verbose(format_args!("> "));
        }
        text + "\r\n" + data
    }

    /// A connection to where the URL, `--resolve` and the resolver say.
    async fn connect(&mut self, url: &Url) -> Result<TcpStream, Failure> {
        let sys = self.sys;
        let (host, port) = (&url.host, url.port);
        let limit =
            self.options.seconds(options::CONNECT_TIMEOUT).filter(|limit| *limit > 0).unwrap_or(CONNECT_TIMEOUT);
        let end = self.start + Duration::from_millis(limit);
        let mut addresses = match self.pinned(url) {
            Some(address) => Vec::from([address]),
            None => match sys.timeout(Some(end), resolve::lookup(sys, host)).await {
                Some(Ok(addresses)) => addresses,
                Some(Err(_)) => return Err(Failure(6, format!("Could not resolve host: {host}"))),
                None => return Err(self.late("Resolving", "")),
            },
        };
        let (only4, only6) = (self.options.has('4'), self.options.has('6'));
        addresses.retain(|address| if address.is_ipv4() { !only6 } else { !only4 });
        self.transfer.named = self.micros();
        if self.options.has('v') && resolve::literal(host).is_none() {
            self.verbose(format_args!("* Host {host}:{port} was resolved."));
            self.verbose(format_args!("* IPv6: {}\n* IPv4: {}", list(&addresses, false), list(&addresses, true)));
        }
        let mut code = 7;
        for address in addresses {
            let remote = SocketAddr::new(address, port);
            self.verbose(format_args!("*   Trying {remote}..."));
            match sys.connect(0, remote, Some(end)).await {
                Ok(stream) => {
                    self.transfer.connected = self.micros().max(1);
                    self.transfer.ends = Some((stream.local, remote));
                    let (own, from) = (stream.local.ip(), stream.local.port());
                    self.verbose(format_args!(
                        "* Established connection to {host} ({address} port {port}) from {own} port {from} \n\
                         * using HTTP/1.x"
                    ));
                    if url.tls {
                        return Err(Failure(35, "TLS connect error: no TLS is simulated here; use http://".into()));
                    }
                    return Ok(stream);
                }
                Err(NetError::TimedOut) if sys.now() >= end => return Err(self.late("Connection", "")),
                Err(NetError::TimedOut) => code = 28,
                Err(error) => {
                    self.verbose(format_args!("* connect to {address} port {port} from 0.0.0.0 port 0 failed: {error}"))
                }
            }
        }
        let elapsed = self.micros() / 1000;
        let why = "Could not connect to server";
        Err(Failure(code, format!("Failed to connect to {host} port {port} after {elapsed} ms: {why}")))
    }

    /// The address that `--resolve HOST:PORT:ADDRESS` gives.
    fn pinned(&self, url: &Url) -> Option<IpAddr> {
        for entry in self.options.values(options::RESOLVE) {
            if let Some((host, rest)) = entry.split_once(':')
                && let Some((port, address)) = rest.split_once(':')
                && (host == url.host || host == "*")
                && port.parse() == Ok(url.port)
            {
                return resolve::literal(address);
            }
        }
        None
    }
}

/// Whether a line given with `-H` is this header.
fn is_header(line: &str, name: &str) -> bool {
    cut(line, b':').0.eq_ignore_ascii_case(name)
}

/// The addresses of one family.
fn list(addresses: &[IpAddr], ipv4: bool) -> String {
    let mut text = String::new();
    for address in addresses {
        if address.is_ipv4() == ipv4 {
            text += &format!("{}{address}", if text.is_empty() { "" } else { ", " });
        }
    }
    if text.is_empty() { "(none)".to_string() } else { text }
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
