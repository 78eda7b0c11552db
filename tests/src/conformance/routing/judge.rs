//! What became of connections, and whether a step expected it.

use super::world::{EXTERNAL, World};
use crate::conformance::{
    tree::{Fail, Tree, check},
    world::parsed,
};
use clusterip::cluster::Output;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// What became of one connection or exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Somebody answered.
    Answered(Answer),
    Refused,
    Timeout,
}

/// Who answered, whom it saw, and on which port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) backend: String,
    pub(super) source: IpAddr,
    pub(super) port: u16,
}

impl World<'_> {
    /// Compares outcomes with what a step expects, and keeps the backend's name if it says so.
    pub(super) fn judge(&mut self, step: &Tree, outcomes: &[Outcome]) -> Result<(), Fail> {
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
            if let Some(bound) = expect[key].int().filter(|bound| !is_right(seen.len() as i64, *bound)) {
                return Err(Fail::new(format!("{key} {bound}"), format!("{seen:?}")));
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

pub(super) fn backends(outcomes: &[Outcome]) -> BTreeSet<String> {
    outcomes.iter().filter_map(answer).map(|answer| answer.backend.clone()).collect()
}

fn answer(outcome: &Outcome) -> Option<&Answer> {
    if let Outcome::Answered(answer) = outcome { Some(answer) } else { None }
}

pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered(_) => "ok",
        Outcome::Refused => "refused",
        Outcome::Timeout => "timeout",
    }
}

/// What `nc` printed of an answer `NAME CLIENT:PORT LOCAL:PORT`, or how it ended without one.
pub(super) fn outcome(text: &str, output: &Output) -> Result<Outcome, Fail> {
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
