//! The blocks of a pod that this product stores and does not act on: tables, so that a misspelt field is refused.
//!
//! Source: kubernetes staging/src/k8s.io/api/core/v1/types.go. The volumes of single vendors are kept as they are.

use super::schema::{EXEC_ACTION, HTTP_GET_ACTION, TCP_SOCKET_ACTION};
use crate::api::schema::{LABEL_SELECTOR, Struct, Type};

pub(super) static VOLUME: Struct = Struct {
    name: "Volume",
    fields: &[
        ("name", Type::Str),
        ("hostPath", Type::Struct(&HOST_PATH_VOLUME_SOURCE)),
        ("emptyDir", Type::Struct(&EMPTY_DIR_VOLUME_SOURCE)),
        ("gcePersistentDisk", Type::Any),
        ("awsElasticBlockStore", Type::Any),
        ("gitRepo", Type::Any),
        ("secret", Type::Struct(&SECRET_VOLUME_SOURCE)),
        ("nfs", Type::Struct(&NFS_VOLUME_SOURCE)),
        ("iscsi", Type::Any),
        ("glusterfs", Type::Any),
        ("persistentVolumeClaim", Type::Struct(&PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE)),
        ("rbd", Type::Any),
        ("flexVolume", Type::Any),
        ("cinder", Type::Any),
        ("cephfs", Type::Any),
        ("flocker", Type::Any),
        ("downwardAPI", Type::Struct(&DOWNWARD_API_VOLUME_SOURCE)),
        ("fc", Type::Any),
        ("azureFile", Type::Any),
        ("configMap", Type::Struct(&CONFIG_MAP_VOLUME_SOURCE)),
        ("vsphereVolume", Type::Any),
        ("quobyte", Type::Any),
        ("azureDisk", Type::Any),
        ("photonPersistentDisk", Type::Any),
        ("projected", Type::Struct(&PROJECTED_VOLUME_SOURCE)),
        ("portworxVolume", Type::Any),
        ("scaleIO", Type::Any),
        ("storageos", Type::Any),
        ("csi", Type::Struct(&CSI_VOLUME_SOURCE)),
        ("ephemeral", Type::Any),
        ("image", Type::Struct(&IMAGE_VOLUME_SOURCE)),
    ],
};

static HOST_PATH_VOLUME_SOURCE: Struct =
    Struct { name: "HostPathVolumeSource", fields: &[("path", Type::Str), ("type", Type::OptEnum("v1.HostPathType"))] };

static EMPTY_DIR_VOLUME_SOURCE: Struct = Struct {
    name: "EmptyDirVolumeSource",
    fields: &[("medium", Type::Enum("v1.StorageMedium")), ("sizeLimit", Type::Quantity)],
};

static SECRET_VOLUME_SOURCE: Struct = Struct {
    name: "SecretVolumeSource",
    fields: &[
        ("secretName", Type::Str),
        ("items", Type::List(&KEY_TO_PATH)),
        ("defaultMode", Type::OptInt32),
        ("optional", Type::OptBool),
    ],
};

static KEY_TO_PATH: Struct =
    Struct { name: "KeyToPath", fields: &[("key", Type::Str), ("path", Type::Str), ("mode", Type::OptInt32)] };

static NFS_VOLUME_SOURCE: Struct =
    Struct { name: "NFSVolumeSource", fields: &[("server", Type::Str), ("path", Type::Str), ("readOnly", Type::Bool)] };

static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Struct =
    Struct { name: "PersistentVolumeClaimVolumeSource", fields: &[("claimName", Type::Str), ("readOnly", Type::Bool)] };

static DOWNWARD_API_VOLUME_SOURCE: Struct = Struct {
    name: "DownwardAPIVolumeSource",
    fields: &[("items", Type::List(&DOWNWARD_API_VOLUME_FILE)), ("defaultMode", Type::OptInt32)],
};

static DOWNWARD_API_VOLUME_FILE: Struct = Struct {
    name: "DownwardAPIVolumeFile",
    fields: &[
        ("path", Type::Str),
        ("fieldRef", Type::Struct(&OBJECT_FIELD_SELECTOR)),
        ("resourceFieldRef", Type::Struct(&RESOURCE_FIELD_SELECTOR)),
        ("mode", Type::OptInt32),
    ],
};

static OBJECT_FIELD_SELECTOR: Struct =
    Struct { name: "ObjectFieldSelector", fields: &[("apiVersion", Type::Str), ("fieldPath", Type::Str)] };

static RESOURCE_FIELD_SELECTOR: Struct = Struct {
    name: "ResourceFieldSelector",
    fields: &[("containerName", Type::Str), ("resource", Type::Str), ("divisor", Type::Quantity)],
};

static CONFIG_MAP_VOLUME_SOURCE: Struct = Struct {
    name: "ConfigMapVolumeSource",
    fields: &[
        ("name", Type::Str),
        ("items", Type::List(&KEY_TO_PATH)),
        ("defaultMode", Type::OptInt32),
        ("optional", Type::OptBool),
    ],
};

static PROJECTED_VOLUME_SOURCE: Struct = Struct {
    name: "ProjectedVolumeSource",
    fields: &[("sources", Type::List(&VOLUME_PROJECTION)), ("defaultMode", Type::OptInt32)],
};

static VOLUME_PROJECTION: Struct = Struct {
    name: "VolumeProjection",
    fields: &[
        ("secret", Type::Struct(&SECRET_PROJECTION)),
        ("downwardAPI", Type::Struct(&DOWNWARD_API_PROJECTION)),
        ("configMap", Type::Struct(&CONFIG_MAP_PROJECTION)),
        ("serviceAccountToken", Type::Struct(&SERVICE_ACCOUNT_TOKEN_PROJECTION)),
        ("clusterTrustBundle", Type::Any),
        ("podCertificate", Type::Any),
    ],
};

static SECRET_PROJECTION: Struct = Struct {
    name: "SecretProjection",
    fields: &[("name", Type::Str), ("items", Type::List(&KEY_TO_PATH)), ("optional", Type::OptBool)],
};

static DOWNWARD_API_PROJECTION: Struct =
    Struct { name: "DownwardAPIProjection", fields: &[("items", Type::List(&DOWNWARD_API_VOLUME_FILE))] };

static CONFIG_MAP_PROJECTION: Struct = Struct {
    name: "ConfigMapProjection",
    fields: &[("name", Type::Str), ("items", Type::List(&KEY_TO_PATH)), ("optional", Type::OptBool)],
};

static SERVICE_ACCOUNT_TOKEN_PROJECTION: Struct = Struct {
    name: "ServiceAccountTokenProjection",
    fields: &[("audience", Type::Str), ("expirationSeconds", Type::OptInt64), ("path", Type::Str)],
};

static CSI_VOLUME_SOURCE: Struct = Struct {
    name: "CSIVolumeSource",
    fields: &[
        ("driver", Type::Str),
        ("readOnly", Type::OptBool),
        ("fsType", Type::OptStr),
        ("volumeAttributes", Type::Labels),
        ("nodePublishSecretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)),
    ],
};

pub(super) static LOCAL_OBJECT_REFERENCE: Struct =
    Struct { name: "LocalObjectReference", fields: &[("name", Type::Str)] };

static IMAGE_VOLUME_SOURCE: Struct = Struct {
    name: "ImageVolumeSource",
    fields: &[("reference", Type::Str), ("pullPolicy", Type::Enum("v1.PullPolicy"))],
};

pub(super) static POD_SECURITY_CONTEXT: Struct = Struct {
    name: "PodSecurityContext",
    fields: &[
        ("seLinuxOptions", Type::Struct(&SE_LINUX_OPTIONS)),
        ("windowsOptions", Type::Any),
        ("runAsUser", Type::OptInt64),
        ("runAsGroup", Type::OptInt64),
        ("runAsNonRoot", Type::OptBool),
        ("supplementalGroups", Type::Any),
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

static SECCOMP_PROFILE: Struct = Struct {
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
    fields: &[("operator", Type::Enum("v1.ContainerRestartRuleOnExitCodesOperator")), ("values", Type::Any)],
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
