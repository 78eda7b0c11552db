//! The volumes of a pod. Those of single vendors are kept as they are.

use super::LOCAL_OBJECT_REFERENCE;
use crate::api::schema::{Struct, Type};

pub(in crate::api::pod) static VOLUME: Struct = Struct {
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
        ("quobyte", Type::Any),
        ("flexVolume", Type::Any),
        ("cinder", Type::Any),
        ("cephfs", Type::Any),
        ("flocker", Type::Any),
        ("downwardAPI", Type::Struct(&DOWNWARD_API_VOLUME_SOURCE)),
        ("fc", Type::Any),
        ("azureFile", Type::Any),
        ("configMap", Type::Struct(&CONFIG_MAP_VOLUME_SOURCE)),
        ("vsphereVolume", Type::Any),
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

pub(super) static OBJECT_FIELD_SELECTOR: Struct =
    Struct { name: "ObjectFieldSelector", fields: &[("apiVersion", Type::Str), ("fieldPath", Type::Str)] };

pub(super) static RESOURCE_FIELD_SELECTOR: Struct = Struct {
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

static IMAGE_VOLUME_SOURCE: Struct = Struct {
    name: "ImageVolumeSource",
    fields: &[("reference", Type::Str), ("pullPolicy", Type::Enum("v1.PullPolicy"))],
};
