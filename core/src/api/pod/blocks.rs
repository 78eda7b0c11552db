//! The blocks of a pod that this product stores and does not act on: tables, so that a misspelt field is refused.
//!
//! Source: kubernetes staging/src/k8s.io/api/core/v1/types.go.

mod volumes;

pub(super) use volumes::VOLUME;

use super::schema::{EXEC_ACTION, HTTP_GET_ACTION, TCP_SOCKET_ACTION};
use crate::api::schema::{LABEL_SELECTOR, Struct, Type};
use volumes::{OBJECT_FIELD_SELECTOR, RESOURCE_FIELD_SELECTOR};

pub(super) static LOCAL_OBJECT_REFERENCE: Struct =
    Struct { name: "LocalObjectReference", fields: &[("name", Type::Str)] };

pub(super) static POD_SECURITY_CONTEXT: Struct = Struct {
    name: "PodSecurityContext",
    fields: &[
        ("seLinuxOptions", Type::Struct(&SE_LINUX_OPTIONS)),
        ("windowsOptions", Type::Any),
        ("runAsUser", Type::OptInt64),
        ("runAsGroup", Type::OptInt64),
        ("runAsNonRoot", Type::OptBool),
        ("supplementalGroups", Type::Ints),
        ("supplementalGroupsPolicy", Type::OptEnum("v1.SupplementalGroupsPolicy")),
        ("fsGroup", Type::OptInt64),
        ("sysctls", Type::List(&SYSCTL)),
        ("fsGroupChangePolicy", Type::OptEnum("v1.PodFSGroupChangePolicy")),
        ("seccompProfile", Type::Struct(&SECCOMP_PROFILE)),
        ("appArmorProfile", Type::Struct(&APP_ARMOR_PROFILE)),
        ("seLinuxChangePolicy", Type::OptEnum("v1.PodSELinuxChangePolicy")),
    ],
};

static SE_LINUX_OPTIONS: Struct = Struct {
    name: "SELinuxOptions",
    fields: &[("user", Type::Str), ("role", Type::Str), ("type", Type::Str), ("level", Type::Str)],
};

static SYSCTL: Struct = Struct { name: "Sysctl", fields: &[("name", Type::Str), ("value", Type::Str)] };

pub(super) static SECCOMP_PROFILE: Struct = Struct {
    name: "SeccompProfile",
    fields: &[("type", Type::Enum("v1.SeccompProfileType")), ("localhostProfile", Type::OptStr)],
};

static APP_ARMOR_PROFILE: Struct = Struct {
    name: "AppArmorProfile",
    fields: &[("type", Type::Enum("v1.AppArmorProfileType")), ("localhostProfile", Type::OptStr)],
};

pub(super) static SECURITY_CONTEXT: Struct = Struct {
    name: "SecurityContext",
    fields: &[
        ("capabilities", Type::Struct(&CAPABILITIES)),
        ("privileged", Type::OptBool),
        ("seLinuxOptions", Type::Struct(&SE_LINUX_OPTIONS)),
        ("windowsOptions", Type::Any),
        ("runAsUser", Type::OptInt64),
        ("runAsGroup", Type::OptInt64),
        ("runAsNonRoot", Type::OptBool),
        ("readOnlyRootFilesystem", Type::OptBool),
        ("allowPrivilegeEscalation", Type::OptBool),
        ("procMount", Type::OptEnum("v1.ProcMountType")),
        ("seccompProfile", Type::Struct(&SECCOMP_PROFILE)),
        ("appArmorProfile", Type::Struct(&APP_ARMOR_PROFILE)),
    ],
};

static CAPABILITIES: Struct = Struct {
    name: "Capabilities",
    fields: &[("add", Type::Enums("v1.Capability")), ("drop", Type::Enums("v1.Capability"))],
};

pub(super) static AFFINITY: Struct = Struct {
    name: "Affinity",
    fields: &[
        ("nodeAffinity", Type::Struct(&NODE_AFFINITY)),
        ("podAffinity", Type::Struct(&POD_AFFINITY)),
        ("podAntiAffinity", Type::Struct(&POD_ANTI_AFFINITY)),
    ],
};

static NODE_AFFINITY: Struct = Struct {
    name: "NodeAffinity",
    fields: &[
        ("requiredDuringSchedulingIgnoredDuringExecution", Type::Struct(&NODE_SELECTOR)),
        ("preferredDuringSchedulingIgnoredDuringExecution", Type::List(&PREFERRED_SCHEDULING_TERM)),
    ],
};

static NODE_SELECTOR: Struct =
    Struct { name: "NodeSelector", fields: &[("nodeSelectorTerms", Type::List(&NODE_SELECTOR_TERM))] };

static NODE_SELECTOR_TERM: Struct = Struct {
    name: "NodeSelectorTerm",
    fields: &[
        ("matchExpressions", Type::List(&NODE_SELECTOR_REQUIREMENT)),
        ("matchFields", Type::List(&NODE_SELECTOR_REQUIREMENT)),
    ],
};

static NODE_SELECTOR_REQUIREMENT: Struct = Struct {
    name: "NodeSelectorRequirement",
    fields: &[("key", Type::Str), ("operator", Type::Enum("v1.NodeSelectorOperator")), ("values", Type::Strings)],
};

static PREFERRED_SCHEDULING_TERM: Struct = Struct {
    name: "PreferredSchedulingTerm",
    fields: &[("weight", Type::Int32), ("preference", Type::Struct(&NODE_SELECTOR_TERM))],
};

static POD_AFFINITY: Struct = Struct {
    name: "PodAffinity",
    fields: &[
        ("requiredDuringSchedulingIgnoredDuringExecution", Type::List(&POD_AFFINITY_TERM)),
        ("preferredDuringSchedulingIgnoredDuringExecution", Type::List(&WEIGHTED_POD_AFFINITY_TERM)),
    ],
};

static POD_AFFINITY_TERM: Struct = Struct {
    name: "PodAffinityTerm",
    fields: &[
        ("labelSelector", Type::Struct(&LABEL_SELECTOR)),
        ("namespaces", Type::Strings),
        ("topologyKey", Type::Str),
        ("namespaceSelector", Type::Struct(&LABEL_SELECTOR)),
        ("matchLabelKeys", Type::Strings),
        ("mismatchLabelKeys", Type::Strings),
    ],
};

static WEIGHTED_POD_AFFINITY_TERM: Struct = Struct {
    name: "WeightedPodAffinityTerm",
    fields: &[("weight", Type::Int32), ("podAffinityTerm", Type::Struct(&POD_AFFINITY_TERM))],
};

static POD_ANTI_AFFINITY: Struct = Struct {
    name: "PodAntiAffinity",
    fields: &[
        ("requiredDuringSchedulingIgnoredDuringExecution", Type::List(&POD_AFFINITY_TERM)),
        ("preferredDuringSchedulingIgnoredDuringExecution", Type::List(&WEIGHTED_POD_AFFINITY_TERM)),
    ],
};

pub(super) static HOST_ALIAS: Struct =
    Struct { name: "HostAlias", fields: &[("ip", Type::Str), ("hostnames", Type::Strings)] };

pub(super) static POD_DNS_CONFIG: Struct = Struct {
    name: "PodDNSConfig",
    fields: &[
        ("nameservers", Type::Strings),
        ("searches", Type::Strings),
        ("options", Type::List(&POD_DNS_CONFIG_OPTION)),
    ],
};

static POD_DNS_CONFIG_OPTION: Struct =
    Struct { name: "PodDNSConfigOption", fields: &[("name", Type::Str), ("value", Type::OptStr)] };

pub(super) static POD_READINESS_GATE: Struct =
    Struct { name: "PodReadinessGate", fields: &[("conditionType", Type::Enum("v1.PodConditionType"))] };

pub(super) static TOPOLOGY_SPREAD_CONSTRAINT: Struct = Struct {
    name: "TopologySpreadConstraint",
    fields: &[
        ("maxSkew", Type::Int32),
        ("topologyKey", Type::Str),
        ("whenUnsatisfiable", Type::Enum("v1.UnsatisfiableConstraintAction")),
        ("labelSelector", Type::Struct(&LABEL_SELECTOR)),
        ("minDomains", Type::OptInt32),
        ("nodeAffinityPolicy", Type::OptEnum("v1.NodeInclusionPolicy")),
        ("nodeTaintsPolicy", Type::OptEnum("v1.NodeInclusionPolicy")),
        ("matchLabelKeys", Type::Strings),
    ],
};

pub(super) static POD_OS: Struct = Struct { name: "PodOS", fields: &[("name", Type::Enum("v1.OSName"))] };

pub(super) static POD_SCHEDULING_GATE: Struct = Struct { name: "PodSchedulingGate", fields: &[("name", Type::Str)] };

pub(super) static POD_RESOURCE_CLAIM: Struct = Struct {
    name: "PodResourceClaim",
    fields: &[("name", Type::Str), ("resourceClaimName", Type::OptStr), ("resourceClaimTemplateName", Type::OptStr)],
};

pub(super) static POD_SCHEDULING_GROUP: Struct =
    Struct { name: "PodSchedulingGroup", fields: &[("podGroupName", Type::OptStr)] };

pub(super) static ENV_FROM_SOURCE: Struct = Struct {
    name: "EnvFromSource",
    fields: &[
        ("prefix", Type::Str),
        ("configMapRef", Type::Struct(&CONFIG_MAP_ENV_SOURCE)),
        ("secretRef", Type::Struct(&SECRET_ENV_SOURCE)),
    ],
};

static CONFIG_MAP_ENV_SOURCE: Struct =
    Struct { name: "ConfigMapEnvSource", fields: &[("name", Type::Str), ("optional", Type::OptBool)] };

static SECRET_ENV_SOURCE: Struct =
    Struct { name: "SecretEnvSource", fields: &[("name", Type::Str), ("optional", Type::OptBool)] };

pub(super) static CONTAINER_RESIZE_POLICY: Struct = Struct {
    name: "ContainerResizePolicy",
    fields: &[
        ("resourceName", Type::Enum("v1.ResourceName")),
        ("restartPolicy", Type::Enum("v1.ResourceResizeRestartPolicy")),
    ],
};

pub(super) static CONTAINER_RESTART_RULE: Struct = Struct {
    name: "ContainerRestartRule",
    fields: &[
        ("action", Type::Enum("v1.ContainerRestartRuleAction")),
        ("exitCodes", Type::Struct(&CONTAINER_RESTART_RULE_ON_EXIT_CODES)),
    ],
};

static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Struct = Struct {
    name: "ContainerRestartRuleOnExitCodes",
    fields: &[("operator", Type::Enum("v1.ContainerRestartRuleOnExitCodesOperator")), ("values", Type::Ints)],
};

pub(super) static VOLUME_MOUNT: Struct = Struct {
    name: "VolumeMount",
    fields: &[
        ("name", Type::Str),
        ("readOnly", Type::Bool),
        ("recursiveReadOnly", Type::OptEnum("v1.RecursiveReadOnlyMode")),
        ("mountPath", Type::Str),
        ("subPath", Type::Str),
        ("mountPropagation", Type::OptEnum("v1.MountPropagationMode")),
        ("subPathExpr", Type::Str),
    ],
};

pub(super) static VOLUME_DEVICE: Struct =
    Struct { name: "VolumeDevice", fields: &[("name", Type::Str), ("devicePath", Type::Str)] };

pub(super) static LIFECYCLE: Struct = Struct {
    name: "Lifecycle",
    fields: &[
        ("postStart", Type::Struct(&LIFECYCLE_HANDLER)),
        ("preStop", Type::Struct(&LIFECYCLE_HANDLER)),
        ("stopSignal", Type::OptEnum("v1.Signal")),
    ],
};

static LIFECYCLE_HANDLER: Struct = Struct {
    name: "LifecycleHandler",
    fields: &[
        ("exec", Type::Struct(&EXEC_ACTION)),
        ("httpGet", Type::Struct(&HTTP_GET_ACTION)),
        ("tcpSocket", Type::Struct(&TCP_SOCKET_ACTION)),
        ("sleep", Type::Struct(&SLEEP_ACTION)),
    ],
};

static SLEEP_ACTION: Struct = Struct { name: "SleepAction", fields: &[("seconds", Type::OptInt64)] };

pub(super) static RESOURCE_CLAIM: Struct =
    Struct { name: "ResourceClaim", fields: &[("name", Type::Str), ("request", Type::Str)] };

pub(super) static ENV_VAR_SOURCE: Struct = Struct {
    name: "EnvVarSource",
    fields: &[
        ("fieldRef", Type::Struct(&OBJECT_FIELD_SELECTOR)),
        ("resourceFieldRef", Type::Struct(&RESOURCE_FIELD_SELECTOR)),
        ("configMapKeyRef", Type::Struct(&CONFIG_MAP_KEY_SELECTOR)),
        ("secretKeyRef", Type::Struct(&SECRET_KEY_SELECTOR)),
        ("fileKeyRef", Type::Struct(&FILE_KEY_SELECTOR)),
    ],
};

static CONFIG_MAP_KEY_SELECTOR: Struct = Struct {
    name: "ConfigMapKeySelector",
    fields: &[("name", Type::Str), ("key", Type::Str), ("optional", Type::OptBool)],
};

static SECRET_KEY_SELECTOR: Struct = Struct {
    name: "SecretKeySelector",
    fields: &[("name", Type::Str), ("key", Type::Str), ("optional", Type::OptBool)],
};

static FILE_KEY_SELECTOR: Struct = Struct {
    name: "FileKeySelector",
    fields: &[("volumeName", Type::Str), ("path", Type::Str), ("key", Type::Str), ("optional", Type::OptBool)],
};
