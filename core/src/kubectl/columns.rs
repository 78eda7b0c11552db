//! The columns of `kubectl get`, as the API server prints them.
//!
//! Source: kubernetes pkg/printers/internalversion/printers.go.

mod forms;

pub(super) use forms::of;

use super::{duration::since, form::Filler};
use crate::api::Value;
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

/// What `STATUS` says of a node.
pub(super) fn node_state(node: &Value) -> String {
    let state = match condition(&node["status"], "Ready") {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = if node["spec"]["unschedulable"].as_bool() == Some(true) { ",SchedulingDisabled" } else { "" };
    format!("{state}{cordoned}")
}

/// The roles that a node's labels give it.
pub(super) fn roles(labels: &Value) -> String {
    let mut roles = Vec::new();
    for (label, _) in labels.fields() {
        roles.extend(label.strip_prefix("node-role.kubernetes.io/"));
    }
    roles.join(",")
}

/// A node's address of one type.
pub(super) fn node_address(node: &Value, kind: &str) -> String {
    let found = node["status"]["addresses"].items().iter().find(|address| address["type"].str() == kind);
    found.map_or("", |address| address["address"].str()).to_owned()
}

/// How many of a pod's containers and sidecars are ready.
pub(super) fn pod_ready(pod: &Value) -> String {
    let mut ready = pod["status"]["containerStatuses"].items().iter().filter(|c| is_ready(c)).count();
    let mut all = pod["spec"]["containers"].items().len();
    for (spec, status) in inits(pod) {
        if is_sidecar(spec) {
            ready += usize::from(is_ready(status));
            all += 1;
        }
    }
    format!("{ready}/{all}")
}

/// A pod's init containers, each with its status.
fn inits(pod: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    pod["spec"]["initContainers"].items().iter().zip(pod["status"]["initContainerStatuses"].items())
}

fn is_sidecar(init: &Value) -> bool {
    init["restartPolicy"].str() == "Always"
}

/// What `STATUS` says of a pod whose init containers are not through, if that is so.
///
/// Source: kubernetes pkg/printers/internalversion/printers.go (printPod).
fn init_state(pod: &Value) -> Option<String> {
    let all = pod["spec"]["initContainers"].items().len();
    for (index, (spec, status)) in inits(pod).enumerate() {
        let (waiting, ended) = (status["state"]["waiting"]["reason"].str(), &status["state"]["terminated"]);
        let code = ended["exitCode"].as_int();
        if code == Some(0) || is_sidecar(spec) && status["started"].as_bool() == Some(true) {
            continue;
        }
        return Some(match (code, ended["reason"].str()) {
            (Some(code), "") => format!("Init:ExitCode:{code}"),
            (Some(_), reason) => format!("Init:{reason}"),
            _ if !matches!(waiting, "" | "PodInitializing") => format!("Init:{waiting}"),
            _ => format!("Init:{index}/{all}"),
        });
    }
    None
}

/// How often a pod's containers were restarted, and when last.
pub(super) fn restarts(pod: &Value, filler: &Filler) -> String {
    let (mut restarts, mut last) = (0, "");
    let initializes = init_state(pod).is_some() && condition(&pod["status"], "Initialized") != Some("True");
    let counted: Vec<&Value> = match initializes {
        true => inits(pod).map(|(_, status)| status).collect(),
        false => {
            let sidecars = inits(pod).filter(|(spec, _)| is_sidecar(spec)).map(|(_, status)| status);
            sidecars.chain(pod["status"]["containerStatuses"].items()).collect()
        }
    };
    for container in counted {
        restarts += container["restartCount"].as_int().unwrap_or(0);
        last = last.max(container["lastState"]["terminated"]["finishedAt"].str());
    }
    if restarts > 0 && !last.is_empty() {
        format!("{restarts} ({} ago)", since(last, filler.now))
    } else {
        restarts.to_string()
    }
}

/// How many of a pod's readiness gates are open.
pub(super) fn gates(pod: &Value) -> String {
    let gates = pod["spec"]["readinessGates"].items();
    if gates.is_empty() {
        return String::new();
    }
    let is_open = |gate: &&Value| condition(&pod["status"], gate["conditionType"].str()) == Some("True");
    format!("{}/{}", gates.iter().filter(is_open).count(), gates.len())
}

fn is_ready(container: &Value) -> bool {
    container["ready"].as_bool() == Some(true) && !container["state"]["running"].is_null()
}

/// What `STATUS` says of a pod: its phase, or what its containers say against it.
pub(super) fn pod_state(pod: &Value) -> String {
    let status = &pod["status"];
    let phase = status["phase"].str();
    if !pod["metadata"]["deletionTimestamp"].is_null() && !matches!(phase, "Succeeded" | "Failed") {
        return "Terminating".to_owned();
    }
    let mut state = if status["reason"].str().is_empty() { phase } else { status["reason"].str() }.to_owned();
    if let Some(init) = init_state(pod) {
        state = init;
        if condition(status, "Initialized") != Some("True") {
            return state;
        }
    }
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

/// Where a Service is reached from outside; addresses of a load balancer are cut if they are not to be kept whole.
pub(super) fn external_ip(service: &Value, is_wide: bool) -> String {
    /// The widest list of addresses that is not cut.
    const WIDTH: usize = 16;
    let spec = &service["spec"];
    let mut all: Vec<&str> = spec["externalIPs"].items().iter().map(Value::str).collect();
    match spec["type"].str() {
        "ExternalName" => spec["externalName"].str().to_owned(),
        "LoadBalancer" => {
            let mut balanced = balancer_addresses(&service["status"]);
            if !is_wide && balanced.len() > WIDTH {
                balanced.truncate(WIDTH - 3);
                balanced.push_str("...");
            }
            if !balanced.is_empty() {
                all.insert(0, &balanced);
            }
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        _ => all.join(","),
    }
}

/// The addresses that a load balancer answers at.
fn balancer_addresses(status: &Value) -> String {
    let mut all: Vec<&str> = Vec::new();
    for point in status["loadBalancer"]["ingress"].items() {
        all.push(if point["ip"].str().is_empty() { point["hostname"].str() } else { point["ip"].str() });
    }
    crate::ordered::sort(&mut all);
    all.dedup();
    all.join(",")
}

/// `80:30080/TCP,53/UDP`.
pub(super) fn service_ports(ports: &Value) -> String {
    let mut words = Vec::new();
    for port in ports.items() {
        let (number, protocol) = (port["port"].as_int().unwrap_or(0), port["protocol"].str());
        words.push(match port["nodePort"].as_int() {
            Some(node_port) if node_port > 0 => format!("{number}:{node_port}/{protocol}"),
            _ => format!("{number}/{protocol}"),
        });
    }
    words.join(",")
}

/// The ready addresses of an Endpoints object, three at most.
pub(super) fn endpoints(subsets: &Value) -> String {
    let mut all = Vec::new();
    for subset in subsets.items() {
        let ports = subset["ports"].items();
        for address in subset["addresses"].items().iter().filter(|_| ports.is_empty()) {
            all.push(address["ip"].str().to_owned());
        }
        for port in ports {
            for address in subset["addresses"].items() {
                all.push(host_port(address["ip"].str(), &port["port"]));
            }
        }
    }
    if subsets.is_empty() { some("") } else { three(&all) }
}

/// The ports of an EndpointSlice, three at most.
pub(super) fn slice_ports(ports: &Value) -> String {
    let mut all = Vec::new();
    for port in ports.items() {
        all.push(match port["port"].as_int() {
            Some(number) => number.to_string(),
            None => port["name"].as_str().unwrap_or("*").to_owned(),
        });
    }
    three(&all)
}

/// The addresses of an EndpointSlice, three at most.
pub(super) fn slice_addresses(endpoints: &Value) -> String {
    let mut all = Vec::new();
    for endpoint in endpoints.items() {
        for address in endpoint["addresses"].items() {
            all.push(address.str().to_owned());
        }
    }
    three(&all)
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

/// The text, or `<none>`.
pub(super) fn some(text: &str) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text.to_owned() }
}

/// A label selector in one line: `a=1,b in (x,y),!c`.
///
/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go (FormatLabelSelector).
pub(super) fn format_selector(selector: &Value) -> String {
    let mut terms: Vec<(&str, String)> = Vec::new();
    for (name, value) in selector["matchLabels"].fields() {
        terms.push((name, format!("{name}={}", value.str())));
    }
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
        terms.push((key, text));
    }
    crate::ordered::sort(&mut terms);
    let mut line = String::new();
    for (_, term) in terms {
        line.push_str(if line.is_empty() { "" } else { "," });
        line.push_str(&term);
    }
    line
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
