//! Nodes: schema, defaults and validation.

use super::schema::{OBJECT_META, Struct, Type};

/// The fields of this kind.
pub static NODE: Struct = Struct {
    name: "Node",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("spec", Type::Struct(&NODE_SPEC)),
        ("status", Type::Any),
    ],
};

static NODE_SPEC: Struct = Struct {
    name: "NodeSpec",
    fields: &[
        ("podCIDR", Type::Str),
        ("podCIDRs", Type::Strings),
        ("providerID", Type::Str),
        ("unschedulable", Type::Bool),
        ("taints", Type::List(&TAINT)),
        ("configSource", Type::Any),
        ("externalID", Type::Str),
    ],
};

static TAINT: Struct = Struct {
    name: "Taint",
    fields: &[
        ("key", Type::Str),
        ("value", Type::Str),
        ("effect", Type::Enum("v1.TaintEffect")),
        ("timeAdded", Type::Str),
    ],
};
