//! The fields of the workloads: Deployment, ReplicaSet and StatefulSet.

use crate::api::schema::{LABEL_SELECTOR, OBJECT_META, Struct, Type};

use crate::api::pod::schema::POD_SPEC;
/// The fields of this kind.
pub static DEPLOYMENT: Struct = Struct {
    name: "Deployment",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("spec", Type::Struct(&DEPLOYMENT_SPEC)),
        ("status", Type::Any),
    ],
};

static DEPLOYMENT_SPEC: Struct = Struct {
    name: "DeploymentSpec",
    fields: &[
        ("replicas", Type::OptInt32),
        ("selector", Type::Struct(&LABEL_SELECTOR)),
        ("template", Type::Struct(&POD_TEMPLATE_SPEC)),
        ("strategy", Type::Struct(&DEPLOYMENT_STRATEGY)),
        ("minReadySeconds", Type::Int32),
        ("revisionHistoryLimit", Type::OptInt32),
        ("paused", Type::Bool),
        ("progressDeadlineSeconds", Type::OptInt32),
    ],
};

static POD_TEMPLATE_SPEC: Struct = Struct {
    name: "PodTemplateSpec",
    fields: &[("metadata", Type::Struct(&OBJECT_META)), ("spec", Type::Struct(&POD_SPEC))],
};

static DEPLOYMENT_STRATEGY: Struct = Struct {
    name: "DeploymentStrategy",
    fields: &[
        ("type", Type::Enum("v1.DeploymentStrategyType")),
        ("rollingUpdate", Type::Struct(&ROLLING_UPDATE_DEPLOYMENT)),
    ],
};

static ROLLING_UPDATE_DEPLOYMENT: Struct = Struct {
    name: "RollingUpdateDeployment",
    fields: &[("maxUnavailable", Type::IntOrString), ("maxSurge", Type::IntOrString)],
};

/// The fields of this kind.
pub static REPLICA_SET: Struct = Struct {
    name: "ReplicaSet",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("spec", Type::Struct(&REPLICA_SET_SPEC)),
        ("status", Type::Any),
    ],
};

static REPLICA_SET_SPEC: Struct = Struct {
    name: "ReplicaSetSpec",
    fields: &[
        ("replicas", Type::OptInt32),
        ("minReadySeconds", Type::Int32),
        ("selector", Type::Struct(&LABEL_SELECTOR)),
        ("template", Type::Struct(&POD_TEMPLATE_SPEC)),
    ],
};

/// The fields of this kind.
pub static STATEFUL_SET: Struct = Struct {
    name: "StatefulSet",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("spec", Type::Struct(&STATEFUL_SET_SPEC)),
        ("status", Type::Any),
    ],
};

static STATEFUL_SET_SPEC: Struct = Struct {
    name: "StatefulSetSpec",
    fields: &[
        ("replicas", Type::OptInt32),
        ("selector", Type::Struct(&LABEL_SELECTOR)),
        ("template", Type::Struct(&POD_TEMPLATE_SPEC)),
        ("volumeClaimTemplates", Type::Any),
        ("serviceName", Type::Str),
        ("podManagementPolicy", Type::Enum("v1.PodManagementPolicyType")),
        ("updateStrategy", Type::Struct(&STATEFUL_SET_UPDATE_STRATEGY)),
        ("revisionHistoryLimit", Type::OptInt32),
        ("minReadySeconds", Type::Int32),
        ("persistentVolumeClaimRetentionPolicy", Type::Struct(&CLAIM_RETENTION)),
        ("ordinals", Type::Struct(&STATEFUL_SET_ORDINALS)),
    ],
};

static STATEFUL_SET_UPDATE_STRATEGY: Struct = Struct {
    name: "StatefulSetUpdateStrategy",
    fields: &[
        ("type", Type::Enum("v1.StatefulSetUpdateStrategyType")),
        ("rollingUpdate", Type::Struct(&ROLLING_UPDATE_STATEFUL_SET_STRATEGY)),
    ],
};

static STATEFUL_SET_ORDINALS: Struct = Struct { name: "StatefulSetOrdinals", fields: &[("start", Type::OptInt32)] };

static ROLLING_UPDATE_STATEFUL_SET_STRATEGY: Struct = Struct {
    name: "RollingUpdateStatefulSetStrategy",
    fields: &[("partition", Type::OptInt32), ("maxUnavailable", Type::IntOrString)],
};

static CLAIM_RETENTION: Struct = Struct {
    name: "StatefulSetPersistentVolumeClaimRetentionPolicy",
    fields: &[
        ("whenDeleted", Type::Enum("v1.PersistentVolumeClaimRetentionPolicyType")),
        ("whenScaled", Type::Enum("v1.PersistentVolumeClaimRetentionPolicyType")),
    ],
};

/// The fields of a ControllerRevision.
pub static CONTROLLER_REVISION: Struct = Struct {
    name: "ControllerRevision",
    fields: &[
        ("apiVersion", Type::Str),
        ("kind", Type::Str),
        ("metadata", Type::Struct(&OBJECT_META)),
        ("data", Type::Any),
        ("revision", Type::OptInt64),
    ],
};
