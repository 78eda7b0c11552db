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
    /// A URL, or `tcp://name:port`.
    pub to: String,
    /// How often, one after another.
    pub times: u32,
    /// The pause between two.
    pub every: Duration,
    /// How long each may take in virtual time.
    pub timeout: Duration,
}

impl Request {
    /// One request with a timeout of ten seconds.
    pub fn new(from: Place, to: &str) -> Request {
        Request { from, to: to.to_owned(), times: 1, every: Duration::ZERO, timeout: Duration::from_secs(10) }
    }
}

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
    pub fn send(&mut self, request: &Request) -> Result<Vec<Trip>, StartError> {
        self.input(Input::Send { request: request.clone() }, |cluster| {
            let mut trips = Vec::new();
            for number in 0..request.times {
                if number > 0 {
                    cluster.pass(cluster.now + request.every);
                }
                trips.push(cluster.trip(request)?);
            }
            Ok(trips)
        })
    }

    fn trip(&mut self, request: &Request) -> Result<Trip, StartError> {
        let seconds = request.timeout.total_millis().div_ceil(1000).max(1);
        let (started, first): (Instant, u64) = (self.now, self.taps.recorder.end());
        let passages = self.taps.passages.end();
        let line = match request.to.strip_prefix("tcp://") {
            Some(target) => {
                let (name, port) = target.rsplit_once(':').unwrap_or((target, "80"));
                format!("/debug/nc -zv -w {seconds} {} {port}", name.trim_matches(['[', ']']))
            }
            None => format!("/debug/curl -sS -m {seconds} -w '\\n%{{http_code}} %{{local_port}}' '{}'", request.to),
        };
        let output = self.exec_within(&request.from, &line, request.timeout + Duration::from_secs(5))?;
        let frames = (passages, self.taps.passages.end());
        let (backend, seen_as) = self.last_opened(first).unzip();
        let pod = backend.and_then(|backend| self.place_of(backend.ip()));
        let (text, status) = read_answer(&output);
        Ok(Trip {
            outcome: outcome(&output, status),
            status,
            text,
            backend,
            seen_as,
            pod,
            frames,
            took: self.now - started,
        })
    }

    /// Between whom the newest TCP connection since entry `first` of the recorder really is: backend and client.
    fn last_opened(&self, first: u64) -> Option<(SocketAddr, SocketAddr)> {
        let opened = self.taps.recorder.since(first).filter_map(|(_, entry)| match entry.what {
            Happening::Packet(Event { step: Step::Opened { reply }, .. }) if reply.protocol == Protocol::Tcp => {
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

/// The body and the status that `curl -w` printed behind it.
fn read_answer(output: &Output) -> (String, Option<u16>) {
    let Some((body, numbers)) = output.stdout.rsplit_once('\n') else { return (output.stderr.clone(), None) };
    let status = numbers.split(' ').next().and_then(|code| code.parse().ok()).filter(|code| *code > 0);
    if output.exit_code == 0 { (body.to_string(), status) } else { (output.stderr.clone(), status) }
}

/// From the exit codes of curl (man curl) and nc.
fn outcome(output: &Output, status: Option<u16>) -> Outcome {
    let says = |word: &str| output.stderr.contains(word);
    match output.exit_code {
        0 => Outcome::Connected,
        6 => Outcome::Unresolved,
        28 | Output::TIME_LIMIT => Outcome::Timeout,
        52 | 56 if status.is_none() => Outcome::Reset,
        _ if says("bad address") || says("resolve") => Outcome::Unresolved,
        _ if says("timed out") => Outcome::Timeout,
        _ if says("unreachable") || says("No route") => Outcome::Unreachable,
        _ => Outcome::Refused,
    }
}
