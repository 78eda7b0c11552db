//! Group `endpoints`: pods and a Service in, EndpointSlices and Endpoints out.

use super::{
    Case,
    tree::{Fail, Tree, check},
    world::{self, PodSpec},
};
use clusterip::{
    api::Kind,
    cluster::{Cluster, Config},
    control::DeleteOptions,
};
use std::{collections::BTreeMap, net::IpAddr};

/// One case: a beginning, and steps that change it.
pub(super) fn run(case: Case<'_>) -> Result<(), Fail> {
    case.only(&["cluster", "service", "objects", "pods", "expect", "steps"])?;
    let root = &case.table.root;
    let nodes = root["nodes"].items().iter().enumerate();
    let nodes = nodes.map(|(at, node)| {
        node.only("node", &["name", "zone", "address"])?;
        let mut config = world::node(at, node, "")?;
        // Pods on the node's own network have its address.
        let guests = case
            .get("pods")
            .items()
            .iter()
            .filter(|pod| pod["hostNetwork"].truth() == Some(true) && pod["node"] == node["name"]);
        let addresses = guests.flat_map(|pod| pod["ips"].texts()).map(|ip| world::parsed("address", ip));
        let mut addresses = addresses.collect::<Result<Vec<IpAddr>, Fail>>()?;
        addresses.dedup();
        if !addresses.is_empty() {
            config.addresses = addresses;
        }
        Ok(config)
    });
    let nodes = nodes.collect::<Result<Vec<_>, Fail>>()?;
    let config = Config { nodes, ..world::named(root, case.get("cluster").text())? };
    let mut cluster = world::start(config)?;
    for pod in case.get("pods").items() {
        world::create_pod(&mut cluster, &pod_spec(pod)?)?;
    }
    world::settle(&mut cluster)?;
    for object in case.get("objects").items() {
        world::create(&mut cluster, object.text(), "default")?;
    }
    world::settle(&mut cluster)?;
    let service = case.get("service").text();
    judge(&cluster, service, case.get("expect"))?;
    for step in case.get("steps").items() {
        step.only("step", &["do", "expect"])?;
        step["do"].items().iter().try_for_each(|action| act(&mut cluster, action))?;
        world::settle(&mut cluster)?;
        judge(&cluster, service, &step["expect"])?;
    }
    Ok(())
}

/// What a case says of a pod.
pub(super) fn pod_spec(pod: &Tree) -> Result<PodSpec, Fail> {
    pod.only(
        "pod",
        &[
            "name",
            "namespace",
            "labels",
            "node",
            "phase",
            "ready",
            "ips",
            "containers",
            "initContainers",
            "hostNetwork",
            "hostname",
            "subdomain",
            "terminating",
        ],
    )?;
    let addresses = pod["ips"].texts().into_iter().map(|ip| world::parsed("address", ip));
    let mut spec: Vec<(&'static str, Tree)> = Vec::new();
    for field in ["hostNetwork", "hostname", "subdomain"] {
        if pod.has(field) {
            spec.push((field, pod[field].clone()));
        }
    }
    for field in ["containers", "initContainers"] {
        if pod.has(field) {
            spec.push((field, containers(field, &pod[field])));
        }
    }
    let text = |key: &str| Some(pod[key].text().to_string()).filter(|text| !text.is_empty());
    Ok(PodSpec {
        namespace: text("namespace").unwrap_or_else(|| "default".into()),
        name: pod["name"].text().into(),
        labels: pod["labels"].clone(),
        node: text("node"),
        addresses: addresses.collect::<Result<Vec<IpAddr>, Fail>>()?,
        ready: pod["ready"].truth().unwrap_or(true),
        phase: text("phase"),
        terminating: pod["terminating"].truth().unwrap_or(false),
        spec,
        ..PodSpec::default()
    })
}

/// The case names only ports; a container needs a name and an image too.
fn containers(field: &str, list: &Tree) -> Tree {
    // An init container that is known to nobody is done at once.
    let image = if field == "containers" { "registry.k8s.io/pause:3.10" } else { "setup:1" };
    let complete = |(at, container): (usize, &Tree)| {
        let text = |text: String| Tree::Text(text);
        let base = BTreeMap::from([
            ("name".to_string(), text(format!("{}-{at}", field.to_ascii_lowercase()))),
            ("image".to_string(), text(image.into())),
        ]);
        Tree::Map(base).merged(container)
    };
    Tree::List(list.items().iter().enumerate().map(complete).collect())
}

fn act(cluster: &mut Cluster, action: &Tree) -> Result<(), Fail> {
    let Some((word, value)) = action.fields().next() else { return Err(Fail::new("an action", action)) };
    action.only("action", &[word])?;
    match word {
        "status" => {
            value.only("status", &["pod", "ready", "phase"])?;
            world::set_pod_status(
                cluster,
                "default",
                value["pod"].text(),
                value["ready"].truth(),
                value["phase"].text(),
            )
        }
        "label" => {
            value.only("label", &["pod", "labels"])?;
            world::relabel_pod(cluster, "default", value["pod"].text(), &value["labels"])
        }
        "terminate" => world::terminate_pod(cluster, "default", value.text()),
        "remove" => world::remove_pod(cluster, "default", value.text()),
        "pod" => world::create_pod(cluster, &pod_spec(value)?),
        "replace" => world::replace(cluster, value.text(), "default"),
        "create" => world::create(cluster, value.text(), "default"),
        "delete_service" => world::delete(cluster, Kind::Service, "default", value.text(), DeleteOptions::default()),
        other => Err(Fail::unknown("action", other)),
    }
}

fn judge(cluster: &Cluster, service: &str, expect: &Tree) -> Result<(), Fail> {
    if expect.is_null() {
        return Ok(());
    }
    expect.only("expect", &["slices", "slice_sizes", "endpoints_object", "addresses_only"])?;
    let slices: Vec<Tree> = slices_of(cluster, "default", service);
    if expect["addresses_only"].truth() == Some(true) {
        let all = |slices: &[Tree], address: fn(&Tree) -> Vec<&str>| {
            let mut all: Vec<String> = slices
                .iter()
                .flat_map(|slice| slice["endpoints"].items())
                .flat_map(address)
                .map(str::to_string)
                .collect();
            all.sort();
            all.dedup();
            all
        };
        let wanted = all(expect["slices"].items(), |endpoint| vec![endpoint["ip"].text()]);
        check("addresses", &wanted, &all(&slices, |endpoint| endpoint["addresses"].texts()))?;
    } else if expect.has("slices") {
        compare_slices(expect["slices"].items(), &slices)?;
    }
    for (family, sizes) in expect["slice_sizes"].fields() {
        let of_family = slices.iter().filter(|slice| slice["addressType"].text() == family);
        let mut got: Vec<i64> = of_family.map(|slice| slice["endpoints"].items().len() as i64).collect();
        let mut wanted: Vec<i64> = sizes.items().iter().filter_map(Tree::int).collect();
        got.sort();
        wanted.sort();
        check("slice sizes", &wanted, &got)?;
    }
    match &expect["endpoints_object"] {
        Tree::Null => Ok(()),
        wanted => compare_endpoints(wanted, world::stored(cluster, Kind::Endpoints, "default", service)),
    }
}

/// The slices of a Service.
pub(super) fn slices_of(cluster: &Cluster, namespace: &str, service: &str) -> Vec<Tree> {
    let slices = cluster.list(Kind::EndpointSlice, Some(namespace));
    let own = slices.filter(|slice| slice.label("kubernetes.io/service-name") == Some(service));
    own.map(|slice| Tree::from_value(&slice.value)).collect()
}

/// Slices of one address type and one set of ports are one group, on both sides.
pub(super) fn compare_slices(wanted: &[Tree], got: &[Tree]) -> Result<(), Fail> {
    let any_ports = |slice: &Tree| slice["anyports"].truth() == Some(true);
    let group = |slice: &Tree, any: bool| {
        let ports = if any { "any".to_string() } else { ports_of(&slice["ports"]) };
        (slice["addressType"].text().to_string(), ports)
    };
    let mut left: Vec<&Tree> = got.iter().collect();
    for slice in wanted {
        slice.only("slice", &["addressType", "ports", "endpoints", "anyports", "labels"])?;
        let any = any_ports(slice);
        let (own, others): (Vec<&Tree>, Vec<&Tree>) =
            left.into_iter().partition(|other| group(other, any) == group(slice, any));
        left = others;
        let name = format!("{} slice of ports {}", slice["addressType"].text(), ports_of(&slice["ports"]));
        if own.is_empty() {
            return Err(Fail::new(name, shapes(got)));
        }
        let endpoints: Vec<&Tree> = own.iter().flat_map(|slice| slice["endpoints"].items()).collect();
        compare_all(&name, slice["endpoints"].items(), &endpoints)?;
        for (key, value) in slice["labels"].fields() {
            let has = own.iter().all(|slice| slice["metadata"]["labels"][key] == *value);
            if !has {
                return Err(Fail::new(format!("label {key} = {value}"), &own[0]["metadata"]["labels"]));
            }
        }
    }
    match left.first() {
        None => Ok(()),
        Some(_) => Err(Fail::new("no further slice", shapes(got))),
    }
}

fn shapes(slices: &[Tree]) -> String {
    let shape = |slice: &Tree| {
        format!("{} {} x{}", slice["addressType"].text(), ports_of(&slice["ports"]), slice["endpoints"].items().len())
    };
    slices.iter().map(shape).collect::<Vec<_>>().join("; ")
}

/// Ports in an order of their own; what is not named counts as empty.
fn ports_of(ports: &Tree) -> String {
    let text = |port: &Tree| {
        let of = |key: &str| match &port[key] {
            Tree::Null => String::new(),
            Tree::Text(text) => text.clone(),
            other => other.to_string(),
        };
        format!("{}/{}/{}/{}", of("name"), of("port"), of("protocol"), of("appProtocol"))
    };
    let mut ports: Vec<String> = ports.items().iter().map(text).collect();
    ports.sort();
    ports.join(",")
}

/// Every wanted endpoint has one of its own that is like it, and none is left.
fn compare_all(name: &str, wanted: &[Tree], got: &[&Tree]) -> Result<(), Fail> {
    let mut left: Vec<&Tree> = got.to_vec();
    for endpoint in wanted {
        let Some(at) = find_like(endpoint, &left)? else {
            let listed = left.iter().map(|endpoint| endpoint.to_string()).collect::<Vec<_>>().join(", ");
            return Err(Fail::new(format!("{name} with {endpoint}"), listed));
        };
        left.remove(at);
    }
    match left.first() {
        None => Ok(()),
        Some(endpoint) => Err(Fail::new(format!("{name} without more"), endpoint)),
    }
}

fn find_like(wanted: &Tree, left: &[&Tree]) -> Result<Option<usize>, Fail> {
    for (at, endpoint) in left.iter().enumerate() {
        if is_like(wanted, endpoint)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Attributes that are not named are not checked; nothing wanted is unset.
fn is_like(wanted: &Tree, endpoint: &Tree) -> Result<bool, Fail> {
    for (key, value) in wanted.fields() {
        let got = match key {
            "ip" => &endpoint.at("addresses[0]"),
            "ready" | "serving" | "terminating" => &&endpoint["conditions"][key],
            "node" => &&endpoint["nodeName"],
            "zone" | "hostname" => &&endpoint[key],
            "pod" => &&endpoint["targetRef"]["name"],
            "hints" => {
                if !same_hints(value, &endpoint["hints"])? {
                    return Ok(false);
                }
                continue;
            }
            other => return Err(Fail::unknown("attribute of endpoint", other)),
        };
        // What Go leaves out of a pointer to false is still false.
        if *got != value && !(value.truth() == Some(false) && got.is_null() && key == "terminating") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The case lists names, the object has `{name: …}`.
fn same_hints(wanted: &Tree, got: &Tree) -> Result<bool, Fail> {
    if wanted.is_null() {
        return Ok(got.is_null());
    }
    wanted.only("hints", &["forZones", "forNodes"])?;
    Ok(["forZones", "forNodes"].into_iter().all(|key| {
        let names: Vec<&str> = got[key].items().iter().map(|item| item["name"].text()).collect();
        names == wanted[key].texts()
    }))
}

/// `absent`, or the subsets: addresses, those not ready, and ports.
fn compare_endpoints(wanted: &Tree, got: Option<Tree>) -> Result<(), Fail> {
    if wanted.text() == "absent" {
        return match got {
            None => Ok(()),
            Some(object) => Err(Fail::new("no Endpoints object", object)),
        };
    }
    if !wanted.is_list() {
        return Err(Fail::unknown("Endpoints object", &wanted.to_string()));
    }
    let Some(object) = got else { return Err(Fail::new("an Endpoints object", "none")) };
    let mut left = Vec::new();
    for subset in wanted.items() {
        subset.only("subset", &["addresses", "notReady", "ports"])?;
        let texts = |key: &str| sorted(subset[key].texts());
        left.push(format!("{} / {} : {}", texts("addresses"), texts("notReady"), ports_of(&subset["ports"])));
    }
    let got = object["subsets"].items().iter().map(|subset| {
        let texts = |key: &str| sorted(subset[key].items().iter().map(|address| address["ip"].text()).collect());
        format!("{} / {} : {}", texts("addresses"), texts("notReadyAddresses"), ports_of(&subset["ports"]))
    });
    let mut got: Vec<String> = got.collect();
    left.sort();
    got.sort();
    check("subsets", &left, &got)
}

fn sorted(mut texts: Vec<&str>) -> String {
    texts.sort();
    texts.join(" ")
}
