//! Who a container runs as, and what it may do.
//!
//! Source: kubernetes pkg/apis/core/validation/validation.go (validatePodSpecSecurityContext, ValidateSecurityContext).

use super::rules::{
    ID,
    Rule::{self, Among, Maybe, Path, Range, Required},
    Start,
};

const USER: Rule = Range("runAsUser", 0, i32::MAX, ID);
const GROUP: Rule = Range("runAsGroup", 0, i32::MAX, ID);
const KIND: Rule = Among("type", &["Localhost", "RuntimeDefault", "Unconfined"]);
static SECCOMP: [Rule; 3] =
    [Required("type", "type is required when seccompProfile is set"), KIND, Path("localhostProfile", Start::Relative)];
static APP_ARMOR: [Rule; 2] = [Required("type", "type is required when appArmorProfile is set"), KIND];

/// The rules of a pod's context.
pub(super) static POD: [Rule; 8] = [
    Range("fsGroup", 0, i32::MAX, ID),
    USER,
    GROUP,
    Among("fsGroupChangePolicy", &["Always", "OnRootMismatch"]),
    Maybe("seccompProfile", &SECCOMP),
    Maybe("appArmorProfile", &APP_ARMOR),
    Among("supplementalGroupsPolicy", &["Merge", "Strict"]),
    Among("seLinuxChangePolicy", &["Recursive"]),
];

/// The rules of a container's context.
pub(super) static CONTAINER: [Rule; 5] = [
    USER,
    GROUP,
    Among("procMount", &["Default", "Unmasked"]),
    Maybe("seccompProfile", &SECCOMP),
    Maybe("appArmorProfile", &APP_ARMOR),
];
