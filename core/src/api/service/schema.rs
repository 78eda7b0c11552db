//! The fields of a Service.

use crate::api::schema::{OBJECT_META, Struct, Type};

/// The fields of this kind.
pub static SERVICE: Struct = Struct {
    name: "Service",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("spec", Type::Struct(&SERVICE_SPEC)),
        ("status", Type::Struct(&SERVICE_STATUS)),
    ],
};

static SERVICE_SPEC: Struct = Struct {
    name: "ServiceSpec",
    fields: &[
        ("ports", Type::List(&SERVICE_PORT)),
        ("selector", Type::Labels),
        ("clusterIP", Type::Str),
        ("clusterIPs", Type::Strings),
        ("type", Type::Enum("v1.ServiceType")),
        ("externalIPs", Type::Strings),
        ("sessionAffinity", Type::Enum("v1.ServiceAffinity")),
        ("loadBalancerIP", Type::Str),
        ("loadBalancerSourceRanges", Type::Strings),
        ("externalName", Type::Str),
        ("externalTrafficPolicy", Type::Enum("v1.ServiceExternalTrafficPolicy")),
        ("healthCheckNodePort", Type::Int32),
        ("publishNotReadyAddresses", Type::Bool),
        ("sessionAffinityConfig", Type::Struct(&SESSION_AFFINITY_CONFIG)),
        ("ipFamilies", Type::Enums("v1.IPFamily")),
        ("ipFamilyPolicy", Type::OptEnum("v1.IPFamilyPolicy")),
        ("allocateLoadBalancerNodePorts", Type::OptBool),
        ("loadBalancerClass", Type::OptStr),
        ("internalTrafficPolicy", Type::OptEnum("v1.ServiceInternalTrafficPolicy")),
        ("trafficDistribution", Type::OptStr),
    ],
};

static SERVICE_STATUS: Struct = Struct {
    name: "ServiceStatus",
    fields: &[("loadBalancer", Type::Struct(&LOAD_BALANCER_STATUS)), ("conditions", Type::Any)],
};

static SERVICE_PORT: Struct = Struct {
    name: "ServicePort",
    fields: &[
        ("name", Type::Str),
        ("protocol", Type::Enum("v1.Protocol")),
        ("appProtocol", Type::OptStr),
        ("port", Type::Int32),
        ("targetPort", Type::IntOrString),
        ("nodePort", Type::Int32),
    ],
};

static SESSION_AFFINITY_CONFIG: Struct =
    Struct { name: "SessionAffinityConfig", fields: &[("clientIP", Type::Struct(&CLIENT_IP_CONFIG))] };

static LOAD_BALANCER_STATUS: Struct =
    Struct { name: "LoadBalancerStatus", fields: &[("ingress", Type::List(&LOAD_BALANCER_INGRESS))] };

static CLIENT_IP_CONFIG: Struct = Struct { name: "ClientIPConfig", fields: &[("timeoutSeconds", Type::OptInt32)] };

static LOAD_BALANCER_INGRESS: Struct = Struct {
    name: "LoadBalancerIngress",
    fields: &[
        ("ip", Type::Str),
        ("hostname", Type::Str),
        ("ipMode", Type::OptEnum("v1.LoadBalancerIPMode")),
        ("ports", Type::List(&PORT_STATUS)),
    ],
};

static PORT_STATUS: Struct = Struct {
    name: "PortStatus",
    fields: &[("port", Type::Int32), ("protocol", Type::Enum("v1.Protocol")), ("error", Type::OptStr)],
};
