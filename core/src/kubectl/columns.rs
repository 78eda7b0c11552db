//! The columns of `kubectl get`, as the API server prints them.
//!
//! Source: kubernetes pkg/printers/internalversion/printers.go.

use super::duration::since;
use crate::ordered::OrdSet;
use crate::{
    api::{Kind, Object, Value},
    time::Instant,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

/// The headers of a kind; those after `|` are printed with `-o wide` only.
pub(super) fn headers(kind: Kind) -> &'static str {
    match kind {
        Kind::Namespace => "NAME STATUS AGE",
        Kind::Node => {
            "NAME STATUS ROLES AGE VERSION |INTERNAL-IP |EXTERNAL-IP |OS-IMAGE |KERNEL-VERSION |CONTAINER-RUNTIME"
        }
        Kind::Pod => "NAME READY STATUS RESTARTS AGE |IP |NODE |NOMINATED_NODE |READINESS_GATES",
        Kind::Service => "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE |SELECTOR",
        Kind::Endpoints => "NAME ENDPOINTS AGE",
        Kind::EndpointSlice => "NAME ADDRESSTYPE PORTS ENDPOINTS AGE",
        Kind::ReplicaSet => "NAME DESIRED CURRENT READY AGE |CONTAINERS |IMAGES |SELECTOR",
        Kind::Deployment => "NAME READY UP-TO-DATE AVAILABLE AGE |CONTAINERS |IMAGES |SELECTOR",
        Kind::StatefulSet => "NAME READY AGE |CONTAINERS |IMAGES",
        Kind::NetworkPolicy => "NAME POD-SELECTOR AGE",
        Kind::Event => "LAST_SEEN TYPE REASON OBJECT |SUBOBJECT |SOURCE MESSAGE |FIRST_SEEN |COUNT |NAME",
    }
}

/// The cells of an object, one a header.
pub(super) fn cells(object: &Object, now: Instant, is_wide: bool) -> Vec<String> {
    let (spec, status) = (object.spec(), object.status());
    let name = object.name().to_owned();
    let age = since(object.value["metadata"]["creationTimestamp"].str(), now);
    let number = |value: &Value| value.as_int().unwrap_or(0).to_string();
    let ready = || format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"]));
    let (containers, images) = containers(&spec["template"]["spec"]["containers"]);
    match object.kind {
        Kind::Namespace => vec![name, status["phase"].str().to_owned(), age],
        Kind::Node => node(object, name, age),
        Kind::Pod => pod(object, now, name, age),
        Kind::Service => vec![
            name,
            spec["type"].str().to_owned(),
            some(spec["clusterIPs"][0].str()),
            external_ip(object, is_wide),
            some(&ports(&spec["ports"])),
            age,
            format_labels(&spec["selector"]),
        ],
        Kind::Endpoints => vec![name, endpoints(object, None), age],
        Kind::EndpointSlice => {
            let ports = object.value["ports"].items().iter().map(|port| match port["port"].as_int() {
                Some(port) => port.to_string(),
                None => port["name"].as_str().unwrap_or("*").to_owned(),
            });
            let addresses = object.value["endpoints"].items().iter().flat_map(|e| e["addresses"].items());
            let addresses = addresses.map(|address| address.str().to_owned());
            vec![name, object.value["addressType"].str().to_owned(), some_of(ports), some_of(addresses), age]
        }
        Kind::ReplicaSet => vec![
            name,
            number(&spec["replicas"]),
            number(&status["replicas"]),
            number(&status["readyReplicas"]),
            age,
            containers,
            images,
            format_selector(&spec["selector"]),
        ],
        Kind::Deployment => vec![
            name,
            ready(),
            number(&status["updatedReplicas"]),
            number(&status["availableReplicas"]),
            age,
            containers,
            images,
            format_selector(&spec["selector"]),
        ],
        Kind::StatefulSet => vec![name, ready(), age, containers, images],
        Kind::NetworkPolicy => vec![name, format_selector(&spec["podSelector"]), age],
        Kind::Event => event(object, now, name),
    }
}

fn event(object: &Object, now: Instant, name: String) -> Vec<String> {
    let value = &object.value;
    let about = &value["involvedObject"];
    vec![
        since(value["lastTimestamp"].str(), now),
        value["type"].str().to_owned(),
        value["reason"].str().to_owned(),
        format!("{}/{}", about["kind"].str().to_ascii_lowercase(), about["name"].str()),
        about["fieldPath"].str().to_owned(),
        value["source"]["component"].str().to_owned(),
        value["message"].str().to_owned(),
        since(value["firstTimestamp"].str(), now),
        value["count"].as_int().unwrap_or(1).to_string(),
        name,
    ]
}

fn node(node: &Object, name: String, age: String) -> Vec<String> {
    const ROLE: &str = "node-role.kubernetes.io/";
    let status = node.status();
    let mut state = match condition(status, "Ready") {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node.spec()["unschedulable"].as_bool() == Some(true) {
        state.push_str(",SchedulingDisabled");
    }
    let roles: Vec<&str> = node.labels().fields().filter_map(|(label, _)| label.strip_prefix(ROLE)).collect();
    let info = &status["nodeInfo"];
    let address = |kind: &str| {
        let found = status["addresses"].items().iter().find(|address| address["type"].str() == kind);
        some(found.map_or("", |address| address["address"].str()))
    };
    let kernel = format!("{} ({})", info["kernelVersion"].str(), info["architecture"].str());
    vec![
        name,
        state,
        some(&roles.join(",")),
        age,
        info["kubeletVersion"].str().to_owned(),
        address("InternalIP"),
        address("ExternalIP"),
        info["osImage"].str().to_owned(),
        kernel,
        info["containerRuntimeVersion"].str().to_owned(),
    ]
}

fn pod(pod: &Object, now: Instant, name: String, age: String) -> Vec<String> {
    let (spec, status) = (pod.spec(), pod.status());
    let containers = status["containerStatuses"].items();
    let ready = containers.iter().filter(|c| is_ready(c)).count();
    let restarts: i64 = containers.iter().filter_map(|c| c["restartCount"].as_int()).sum();
    let last = containers.iter().map(|c| c["lastState"]["terminated"]["finishedAt"].str()).max().unwrap_or("");
    let restarts = match last {
        last if restarts > 0 && !last.is_empty() => format!("{restarts} ({} ago)", since(last, now)),
        _ => restarts.to_string(),
    };
    let gates = spec["readinessGates"].items();
    let passed = gates.iter().filter(|gate| condition(status, gate["conditionType"].str()) == Some("True")).count();
    vec![
        name,
        format!("{ready}/{}", spec["containers"].items().len()),
        pod_state(pod),
        restarts,
        age,
        some(status["podIPs"][0]["ip"].str()),
        some(spec["nodeName"].str()),
        some(status["nominatedNodeName"].str()),
        if gates.is_empty() { some("") } else { format!("{passed}/{}", gates.len()) },
    ]
}

fn is_ready(container: &Value) -> bool {
    container["ready"].as_bool() == Some(true) && !container["state"]["running"].is_null()
}

/// What `STATUS` says of a pod: its phase, or what its containers say against it.
pub(super) fn pod_state(pod: &Object) -> String {
    let status = pod.status();
    let phase = status["phase"].str();
    if pod.is_terminating() && !matches!(phase, "Succeeded" | "Failed") {
        return "Terminating".to_owned();
    }
    let mut state = if status["reason"].str().is_empty() { phase } else { status["reason"].str() }.to_owned();
    let mut error = None;
    let containers = status["containerStatuses"].items();
    for container in containers.iter().rev() {
        let (waiting, ended) = (&container["state"]["waiting"], &container["state"]["terminated"]);
        if !waiting["reason"].str().is_empty() {
            state = waiting["reason"].str().to_owned();
        } else if !ended.is_null() {
            let code = ended["exitCode"].as_int().unwrap_or(0);
            state = match ended["reason"].str() {
                "" => format!("ExitCode:{code}"),
                reason => reason.to_owned(),
            };
            if code != 0 {
                error = Some(state.clone());
            }
        }
    }
    if state == "Completed" {
        let is_running = containers.iter().any(is_ready);
        if is_running && condition(status, "Ready") == Some("True") {
            return "Running".to_owned();
        }
        return error.unwrap_or_else(|| if is_running { "NotReady".to_owned() } else { state });
    }
    state
}

fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a str> {
    status["conditions"].items().iter().find(|c| c["type"].str() == kind).map(|c| c["status"].str())
}

fn external_ip(service: &Object, is_wide: bool) -> String {
    /// The widest list of addresses that is not cut.
    const WIDTH: usize = 16;
    let spec = service.spec();
    let external = spec["externalIPs"].items().iter().map(Value::str);
    match spec["type"].str() {
        "ExternalName" => spec["externalName"].str().to_owned(),
        "LoadBalancer" => {
            let mut balanced = balancer_addresses(service);
            if !is_wide && balanced.len() > WIDTH {
                balanced.truncate(WIDTH - 3);
                balanced.push_str("...");
            }
            let all: Vec<&str> = Some(&*balanced).filter(|text| !text.is_empty()).into_iter().chain(external).collect();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        _ => some(&external.collect::<Vec<_>>().join(",")),
    }
}

/// The addresses that a load balancer answers at.
pub(super) fn balancer_addresses(service: &Object) -> String {
    let ingress = service.status()["loadBalancer"]["ingress"].items();
    let all: OrdSet<&str> = ingress
        .iter()
        .map(|point| if point["ip"].str().is_empty() { point["hostname"].str() } else { point["ip"].str() })
        .collect();
    all.into_iter().collect::<Vec<_>>().join(",")
}

fn ports(ports: &Value) -> String {
    let ports = ports.items().iter().map(|port| {
        let (number, protocol) = (port["port"].as_int().unwrap_or(0), port["protocol"].str());
        match port["nodePort"].as_int() {
            Some(node_port) if node_port > 0 => format!("{number}:{node_port}/{protocol}"),
            _ => format!("{number}/{protocol}"),
        }
    });
    ports.collect::<Vec<_>>().join(",")
}

/// The ready addresses of an Endpoints object, three at most; of one port, or of all.
pub(super) fn endpoints(endpoints: &Object, port_name: Option<&str>) -> String {
    let mut all = Vec::new();
    for subset in endpoints.value["subsets"].items() {
        let addresses = || subset["addresses"].items().iter().map(|address| address["ip"].str());
        let ports = subset["ports"].items();
        if ports.is_empty() {
            all.extend(addresses().map(ToOwned::to_owned));
        }
        for port in ports.iter().filter(|port| port_name.is_none_or(|name| port["name"].str() == name)) {
            all.extend(addresses().map(|address| host_port(address, &port["port"])));
        }
    }
    if all.is_empty() && endpoints.value["subsets"].items().is_empty() { some("") } else { three(&all) }
}

/// `10.0.0.1:80`, `[fd00::1]:80`.
pub(super) fn host_port(address: &str, port: &Value) -> String {
    let port = port.as_int().unwrap_or(0);
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// The first three, and how many more there are.
pub(super) fn three(all: &[String]) -> String {
    match all.len() {
        ..=3 => all.join(","),
        count => format!("{} + {} more...", all[..3].join(","), count - 3),
    }
}

fn some_of(all: impl Iterator<Item = String>) -> String {
    let text = three(&all.collect::<Vec<_>>());
    if text.is_empty() { "<unset>".to_owned() } else { text }
}

fn containers(containers: &Value) -> (String, String) {
    let list = |field: &str| containers.items().iter().map(|c| c[field].str()).collect::<Vec<_>>().join(",");
    (list("name"), list("image"))
}

/// The text, or `<none>`.
pub(super) fn some(text: &str) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text.to_owned() }
}

/// `a=1,b=2`, or `<none>`.
pub(super) fn format_labels(labels: &Value) -> String {
    let pairs = labels.fields().map(|(name, value)| format!("{name}={}", value.str()));
    some(&pairs.collect::<Vec<_>>().join(","))
}

/// A label selector in one line: `a=1,b in (x,y),!c`.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go (FormatLabelSelector).
pub(super) fn format_selector(selector: &Value) -> String {
    let mut parts: Vec<(String, String)> =
        selector["matchLabels"].fields().map(|(n, v)| (n.to_owned(), format!("{n}={}", v.str()))).collect();
    for expression in selector["matchExpressions"].items() {
        let key = expression["key"].str();
        let mut values: Vec<&str> = expression["values"].items().iter().map(Value::str).collect();
        crate::ordered::sort(&mut values);
        let values = values.join(",");
        let text = match expression["operator"].str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        };
        parts.push((key.to_owned(), text));
    }
    crate::ordered::sort(&mut parts);
    some(&parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
