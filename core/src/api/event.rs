//! Events: schema.

use super::schema::{OBJECT_META, OBJECT_REFERENCE, Struct, Type};

/// The fields of this kind.
pub static EVENT: Struct = Struct {
    name: "Event",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("involvedObject", Type::Struct(&OBJECT_REFERENCE)),
        ("reason", Type::Str),
        ("message", Type::Str),
        ("source", Type::Any),
        ("firstTimestamp", Type::Str),
        ("lastTimestamp", Type::Str),
        ("count", Type::Int32),
        ("type", Type::Str),
        ("eventTime", Type::Str),
        ("series", Type::Any),
        ("action", Type::Str),
        ("related", Type::Struct(&OBJECT_REFERENCE)),
        ("reportingComponent", Type::Str),
        ("reportingInstance", Type::Str),
    ],
};
