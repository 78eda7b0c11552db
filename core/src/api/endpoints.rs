//! Endpoints: schema, defaults and validation.

use super::{
    Object, Value,
    field::{Errors, Path},
    ip, meta, names,
    schema::{OBJECT_META, OBJECT_REFERENCE, Struct, Type},
    service::{one_of, validate_port_number},
};

use alloc::{format, string::String, vec::Vec};

/// The fields of this kind.
pub static ENDPOINTS: Struct = Struct {
    name: "Endpoints",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("subsets", Type::List(&ENDPOINT_SUBSET)),
    ],
};

static ENDPOINT_SUBSET: Struct = Struct {
    name: "EndpointSubset",
    fields: &[
        ("addresses", Type::List(&ENDPOINT_ADDRESS)),
        ("notReadyAddresses", Type::List(&ENDPOINT_ADDRESS)),
        ("ports", Type::List(&ENDPOINT_PORT)),
    ],
};

static ENDPOINT_ADDRESS: Struct = Struct {
    name: "EndpointAddress",
    fields: &[
        ("ip", Type::Str),
        ("hostname", Type::Str),
        ("nodeName", Type::OptStr),
        ("targetRef", Type::Struct(&OBJECT_REFERENCE)),
    ],
};

static ENDPOINT_PORT: Struct = Struct {
    name: "EndpointPort",
    fields: &[
        ("name", Type::Str),
        ("port", Type::Int32),
        ("protocol", Type::Enum("v1.Protocol")),
        ("appProtocol", Type::OptStr),
    ],
};

/// Fills in what a manifest leaves open.
///
/// Source: kubernetes pkg/apis/core/v1/defaults.go (SetDefaults_Endpoints).
pub fn set_defaults(endpoints: &mut Object) {
    if let Value::List(subsets) = endpoints.value.field_mut("subsets") {
        for subset in subsets.to_mut() {
            set_protocols(subset);
        }
    }
    if endpoints.value["subsets"].is_null() {
        endpoints.value.remove(&["subsets"]);
    }
}

/// Ports without a protocol speak TCP.
pub(super) fn set_protocols(holder: &mut Value) {
    if holder["ports"].is_null() {
        return;
    }
    if let Value::List(ports) = holder.field_mut("ports") {
        for port in ports.to_mut().iter_mut().filter(|port| port["protocol"].is_empty()) {
            port.set(&["protocol"], "TCP");
        }
    }
}

/// The faults of Endpoints; addresses that are stored already are not judged again.
///
/// Source: kubernetes pkg/apis/core/validation/validation.go (ValidateEndpoints).
pub fn validate(errors: &mut Errors, endpoints: &Object, old: Option<&Object>) {
    if let Some(old) = old {
        meta::validate_update(errors, endpoints, old);
    }
    meta::validate(errors, endpoints);
    let subsets = &endpoints.value["subsets"];
    if old.is_some_and(|old| old.value["subsets"].items() == subsets.items()) {
        return;
    }
    let path = Path::root("subsets");
    for (at, subset) in subsets.items().iter().enumerate() {
        validate_subset(errors, &path.index(at), subset);
    }
}

/// What the server warns of in Endpoints that people wrote.
///
/// Source: kubernetes pkg/registry/core/endpoint/strategy.go (endpointsWarnings).
pub fn warnings(endpoints: &Object) -> Vec<String> {
    let mut warnings = Vec::new();
    if endpoints.label("endpoints.kubernetes.io/managed-by") == Some("endpoint-controller") {
        return warnings;
    }
    for (at, subset) in endpoints.value["subsets"].items().iter().enumerate() {
        for list in ["addresses", "notReadyAddresses"] {
            for (nth, address) in subset[list].items().iter().enumerate() {
                let place = format!("subsets[{at}].{list}[{nth}].ip");
                warnings.extend(ip::warning(&Path::root(&place), address["ip"].str()));
            }
        }
    }
    warnings
}

fn validate_subset(errors: &mut Errors, path: &Path<'_>, subset: &Value) {
    let lists = ["addresses", "notReadyAddresses"];
    if lists.iter().all(|list| subset[*list].items().is_empty()) {
        errors.required(path, "must specify `addresses` or `notReadyAddresses`");
    }
    for list in lists {
        for (at, address) in subset[list].items().iter().enumerate() {
            validate_address(errors, &path.child(list).index(at), address);
        }
    }
    let ports = subset["ports"].items();
    for (at, port) in ports.iter().enumerate() {
        validate_port(errors, &path.child("ports").index(at), port, ports.len() > 1);
    }
}

fn validate_address(errors: &mut Errors, path: &Path<'_>, address: &Value) {
    let text = address["ip"].str();
    ip::validate(errors, &path.child("ip"), text);
    let hostname = address["hostname"].str();
    if !hostname.is_empty() {
        errors.invalid_each(&path.child("hostname"), hostname, names::dns_label(hostname));
    }
    if let Some(node) = address["nodeName"].as_str() {
        errors.invalid_each(&path.child("nodeName"), node, names::dns_subdomain(node));
    }
    ip::validate_endpoint(errors, &path.child("ip"), text);
}

fn validate_port(errors: &mut Errors, path: &Path<'_>, port: &Value, named: bool) {
    let name = port["name"].str();
    if named && name.is_empty() {
        errors.required(&path.child("name"), "");
    } else if !name.is_empty() {
        errors.invalid_each(&path.child("name"), name, names::dns_label(name));
    }
    validate_port_number(errors, &path.child("port"), &port["port"]);
    one_of(errors, &path.child("protocol"), port["protocol"].str(), &["SCTP", "TCP", "UDP"]);
    if let Some(protocol) = port["appProtocol"].as_str() {
        errors.invalid_each(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
    }
}

#[cfg(all(test, feature = "yaml"))]
mod tests {
    use super::*;
    use crate::api::{Kind, yaml};

    fn object(subsets: &str) -> Object {
        let mut object = Object::new(Kind::Endpoints, "default", "db");
        object.value.set(&["subsets"], yaml::parse_value(subsets).unwrap());
        let mut endpoints = Object::decode(Kind::Endpoints, object.value).unwrap();
        endpoints.set_defaults();
        endpoints
    }

    fn refusals(subsets: &str, old: Option<&Object>) -> Vec<String> {
        let mut errors = Errors::default();
        validate(&mut errors, &object(subsets), old);
        errors.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
    }

    #[test]
    fn subsets_have_addresses_and_named_ports_if_there_are_several() {
        assert_eq!(refusals("[{addresses: [{ip: 10.9.8.7}], ports: [{port: 3306}]}]", None), [""; 0]);
        assert_eq!(
            refusals("[{ports: [{port: 1}, {port: 70000, name: a}]}]", None),
            [
                "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
                "subsets[0].ports[0].name: Required value",
                "subsets[0].ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
            ]
        );
        assert_eq!(
            refusals("[{addresses: [{ip: mysql.example.com}]}]", None),
            [
                r#"subsets[0].addresses[0].ip: Invalid value: "mysql.example.com": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#,
                r#"subsets[0].addresses[0].ip: Invalid value: "mysql.example.com": must be a valid IP address"#,
            ]
        );
    }

    #[test]
    fn what_is_stored_is_not_judged_again() {
        let old = object("[{addresses: [{ip: 127.0.0.1}]}]");
        assert_eq!(refusals("[{addresses: [{ip: 127.0.0.1}]}]", Some(&old)), [""; 0]);
        assert_eq!(refusals("[{addresses: [{ip: 127.0.0.2}]}]", Some(&old)).len(), 1);
    }
}
