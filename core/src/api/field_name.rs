//! The names of fields that most objects have, so that a tree need not own them.

use alloc::{borrow::Cow, borrow::ToOwned};

/// Sorted. A name that is missing here costs memory in every object that has it, nothing else.
#[rustfmt::skip]
static KNOWN: [&str; 126] = [
    "addressType", "addresses", "annotations", "apiVersion", "app", "app.kubernetes.io/name", "appProtocol",
    "availableReplicas", "blockOwnerDeletion", "clusterIP", "clusterIPs", "collisionCount", "command", "conditions",
    "containerID", "containerPort", "containerStatuses", "containers", "controller", "creationTimestamp",
    "deletionGracePeriodSeconds", "deletionTimestamp", "dnsPolicy", "enableServiceLinks", "endpoints",
    "endpoints.kubernetes.io/last-change-trigger-time", "endpoints.kubernetes.io/managed-by",
    "endpointslice.kubernetes.io/managed-by", "env", "exec", "externalTrafficPolicy", "forNodes", "forZones",
    "fullyLabeledReplicas", "generateName", "generation", "hints", "hostIP", "hostIPs", "hostname", "httpGet",
    "image", "imageID", "imagePullPolicy", "internalTrafficPolicy", "ip", "ipFamilies", "ipFamilyPolicy", "k8s-app",
    "kind", "kubernetes.io/service-name", "labels", "lastProbeTime", "lastState", "lastTransitionTime",
    "lastUpdateTime", "limits", "livenessProbe", "loadBalancer", "matchLabels", "message", "metadata",
    "minReadySeconds", "name", "namespace", "nodeName", "nodePort", "notReadyAddresses", "observedGeneration",
    "ownerReferences", "phase", "pod-template-hash", "podIP", "podIPs", "port", "ports", "protocol", "qosClass",
    "readinessProbe", "ready", "readyReplicas", "reason", "replicas", "requests", "resourceVersion", "resources",
    "restartCount", "restartPolicy", "running", "schedulerName", "securityContext", "selector",
    "service.kubernetes.io/headless", "serviceAccountName", "serving", "sessionAffinity", "spec", "startTime",
    "started", "startedAt", "state", "status", "strategy", "subdomain", "subsets", "targetPort", "targetRef",
    "template", "terminating", "terminatingReplicas", "terminationGracePeriodSeconds", "terminationMessagePath",
    "terminationMessagePolicy", "tier", "tolerations", "trafficDistribution", "type", "uid", "unavailableReplicas",
    "updatedReplicas", "value", "version", "volumeMounts", "volumes", "waiting", "zone",
];

/// The name, owned only if it is a rare one.
pub(super) fn of(name: &str) -> Cow<'static, str> {
    match KNOWN.binary_search(&name) {
        Ok(at) => Cow::Borrowed(KNOWN[at]),
        Err(_) => Cow::Owned(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_names_are_sorted_so_that_each_is_found() {
        assert!(KNOWN.is_sorted());
        assert!(KNOWN.into_iter().all(|name| matches!(of(name), Cow::Borrowed(_))));
        assert!(matches!(of("example.com/team"), Cow::Owned(_)));
    }
}
