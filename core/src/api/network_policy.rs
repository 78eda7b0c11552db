//! NetworkPolicies: schema, defaults and validation.

use super::{
    Object, Value, endpoints,
    field::{Errors, Path},
    ip, meta, names,
    schema::{LABEL_SELECTOR, OBJECT_META, Struct, Type},
    selector::validate_label_selector,
    service::shown,
};
use alloc::{vec, vec::Vec};

/// The fields of this kind.
pub static NETWORK_POLICY: Struct = Struct {
    name: "NetworkPolicy",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("spec", Type::Struct(&NETWORK_POLICY_SPEC)),
    ],
};

static NETWORK_POLICY_SPEC: Struct = Struct {
    name: "NetworkPolicySpec",
    fields: &[
        ("podSelector", Type::Struct(&LABEL_SELECTOR)),
        ("ingress", Type::List(&NETWORK_POLICY_INGRESS_RULE)),
        ("egress", Type::List(&NETWORK_POLICY_EGRESS_RULE)),
        ("policyTypes", Type::Enums("v1.PolicyType")),
    ],
};

static NETWORK_POLICY_INGRESS_RULE: Struct = Struct {
    name: "NetworkPolicyIngressRule",
    fields: &[("ports", Type::List(&NETWORK_POLICY_PORT)), ("from", Type::List(&NETWORK_POLICY_PEER))],
};

static NETWORK_POLICY_EGRESS_RULE: Struct = Struct {
    name: "NetworkPolicyEgressRule",
    fields: &[("ports", Type::List(&NETWORK_POLICY_PORT)), ("to", Type::List(&NETWORK_POLICY_PEER))],
};

static NETWORK_POLICY_PORT: Struct = Struct {
    name: "NetworkPolicyPort",
    fields: &[("protocol", Type::OptEnum("v1.Protocol")), ("port", Type::IntOrString), ("endPort", Type::OptInt32)],
};

static NETWORK_POLICY_PEER: Struct = Struct {
    name: "NetworkPolicyPeer",
    fields: &[
        ("podSelector", Type::Struct(&LABEL_SELECTOR)),
        ("namespaceSelector", Type::Struct(&LABEL_SELECTOR)),
        ("ipBlock", Type::Struct(&IP_BLOCK)),
    ],
};

static IP_BLOCK: Struct = Struct { name: "IPBlock", fields: &[("cidr", Type::Str), ("except", Type::Strings)] };

/// Fills in what a manifest leaves open.
///
/// Source: kubernetes pkg/apis/networking/v1/defaults.go.
pub fn set_defaults(policy: &mut Object) {
    for list in ["ingress", "egress"] {
        if let Value::List(rules) = policy.value.at_mut(&["spec", list]) {
            rules.to_mut().iter_mut().for_each(endpoints::set_protocols);
        } else {
            policy.value.remove(&["spec", list]);
        }
    }
    // It is no pointer upstream: left out, it is there and selects every pod.
    if policy.spec()["podSelector"].is_null() {
        policy.value.set(&["spec", "podSelector"], Value::map());
    }
    if policy.spec()["policyTypes"].is_empty() {
        let has_egress = !policy.spec()["egress"].is_empty();
        let types = if has_egress { vec!["Ingress", "Egress"] } else { vec!["Ingress"] };
        policy.value.set(&["spec", "policyTypes"], types);
    }
}

/// The faults of a NetworkPolicy; ranges that are stored already are not judged again.
///
/// Source: kubernetes pkg/apis/networking/validation/validation.go.
pub fn validate(errors: &mut Errors, policy: &Object, old: Option<&Object>) {
    match old {
        None => meta::validate(errors, policy),
        Some(old) => meta::validate_update(errors, policy, old),
    }
    let stored = old.map(ranges).unwrap_or_default();
    let path = Path::root("spec");
    let spec = policy.spec();
    validate_label_selector(errors, &path.child("podSelector"), &spec["podSelector"]);
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        let path = path.child(rules);
        for (at, rule) in spec[rules].items().iter().enumerate() {
            let path = path.index(at);
            for (at, port) in rule["ports"].items().iter().enumerate() {
                validate_port(errors, &path.child("ports").index(at), port);
            }
            for (at, peer) in rule[peers].items().iter().enumerate() {
                validate_peer(errors, &path.child(peers).index(at), peer, &stored);
            }
        }
    }
    let types = &spec["policyTypes"];
    let path = path.child("policyTypes");
    if types.items().len() > 2 {
        return errors.invalid(&path, shown(types), "may not specify more than two policyTypes");
    }
    for (at, kind) in types.items().iter().enumerate() {
        if !matches!(kind.str(), "Ingress" | "Egress") {
            errors.not_supported(&path.index(at), kind.str(), &["Ingress", "Egress"]);
        }
    }
}

fn ranges(policy: &Object) -> Vec<&str> {
    let rules = |list: &str, peers: &'static str| {
        policy.spec()[list].items().iter().flat_map(move |rule: &Value| rule[peers].items())
    };
    let blocks = rules("ingress", "from").chain(rules("egress", "to")).map(|peer| &peer["ipBlock"]);
    blocks.flat_map(|block| block["except"].items().iter().chain([&block["cidr"]])).map(Value::str).collect()
}

fn validate_port(errors: &mut Errors, path: &Path<'_>, port: &Value) {
    if let Some(protocol) = port["protocol"].as_str().filter(|p| !matches!(*p, "TCP" | "UDP" | "SCTP")) {
        errors.not_supported(&path.child("protocol"), protocol, &["TCP", "UDP", "SCTP"]);
    }
    let end = port["endPort"].as_int();
    let end_path = path.child("endPort");
    match (&port["port"], end) {
        (Value::Int(first), _) => {
            for complaint in names::port_number(*first) {
                errors.invalid(&path.child("port"), *first, &complaint);
            }
            let Some(last) = end else { return };
            if last < *first {
                errors.invalid(&end_path, *first, "must be greater than or equal to `port`");
            }
            for complaint in names::port_number(last) {
                errors.invalid(&end_path, last, &complaint);
            }
        }
        (Value::String(name), _) => {
            if let Some(last) = end {
                errors.invalid(&end_path, last, "may not be specified when `port` is non-numeric");
            }
            errors.invalid_each(&path.child("port"), name, names::port_name(name));
        }
        (_, Some(last)) => errors.invalid(&end_path, last, "may not be specified when `port` is not specified"),
        _ => {}
    }
}

fn validate_peer(errors: &mut Errors, path: &Path<'_>, peer: &Value, stored: &[&str]) {
    for selector in ["podSelector", "namespaceSelector"] {
        validate_label_selector(errors, &path.child(selector), &peer[selector]);
    }
    let block = &peer["ipBlock"];
    let selects = !peer["podSelector"].is_null() || !peer["namespaceSelector"].is_null();
    if !block.is_null() {
        validate_block(errors, &path.child("ipBlock"), block, stored);
        if selects {
            errors.forbidden(path, "may not specify both ipBlock and another peer");
        }
    } else if !selects {
        errors.required(path, "must specify a peer");
    }
}

fn validate_block(errors: &mut Errors, path: &Path<'_>, block: &Value, stored: &[&str]) {
    let range = block["cidr"].str();
    if range.is_empty() {
        return errors.required(&path.child("cidr"), "");
    }
    if !stored.contains(&range) {
        ip::validate_range(errors, &path.child("cidr"), range);
    }
    let Some(block_range) = ip::parse_range(range) else { return };
    for (at, except) in block["except"].items().iter().map(Value::str).enumerate() {
        let list = path.child("except");
        let path = list.index(at);
        if !stored.contains(&except) {
            ip::validate_range(errors, &path, except);
        }
        let Some(inner) = ip::parse_range(except) else { continue };
        if !block_range.contains(inner.masked().address) || block_range.length >= inner.length {
            errors.invalid(&path, except, "must be a strict subset of `cidr`");
        }
    }
}

#[cfg(all(test, feature = "yaml"))]
mod tests {
    use super::*;
    use crate::api::{Kind, yaml};
    use alloc::{format, string::String};

    fn refusals(spec: &str) -> Vec<String> {
        let mut object = Object::new(Kind::NetworkPolicy, "default", "p");
        object.value.set(&["spec"], yaml::parse_value(spec).unwrap());
        let mut policy = Object::decode(Kind::NetworkPolicy, object.value).unwrap();
        policy.set_defaults();
        let mut errors = Errors::default();
        validate(&mut errors, &policy, None);
        errors.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
    }

    #[test]
    fn types_follow_from_the_rules() {
        for (spec, types) in [
            ("podSelector: {}", vec!["Ingress"]),
            ("podSelector: {}\negress: [{}]", vec!["Ingress", "Egress"]),
            ("policyTypes: [Egress]", vec!["Egress"]),
        ] {
            let mut object = Object::new(Kind::NetworkPolicy, "default", "p");
            object.value.set(&["spec"], yaml::parse_value(spec).unwrap());
            object.set_defaults();
            assert_eq!(object.spec()["policyTypes"], Value::from(types), "{spec}");
            assert!(object.spec()["podSelector"].as_map().is_some(), "{spec}");
        }
    }

    #[test]
    fn peers_ports_and_blocks_are_judged() {
        assert_eq!(
            refusals("ingress: [{from: [{}]}]"),
            ["spec.ingress[0].from[0]: Required value: must specify a peer"]
        );
        assert_eq!(
            refusals("ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]"),
            ["spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"]
        );
        assert_eq!(
            refusals("egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16, 10.0.0.0/8, 10.1.0.0/16]}}]}]"),
            [
                r#"spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`"#,
                r#"spec.egress[0].to[0].ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`"#,
            ]
        );
        assert_eq!(
            refusals("ingress: [{ports: [{port: 90, endPort: 80}, {port: http, endPort: 80}, {endPort: 80}]}]"),
            [
                "spec.ingress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`",
                "spec.ingress[0].ports[1].endPort: Invalid value: 80: may not be specified when `port` is non-numeric",
                "spec.ingress[0].ports[2].endPort: Invalid value: 80: may not be specified when `port` is not specified",
            ]
        );
        assert_eq!(
            refusals("policyTypes: [ingress]"),
            [r#"spec.policyTypes[0]: Unsupported value: "ingress": supported values: "Ingress", "Egress""#]
        );
    }
}
