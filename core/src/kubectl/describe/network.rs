//! Services, EndpointSlices, Endpoints and NetworkPolicies.

use super::{
    super::{Session, columns},
    page::{Page, date},
};
use crate::api::{Kind, Object, Value};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

impl Session<'_> {
    /// Source: describe.go (describeService).
    pub(super) fn service(&self, page: &mut Page, service: &Object) {
        let spec = service.spec();
        head(page, service);
        page.line(0, &format!("Selector:\t{}", columns::format_labels(&spec["selector"])));
        page.line(0, &format!("Type:\t{}", spec["type"].str()));
        optional(page, "IP Family Policy", &spec["ipFamilyPolicy"]);
        page.line(0, &format!("IP Families:\t{}", list_or_none(&spec["ipFamilies"])));
        page.line(0, &format!("IP:\t{}", spec["clusterIP"].str()));
        page.line(0, &format!("IPs:\t{}", list_or_none(&spec["clusterIPs"])));
        if !spec["externalIPs"].is_empty() {
            page.line(0, &format!("External IPs:\t{}", list_or_none(&spec["externalIPs"])));
        }
        optional(page, "Desired LoadBalancer IP", &spec["loadBalancerIP"]);
        optional(page, "External Name", &spec["externalName"]);
        if !service.status()["loadBalancer"]["ingress"].is_empty() {
            page.line(0, &format!("LoadBalancer Ingress:\t{}", ingress(&service.status()["loadBalancer"]["ingress"])));
        }
        let slices = self.cluster.control().store().labelled(
            Kind::EndpointSlice,
            service.namespace(),
            "kubernetes.io/service-name",
            service.name(),
        );
        let slices: Vec<&Object> = slices.map(|slice| &**slice).collect();
        for port in spec["ports"].items() {
            let name = if port["name"].is_empty() { "<unset>" } else { port["name"].str() };
            let protocol = port["protocol"].str();
            page.line(0, &format!("Port:\t{name}\t{}/{protocol}", number(&port["port"])));
            let target = &port["targetPort"];
            page.line(
                0,
                &format!("TargetPort:\t{}/{protocol}", target.as_str().map_or_else(|| number(target), str::to_string)),
            );
            optional(page, "AppProtocol", &port["appProtocol"]);
            if !port["nodePort"].is_empty() {
                page.line(0, &format!("NodePort:\t{name}\t{}/{protocol}", number(&port["nodePort"])));
            }
            page.line(0, &format!("Endpoints:\t{}", backends(&slices, port["name"].str())));
        }
        page.line(0, &format!("Session Affinity:\t{}", spec["sessionAffinity"].str()));
        optional(page, "External Traffic Policy", &spec["externalTrafficPolicy"]);
        optional(page, "Internal Traffic Policy", &spec["internalTrafficPolicy"]);
        if !spec["healthCheckNodePort"].is_empty() {
            page.line(0, &format!("HealthCheck NodePort:\t{}", number(&spec["healthCheckNodePort"])));
        }
        if !spec["loadBalancerSourceRanges"].is_empty() {
            let ranges = list_or_none(&spec["loadBalancerSourceRanges"]);
            page.line(0, &format!("LoadBalancer Source Ranges:\t{ranges}"));
        }
        optional(page, "Traffic Distribution", &spec["trafficDistribution"]);
    }
}

/// Source: describe.go (formatEndpointSlices): three ready ones, and how many more.
fn backends(slices: &[&Object], port_name: &str) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut count = 0_usize;
    let mut add = |endpoint: &Value, port: Option<&Value>| {
        if endpoint["conditions"]["ready"].as_bool() == Some(false) {
            return;
        }
        count += 1;
        let address = endpoint["addresses"][0].str();
        if shown.len() < 3 {
            shown.push(port.map_or_else(|| address.to_string(), |port| columns::host_port(address, port)));
        }
    };
    for slice in slices {
        let endpoints = slice.value["endpoints"].items();
        if slice.value["ports"].is_empty() {
            endpoints.iter().for_each(|endpoint| add(endpoint, None));
        }
        for port in slice.value["ports"].items().iter().filter(|port| port["name"].str() == port_name) {
            endpoints.iter().for_each(|endpoint| add(endpoint, Some(&port["port"])));
        }
    }
    match (slices.is_empty(), count) {
        (true, _) => "<none>".to_string(),
        (_, 4..) => format!("{} + {} more...", shown.join(","), count - 3),
        _ => shown.join(","),
    }
}

/// Source: describe.go (describeEndpoints).
pub(super) fn endpoints(page: &mut Page, endpoints: &Object) {
    head(page, endpoints);
    page.line(0, "Subsets:");
    for subset in endpoints.value["subsets"].items() {
        for (title, field) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let addresses: Vec<&str> = subset[field].items().iter().map(|item| item["ip"].str()).collect();
            page.line(1, &format!("{title}:\t{}", columns::some(&addresses.join(","))));
        }
        if !subset["ports"].is_empty() {
            page.line(1, "Ports:");
            page.line(2, "Name\tPort\tProtocol");
            page.line(2, "----\t----\t--------");
            for port in subset["ports"].items() {
                let name = if port["name"].is_empty() { "<unset>" } else { port["name"].str() };
                page.line(2, &format!("{name}\t{}\t{}", number(&port["port"]), port["protocol"].str()));
            }
        }
        page.line(0, "");
    }
}

/// Source: describe.go (describeEndpointSliceV1).
pub(super) fn endpoint_slice(page: &mut Page, slice: &Object) {
    head(page, slice);
    page.line(0, &format!("AddressType:\t{}", slice.value["addressType"].str()));
    if slice.value["ports"].is_empty() {
        page.line(0, "Ports: <unset>");
    } else {
        page.line(0, "Ports:");
        page.line(1, "Name\tPort\tProtocol");
        page.line(1, "----\t----\t--------");
        for port in slice.value["ports"].items() {
            let number = if port["port"].is_null() { "<unset>".to_string() } else { number(&port["port"]) };
            let name = if port["name"].is_empty() { "<unset>" } else { port["name"].str() };
            page.line(1, &format!("{name}\t{number}\t{}", port["protocol"].str()));
        }
    }
    if slice.value["endpoints"].is_empty() {
        page.line(0, "Endpoints: <none>");
        return;
    }
    page.line(0, "Endpoints:");
    for endpoint in slice.value["endpoints"].items() {
        let addresses: Vec<&str> = endpoint["addresses"].items().iter().map(Value::str).collect();
        page.line(1, &format!("- Addresses:\t{}", columns::some(&addresses.join(", "))));
        page.line(2, "Conditions:");
        let ready = match endpoint["conditions"]["ready"].as_bool() {
            Some(true) => "true",
            Some(false) => "false",
            None => "<unset>",
        };
        page.line(3, &format!("Ready:\t{ready}"));
        let unset = |value: &Value| value.as_str().unwrap_or("<unset>").to_string();
        page.line(2, &format!("Hostname:\t{}", unset(&endpoint["hostname"])));
        let target = &endpoint["targetRef"];
        if !target.is_null() {
            page.line(2, &format!("TargetRef:\t{}/{}", target["kind"].str(), target["name"].str()));
        }
        page.line(2, &format!("NodeName:\t{}", unset(&endpoint["nodeName"])));
        page.line(2, &format!("Zone:\t{}", unset(&endpoint["zone"])));
    }
}

/// Source: describe.go (describeNetworkPolicy), in short: whom it isolates, and in which direction.
pub(super) fn policy(page: &mut Page, policy: &Object) {
    page.line(0, &format!("Created on:\t{}", date(policy.value["metadata"]["creationTimestamp"].str())));
    head(page, policy);
    page.line(0, "Spec:");
    let selector = &policy.spec()["podSelector"]["matchLabels"];
    let whom = if selector.is_empty() {
        "<none> (Allowing the specific traffic to all pods in this namespace)".to_string()
    } else {
        columns::format_labels(selector)
    };
    page.line(1, &format!("PodSelector: {whom}"));
    let types: Vec<&str> = policy.spec()["policyTypes"].items().iter().map(Value::str).collect();
    page.line(1, &format!("Policy Types: {}", types.join(", ")));
}

fn head(page: &mut Page, object: &Object) {
    page.labels(0, "Labels", object.labels());
    page.annotations(0, "Annotations", &object.value["metadata"]["annotations"]);
}

fn optional(page: &mut Page, title: &str, value: &Value) {
    if !value.is_empty() {
        page.line(0, &format!("{title}:\t{}", value.str()));
    }
}

pub(super) fn number(value: &Value) -> String {
    value.as_int().unwrap_or(0).to_string()
}

fn list_or_none(list: &Value) -> String {
    let words: Vec<&str> = list.items().iter().map(Value::str).collect();
    columns::some(&words.join(","))
}

/// Source: describe.go (buildIngressString).
fn ingress(list: &Value) -> String {
    let one = |item: &Value| {
        let address = if item["ip"].is_empty() { item["hostname"].str() } else { item["ip"].str() };
        match item["ipMode"].as_str() {
            Some(mode) => format!("{address} ({mode})"),
            None => address.to_string(),
        }
    };
    let words: Vec<String> = list.items().iter().map(one).collect();
    words.join(", ")
}
