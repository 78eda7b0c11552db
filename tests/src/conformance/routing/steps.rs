//! The steps of a case.

use super::{
    judge::{Outcome, backends, outcome, word},
    world::{Open, World},
};
use crate::conformance::{
    tree::{Fail, Tree, check},
    world::{self, parsed},
};
use clusterip::{
    api::{Key, Kind, Value},
    control::DeleteOptions,
    time::Duration,
};
use std::collections::BTreeSet;

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
    pub(super) fn named(&self, name: &str) -> Result<String, Fail> {
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
        if let Some(within) = step["expect"]["within"].number().filter(|within| took > *within) {
            return Err(Fail::new(format!("within {within} s"), format!("{took} s")));
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
}
