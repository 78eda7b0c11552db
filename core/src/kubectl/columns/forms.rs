//! Which columns each kind has.
//!
//! Source: kubernetes pkg/printers/internalversion/printers.go.

use crate::api::Kind;

/// The columns of a kind, one a line: the header, where `_` stands for a blank, and the form of its cells. Those after
/// `|` are printed with `-o wide` only.
pub(in super::super) fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::Namespace => {
            "NAME {metadata.name}
STATUS {status.phase}
AGE {metadata.creationTimestamp|age}"
        }
        Kind::Node => {
            "NAME {metadata.name}
STATUS {|node state}
ROLES {metadata.labels|roles?<none>}
AGE {metadata.creationTimestamp|age}
VERSION {status.nodeInfo.kubeletVersion}
|INTERNAL-IP {|internal ip?<none>}
|EXTERNAL-IP {|external ip?<none>}
|OS-IMAGE {status.nodeInfo.osImage}
|KERNEL-VERSION {status.nodeInfo.kernelVersion} ({status.nodeInfo.architecture})
|CONTAINER-RUNTIME {status.nodeInfo.containerRuntimeVersion}"
        }
        Kind::Pod => {
            "NAME {metadata.name}
READY {|pod ready}
STATUS {|pod state}
RESTARTS {|restarts}
AGE {metadata.creationTimestamp|age}
|IP {status.podIPs.0.ip?<none>}
|NODE {spec.nodeName?<none>}
|NOMINATED_NODE {status.nominatedNodeName?<none>}
|READINESS_GATES {|gates?<none>}"
        }
        Kind::Service => {
            "NAME {metadata.name}
TYPE {spec.type}
CLUSTER-IP {spec.clusterIPs.0?<none>}
EXTERNAL-IP {|reached at?<none>}
PORT(S) {spec.ports|ports?<none>}
AGE {metadata.creationTimestamp|age}
|SELECTOR {spec.selector|pairs?<none>}"
        }
        Kind::Endpoints => {
            "NAME {metadata.name}
ENDPOINTS {subsets|subsets}
AGE {metadata.creationTimestamp|age}"
        }
        Kind::EndpointSlice => {
            "NAME {metadata.name}
ADDRESSTYPE {addressType}
PORTS {ports|slice ports?<unset>}
ENDPOINTS {endpoints|addresses?<unset>}
AGE {metadata.creationTimestamp|age}"
        }
        Kind::ReplicaSet => {
            "NAME {metadata.name}
DESIRED {spec.replicas?0}
CURRENT {status.replicas?0}
READY {status.readyReplicas?0}
AGE {metadata.creationTimestamp|age}
|CONTAINERS {spec.template.spec.containers.name}
|IMAGES {spec.template.spec.containers.image}
|SELECTOR {spec.selector|selector?<none>}"
        }
        Kind::Deployment => {
            "NAME {metadata.name}
READY {status.readyReplicas?0}/{spec.replicas?0}
UP-TO-DATE {status.updatedReplicas?0}
AVAILABLE {status.availableReplicas?0}
AGE {metadata.creationTimestamp|age}
|CONTAINERS {spec.template.spec.containers.name}
|IMAGES {spec.template.spec.containers.image}
|SELECTOR {spec.selector|selector?<none>}"
        }
        Kind::StatefulSet => {
            "NAME {metadata.name}
READY {status.readyReplicas?0}/{spec.replicas?0}
AGE {metadata.creationTimestamp|age}
|CONTAINERS {spec.template.spec.containers.name}
|IMAGES {spec.template.spec.containers.image}"
        }
        Kind::NetworkPolicy => {
            "NAME {metadata.name}
POD-SELECTOR {spec.podSelector|selector?<none>}
AGE {metadata.creationTimestamp|age}"
        }
        Kind::ControllerRevision => {
            "NAME {metadata.name}
CONTROLLER {metadata.ownerReferences.0.kind|lower}.apps/{metadata.ownerReferences.0.name}
REVISION {revision?0}
AGE {metadata.creationTimestamp|age}"
        }
        Kind::Event => {
            "LAST_SEEN {lastTimestamp|age}
TYPE {type}
REASON {reason}
OBJECT {involvedObject.kind|lower}/{involvedObject.name}
|SUBOBJECT {involvedObject.fieldPath}
|SOURCE {source.component}
MESSAGE {message}
|FIRST_SEEN {firstTimestamp|age}
|COUNT {count?1}
|NAME {metadata.name}"
        }
    }
}
