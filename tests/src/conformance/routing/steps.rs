//! The steps of a case, and what they expect.

use super::world::{EXTERNAL, Open, World};
use crate::conformance::{
    tree::{Fail, Tree, check},
    world::{self, parsed},
};
use clusterip::{
    api::{Key, Kind, Value},
    cluster::Output,
    control::DeleteOptions,
    time::Duration,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// What became of one connection or exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// Somebody answered.
    Answered(Answer),
    Refused,
    Timeout,
}

/// Who answered, whom it saw, and on which port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    backend: String,
    source: IpAddr,
    port: u16,
}

const FORMS: [&str; 17] = [
    "connect",
    "compare",
    "ping",
    "set",
    "add",
    "remove",
    "terminate",
    "replace",
    "create",
    "delete_service",
    "open",
    "echo",
    "udp_open",
    "udp_send",
    "route",
    "unroute",
    "lb_status",
];
const EXPECTATIONS: [&str; 16] = [
    "result",
    "pods",
    "all",
    "each_between",
    "source",
    "source_by_pod",
    "target_port",
    "sticky",
    "save",
    "same_as",
    "not_same_as",
    "not_pods",
    "within",
    "distinct_at_least",
    "distinct_at_most",
    "differ_at_least",
];
/// How long a silence has to be to count as one, in seconds.
const PATIENCE: u64 = 3;

impl World<'_> {
    /// Does one step and judges it.
    pub(super) fn step(&mut self, step: &Tree) -> Result<(), Fail> {
        let keys: Vec<&str> = FORMS.into_iter().chain(["expect", "save", "count", "repeat", "pause", "note"]).collect();
        step.only("step", &keys)?;
        let expect = &step["expect"];
        if !expect.is_null() {
            expect.only("expect", &EXPECTATIONS)?;
        }
        let Some(form) = FORMS.into_iter().find(|form| step.has(form)) else {
            return Err(Fail::new("a known form of step", step));
        };
        let value = &step[form];
        match form {
            "connect" => self.connect(step, value),
            "compare" => self.compare(step, value),
            "ping" => self.ping(value, expect),
            "open" => self.open(step, value),
            "echo" => self.echo(value.text(), expect),
            "udp_open" => self.udp_open(value),
            "udp_send" => self.udp_send(step, value.text()),
            other => {
                self.change(other, value)?;
                world::settle(&mut self.cluster)
            }
        }
    }

    fn change(&mut self, form: &str, value: &Tree) -> Result<(), Fail> {
        match form {
            "set" => {
                value.only("set", &["pod", "ready", "labels"])?;
                let name = self.named(value["pod"].text())?;
                let namespace = self.namespace_of(&name)?;
                if value.has("labels") {
                    world::relabel_pod(&mut self.cluster, &namespace, &name, &value["labels"])?;
                }
                world::set_pod_status(&mut self.cluster, &namespace, &name, value["ready"].truth(), "")
            }
            "add" => self.add(value),
            "remove" | "terminate" => {
                let name = self.named(value.text())?;
                let namespace = self.namespace_of(&name)?;
                match form {
                    "remove" => world::remove_pod(&mut self.cluster, &namespace, &name),
                    _ => world::terminate_pod(&mut self.cluster, &namespace, &name),
                }
            }
            "replace" | "create" => self.put(value.text()),
            "delete_service" => {
                let name = value.text();
                world::delete(&mut self.cluster, Kind::Service, "default", name, DeleteOptions::default())
            }
            "route" | "unroute" => {
                value.only(form, &["in", "to", "via"])?;
                let via = match form {
                    "route" => Some(self.node_addresses(value["via"].text())?[0]),
                    _ => None,
                };
                let range = parsed("address range", value["to"].text())?;
                let is_there = self.cluster.set_route(value["in"].text(), range, via);
                check("machine outside", &true, &is_there)
            }
            _ => {
                value.only("lb_status", &["service", "ip"])?;
                let mut ingress = Value::map();
                ingress.set(&["ip"], value["ip"].text());
                let mut status = Value::map();
                status.set(&["loadBalancer", "ingress"], vec![ingress]);
                let key = Key::new(Kind::Service, "default", value["service"].text());
                let written = self.cluster.update_status(&key, status);
                written.map(drop).map_err(|error| Fail::new("a status written", error))
            }
        }
    }

    /// A backend's name, or the one saved as `$x`.
    fn named(&self, name: &str) -> Result<String, Fail> {
        match name.strip_prefix('$') {
            Some(saved) => self.saved.get(saved).cloned().ok_or_else(|| Fail::unknown("saved name", name)),
            None => Ok(name.to_string()),
        }
    }

    fn connect(&mut self, step: &Tree, value: &Tree) -> Result<(), Fail> {
        let mut outcomes = Vec::new();
        let start = self.cluster.now();
        for _ in 0..step["repeat"].int().unwrap_or(1) {
            if let Some(pause) = step["pause"].number() {
                self.pause(pause);
            }
            outcomes.extend(self.exchanges(value)?);
        }
        let took = (self.cluster.now() - start).total_micros() as f64 / 1e6 / outcomes.len().max(1) as f64;
        if let Some(within) = step["expect"]["within"].number() {
            if took > within {
                return Err(Fail::new(format!("within {within} s"), format!("{took} s")));
            }
        }
        self.judge(step, &outcomes)
    }

    /// Connections, or exchanges of datagrams, one after another.
    fn exchanges(&mut self, value: &Tree) -> Result<Vec<Outcome>, Fail> {
        value.only("connect", &["from", "to", "port", "proto", "count"])?;
        let udp = match value["proto"].text() {
            "" | "TCP" => "",
            "UDP" => "-u ",
            other => return Err(Fail::unknown("protocol", other)),
        };
        let (to, port) = (value["to"].text(), &value["port"]);
        let line = format!("echo who | nc {udp}-w {PATIENCE} {to} {port}");
        let place = self.place(value["from"].text())?;
        let one = |world: &mut Self| -> Result<Outcome, Fail> {
            if udp.is_empty() {
                let output = world::exec(&mut world.cluster, &place, &line)?;
                return outcome(&output.stdout, &output);
            }
            // Datagrams have no end: the answer is taken as soon as it is there.
            world.datagram(value, to)
        };
        (0..value["count"].int().unwrap_or(1)).map(|_| one(self)).collect()
    }

    /// One question from a new socket.
    fn datagram(&mut self, value: &Tree, to: &str) -> Result<Outcome, Fail> {
        let port = value["port"].to_string();
        let process = self.launch(value["from"].text(), &["nc", "-u", to, &port])?;
        let outcome = self.ask(process);
        self.cluster.interrupt(process);
        // It ends; what it still prints is nobody's.
        self.cluster.read(process);
        outcome
    }

    fn launch(&mut self, from: &str, argv: &[&str]) -> Result<clusterip::cluster::Process, Fail> {
        let place = self.place(from)?;
        self.cluster.start(&place, argv, false).map_err(|error| Fail::new(format!("{argv:?} started"), error))
    }

    /// Writes a line to a process and waits for what it prints.
    fn ask(&mut self, process: clusterip::cluster::Process) -> Result<Outcome, Fail> {
        self.cluster.write(process, "who\n");
        let step = Duration::from_millis(10);
        let mut text = String::new();
        for _ in 0..PATIENCE * 100 {
            self.cluster.advance(step);
            let (output, has_ended) = self.cluster.read(process);
            text.push_str(&output.stdout);
            if text.ends_with('\n') || has_ended {
                return outcome(&text, &output);
            }
        }
        Ok(Outcome::Timeout)
    }

    fn compare(&mut self, step: &Tree, value: &Tree) -> Result<(), Fail> {
        let mut different = 0;
        for _ in 0..step["repeat"].int().unwrap_or(1) {
            if let Some(pause) = step["pause"].number() {
                self.pause(pause);
            }
            let mut seen = BTreeSet::new();
            for connect in value.items() {
                let outcomes = self.exchanges(connect)?;
                let backends = backends(&outcomes);
                if backends.len() != 1 || outcomes.iter().any(|outcome| !matches!(outcome, Outcome::Answered(_))) {
                    return Err(Fail::new("one backend a connection", format!("{outcomes:?}")));
                }
                seen.extend(backends);
            }
            different += i64::from(seen.len() > 1);
        }
        let expect = &step["expect"];
        expect.only("expect", &["differ_at_least"])?;
        let least = expect["differ_at_least"].int().unwrap_or(0);
        if different >= least { Ok(()) } else { Err(Fail::new(format!("{least} differences"), different)) }
    }

    fn ping(&mut self, value: &Tree, expect: &Tree) -> Result<(), Fail> {
        value.only("ping", &["from", "to"])?;
        expect.only("expect", &["result", "within"])?;
        let place = self.place(value["from"].text())?;
        let start = self.cluster.now();
        let line = format!("ping -c 1 -W {PATIENCE} {}", value["to"].text());
        let output = world::exec(&mut self.cluster, &place, &line)?;
        let took = self.cluster.now() - start;
        // An ICMP error ends the wait, a silence does not.
        let got = match output.exit_code {
            0 => "ok",
            _ if took < Duration::from_secs(PATIENCE) => "refused",
            _ => "timeout",
        };
        check("result", &expect["result"].text(), &got)
    }

    fn open(&mut self, step: &Tree, value: &Tree) -> Result<(), Fail> {
        value.only("open", &["id", "from", "to", "port"])?;
        let port = value["port"].to_string();
        let process = self.launch(value["from"].text(), &["nc", value["to"].text(), &port])?;
        let outcome = self.ask(process)?;
        self.open.insert(value["id"].text().into(), Open { process });
        self.judge(step, &[outcome])
    }

    fn echo(&mut self, id: &str, expect: &Tree) -> Result<(), Fail> {
        let process = self.opened(id)?;
        let outcome = self.ask(process)?;
        expect.only("expect", &["result"])?;
        check("result", &expect["result"].text(), &word(&outcome))
    }

    fn udp_open(&mut self, value: &Tree) -> Result<(), Fail> {
        value.only("udp_open", &["id", "from", "to", "port", "source_port", "connected"])?;
        let (port, own) = (value["port"].to_string(), value["source_port"].to_string());
        let argv = ["nc", "-u", "-p", own.as_str(), value["to"].text(), port.as_str()];
        let process = self.launch(value["from"].text(), &argv)?;
        self.open.insert(value["id"].text().into(), Open { process });
        Ok(())
    }

    fn udp_send(&mut self, step: &Tree, id: &str) -> Result<(), Fail> {
        let process = self.opened(id)?;
        let count = step["count"].int().unwrap_or(1);
        let outcomes = (0..count).map(|_| self.ask(process)).collect::<Result<Vec<_>, Fail>>()?;
        self.judge(step, &outcomes)
    }

    fn opened(&self, id: &str) -> Result<clusterip::cluster::Process, Fail> {
        self.open.get(id).map(|open| open.process).ok_or_else(|| Fail::unknown("open connection", id))
    }

    /// Compares outcomes with what a step expects, and keeps the backend's name if it says so.
    fn judge(&mut self, step: &Tree, outcomes: &[Outcome]) -> Result<(), Fail> {
        let expect = &step["expect"];
        let seen = backends(outcomes);
        for key in [&step["save"], &expect["save"]] {
            if let (Some(backend), false) = (seen.first(), key.is_null()) {
                self.saved.insert(key.text().into(), backend.clone());
            }
        }
        // Expecting backends is expecting answers.
        let result = match expect["result"].text() {
            "" => "ok",
            word => word,
        };
        let answers: Vec<&Answer> = outcomes.iter().filter_map(answer).collect();
        if let Some(other) = outcomes.iter().find(|outcome| word(outcome) != result) {
            return Err(Fail::new(format!("result {result}"), format!("result {}", word(other))));
        }
        let names = |key: &str| -> Result<BTreeSet<String>, Fail> {
            match &expect[key] {
                Tree::Text(name) => Ok([self.named(name)?].into()),
                list => list.texts().into_iter().map(|name| self.named(name)).collect(),
            }
        };
        if expect.has("pods") {
            let wanted = names("pods")?;
            if let Some(other) = seen.iter().find(|name| !wanted.contains(*name)) {
                return Err(Fail::new(format!("one of {wanted:?}"), other));
            }
            if expect["all"].truth() == Some(true) {
                check("backends", &wanted, &seen)?;
            }
        }
        if expect.has("not_pods") {
            let unwanted = names("not_pods")?;
            if let Some(name) = seen.iter().find(|name| unwanted.contains(*name)) {
                return Err(Fail::new(format!("none of {unwanted:?}"), name));
            }
        }
        if let [least, most] = expect["each_between"].items() {
            let mut counts: BTreeMap<String, i64> = names("pods")?.into_iter().map(|name| (name, 0)).collect();
            answers.iter().for_each(|answer| *counts.entry(answer.backend.clone()).or_default() += 1);
            let range = least.int().unwrap_or(0)..=most.int().unwrap_or(i64::MAX);
            if counts.values().any(|count| !range.contains(count)) {
                return Err(Fail::new(format!("{range:?} each"), format!("{counts:?}")));
            }
        }
        if expect["sticky"].truth() == Some(true) && seen.len() > 1 {
            return Err(Fail::new("one backend", format!("{seen:?}")));
        }
        for key in ["same_as", "not_same_as"] {
            if expect.has(key) {
                let saved = self.named(&format!("${}", expect[key].text().trim_start_matches('$')))?;
                let is_right = match key {
                    "same_as" => seen == BTreeSet::from([saved.clone()]),
                    _ => !seen.contains(&saved),
                };
                if !is_right {
                    return Err(Fail::new(format!("{key} {saved}"), format!("{seen:?}")));
                }
            }
        }
        for (key, is_right) in [
            ("distinct_at_least", (|seen, bound| seen >= bound) as fn(i64, i64) -> bool),
            ("distinct_at_most", |seen, bound| seen <= bound),
        ] {
            if let Some(bound) = expect[key].int() {
                if !is_right(seen.len() as i64, bound) {
                    return Err(Fail::new(format!("{key} {bound}"), format!("{seen:?}")));
                }
            }
        }
        if let Some(port) = expect["target_port"].int() {
            answers.iter().try_for_each(|answer| check("target port", &port, &i64::from(answer.port)))?;
        }
        for answer in answers {
            if expect.has("source") {
                self.source(expect["source"].text(), answer)?;
            }
            if let Some(wanted) = expect["source_by_pod"].fields().find(|(name, _)| *name == answer.backend) {
                self.source(wanted.1.text(), answer)?;
            }
        }
        Ok(())
    }

    /// Compares the address that a backend saw; `node:X` is any address of node X.
    fn source(&self, wanted: &str, answer: &Answer) -> Result<(), Fail> {
        let is_right = match wanted.strip_prefix("node:") {
            Some(node) => self.node_addresses(node)?.contains(&answer.source),
            None => parsed::<IpAddr>("address", wanted)? == answer.source,
        };
        if is_right { Ok(()) } else { Err(Fail::new(format!("source {wanted}"), format!("{answer:?}"))) }
    }
}

fn backends(outcomes: &[Outcome]) -> BTreeSet<String> {
    outcomes.iter().filter_map(answer).map(|answer| answer.backend.clone()).collect()
}

fn answer(outcome: &Outcome) -> Option<&Answer> {
    if let Outcome::Answered(answer) = outcome { Some(answer) } else { None }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered(_) => "ok",
        Outcome::Refused => "refused",
        Outcome::Timeout => "timeout",
    }
}

/// What `nc` printed of an answer `NAME CLIENT:PORT LOCAL:PORT`, or how it ended without one.
fn outcome(text: &str, output: &Output) -> Result<Outcome, Fail> {
    let unreadable = || Fail::new("NAME CLIENT:PORT LOCAL:PORT", format!("{text:?}"));
    let Some(line) = text.lines().next() else {
        let is_refused = output.stderr.contains("refused") || output.stderr.contains("reset");
        return Ok(if is_refused { Outcome::Refused } else { Outcome::Timeout });
    };
    let words: Vec<&str> = line.split(' ').collect();
    let &[name, client, local] = words.as_slice() else { return Err(unreadable()) };
    let client: std::net::SocketAddr = client.parse().map_err(|_| unreadable())?;
    let local: std::net::SocketAddr = local.parse().map_err(|_| unreadable())?;
    // The machine outside serves under a name of its own.
    let backend = if name == "out" { EXTERNAL } else { name };
    Ok(Outcome::Answered(Answer { backend: backend.into(), source: client.ip(), port: local.port() }))
}
