//! Probes: what the kubelet asks a container, as packets from its node.

use crate::{
    api::{Quoted, Value},
    host::images::Image,
    time::Duration,
};
use alloc::{format, string::String, vec::Vec};
use core::net::IpAddr;

/// Which of a container's three probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cluster) enum ProbeKind {
    Startup,
    Readiness,
    Liveness,
}

impl ProbeKind {
    pub(super) const ALL: [ProbeKind; 3] = [ProbeKind::Startup, ProbeKind::Readiness, ProbeKind::Liveness];

    pub(super) fn field(self) -> &'static str {
        match self {
            ProbeKind::Startup => "startupProbe",
            ProbeKind::Readiness => "readinessProbe",
            ProbeKind::Liveness => "livenessProbe",
        }
    }

    /// The word that events use: `Readiness probe failed: …`.
    pub(super) fn word(self) -> &'static str {
        match self {
            ProbeKind::Startup => "Startup",
            ProbeKind::Readiness => "Readiness",
            ProbeKind::Liveness => "Liveness",
        }
    }
}

/// What a probe does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProbeAction {
    /// A command for the node's own shell, and what it asks: an address with its port, or a URL.
    FromNode(String, String),
    /// A command for the container.
    InPod(String),
    /// Something that is not simulated (gRPC): it counts as a success.
    Assumed,
    /// Nothing that could be asked, and why: it is neither a success nor a failure.
    Errored(String),
}

/// One probe of one container, and how it has gone so far.
///
/// Source: kubernetes pkg/kubelet/prober/worker.go.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) kind: ProbeKind,
    pub(super) action: ProbeAction,
    pub(super) initial_delay: Duration,
    pub(super) period: Duration,
    success_threshold: u32,
    failure_threshold: u32,
    /// It waits for the startup probe's success, which asks it at once.
    pub(super) is_held: bool,
    /// One runs at a time: the next is left out while the last has no result.
    pub(super) is_running: bool,
    last: Option<bool>,
    run: u32,
    /// What it has found, once a threshold was passed.
    pub(super) verdict: Option<bool>,
}

impl Probe {
    /// The probes of a container's spec; the kubelet asks them at the pod's own address.
    pub(super) fn of(container: &Value, address: IpAddr) -> Vec<Probe> {
        let mut probes = Vec::new();
        for kind in ProbeKind::ALL {
            let spec = &container[kind.field()];
            if spec.is_null() {
                continue;
            }
            let number =
                |field: &str, default: u32| spec[field].as_int().map_or(default, |n| n.clamp(0, 1 << 30) as u32);
            let seconds = |field: &str, default: u32| Duration::from_secs(number(field, default).into());
            probes.push(Probe {
                kind,
                action: action(spec, container, address, number("timeoutSeconds", 1)),
                initial_delay: seconds("initialDelaySeconds", 0),
                period: seconds("periodSeconds", 10),
                success_threshold: number("successThreshold", 1).max(1),
                failure_threshold: number("failureThreshold", 3).max(1),
                is_held: false,
                is_running: false,
                last: None,
                run: 0,
                verdict: None,
            });
        }
        probes
    }

    /// Whether it has come back at least once.
    pub(super) fn has_result(&self) -> bool {
        self.last.is_some()
    }

    /// Takes one result; true if the verdict changed by it.
    pub(super) fn handle_result(&mut self, success: bool) -> bool {
        self.run = if self.last == Some(success) { self.run.saturating_add(1) } else { 1 };
        self.last = Some(success);
        self.is_running = false;
        let threshold = if success { self.success_threshold } else { self.failure_threshold };
        if self.run < threshold || self.verdict == Some(success) {
            return false;
        }
        self.verdict = Some(success);
        true
    }
}

/// What a probe or a hook does, in that many seconds at most.
pub(super) fn action(spec: &Value, container: &Value, address: IpAddr, timeout: u32) -> ProbeAction {
    let host = |spec: &Value| match (spec["host"].as_str(), address) {
        (Some(host), _) if !host.is_empty() => host.into(),
        (_, IpAddr::V6(address)) => format!("[{address}]"),
        (_, IpAddr::V4(address)) => format!("{address}"),
    };
    let http = &spec["httpGet"];
    let tcp = &spec["tcpSocket"];
    let to = if http.is_null() { tcp } else { http };
    if !to.is_null() {
        let (host, Some(port)) = (host(to), port(&to["port"], container)) else {
            return ProbeAction::Errored(format!("strconv.Atoi: parsing {}: invalid syntax", Quoted(to["port"].str())));
        };
        let connect = format!("nc -vz -w {timeout} {} {port}", host.trim_matches(['[', ']']));
        if http.is_null() {
            return ProbeAction::FromNode(connect, format!("{host}:{port}"));
        }
        let scheme = if http["scheme"].str() == "HTTPS" { "https" } else { "http" };
        let path = http["path"].str();
        let slash = if path.starts_with('/') { "" } else { "/" };
        let url = format!("{scheme}://{host}:{port}{slash}{path}");
        // There is no TLS: of a server that is not known here it is assumed that it would have spoken it.
        if scheme == "https" && Image::parse(container["image"].str()).is_assumed() {
            return ProbeAction::FromNode(connect, url);
        }
        let mut headers = String::new();
        for header in http["httpHeaders"].items() {
            headers += &format!("-H '{}: {}' ", header["name"].str(), quoted(header["value"].str()));
        }
        // Every status from 200 to 399 is a success (pkg/probe/http/http.go).
        let line = format!("curl -s -S -m {timeout} -o /dev/null -w %{{http_code}} {headers}'{url}'");
        return ProbeAction::FromNode(line, url);
    }
    let exec = &spec["exec"]["command"];
    if !exec.is_null() {
        let mut line = format!("/debug/timeout {timeout}");
        for word in exec.items() {
            line += &format!(" '{}'", quoted(word.str()));
        }
        return ProbeAction::InPod(line);
    }
    if let Some(seconds) = spec["sleep"]["seconds"].as_int() {
        return ProbeAction::InPod(format!("/debug/sleep {}", seconds.min(timeout.into())));
    }
    ProbeAction::Assumed
}

/// A text as it stands between apostrophes.
fn quoted(text: &str) -> String {
    text.replace('\'', "'\\''")
}

/// A port by number, or by the name of one of the container's ports.
fn port(port: &Value, container: &Value) -> Option<i64> {
    port.as_int().or_else(|| {
        let named = container["ports"].items().iter().find(|p| p["name"].str() == port.str());
        named.and_then(|p| p["containerPort"].as_int()).or_else(|| port.str().parse().ok())
    })
}

/// Why a question from the node had no answer, as the kubelet's Go says it, given what `curl` or `nc` said and ended with.
pub(super) fn complaint(asked: &str, code: i32, said: &str) -> String {
    let (get, address) = match asked.split_once("://") {
        Some((_, rest)) => (format!("Get \"{asked}\": "), rest.split('/').next().unwrap_or(rest)),
        None => (String::new(), asked),
    };
    let why = match code {
        6 => format!("dial tcp: lookup {}: no such host", address.rsplit_once(':').map_or(address, |(host, _)| host)),
        35 => "http: server gave HTTP response to HTTPS client".into(),
        52 => "EOF".into(),
        56 => "read: connection reset by peer".into(),
        28 => "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".into(),
        1 if !said.contains("refused") => format!("dial tcp {address}: i/o timeout"),
        1 | 7 => format!("dial tcp {address}: connect: connection refused"),
        _ => said.trim_end().into(),
    };
    get + &why
}
