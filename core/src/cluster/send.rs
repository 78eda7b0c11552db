//! Sending requests, and what became of each: failure to connect is data.

use super::{Cluster, Input, Output, Place, StartError};
use crate::{
    net::{Event, Protocol, Step},
    time::{Duration, Instant},
    trace::Happening,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::net::{IpAddr, SocketAddr};

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where from.
    pub from: Place,
    /// `http://NAME[:PORT][/PATH]`, `tcp://NAME:PORT`, `udp://NAME:PORT` or `icmp://NAME`; without a scheme, HTTP.
    pub to: String,
    /// How often, one after another.
    pub times: u32,
    /// From the start of one to that of the next; one that takes longer delays the next.
    pub every: Duration,
    /// Whether HTTP requests share a connection, so that one choice of a backend holds for all of them.
    pub keep_alive: bool,
    /// How long each may take in virtual time.
    pub timeout: Duration,
}

impl Request {
    /// One request with a timeout of ten seconds.
    pub fn new(from: Place, to: &str) -> Request {
        let timeout = Duration::from_secs(10);
        Request { from, to: to.to_owned(), times: 1, every: Duration::ZERO, keep_alive: false, timeout }
    }

    /// The scheme, the name or address without brackets, and the port that the target names or its scheme has; `None`
    /// if it is no target.
    fn target(&self) -> Option<(&str, &str, u16)> {
        let (scheme, rest) = self.to.split_once("://").unwrap_or(("http", &self.to));
        let place = if scheme == "http" { rest.split(['/', '?', '#']).next().unwrap_or_default() } else { rest };
        let (name, port) = match place.rsplit_once(':') {
            _ if scheme == "icmp" => (place, None),
            // An IPv6 address has colons of its own.
            Some((name, port)) if !port.contains(']') => (name, Some(port)),
            _ => (place, None),
        };
        let port = match (scheme, port) {
            ("icmp", _) => 0,
            ("http", None) => 80,
            ("http" | "tcp" | "udp", Some(port)) => port.parse().ok().filter(|port| *port > 0)?,
            _ => return None,
        };
        let name = name.trim_matches(['[', ']']);
        // It becomes a word of a shell line.
        let is_word = !self.to.contains(|c: char| c == '\'' || c <= ' ') && !name.starts_with('-');
        (is_word && !name.is_empty()).then_some((scheme, name, port))
    }

    /// The timeout as programs take it: seconds, with a fraction.
    fn seconds(&self) -> String {
        let millis = self.timeout.total_millis().max(1);
        format!("{}.{:03}", millis / 1000, millis % 1000)
    }
}

/// What is noted before a request, to tell what belongs to it.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Instant,
    entry: u64,
    frame: u64,
}

/// Behind each answer of a curl that makes several requests.
const END: char = '\u{1e}';
/// Its `-w`: the status as for one request, the exit code and the message, and the end.
const KEPT: &str = "\\n%{http_code}\\n%{exitcode} %{errormsg}\u{1e}";

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The connection was made.
    Connected,
    /// Somebody said no: a TCP reset or an ICMP port unreachable.
    Refused,
    /// Nobody said anything.
    Timeout,
    /// The connection broke after it was made.
    Reset,
    /// The name has no address.
    Unresolved,
    /// A router said that there is no way.
    Unreachable,
}

impl Outcome {
    /// In one lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Connected => "connected",
            Outcome::Refused => "refused",
            Outcome::Timeout => "timeout",
            Outcome::Reset => "reset",
            Outcome::Unresolved => "unresolved",
            Outcome::Unreachable => "unreachable",
        }
    }
}

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    /// How it ended.
    pub outcome: Outcome,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The answer's body, or what the command said about the failure.
    pub text: String,
    /// Who answered, as the network knows it: the address after translation.
    pub backend: Option<SocketAddr>,
    /// The client as the backend sees it.
    pub seen_as: Option<SocketAddr>,
    /// The pod that has the backend's address.
    pub pod: Option<Place>,
    /// The packets of this request in [`Cluster::passages`], first and one past the last.
    pub frames: (u64, u64),
    /// How long it took in virtual time.
    pub took: Duration,
}

impl Cluster {
    /// Sends requests one after another.
    ///
    /// # Errors
    /// If nobody can be asked: no such place, or a target that is none. A connection that fails is a result.
    pub fn send(&mut self, request: &Request) -> Result<Vec<Trip>, StartError> {
        let Some((scheme, ..)) = request.target() else { return Err(StartError::Target(request.to.clone())) };
        self.input(Input::Send { request: request.clone() }, |cluster| {
            if request.keep_alive && scheme == "http" {
                return cluster.kept_trips(request);
            }
            let mut trips = Vec::new();
            let mut next = cluster.now;
            for _ in 0..request.times {
                cluster.pass(next.max(cluster.now));
                next = cluster.now + request.every;
                trips.push(cluster.trip(request)?);
            }
            Ok(trips)
        })
    }

    fn trip(&mut self, request: &Request) -> Result<Trip, StartError> {
        let since = self.mark();
        let Some((scheme, name, port)) = request.target() else { return Err(StartError::Target(request.to.clone())) };
        let seconds = request.seconds();
        let line = match scheme {
            "tcp" => format!("/debug/nc -zv -w {seconds} '{name}' '{port}'"),
            "udp" if port == 53 => format!("/debug/dig '@{name}' ."),
            // A word that `agnhost netexec` answers; others answer whatever comes.
            "udp" => format!("echo hostname | /debug/nc -u -W 1 -w {seconds} '{name}' '{port}'"),
            "icmp" => format!("/debug/ping -c 1 -W {seconds} '{name}'"),
            _ => format!("/debug/curl -sS -m {seconds} -w '\\n%{{http_code}}' '{}'", request.to),
        };
        let mut output = self.exec_within(&request.from, &line, request.timeout + Duration::from_secs(5))?;
        if scheme == "icmp" && output.exit_code == 1 && output.stderr.is_empty() {
            output.stderr = core::mem::take(&mut output.stdout);
            output.exit_code = Output::TIME_LIMIT;
        }
        if scheme == "udp" {
            note_answer(&mut output, port);
        }
        Ok(self.made(since, request, &output))
    }

    /// All requests by one curl, which keeps its connection for as long as the server does.
    fn kept_trips(&mut self, request: &Request) -> Result<Vec<Trip>, StartError> {
        let rate = match request.every.total_millis() {
            0 => String::new(),
            // A thousand in so many seconds are one in so many milliseconds.
            millis => format!("--rate 1000/{millis}s"),
        };
        let mut line = format!("/debug/curl -s {rate} -m {} -w '{KEPT}'", request.seconds());
        for _ in 0..request.times {
            line += &format!(" '{}'", request.to);
        }
        let host = self.host_at(&request.from)?;
        let surroundings = self.surroundings_at(&request.from, 0);
        let id = self.spawn(host, &line, surroundings);
        let mut trips: Vec<Trip> = Vec::new();
        let (mut since, mut printed) = (self.mark(), 0);
        let end = self.now + (request.timeout + request.every) * request.times + Duration::from_secs(5);
        while !self.has_ended(host, id) && self.work_until(end) {
            let Some(machine) = self.machines.machine_mut(host) else { break };
            if machine.host.unread(id) == printed {
                continue;
            }
            printed = machine.host.unread(id);
            let stdout = machine.host.peek_stdout(id);
            let stdout = String::from_utf8_lossy(&stdout);
            let Some((whole, _)) = stdout.rsplit_once(END) else { continue };
            for answer in whole.split(END).skip(trips.len()) {
                let (stdout, failure) = answer.rsplit_once('\n').unwrap_or((answer, ""));
                let (exit_code, stderr) = failure.split_once(' ').unwrap_or((failure, ""));
                let exit_code = exit_code.parse().unwrap_or(0);
                let output = Output { stdout: stdout.into(), stderr: stderr.into(), exit_code, ..Output::default() };
                let mut trip = self.made(since, request, &output);
                if let (None, Some(_), Some(last)) = (trip.backend, trip.status, trips.last()) {
                    (trip.backend, trip.seen_as, trip.pod) = (last.backend, last.seen_as, last.pod.clone());
                }
                trips.push(trip);
                since = self.mark();
            }
        }
        self.take_output(host, id);
        Ok(trips)
    }

    /// Where a request begins: the time, and what has been recorded so far.
    fn mark(&self) -> Mark {
        Mark { at: self.now, entry: self.taps.recorder.end(), frame: self.taps.passages.end() }
    }

    /// The trip that has been made since.
    fn made(&self, since: Mark, request: &Request, output: &Output) -> Trip {
        let frames = (since.frame, self.taps.passages.end());
        let (backend, seen_as) = self.last_opened(since.entry, request).unzip();
        let pod = backend.and_then(|backend| self.place_of(backend.ip()));
        let (text, status) = read_answer(output);
        let outcome = outcome(output);
        let (backend, seen_as, pod) = match outcome {
            Outcome::Connected | Outcome::Reset => (backend, seen_as, pod),
            _ => (None, None, None),
        };
        Trip { outcome, status, text, backend, seen_as, pod, frames, took: self.now - since.at }
    }

    /// Between whom the request's newest connection since entry `first` of the recorder really is: backend and client.
    fn last_opened(&self, first: u64, request: &Request) -> Option<(SocketAddr, SocketAddr)> {
        let (scheme, _, port) = request.target()?;
        let protocol = if scheme == "udp" { Protocol::Udp } else { Protocol::Tcp };
        let own = self.host_at(&request.from).ok().and_then(|host| self.machines.machine(host))?.host.addresses();
        let opened = self.taps.recorder.since(first).filter_map(|(_, entry)| match entry.what {
            Happening::Packet(Event { flow: Some(flow), step: Step::Opened { reply }, .. })
                if flow.protocol == protocol
                    && flow.destination().port() == port
                    && own.contains(&flow.source().ip()) =>
            {
                Some(reply)
            }
            _ => None,
        });
        opened.last().map(|reply| (reply.source(), reply.destination()))
    }

    /// Who has an address.
    pub fn place_of(&self, address: IpAddr) -> Option<Place> {
        let host = self.machines.with_address(address)?;
        self.machines.machine(host).map(|machine| machine.place.clone())
    }
}

/// Of datagrams nobody knows more than what came back: silence is no connection.
fn note_answer(output: &mut Output, port: u16) {
    if port == 53 {
        let page = core::mem::take(&mut output.stdout);
        output.stderr.push_str(if output.exit_code == 0 { "" } else { &page });
    } else if output.stdout.is_empty() && output.exit_code == 0 {
        output.exit_code = Output::TIME_LIMIT;
    } else if !output.stdout.ends_with('\n') {
        output.stdout.push('\n');
    }
}

/// The body and the status that `curl -w` printed behind it.
fn read_answer(output: &Output) -> (String, Option<u16>) {
    let Some((body, numbers)) = output.stdout.rsplit_once('\n') else { return (output.stderr.clone(), None) };
    let status = numbers.split(' ').next().and_then(|code| code.parse().ok()).filter(|code| *code > 0);
    if output.exit_code == 0 { (body.to_string(), status) } else { (output.stderr.clone(), status) }
}

/// From the exit codes of curl (man curl) and nc.
fn outcome(output: &Output) -> Outcome {
    let says = |word: &str| output.stderr.contains(word);
    match output.exit_code {
        0 => Outcome::Connected,
        6 => Outcome::Unresolved,
        28 | Output::TIME_LIMIT => Outcome::Timeout,
        18 | 52 | 56 => Outcome::Reset,
        _ if says("bad address") || says("resolve") || says("get address") => Outcome::Unresolved,
        _ if says("timed out") => Outcome::Timeout,
        _ if says("unreachable") || says("No route") => Outcome::Unreachable,
        _ => Outcome::Refused,
    }
}
