//! EndpointSlices: schema, defaults and validation.

use super::{
    Object, Value,
    field::{Errors, Path},
    ip, meta, names,
    schema::{OBJECT_META, OBJECT_REFERENCE, Struct, Type},
    service::one_of,
};
use alloc::{format, string::String, vec::Vec};

/// The label that names the Service to which a slice belongs.
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// The fields of this kind.
pub static ENDPOINT_SLICE: Struct = Struct {
    name: "EndpointSlice",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("addressType", Type::Enum("v1.AddressType")),
        ("endpoints", Type::List(&ENDPOINT)),
        ("ports", Type::List(&ENDPOINT_PORT)),
    ],
};

static ENDPOINT: Struct = Struct {
    name: "Endpoint",
    fields: &[
        ("addresses", Type::Strings),
        ("conditions", Type::Struct(&ENDPOINT_CONDITIONS)),
        ("hostname", Type::OptStr),
        ("targetRef", Type::Struct(&OBJECT_REFERENCE)),
        ("deprecatedTopology", Type::Labels),
        ("nodeName", Type::OptStr),
        ("zone", Type::OptStr),
        ("hints", Type::Struct(&ENDPOINT_HINTS)),
    ],
};

static ENDPOINT_PORT: Struct = Struct {
    name: "EndpointPort",
    fields: &[
        ("name", Type::OptStr),
        ("protocol", Type::OptEnum("v1.Protocol")),
        ("port", Type::OptInt32),
        ("appProtocol", Type::OptStr),
    ],
};

static ENDPOINT_CONDITIONS: Struct = Struct {
    name: "EndpointConditions",
    fields: &[("ready", Type::OptBool), ("serving", Type::OptBool), ("terminating", Type::OptBool)],
};

static ENDPOINT_HINTS: Struct = Struct {
    name: "EndpointHints",
    fields: &[("forZones", Type::List(&FOR_ZONE)), ("forNodes", Type::List(&FOR_NODE))],
};

static FOR_ZONE: Struct = Struct { name: "ForZone", fields: &[("name", Type::Str)] };

static FOR_NODE: Struct = Struct { name: "ForNode", fields: &[("name", Type::Str)] };

/// How many addresses an endpoint may have.
const MAX_ADDRESSES: usize = 100;
/// How many endpoints a slice may have.
const MAX_ENDPOINTS: usize = 1000;
/// How many ports a slice may have.
const MAX_PORTS: usize = 20_000;
/// How many zones or nodes a hint may name.
const MAX_HINTS: usize = 8;

/// Fills in what a manifest leaves open.
///
/// Source: kubernetes pkg/apis/discovery/v1/defaults.go.
pub fn set_defaults(slice: &mut Object) {
    if !slice.value["endpoints"].is_empty() {
        for endpoint in slice.value.field_mut("endpoints").items_mut() {
            // Upstream's strategy drops what only v1beta1 had.
            endpoint.remove(&["deprecatedTopology"]);
            if endpoint["conditions"].is_null() {
                endpoint.set(&["conditions"], Value::map());
            }
        }
    }
    if slice.value["ports"].is_null() {
        return;
    }
    if let Value::List(ports) = slice.value.field_mut("ports") {
        for port in ports.to_mut() {
            for (field, default) in [("name", ""), ("protocol", "TCP")] {
                if port[field].is_null() {
                    port.set(&[field], default);
                }
            }
        }
    }
}

/// The faults of an EndpointSlice; endpoints that are stored already are not judged again.
///
/// Source: kubernetes pkg/apis/discovery/validation/validation.go.
pub fn validate(errors: &mut Errors, slice: &Object, old: Option<&Object>) {
    meta::validate(errors, slice);
    let kind = &slice.value["addressType"];
    one_of(errors, &Path::root("addressType"), kind.str(), &["FQDN", "IPv4", "IPv6"]);
    validate_ports(errors, slice.value["ports"].items());
    let endpoints = slice.value["endpoints"].items();
    if !old.is_some_and(|old| old.value["endpoints"].items() == endpoints) {
        validate_endpoints(errors, endpoints, kind.str());
    }
    if old.is_some_and(|old| kind.str() != old.value["addressType"].str()) {
        errors.invalid(&Path::root("addressType"), kind.str(), "field is immutable");
    }
}

/// What the server warns of in a slice that people wrote.
///
/// Source: kubernetes pkg/registry/discovery/endpointslice/strategy.go.
pub fn warnings(slice: &Object) -> Vec<String> {
    let mut warnings = Vec::new();
    if slice.value["addressType"].str() == "FQDN" {
        warnings.push("spec.addressType: FQDN endpoints are deprecated".into());
    }
    let by = slice.label("endpointslice.kubernetes.io/managed-by").unwrap_or_default();
    if matches!(by, "endpointslice-controller.k8s.io" | "endpointslicemirroring-controller.k8s.io") {
        return warnings;
    }
    for (at, endpoint) in slice.value["endpoints"].items().iter().enumerate() {
        for (nth, address) in endpoint["addresses"].items().iter().enumerate() {
            let name = format!("endpoints[{at}].addresses[{nth}]");
            warnings.extend(ip::warning(&Path::root(&name), address.str()));
        }
    }
    warnings
}

fn validate_ports(errors: &mut Errors, ports: &[Value]) {
    let path = Path::root("ports");
    if ports.len() > MAX_PORTS {
        return errors.too_many(&path, ports.len(), MAX_PORTS);
    }
    for (at, port) in ports.iter().enumerate() {
        let path = path.index(at);
        let name = port["name"].str();
        if !name.is_empty() {
            errors.invalid_each(&path.child("name"), name, names::dns_label(name));
        }
        if ports[..at].iter().any(|other| other["name"].str() == name) {
            errors.duplicate(&path.child("name"), name);
        }
        match port["protocol"].as_str() {
            None => errors.required(&path.child("protocol"), ""),
            Some("TCP" | "UDP" | "SCTP") => {}
            Some(other) => errors.not_supported(&path.child("protocol"), other, &["SCTP", "TCP", "UDP"]),
        }
        if let Some(protocol) = port["appProtocol"].as_str() {
            errors.invalid_each(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
        }
    }
}

fn validate_endpoints(errors: &mut Errors, endpoints: &[Value], kind: &str) {
    let path = Path::root("endpoints");
    if endpoints.len() > MAX_ENDPOINTS {
        return errors.too_many(&path, endpoints.len(), MAX_ENDPOINTS);
    }
    for (at, endpoint) in endpoints.iter().enumerate() {
        let path = path.index(at);
        validate_addresses(errors, &path.child("addresses"), endpoint["addresses"].items(), kind);
        if let Some(node) = endpoint["nodeName"].as_str() {
            errors.invalid_each(&path.child("nodeName"), node, names::dns_subdomain(node));
        }
        if let Some(hostname) = endpoint["hostname"].as_str() {
            errors.invalid_each(&path.child("hostname"), hostname, names::dns_label(hostname));
        }
        let hints = path.child("hints");
        for (list, rule) in
            [("forZones", names::label_value as fn(&str) -> Vec<String>), ("forNodes", names::dns_subdomain)]
        {
            let items = endpoint["hints"][list].items();
            let path = hints.child(list);
            if items.len() > MAX_HINTS {
                errors.too_many(&path, items.len(), MAX_HINTS);
                break;
            }
            for (at, item) in items.iter().enumerate() {
                let name = item["name"].str();
                let path = path.index(at);
                if items[..at].contains(item) {
                    errors.duplicate(&path.child("name"), name);
                }
                errors.invalid_each(&path.child("name"), name, rule(name));
            }
        }
    }
}

fn validate_addresses(errors: &mut Errors, path: &Path<'_>, addresses: &[Value], kind: &str) {
    if addresses.is_empty() {
        errors.required(path, "must contain at least 1 address");
    } else if addresses.len() > MAX_ADDRESSES {
        errors.too_many(path, addresses.len(), MAX_ADDRESSES);
    }
    for (at, address) in addresses.iter().map(Value::str).enumerate() {
        let before = errors.len();
        match kind {
            "IPv4" => ip::validate(errors, &path.index(at), address),
            "IPv6" => ip::validate_canonical(errors, &path.index(at), address),
            "FQDN" => {
                validate_domain(errors, &path.index(at), address);
                continue;
            }
            _ => continue,
        }
        if errors.len() == before {
            if ip::is_v6(address) != (kind == "IPv6") {
                errors.invalid(path, address, &format!("must be an {kind} address"));
            }
            ip::validate_endpoint(errors, &path.index(at), address);
        }
    }
}

/// Source: kubernetes staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go (IsFullyQualifiedDomainName).
fn validate_domain(errors: &mut Errors, path: &Path<'_>, name: &str) {
    if name.is_empty() {
        return errors.required(path, "");
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let complaints = names::dns_subdomain(name);
    if !complaints.is_empty() {
        return errors.invalid(path, name, &complaints.join(","));
    }
    if !name.contains('.') {
        return errors.invalid(path, name, "should be a domain with at least two segments separated by dots");
    }
    for label in name.split('.') {
        let complaints = names::dns_label(label);
        if !complaints.is_empty() {
            errors.invalid(path, label, &complaints.join(","));
        }
    }
}

#[cfg(all(test, feature = "yaml"))]
mod tests {
    use super::*;
    use crate::api::{Kind, yaml};

    fn object(text: &str) -> Object {
        let mut value = yaml::parse_value(text).unwrap();
        value.set(&["metadata", "name"], "db-1");
        value.set(&["metadata", "namespace"], "default");
        let mut slice = Object::decode(Kind::EndpointSlice, value).unwrap();
        slice.set_defaults();
        slice
    }

    fn refusals(text: &str, old: Option<&Object>) -> Vec<String> {
        let mut errors = Errors::default();
        validate(&mut errors, &object(text), old);
        errors.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
    }

    #[test]
    fn ports_have_names_and_protocols_of_their_own() {
        let slice = object("{addressType: IPv4, ports: [{port: 80}]}");
        assert_eq!(slice.value["ports"][0]["name"].as_str(), Some(""));
        assert_eq!(slice.value["ports"][0]["protocol"].str(), "TCP");
        assert_eq!(
            refusals("{addressType: IPv4, ports: [{port: 80}, {port: 81}]}", None),
            [r#"ports[1].name: Duplicate value: """#]
        );
    }

    #[test]
    fn addresses_are_of_the_slices_type() {
        assert_eq!(refusals("{}", None), ["addressType: Required value"]);
        for (text, expected) in [
            ("{addressType: IPv4, endpoints: [{addresses: ['fd00::1']}]}", "must be an IPv4 address"),
            ("{addressType: IPv6, endpoints: [{addresses: ['FD00::1']}]}", r#"must be in canonical form ("fd00::1")"#),
            ("{addressType: IPv4, endpoints: [{addresses: [127.0.0.1]}]}", "loopback range (127.0.0.0/8, ::1/128)"),
            ("{addressType: FQDN, endpoints: [{addresses: [db]}]}", "at least two segments separated by dots"),
            ("{addressType: FQDN, endpoints: [{addresses: [db.example.com.]}]}", ""),
        ] {
            let found = refusals(text, None).pop().unwrap_or_default();
            assert!(found.ends_with(expected) && found.is_empty() == expected.is_empty(), "{text}: {found}");
        }
    }

    #[test]
    fn the_address_type_never_changes() {
        let old = object("{addressType: IPv4}");
        assert_eq!(
            refusals("{addressType: IPv6}", Some(&old)),
            [r#"addressType: Invalid value: "IPv6": field is immutable"#]
        );
    }
}
