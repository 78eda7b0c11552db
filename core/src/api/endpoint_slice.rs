//! EndpointSlices: schema, defaults and validation.

use super::schema::{OBJECT_META, OBJECT_REFERENCE, Struct, Type};

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
