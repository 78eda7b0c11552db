//! Group `allocation`: which addresses Services get, one step after another.

use super::{
    Case,
    manifests::same_words,
    tree::{Fail, Tree, check},
    world::{self, parsed},
};
use clusterip::{
    api::{Kind, json},
    cluster::{Cluster, Config},
    control::{DeleteOptions, IpPool},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// One case: steps in a cluster, or the arithmetic of a range.
pub(super) fn run(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["serviceCIDRs", "steps", "expect_bands"])?;
    let ranges = case.get("serviceCIDRs").texts();
    if case.case.has("expect_bands") {
        return bands(&ranges, case.get("expect_bands"));
    }
    let config = Config { service_cidrs: world::cidrs(&ranges)?, ..world::bare() };
    let mut run =
        Run { cluster: world::start(config)?, defaults: &case.table.root["defaults"], saved: BTreeMap::new() };
    for step in case.get("steps").items() {
        run.step(step)?;
    }
    Ok(())
}

struct Run<'a> {
    cluster: Cluster,
    defaults: &'a Tree,
    saved: BTreeMap<String, Tree>,
}

const FORMS: [&str; 6] = ["create", "create_many", "delete", "replace", "recreate", "get"];
const KEYS: [&str; 18] = [
    "create",
    "create_many",
    "delete",
    "replace",
    "recreate",
    "get",
    "clusterIP",
    "spec",
    "prefix",
    "name",
    "namespace",
    "expect",
    "error",
    "error_regex",
    "http",
    "statusReason",
    "save",
    "dryRun",
];

impl Run<'_> {
    fn step(&mut self, step: &Tree) -> Result<(), Fail> {
        step.only("step", &KEYS)?;
        let form =
            FORMS.into_iter().find(|form| step.has(form)).ok_or_else(|| Fail::new("a known form of step", step))?;
        match form {
            "get" => self.judge(step, step["get"].text()),
            "create" => {
                let name = step["create"].text();
                if step.has("error") {
                    return self.refused(step, "create", name);
                }
                let dry = if step["dryRun"].truth() == Some(true) { " --dry-run=server -o json" } else { "" };
                let output = self.send(step, &format!("create{dry}"), name)?;
                if dry.is_empty() {
                    return self.judge(step, name);
                }
                let text = json::parse(&output).map_err(|_| Fail::new("the object as JSON", &output))?;
                self.compare(step, &Tree::from_value(&text))
            }
            "replace" => {
                let name = step["replace"].text();
                if step.has("error") {
                    return self.refused(step, "replace", name);
                }
                self.send(step, "replace", name)?;
                self.judge(step, name)
            }
            "create_many" => self.create_many(step),
            "delete" => {
                let name = step["delete"].text();
                let address = self.service(step, name)?.at("spec.clusterIP").clone();
                self.delete(step, name)?;
                if step.has("save") {
                    self.saved.insert(format!("${}", step["save"].text()), address);
                }
                Ok(())
            }
            _ => self.recreate(step),
        }
    }

    /// The Service of a step: the defaults with its `spec` over them, its `clusterIP` in it.
    fn manifest(&self, step: &Tree, name: &str) -> String {
        let mut spec = self.defaults["spec"].merged(&step["spec"]);
        if let (Tree::Map(fields), true) = (&mut spec, step.has("clusterIP")) {
            fields.insert("clusterIP".into(), self.resolved(&step["clusterIP"]));
        }
        let mut value = clusterip::api::Value::map();
        value.set(&["apiVersion"], "v1");
        value.set(&["kind"], "Service");
        value.set(&["metadata", "name"], name);
        value.set(&["metadata", "namespace"], self.namespace(step));
        value.set(&["spec"], spec.to_value());
        json::emit(&value)
    }

    fn namespace<'b>(&'b self, step: &'b Tree) -> &'b str {
        match step["namespace"].text() {
            "" => self.defaults["namespace"].text(),
            name => name,
        }
    }

    /// A saved value for `$X`.
    fn resolved(&self, value: &Tree) -> Tree {
        self.saved.get(value.text()).unwrap_or(value).clone()
    }

    /// Sends a manifest by kubectl, which has to be taken; gives what it printed.
    fn send(&mut self, step: &Tree, verb: &str, name: &str) -> Result<String, Fail> {
        let namespace = self.namespace(step).to_string();
        world::ensure_namespace(&mut self.cluster, &namespace)?;
        let manifest = self.manifest(step, name);
        let output = world::kubectl(&mut self.cluster, &format!("kubectl {verb} -f -"), &manifest);
        if output.exit_code == 0 { Ok(output.stdout) } else { Err(Fail::new(format!("{name} taken"), output.stderr)) }
    }

    /// Sends a manifest that has to be refused: to the API, then by kubectl.
    fn refused(&mut self, step: &Tree, verb: &str, name: &str) -> Result<(), Fail> {
        let namespace = self.namespace(step).to_string();
        world::ensure_namespace(&mut self.cluster, &namespace)?;
        let manifest = self.manifest(step, name);
        for object in world::objects(&manifest, &namespace)? {
            let answer = if verb == "create" { self.cluster.create(object) } else { self.cluster.replace(object) };
            let Err(error) = answer else { return Err(Fail::new(step["error"].text(), format!("{name} taken"))) };
            if let Some(http) = step["http"].int() {
                check("status code", &http, &i64::from(error.code))?;
            }
            if step.has("statusReason") {
                check("reason", &step["statusReason"].text().to_string(), &format!("{:?}", error.reason))?;
            }
        }
        let output = world::kubectl(&mut self.cluster, &format!("kubectl {verb} -f -"), &manifest);
        same_words(step["error"].text(), &output.stderr)
    }

    fn create_many(&mut self, step: &Tree) -> Result<(), Fail> {
        let count = step["create_many"].int().unwrap_or(0);
        let names: Vec<String> = (0..count).map(|number| format!("{}{number}", step["prefix"].text())).collect();
        for name in &names {
            self.send(step, "create", name)?;
        }
        let expect = &step["expect"];
        expect.only("expect", &["each_in", "distinct", "clusterIP", "in"])?;
        let services = names.iter().map(|name| self.service(step, name)).collect::<Result<Vec<_>, _>>()?;
        let mut seen = BTreeSet::new();
        for service in &services {
            let address = service.at("spec.clusterIP");
            if expect.has("clusterIP") {
                check("clusterIP", &expect["clusterIP"], address)?;
            }
            for key in ["each_in", "in"] {
                if expect.has(key) {
                    within(&expect[key], address)?;
                }
            }
            seen.insert(address.to_string());
        }
        match expect["distinct"].truth() {
            Some(true) => check("distinct addresses", &services.len(), &seen.len()),
            _ => Ok(()),
        }
    }

    fn recreate(&mut self, step: &Tree) -> Result<(), Fail> {
        let name = step["name"].text();
        step["expect"].only("expect", &["distinct_at_least"])?;
        let mut seen = BTreeSet::new();
        for _ in 0..step["recreate"].int().unwrap_or(0) {
            self.send(step, "create", name)?;
            seen.insert(self.service(step, name)?.at("spec.clusterIP").to_string());
            self.delete(step, name)?;
        }
        let least = step["expect"]["distinct_at_least"].int().unwrap_or(0);
        if seen.len() as i64 >= least {
            Ok(())
        } else {
            Err(Fail::new(format!("{least} addresses or more"), seen.len()))
        }
    }

    fn delete(&mut self, step: &Tree, name: &str) -> Result<(), Fail> {
        let namespace = self.namespace(step).to_string();
        world::delete(&mut self.cluster, Kind::Service, &namespace, name, DeleteOptions::default())
    }

    fn service(&self, step: &Tree, name: &str) -> Result<Tree, Fail> {
        let found = world::stored(&self.cluster, Kind::Service, self.namespace(step), name);
        found.ok_or_else(|| Fail::new(format!("Service {name}"), "none"))
    }

    fn judge(&mut self, step: &Tree, name: &str) -> Result<(), Fail> {
        let service = self.service(step, name)?;
        if step.has("save") {
            self.saved.insert(format!("${}", step["save"].text()), service.at("spec.clusterIP").clone());
        }
        self.compare(step, &service)
    }

    fn compare(&self, step: &Tree, service: &Tree) -> Result<(), Fail> {
        let expect = &step["expect"];
        if expect.is_null() {
            return Ok(());
        }
        expect.only("expect", &["clusterIP", "clusterIPs", "in"])?;
        if expect.has("clusterIP") {
            check("clusterIP", &self.resolved(&expect["clusterIP"]), service.at("spec.clusterIP"))?;
        }
        if expect.has("in") {
            within(&expect["in"], service.at("spec.clusterIP"))?;
        }
        if expect.has("clusterIPs") {
            let got = service.at("spec.clusterIPs").items();
            let wanted = expect["clusterIPs"].items();
            check("number of clusterIPs", &wanted.len(), &got.len())?;
            wanted.iter().zip(got).try_for_each(|(ranges, address)| within(ranges, address))?;
        }
        Ok(())
    }
}

/// Fails unless an address is in one of the closed ranges `A-B`.
fn within(ranges: &Tree, address: &Tree) -> Result<(), Fail> {
    let wrong = || Fail::new(format!("an address in {ranges}"), address);
    let address: IpAddr = address.text().parse().map_err(|_| wrong())?;
    for range in ranges.texts() {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (IpAddr, IpAddr) = (parsed("address", first)?, parsed("address", last)?);
        if (first..=last).contains(&address) {
            return Ok(());
        }
    }
    Err(wrong())
}

/// The arithmetic of a range, without a cluster.
fn bands(ranges: &[&str], expect: &Tree) -> Result<(), Fail> {
    expect.only("expect_bands", &["lower_band_size", "first", "last", "usable", "lower_band", "upper_band"])?;
    let &[range] = ranges else { return Err(Fail::new("one range", ranges.len())) };
    let bands = IpPool::new(parsed("address range", range)?).bands();
    let text =
        |band: Option<(IpAddr, IpAddr)>| band.map_or(Tree::Null, |(first, last)| Tree::Text(format!("{first}-{last}")));
    let end =
        |pick: fn((IpAddr, IpAddr)) -> IpAddr| bands.all.map_or(Tree::Null, |all| Tree::Text(pick(all).to_string()));
    for (key, wanted) in expect.fields() {
        let got = match key {
            "lower_band_size" => Tree::Int(bands.lower_size as i64),
            "usable" => Tree::Int(bands.usable as i64),
            "first" => end(|(first, _)| first),
            "last" => end(|(_, last)| last),
            "lower_band" => text(bands.lower),
            _ => text(bands.upper),
        };
        check(key, wanted, &got)?;
    }
    Ok(())
}
