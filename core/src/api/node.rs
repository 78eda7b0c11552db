//! Nodes: schema and validation.

use super::{
    Object, Value,
    field::{Errors, Path},
    ip, meta,
    schema::{OBJECT_META, Struct, Type},
    service::shown,
};

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

/// The faults of a Node.
///
/// Source: kubernetes pkg/apis/core/validation/validation.go (ValidateNode, ValidateNodeUpdate).
pub fn validate(errors: &mut Errors, node: &Object, old: Option<&Object>) {
    let root = Path::root("spec");
    let path = root.child("podCIDRs");
    let list = &node.spec()["podCIDRs"];
    if let Some(old) = old {
        meta::validate_update(errors, node, old);
        let before = old.spec()["podCIDRs"].items();
        if !before.is_empty() && before != list.items() {
            errors.forbidden(&path, "node updates may not change podCIDR except from \"\" to valid");
        }
        return;
    }
    meta::validate(errors, node);
    let ranges = list.items();
    for (at, range) in ranges.iter().enumerate() {
        ip::validate_range(errors, &path.index(at), range.str());
    }
    let is_v6 = |range: &Value| range.str().contains(':');
    if ranges.len() > 2 || (ranges.len() == 2 && is_v6(&ranges[0]) == is_v6(&ranges[1])) {
        errors.invalid(&path, shown(list), "may specify no more than one CIDR for each IP family");
    }
}
