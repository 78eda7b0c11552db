//! Endpoints: schema, defaults and validation.

use super::schema::{OBJECT_META, OBJECT_REFERENCE, Struct, Type};

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
