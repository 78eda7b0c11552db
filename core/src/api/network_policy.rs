//! NetworkPolicies: schema, defaults and validation.

use super::schema::{LABEL_SELECTOR, OBJECT_META, Struct, Type};

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
