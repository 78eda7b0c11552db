//! The fields of a Pod.

use super::blocks::{
    AFFINITY, CONTAINER_RESIZE_POLICY, CONTAINER_RESTART_RULE, ENV_FROM_SOURCE, ENV_VAR_SOURCE, HOST_ALIAS, LIFECYCLE,
    LOCAL_OBJECT_REFERENCE, POD_DNS_CONFIG, POD_OS, POD_READINESS_GATE, POD_RESOURCE_CLAIM, POD_SCHEDULING_GATE,
    POD_SCHEDULING_GROUP, POD_SECURITY_CONTEXT, RESOURCE_CLAIM, SECURITY_CONTEXT, TOPOLOGY_SPREAD_CONSTRAINT, VOLUME,
    VOLUME_DEVICE, VOLUME_MOUNT,
};
use crate::api::schema::{OBJECT_META, Struct, Type};

/// The fields of this kind.
pub static POD: Struct = Struct {
    name: "Pod",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("spec", Type::Struct(&POD_SPEC)),
        ("status", Type::Any),
    ],
};

/// The fields of a pod's spec, which templates hold too, in the order of the server's inner struct.
pub static POD_SPEC: Struct = Struct {
    name: "PodSpec",
    fields: &[
        ("volumes", Type::List(&VOLUME)),
        ("initContainers", Type::List(&CONTAINER)),
        ("containers", Type::List(&CONTAINER)),
        ("ephemeralContainers", Type::Any),
        ("restartPolicy", Type::Enum("v1.RestartPolicy")),
        ("terminationGracePeriodSeconds", Type::OptInt64),
        ("activeDeadlineSeconds", Type::OptInt64),
        ("dnsPolicy", Type::Enum("v1.DNSPolicy")),
        ("nodeSelector", Type::Labels),
        ("serviceAccountName", Type::Str),
        ("serviceAccount", Type::Str),
        ("automountServiceAccountToken", Type::OptBool),
        ("nodeName", Type::Str),
        ("securityContext", Type::Struct(&POD_SECURITY_CONTEXT)),
        ("hostNetwork", Type::Bool),
        ("hostPID", Type::Bool),
        ("hostIPC", Type::Bool),
        ("shareProcessNamespace", Type::OptBool),
        ("hostUsers", Type::OptBool),
        ("imagePullSecrets", Type::List(&LOCAL_OBJECT_REFERENCE)),
        ("hostname", Type::Str),
        ("subdomain", Type::Str),
        ("setHostnameAsFQDN", Type::OptBool),
        ("affinity", Type::Struct(&AFFINITY)),
        ("schedulerName", Type::Str),
        ("tolerations", Type::List(&TOLERATION)),
        ("hostAliases", Type::List(&HOST_ALIAS)),
        ("priorityClassName", Type::Str),
        ("priority", Type::OptInt32),
        ("preemptionPolicy", Type::OptEnum("v1.PreemptionPolicy")),
        ("dnsConfig", Type::Struct(&POD_DNS_CONFIG)),
        ("readinessGates", Type::List(&POD_READINESS_GATE)),
        ("runtimeClassName", Type::OptStr),
        ("overhead", Type::Quantities),
        ("enableServiceLinks", Type::OptBool),
        ("topologySpreadConstraints", Type::List(&TOPOLOGY_SPREAD_CONSTRAINT)),
        ("os", Type::Struct(&POD_OS)),
        ("schedulingGates", Type::List(&POD_SCHEDULING_GATE)),
        ("resourceClaims", Type::List(&POD_RESOURCE_CLAIM)),
        ("resources", Type::Struct(&RESOURCE_REQUIREMENTS)),
        ("hostnameOverride", Type::OptStr),
        ("schedulingGroup", Type::Struct(&POD_SCHEDULING_GROUP)),
    ],
};

/// The fields that the server's inner struct holds in the security context, before its own.
pub(in crate::api) static HOST_FIELDS: [(&str, Type); 5] = [
    ("hostNetwork", Type::Bool),
    ("hostPID", Type::Bool),
    ("hostIPC", Type::Bool),
    ("shareProcessNamespace", Type::OptBool),
    ("hostUsers", Type::OptBool),
];

static CONTAINER: Struct = Struct {
    name: "Container",
    fields: &[
        ("name", Type::Str),
        ("image", Type::Str),
        ("command", Type::Strings),
        ("args", Type::Strings),
        ("workingDir", Type::Str),
        ("ports", Type::List(&CONTAINER_PORT)),
        ("envFrom", Type::List(&ENV_FROM_SOURCE)),
        ("env", Type::List(&ENV_VAR)),
        ("resources", Type::Struct(&RESOURCE_REQUIREMENTS)),
        ("resizePolicy", Type::List(&CONTAINER_RESIZE_POLICY)),
        ("restartPolicy", Type::OptEnum("v1.ContainerRestartPolicy")),
        ("restartPolicyRules", Type::List(&CONTAINER_RESTART_RULE)),
        ("volumeMounts", Type::List(&VOLUME_MOUNT)),
        ("volumeDevices", Type::List(&VOLUME_DEVICE)),
        ("livenessProbe", Type::Struct(&PROBE)),
        ("readinessProbe", Type::Struct(&PROBE)),
        ("startupProbe", Type::Struct(&PROBE)),
        ("lifecycle", Type::Struct(&LIFECYCLE)),
        ("terminationMessagePath", Type::Str),
        ("terminationMessagePolicy", Type::Enum("v1.TerminationMessagePolicy")),
        ("imagePullPolicy", Type::Enum("v1.PullPolicy")),
        ("securityContext", Type::Struct(&SECURITY_CONTEXT)),
        ("stdin", Type::Bool),
        ("stdinOnce", Type::Bool),
        ("tty", Type::Bool),
    ],
};

static TOLERATION: Struct = Struct {
    name: "Toleration",
    fields: &[
        ("key", Type::Str),
        ("operator", Type::Enum("v1.TolerationOperator")),
        ("value", Type::Str),
        ("effect", Type::Enum("v1.TaintEffect")),
        ("tolerationSeconds", Type::OptInt64),
    ],
};

static RESOURCE_REQUIREMENTS: Struct = Struct {
    name: "ResourceRequirements",
    fields: &[("limits", Type::Quantities), ("requests", Type::Quantities), ("claims", Type::List(&RESOURCE_CLAIM))],
};

static CONTAINER_PORT: Struct = Struct {
    name: "ContainerPort",
    fields: &[
        ("name", Type::Str),
        ("hostPort", Type::Int32),
        ("containerPort", Type::Int32),
        ("protocol", Type::Enum("v1.Protocol")),
        ("hostIP", Type::Str),
    ],
};

static ENV_VAR: Struct = Struct {
    name: "EnvVar",
    fields: &[("name", Type::Str), ("value", Type::Str), ("valueFrom", Type::Struct(&ENV_VAR_SOURCE))],
};

static PROBE: Struct = Struct {
    name: "Probe",
    fields: &[
        ("exec", Type::Struct(&EXEC_ACTION)),
        ("httpGet", Type::Struct(&HTTP_GET_ACTION)),
        ("tcpSocket", Type::Struct(&TCP_SOCKET_ACTION)),
        ("grpc", Type::Struct(&GRPC_ACTION)),
        ("initialDelaySeconds", Type::Int32),
        ("timeoutSeconds", Type::Int32),
        ("periodSeconds", Type::Int32),
        ("successThreshold", Type::Int32),
        ("failureThreshold", Type::Int32),
        ("terminationGracePeriodSeconds", Type::OptInt64),
    ],
};

pub(super) static EXEC_ACTION: Struct = Struct { name: "ExecAction", fields: &[("command", Type::Strings)] };

pub(super) static HTTP_GET_ACTION: Struct = Struct {
    name: "HTTPGetAction",
    fields: &[
        ("path", Type::Str),
        ("port", Type::IntOrString),
        ("host", Type::Str),
        ("scheme", Type::Enum("v1.URIScheme")),
        ("httpHeaders", Type::List(&HTTP_HEADER)),
    ],
};

pub(super) static TCP_SOCKET_ACTION: Struct =
    Struct { name: "TCPSocketAction", fields: &[("port", Type::IntOrString), ("host", Type::Str)] };

static GRPC_ACTION: Struct = Struct { name: "GRPCAction", fields: &[("port", Type::Int32), ("service", Type::OptStr)] };

static HTTP_HEADER: Struct = Struct { name: "HTTPHeader", fields: &[("name", Type::Str), ("value", Type::Str)] };
