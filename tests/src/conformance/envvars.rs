//! Group `envvars`: the variables of Services in a container's environment.

use super::{
    Case,
    tree::{Fail, Tree, check},
    world::{self, PodSpec},
};
use clusterip::{api::Kind, cluster::Place};
use std::collections::BTreeMap;

/// One case: Services, then a pod, then what `env` prints in it.
pub(super) fn run(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["services", "pod", "expect"])?;
    let expect = case.get("expect");
    expect.only("expect", &["env", "exact", "absent"])?;
    let pod = case.get("pod");
    pod.only("pod", &["namespace", "enableServiceLinks"])?;
    let mut cluster = world::start(world::dual()?)?;
    let mut has_kubernetes = false;
    for text in case.get("services").texts() {
        for object in world::objects(text, "default")? {
            let is_own = object.namespace() == "default" && object.name() == "kubernetes";
            has_kubernetes |= object.name() == "kubernetes";
            if is_own && cluster.object(Kind::Service, "default", "kubernetes").is_some() {
                // Every cluster has it already, with an address of its own.
                continue;
            }
            world::ensure_namespace(&mut cluster, object.namespace())?;
            cluster.create(object).map_err(|error| Fail::new("a Service", error))?;
        }
    }
    let namespace = pod["namespace"].text();
    let mut spec: Vec<(&'static str, Tree)> = Vec::new();
    if pod.has("enableServiceLinks") {
        spec.push(("enableServiceLinks", pod["enableServiceLinks"].clone()));
    }
    let pod = PodSpec {
        namespace: namespace.into(),
        name: "reader".into(),
        node: Some("node-1".into()),
        ready: true,
        spec,
        ..PodSpec::default()
    };
    world::create_pod(&mut cluster, &pod)?;
    world::settle(&mut cluster)?;
    let output = world::exec(&mut cluster, &Place::pod(namespace, "reader"), "env")?;
    let lines = output.stdout.lines().filter_map(|line| line.split_once('='));
    let got: BTreeMap<&str, &str> = lines
        .filter(|(name, _)| is_service_variable(name))
        .filter(|(name, _)| has_kubernetes || !name.starts_with("KUBERNETES_"))
        .collect();
    let wanted: BTreeMap<&str, &str> = expect["env"].fields().map(|(name, value)| (name, value.text())).collect();
    if expect["exact"].truth() == Some(true) {
        check("variables", &wanted, &got)?;
    }
    for (name, value) in &wanted {
        check(name, &Some(value), &got.get(name))?;
    }
    for name in expect["absent"].texts() {
        check(name, &None, &got.get(name))?;
    }
    Ok(())
}

/// The shapes of `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT[_…]`, `NAME_PORT` and `NAME_PORT_80_TCP[_…]`.
fn is_service_variable(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| name.contains("_PORT_") && name.contains(protocol))
}
