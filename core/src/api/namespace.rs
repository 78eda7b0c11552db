//! Namespaces: schema, defaults and validation.

use super::schema::{OBJECT_META, Struct, Type};

/// The fields of this kind.
pub static NAMESPACE: Struct = Struct {
    name: "Namespace",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("spec", Type::Struct(&NAMESPACE_SPEC)),
        ("status", Type::Any),
    ],
};

static NAMESPACE_SPEC: Struct =
    Struct { name: "NamespaceSpec", fields: &[("finalizers", Type::Enums("v1.FinalizerName"))] };
