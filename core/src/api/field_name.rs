//! The names of fields that most objects have, so that a tree need not own them.

use alloc::{borrow::Cow, borrow::ToOwned};
use core::cmp::Ordering;

/// By length, then sorted. A name that is missing here costs memory in every object that has it, nothing else.
#[rustfmt::skip]
static KNOWN: [&str; 126] = [
    "ip", "app", "env", "uid", "exec", "kind", "name", "port", "spec", "tier", "type", "zone", "hints", "image",
    "phase", "podIP", "ports", "ready", "state", "value", "hostIP", "labels", "limits", "podIPs", "reason", "status",
    "command", "hostIPs", "httpGet", "imageID", "k8s-app", "message", "running", "serving", "started", "subsets",
    "version", "volumes", "waiting", "forNodes", "forZones", "hostname", "metadata", "nodeName", "nodePort",
    "protocol", "qosClass", "replicas", "requests", "selector", "strategy", "template", "addresses", "clusterIP",
    "dnsPolicy", "endpoints", "lastState", "namespace", "resources", "startTime", "startedAt", "subdomain",
    "targetRef", "apiVersion", "clusterIPs", "conditions", "containers", "controller", "generation", "ipFamilies",
    "targetPort", "addressType", "annotations", "appProtocol", "containerID", "matchLabels", "terminating",
    "tolerations", "generateName", "loadBalancer", "restartCount", "volumeMounts", "containerPort", "lastProbeTime",
    "livenessProbe", "readyReplicas", "restartPolicy", "schedulerName", "collisionCount", "ipFamilyPolicy",
    "lastUpdateTime", "readinessProbe", "imagePullPolicy", "minReadySeconds", "ownerReferences", "resourceVersion",
    "securityContext", "sessionAffinity", "updatedReplicas", "availableReplicas", "containerStatuses",
    "creationTimestamp", "deletionTimestamp", "notReadyAddresses", "pod-template-hash", "blockOwnerDeletion",
    "enableServiceLinks", "lastTransitionTime", "observedGeneration", "serviceAccountName", "terminatingReplicas",
    "trafficDistribution", "unavailableReplicas", "fullyLabeledReplicas", "externalTrafficPolicy",
    "internalTrafficPolicy", "app.kubernetes.io/name", "terminationMessagePath", "terminationMessagePolicy",
    "deletionGracePeriodSeconds", "kubernetes.io/service-name", "terminationGracePeriodSeconds",
    "service.kubernetes.io/headless", "endpoints.kubernetes.io/managed-by", "endpointslice.kubernetes.io/managed-by",
    "endpoints.kubernetes.io/last-change-trigger-time",
];

/// The name, owned only if it is a rare one.
pub(super) fn of(name: &str) -> Cow<'static, str> {
    match KNOWN.binary_search_by(|known| order(known, name)) {
        Ok(at) => Cow::Borrowed(KNOWN[at]),
        Err(_) => Cow::Owned(name.to_owned()),
    }
}

fn order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_names_are_sorted_so_that_each_is_found() {
        assert!(KNOWN.is_sorted_by(|a, b| order(a, b) == Ordering::Less));
        assert!(KNOWN.into_iter().all(|name| matches!(of(name), Cow::Borrowed(_))));
        assert!(matches!(of("example.com/team"), Cow::Owned(_)));
    }
}
