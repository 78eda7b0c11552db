//! What is seen in the end.

use super::{FILE, Seed};
use crate::conformance::{
    endpoints, kubectl, manifests,
    tree::{Fail, Tree, check},
    world,
};
use clusterip::{
    api::{Kind, Object},
    cluster::{Outcome, Trip},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

impl Seed {
    pub(super) fn judge(&mut self, key: &str, wanted: &Tree) -> Result<(), Fail> {
        match key {
            "stdout" | "stderr" => {
                let got = if key == "stdout" { &self.output.stdout } else { &self.output.stderr };
                let wanted = wanted.text().replace("FILE", FILE);
                check(key, &wanted.trim_end(), &got.trim_end())
            }
            "stored" => {
                let object = self.after.as_ref().ok_or_else(|| Fail::new("a stored object", "none"))?;
                wanted.fields().try_for_each(|(path, value)| manifests::field(object, path, value))
            }
            "unchanged" => wanted.texts().into_iter().try_for_each(|path| {
                let at = |tree: &Option<Tree>| tree.as_ref().map_or(Tree::Null, |tree| tree.at(path).clone());
                check(path, &at(&self.before), &at(&self.after))
            }),
            "pods" => self.judge_pods(wanted),
            "table" => kubectl::table(wanted, &self.output.stdout),
            "lines" => wanted.fields().try_for_each(|(label, value)| self.judge_line(label, value.text())),
            "curl" => self.judge_curl(wanted.text()),
            "exit" => check(key, &wanted.int(), &Some(self.output.exit_code.into())),
            "contains" if wanted.is_list() => wanted.texts().into_iter().try_for_each(|text| self.judge_contains(text)),
            "contains" => self.judge_contains(wanted.text()),
            "dns" | "rcode" => self.judge_rcode(wanted.text()),
            "answer" => self.judge_answer(wanted),
            "resolves_to" => check(key, &BTreeSet::from([wanted.text().to_string()]), &self.answer),
            "server" => self.judge_contains(&format!("Server:\t\t{}", wanted.text())),
            "ptr" => {
                wanted.only("ptr", &["name", "data"])?;
                let (name, data) = (wanted["name"].text(), wanted["data"].text());
                self.judge_contains(&format!("{name}\tname = {data}"))
            }
            "env_absent" => wanted.texts().into_iter().try_for_each(|name| {
                let start = format!("{name}=");
                let line = self.output.stdout.lines().find(|line| line.starts_with(&start));
                check(name, &None, &line)
            }),
            "env" => wanted.fields().try_for_each(|(name, value)| {
                let line = format!("{name}={}", value.text());
                if self.output.stdout.lines().any(|own| own == line) {
                    Ok(())
                } else {
                    Err(Fail::new(line, "no such line"))
                }
            }),
            "endpoints" => self.judge_endpoints(wanted),
            "slices" => {
                let slices = endpoints::slices_of(&self.cluster, "default", &self.read);
                endpoints::compare_slices(wanted.items(), &slices)
            }
            "managed_by" => {
                for slice in endpoints::slices_of(&self.cluster, "default", &self.read) {
                    let by = &slice["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"];
                    check(key, &wanted.text(), &by.text())?;
                }
                Ok(())
            }
            "result" => self.judge_result(wanted.text()),
            "answered_by_one_of" if self.trips.is_empty() => {
                let addresses = wanted.texts().into_iter().filter_map(|address| address.parse::<IpAddr>().ok());
                let names: Vec<String> = addresses.filter_map(|address| self.pods.get(&address).cloned()).collect();
                let is_one = names.iter().any(|name| self.output.stdout.contains(name.as_str()));
                if is_one { Ok(()) } else { Err(Fail::new(format!("one of {names:?}"), &self.output.stdout)) }
            }
            "answered_by" => check(key, &BTreeSet::from([wanted.text().to_string()]), &self.backends(0)),
            "answered_by_one_of" | "only" => {
                let wanted: BTreeSet<String> = wanted.texts().into_iter().map(String::from).collect();
                let got = self.backends(0);
                if got.is_subset(&wanted) && !got.is_empty() {
                    Ok(())
                } else {
                    Err(Fail::new(format!("{wanted:?}"), format!("{got:?}")))
                }
            }
            "first" | "second" | "third" => {
                let at = ["first", "second", "third"].iter().position(|word| *word == key).unwrap_or(0);
                check(key, &wanted.texts().into_iter().map(String::from).collect(), &self.backends(at))
            }
            "sticky" => check("number of backends", &(wanted.truth() == Some(true)), &(self.backends(0).len() == 1)),
            "all_pods_seen" => check("backends", &self.pods.keys().map(IpAddr::to_string).collect(), &self.backends(0)),
            "each_between" => self.judge_counts(wanted),
            "backend_port" => check(key, &BTreeSet::from([wanted.int()]), &self.ports()),
            "backend_ports" => check(key, &wanted.items().iter().map(Tree::int).collect(), &self.ports()),
            other => Err(Fail::unknown("expectation", other)),
        }
    }

    fn all_trips(&self) -> impl Iterator<Item = &Trip> {
        self.trips.iter().flatten()
    }

    /// The addresses that answered in one of the `connect`s.
    fn backends(&self, at: usize) -> BTreeSet<String> {
        let trips = self.trips.get(at).into_iter().flatten();
        trips.filter_map(|trip| trip.backend).map(|backend| backend.ip().to_string()).collect()
    }

    fn ports(&self) -> BTreeSet<Option<i64>> {
        self.all_trips().map(|trip| trip.backend.map(|backend| backend.port().into())).collect()
    }

    fn judge_counts(&self, wanted: &Tree) -> Result<(), Fail> {
        let [least, most] = wanted.items() else { return Err(Fail::unknown("bounds", &wanted.to_string())) };
        let range = least.int().unwrap_or(0)..=most.int().unwrap_or(i64::MAX);
        let mut counts: BTreeMap<IpAddr, i64> = BTreeMap::new();
        for backend in self.all_trips().filter_map(|trip| trip.backend) {
            *counts.entry(backend.ip()).or_default() += 1;
        }
        if counts.values().all(|count| range.contains(count)) {
            Ok(())
        } else {
            Err(Fail::new(format!("{range:?} each"), format!("{counts:?}")))
        }
    }

    fn judge_result(&self, wanted: &str) -> Result<(), Fail> {
        let word = |trip: &Trip| match trip.outcome {
            Outcome::Connected => "ok",
            other => other.word(),
        };
        if self.trips.is_empty() {
            let got = if self.output.exit_code == 0 { "ok" } else { "failed" };
            return if got == wanted { Ok(()) } else { Err(Fail::new(wanted, format!("{:?}", self.output))) };
        }
        self.all_trips().try_for_each(|trip| check("result", &wanted, &word(trip)))
    }

    /// What a tool says when it is refused, hears nothing, or finds no name.
    fn judge_curl(&self, wanted: &str) -> Result<(), Fail> {
        let output = self.curl.as_ref().ok_or_else(|| Fail::new("a curl command", "none"))?;
        let got = match output.exit_code {
            0 => "ok",
            6 => "unresolved",
            7 => "refused",
            28 => "timeout",
            _ => "other",
        };
        if got == wanted { Ok(()) } else { Err(Fail::new(wanted, format!("{output:?}"))) }
    }

    fn judge_rcode(&self, wanted: &str) -> Result<(), Fail> {
        if !self.rcode.is_empty() {
            return check("rcode", &wanted, &self.rcode.as_str());
        }
        // A program does not tell the code, but in which words it fails.
        let text = format!("{}{}", self.output.stdout, self.output.stderr).to_ascii_lowercase();
        let says = ["bad address", "not known", "could not resolve", "nxdomain", "does not resolve"];
        let is_missing = self.output.exit_code != 0 && says.iter().any(|words| text.contains(words));
        let got = if is_missing { "NXDOMAIN" } else { "NOERROR" };
        if got == wanted { Ok(()) } else { Err(Fail::new(wanted, format!("{:?}", self.output))) }
    }

    /// Addresses, or the words `spec.clusterIP of NAME`.
    fn judge_answer(&self, wanted: &Tree) -> Result<(), Fail> {
        let wanted: BTreeSet<String> = match wanted.text().split_once(" of ") {
            Some((path, name)) => {
                let service = world::stored(&self.cluster, Kind::Service, "default", name).unwrap_or_default();
                [service.at(path).text().to_string()].into()
            }
            None if wanted.is_list() => wanted.texts().into_iter().map(String::from).collect(),
            None => [wanted.text().to_string()].into(),
        };
        check("answer", &wanted, &self.answer)
    }

    fn judge_contains(&self, wanted: &str) -> Result<(), Fail> {
        if self.output.stdout.contains(wanted) { Ok(()) } else { Err(Fail::new(wanted, &self.output.stdout)) }
    }

    fn judge_line(&self, label: &str, value: &str) -> Result<(), Fail> {
        let line = self.output.stdout.lines().find_map(|line| line.trim_start().strip_prefix(label));
        let got = line.map(str::trim);
        // A port has a name before it.
        let is_right = got.is_some_and(|got| got == value || got.split("  ").last() == Some(value));
        if is_right { Ok(()) } else { Err(Fail::new(format!("{label} {value}"), format!("{got:?}"))) }
    }

    fn judge_pods(&self, wanted: &Tree) -> Result<(), Fail> {
        wanted.only("pods", &["count", "labels", "name_prefix"])?;
        let pods = self.cluster.list(Kind::Pod, Some("default"));
        let has = |pod: &Object| wanted["labels"].fields().all(|(key, value)| pod.label(key) == Some(value.text()));
        let names: Vec<String> = pods.filter(|pod| has(pod)).map(|pod| pod.name().to_string()).collect();
        check("pods", &wanted["count"].int(), &Some(names.len() as i64))?;
        let prefix = wanted["name_prefix"].text();
        match names.iter().find(|name| !name.starts_with(prefix)) {
            None => Ok(()),
            Some(name) => Err(Fail::new(format!("{prefix}…"), name)),
        }
    }

    /// `ADDRESS:PORT` of every ready endpoint.
    fn judge_endpoints(&self, wanted: &Tree) -> Result<(), Fail> {
        let object = world::stored(&self.cluster, Kind::Endpoints, "default", &self.read).unwrap_or_default();
        let mut got = BTreeSet::new();
        for subset in object["subsets"].items() {
            for address in subset["addresses"].items() {
                for port in subset["ports"].items() {
                    got.insert(format!("{}:{}", address["ip"].text(), port["port"]));
                }
            }
        }
        check("endpoints", &wanted.texts().into_iter().map(String::from).collect(), &got)
    }
}
