//! Clusters as the cases want them, and what every group does with one.

use super::tree::{Fail, Tree};
use clusterip::{
    api::{Key, Kind, Object, Value, yaml},
    cluster::{Cluster, Config, DnsConfig, NodeConfig, Output, Place, PodPin},
    control::DeleteOptions,
    dataplane::Mode,
    net::Cidr,
    time::Duration,
};
use std::{collections::BTreeMap, net::IpAddr, ops::RangeInclusive, str::FromStr};

/// A cluster without system pods: `kubernetes` is its only Service, unless the case asks for DNS.
pub(super) fn bare() -> Config {
    Config {
        dns: None,
        start_delay: Duration::from_millis(1),
        stop_delay: Duration::from_millis(1),
        ..Config::default()
    }
}

/// A cluster of both families, as the groups use it that do not name one.
pub(super) fn dual() -> Result<Config, Fail> {
    Ok(Config { service_cidrs: cidrs(&["10.96.0.0/16", "fd00:10:96::/108"])?, ..bare() })
}

/// One of the file's `clusters`.
pub(super) fn named(table: &Tree, name: &str) -> Result<Config, Fail> {
    let wanted = &table["clusters"][name];
    wanted.only("cluster", &["serviceCIDRs", "nodePortRange"])?;
    let ports = wanted["nodePortRange"].text();
    let node_ports = if ports.is_empty() { bare().node_ports } else { port_range(ports)? };
    Ok(Config { service_cidrs: cidrs(&wanted["serviceCIDRs"].texts())?, node_ports, ..bare() })
}

/// A cluster at rest.
pub(super) fn start(config: Config) -> Result<Cluster, Fail> {
    let mut cluster = Cluster::new(config).map_err(|error| Fail::new("a cluster", error))?;
    settle(&mut cluster)?;
    Ok(cluster)
}

/// Lets everything come to rest.
pub(super) fn settle(cluster: &mut Cluster) -> Result<(), Fail> {
    let settled = cluster.settle();
    if settled.is_settled() { Ok(()) } else { Err(Fail::new("a cluster at rest", settled.pending.join(", "))) }
}

pub(super) fn cidrs(texts: &[&str]) -> Result<Vec<Cidr>, Fail> {
    texts.iter().map(|text| parsed("address range", text)).collect()
}

fn port_range(text: &str) -> Result<RangeInclusive<u16>, Fail> {
    let (first, last) = text.split_once('-').ok_or_else(|| Fail::unknown("port range", text))?;
    Ok(parsed("port", first)?..=parsed("port", last)?)
}

/// Text that has to be well-formed, or the case is not.
pub(super) fn parsed<T: FromStr>(what: &str, text: &str) -> Result<T, Fail> {
    text.parse().map_err(|_| Fail::unknown(what, text))
}

/// A node of a case: `name`, `zone`, `address`, with the pod range it is given.
pub(super) fn node(at: usize, node: &Tree, pods: &str) -> Result<NodeConfig, Fail> {
    let number = at as u8 + 1;
    let mut config = NodeConfig { name: node["name"].text().into(), ..NodeConfig::numbered(number) };
    config.zone = Some(node["zone"].text().to_string()).filter(|zone| !zone.is_empty());
    if node.has("address") {
        config.addresses = vec![parsed("address", node["address"].text())?];
    }
    if !pods.is_empty() {
        config.pod_cidrs = cidrs(&[pods])?;
    }
    Ok(config)
}

pub(super) fn mode(text: &str) -> Result<Mode, Fail> {
    match text {
        "" | "iptables" => Ok(Mode::Iptables),
        "nftables" => Ok(Mode::Nftables),
        other => Err(Fail::unknown("proxy mode", other)),
    }
}

/// kubeadm's DNS at an address.
pub(super) fn dns(address: &str) -> Result<DnsConfig, Fail> {
    Ok(DnsConfig { address: parsed("address", address)?, ..DnsConfig::default() })
}

/// Runs a kubectl command line.
pub(super) fn kubectl(cluster: &mut Cluster, line: &str, stdin: &str) -> Output {
    cluster.kubectl_with(line, stdin)
}

/// Puts a file where `kubectl -f NAME` finds it.
pub(super) fn file(cluster: &mut Cluster, name: &str, text: &str) {
    cluster.set_file(name, Some(text));
}

/// Does with a text what `kubectl apply -f` does; any refusal is a failure of the case's setup.
pub(super) fn apply(cluster: &mut Cluster, text: &str) -> Result<(), Fail> {
    let output = kubectl(cluster, "kubectl apply -f -", text);
    if output.exit_code == 0 { Ok(()) } else { Err(Fail::new("setup applied", output.stderr)) }
}

/// The objects of a text, as kubectl sends them; objects without a namespace get this one.
pub(super) fn objects(text: &str, namespace: &str) -> Result<Vec<Object>, Fail> {
    yaml::parse(text)
        .into_iter()
        .map(|manifest| {
            let value = manifest.map_err(|error| Fail::new("a manifest that can be read", error))?.value;
            object(value, namespace)
        })
        .collect()
}

/// The object of a tree.
pub(super) fn object(mut value: Value, namespace: &str) -> Result<Object, Fail> {
    let (version, word) = (value["apiVersion"].str().to_string(), value["kind"].str().to_string());
    let kind =
        Kind::from_manifest(&version, &word).ok_or_else(|| Fail::unknown("kind", &format!("{version} {word}")))?;
    if kind.names().namespaced && value["metadata"]["namespace"].str().is_empty() {
        value.set(&["metadata", "namespace"], namespace);
    }
    Ok(Object { kind, value })
}

/// Creates the objects of a text through the API, straight.
pub(super) fn create(cluster: &mut Cluster, text: &str, namespace: &str) -> Result<(), Fail> {
    for object in objects(text, namespace)? {
        ensure_namespace(cluster, object.namespace())?;
        cluster.create(object).map_err(|error| Fail::new("setup created", error))?;
    }
    Ok(())
}

/// Writes the objects of a text over those that exist.
pub(super) fn replace(cluster: &mut Cluster, text: &str, namespace: &str) -> Result<(), Fail> {
    for object in objects(text, namespace)? {
        cluster.replace(object).map_err(|error| Fail::new("a replaced object", error))?;
    }
    Ok(())
}

/// Makes a namespace unless it exists.
pub(super) fn ensure_namespace(cluster: &mut Cluster, name: &str) -> Result<(), Fail> {
    if name.is_empty() || cluster.object(Kind::Namespace, "", name).is_some() {
        return Ok(());
    }
    let created = cluster.create(Object::new(Kind::Namespace, "", name));
    created.map(drop).map_err(|error| Fail::new("a namespace", error))
}

/// A stored object's tree.
pub(super) fn stored(cluster: &Cluster, kind: Kind, namespace: &str, name: &str) -> Option<Tree> {
    cluster.object(kind, namespace, name).map(|object| Tree::from_value(&object.value))
}

/// What the case says of pods.
#[derive(Debug, Clone, Default)]
pub(super) struct PodSpec {
    pub(super) namespace: String,
    pub(super) name: String,
    /// A map, or nothing.
    pub(super) labels: Tree,
    pub(super) node: Option<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) ready: bool,
    pub(super) phase: Option<String>,
    pub(super) terminating: bool,
    pub(super) tcp: Vec<u16>,
    pub(super) udp: Vec<u16>,
    /// Further fields of its spec.
    pub(super) spec: Vec<(&'static str, Tree)>,
}

/// A container that waits and has every program.
pub(super) fn toolbox() -> Tree {
    let text = |text: &str| Tree::Text(text.into());
    Tree::Map(BTreeMap::from([
        ("name".to_string(), text("main")),
        ("image".to_string(), text("nicolaka/netshoot")),
        ("command".to_string(), Tree::List(vec![text("sleep"), text("infinity")])),
    ]))
}

/// How long a pod that the case calls terminating goes on.
const GRACE: i64 = 86_400;

/// Makes a pod, pinned to what the case says of it.
pub(super) fn create_pod(cluster: &mut Cluster, pod: &PodSpec) -> Result<(), Fail> {
    ensure_namespace(cluster, &pod.namespace)?;
    cluster.pin(PodPin {
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
        addresses: pod.addresses.clone(),
        ready: Some(pod.ready),
        phase: pod.phase.clone().filter(|phase| phase != "Running"),
        tcp: pod.tcp.clone(),
        udp: pod.udp.clone(),
        lingers: true,
    });
    let mut object = Object::new(Kind::Pod, &pod.namespace, &pod.name);
    if !pod.labels.is_null() {
        object.value.set(&["metadata", "labels"], pod.labels.to_value());
    }
    object.value.set(&["spec", "containers"], vec![toolbox().to_value()]);
    object.value.set(&["spec", "terminationGracePeriodSeconds"], GRACE);
    match &pod.node {
        Some(node) => object.value.set(&["spec", "nodeName"], node.as_str()),
        // Nobody binds it to a node.
        None => object.value.set(&["spec", "schedulerName"], "nobody"),
    }
    for (field, tree) in &pod.spec {
        object.value.set(&["spec", field], tree.to_value());
    }
    let key = object.key();
    cluster.create(object).map_err(|error| Fail::new(format!("pod {}", pod.name), error))?;
    let node = pod.node.as_deref().unwrap_or_default();
    if cluster.object(Kind::Node, "", node).is_none() {
        // No kubelet will write it.
        cluster.update_status(&key, pod_status(pod)).map_err(|error| Fail::new("a status", error))?;
    }
    if pod.terminating {
        settle(cluster)?;
        terminate_pod(cluster, &pod.namespace, &pod.name)?;
    }
    Ok(())
}

/// The status of a pod on a node that is not there.
fn pod_status(pod: &PodSpec) -> Value {
    let mut status = Value::map();
    status.set(&["phase"], pod.phase.as_deref().unwrap_or("Running"));
    let addresses = pod.addresses.iter().map(|address| {
        let mut item = Value::map();
        item.set(&["ip"], address.to_string());
        item
    });
    status.set(&["podIPs"], addresses.collect::<Vec<Value>>());
    if let Some(first) = pod.addresses.first() {
        status.set(&["podIP"], first.to_string());
    }
    let mut ready = Value::map();
    ready.set(&["type"], "Ready");
    ready.set(&["status"], if pod.ready { "True" } else { "False" });
    status.set(&["conditions"], vec![ready]);
    status
}

/// Begins a pod's graceful end; its processes go on.
pub(super) fn terminate_pod(cluster: &mut Cluster, namespace: &str, name: &str) -> Result<(), Fail> {
    delete(cluster, Kind::Pod, namespace, name, DeleteOptions::default())
}

/// Takes a pod away at once.
pub(super) fn remove_pod(cluster: &mut Cluster, namespace: &str, name: &str) -> Result<(), Fail> {
    let at_once = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    delete(cluster, Kind::Pod, namespace, name, at_once)
}

/// Deletes an object that has to exist.
pub(super) fn delete(
    cluster: &mut Cluster,
    kind: Kind,
    namespace: &str,
    name: &str,
    options: DeleteOptions,
) -> Result<(), Fail> {
    let deleted = cluster.delete(&Key::new(kind, namespace, name), options);
    deleted.map(drop).map_err(|error| Fail::new(format!("{name} deleted"), error))
}

/// Runs a command at a place; a place that is not there is a failure.
pub(super) fn exec(cluster: &mut Cluster, place: &Place, line: &str) -> Result<Output, Fail> {
    cluster.exec(place, line).map_err(|error| Fail::new(format!("{line} to run"), error))
}

/// Changes what is pinned of a pod's status.
pub(super) fn set_pod_status(
    cluster: &mut Cluster,
    namespace: &str,
    name: &str,
    ready: Option<bool>,
    phase: &str,
) -> Result<(), Fail> {
    if cluster.object(Kind::Pod, namespace, name).is_none() {
        return Err(Fail::new(format!("pod {name}"), "none"));
    }
    let mut pin = cluster.pinned(namespace, name);
    pin.ready = ready.or(pin.ready);
    if !phase.is_empty() {
        pin.phase = Some(phase.to_string()).filter(|phase| phase != "Running");
    }
    cluster.pin(pin);
    Ok(())
}

/// Puts labels over those that a pod has.
pub(super) fn relabel_pod(cluster: &mut Cluster, namespace: &str, name: &str, labels: &Tree) -> Result<(), Fail> {
    let Some(pod) = cluster.object(Kind::Pod, namespace, name) else {
        return Err(Fail::new(format!("pod {name}"), "none"));
    };
    let mut object = (**pod).clone();
    for (key, value) in labels.fields() {
        object.value.set(&["metadata", "labels", key], value.to_value());
    }
    cluster.replace(object).map(drop).map_err(|error| Fail::new("a relabelled pod", error))
}
