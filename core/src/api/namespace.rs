//! Namespaces: schema and defaults; nothing but their metadata is judged.

use super::{
    Object,
    schema::{OBJECT_META, Struct, Type},
};
use alloc::borrow::ToOwned;

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

/// Every namespace is labelled with its name, for NetworkPolicies to select.
///
/// Source: kubernetes pkg/apis/core/v1/defaults.go (SetDefaults_Namespace).
pub fn set_defaults(namespace: &mut Object) {
    let name = namespace.name().to_owned();
    if !name.is_empty() {
        namespace.value.set(&["metadata", "labels", "kubernetes.io/metadata.name"], name);
    }
}
