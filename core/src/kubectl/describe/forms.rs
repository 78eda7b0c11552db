//! The pages of `kubectl describe`.
//!
//! Source of the texts: kubernetes staging/src/k8s.io/kubectl/pkg/describe/describe.go.

mod pod;

pub(super) use pod::TEMPLATE;

use crate::api::Kind;
use pod::{CONTAINER, POD};

/// The page of a kind. Besides an object's own fields it reads those that `super::tree` adds.
pub(super) fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => SERVICE,
        Kind::Endpoints => ENDPOINTS,
        Kind::EndpointSlice => ENDPOINT_SLICE,
        Kind::NetworkPolicy => NETWORK_POLICY,
        Kind::Pod => POD,
        Kind::Deployment => DEPLOYMENT,
        Kind::ReplicaSet => REPLICA_SET,
        Kind::StatefulSet => STATEFUL_SET,
        Kind::Node => NODE,
        Kind::Namespace => NAMESPACE,
        Kind::ControllerRevision | Kind::Event => "Labels:\t{metadata.labels|labels?<none>}",
    }
}

/// The form that another one includes.
pub(in super::super) fn included(name: &str) -> &'static str {
    match name {
        "head" => HEAD,
        "template" => TEMPLATE,
        "container" => CONTAINER,
        _ => CONDITIONS,
    }
}

/// How every page begins.
pub(super) const NAME: &str = "Name:\t{metadata.name}
@if metadata.namespace
Namespace:\t{metadata.namespace}
@end";

/// What happened, in columns of its own.
pub(super) const EVENTS: &str = "Events:
  Type\tReason\tAge\tFrom\tMessage
  ----\t------\t----\t----\t-------
@each events
  {type}\t{reason}\t{|event age}\t{source.component}\t{message}
@end";

const HEAD: &str = "Labels:\t{metadata.labels|labels?<none>}
Annotations:\t{metadata.annotations|annotations?<none>}";

const SERVICE: &str = "@include head
Selector:\t{spec.selector|pairs?<none>}
Type:\t{spec.type}
IP Family Policy:\t{spec.ipFamilyPolicy?}
IP Families:\t{spec.ipFamilies?<none>}
IP:\t{spec.clusterIP}
IPs:\t{spec.clusterIPs?<none>}
External IPs:\t{spec.externalIPs?}
Desired LoadBalancer IP:\t{spec.loadBalancerIP?}
External Name:\t{spec.externalName?}
LoadBalancer Ingress:\t{status.loadBalancer.ingress|ingress?}
@each spec.ports
Port:\t{name?<unset>}\t{port?0}/{protocol}
TargetPort:\t{targetPort?0}/{protocol}
AppProtocol:\t{appProtocol?}
@if nodePort
NodePort:\t{name?<unset>}\t{nodePort}/{protocol}
@end
Endpoints:\t{backends}
@end
Session Affinity:\t{spec.sessionAffinity}
External Traffic Policy:\t{spec.externalTrafficPolicy?}
Internal Traffic Policy:\t{spec.internalTrafficPolicy?}
@if spec.healthCheckNodePort
HealthCheck NodePort:\t{spec.healthCheckNodePort}
@end
LoadBalancer Source Ranges:\t{spec.loadBalancerSourceRanges?}
Traffic Distribution:\t{spec.trafficDistribution?}";

const ENDPOINTS: &str = "@include head
Subsets:
@each subsets
  Addresses:\t{addresses.ip?<none>}
  NotReadyAddresses:\t{notReadyAddresses.ip?<none>}
@if ports
  Ports:
    Name\tPort\tProtocol
    ----\t----\t--------
@end
@each ports
    {name?<unset>}\t{port?0}\t{protocol}
@end

@end";

const ENDPOINT_SLICE: &str = "@include head
AddressType:\t{addressType}
@not ports
Ports: <unset>
@end
@if ports
Ports:
  Name\tPort\tProtocol
  ----\t----\t--------
@end
@each ports
  {name?<unset>}\t{port?<unset>}\t{protocol}
@end
@not endpoints
Endpoints: <none>
@end
@if endpoints
Endpoints:
@end
@each endpoints
  - Addresses:\t{addresses|spaced?<none>}
    Conditions:
      Ready:\t{conditions.ready?<unset>}
    Hostname:\t{hostname?<unset>}
@if targetRef
    TargetRef:\t{targetRef.kind}/{targetRef.name}
@end
    NodeName:\t{nodeName?<unset>}
    Zone:\t{zone?<unset>}
@end";

const NETWORK_POLICY: &str = "Created on:\t{metadata.creationTimestamp|plain date}
@include head
Spec:
  PodSelector:     {spec.podSelector|selector?<none> (Allowing the specific traffic to all pods in this namespace)}
{spec|policy}
  Policy Types: {spec.policyTypes|spaced}";

const DEPLOYMENT: &str = "CreationTimestamp:\t{metadata.creationTimestamp|date}
@include head
Selector:\t{spec.selector|selector?<none>}
Replicas:\t{spec.replicas?0} desired | {status.updatedReplicas?0} updated | {status.replicas?0} total | \
{status.availableReplicas?0} available | {status.unavailableReplicas?0} unavailable
StrategyType:\t{spec.strategy.type}
MinReadySeconds:\t{spec.minReadySeconds?0}
@each spec.strategy.rollingUpdate
RollingUpdateStrategy:\t{maxUnavailable?0} max unavailable, {maxSurge?0} max surge
@end
@each spec.template
@include template
@end
@include conditions
@if hasReplicaSets
OldReplicaSets:\t{oldReplicaSets?<none>}
NewReplicaSet:\t{newReplicaSet?<none>}
@end";

const REPLICA_SET: &str = "Selector:\t{spec.selector|selector?<none>}
@include head
Controlled By:\t{metadata.ownerReferences|controller?}
Replicas:\t{status.replicas?0} current / {spec.replicas?0} desired
Pods Status:\t{pods.Running} Running / {pods.Pending} Waiting / {pods.Succeeded} Succeeded / {pods.Failed} Failed
@each spec.template
@include template
@end
@include conditions";

const STATEFUL_SET: &str = "CreationTimestamp:\t{metadata.creationTimestamp|date}
Selector:\t{spec.selector|selector?<none>}
@include head
Controlled By:\t{metadata.ownerReferences|controller?}
Replicas:\t{spec.replicas?0} desired | {status.replicas?0} total
Update Strategy:\t{spec.updateStrategy.type}
  Partition:\t{spec.updateStrategy.rollingUpdate.partition?}
Pods Status:\t{pods.Running} Running / {pods.Pending} Waiting / {pods.Succeeded} Succeeded / {pods.Failed} Failed
@each spec.template
@include template
@end
Volume Claims:\t<none>
@include conditions";

const CONDITIONS: &str = "@if status.conditions
Conditions:
  Type\tStatus\tReason
  ----\t------\t------
@end
@each status.conditions
  {type} \t{status}\t{reason}
@end";

/// What pods ask of a node is not summed up, and there are no leases.
const NODE: &str = "Roles:\t<none>
@include head
CreationTimestamp:\t{metadata.creationTimestamp|date}
Taints:\t<none>
Unschedulable:\t{spec.unschedulable?false}
@if status.conditions
Conditions:
  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage
  ----\t------\t-----------------\t------------------\t------\t-------
@end
@each status.conditions
  {type} \t{status} \t{lastHeartbeatTime|date} \t{lastTransitionTime|date} \t{reason} \t{message}
@end
Addresses:
@each status.addresses
  {type}:\t{address}
@end
Capacity:
@each status.capacity
  cpu:\t{cpu?}
  memory:\t{memory?}
  pods:\t{pods?}
@end
Allocatable:
@each status.allocatable
  cpu:\t{cpu?}
  memory:\t{memory?}
  pods:\t{pods?}
@end
System Info:
  Machine ID:\t
  System UUID:\t
  Boot ID:\t
@each status.nodeInfo
  Kernel Version:\t{kernelVersion}
  OS Image:\t{osImage}
  Operating System:\t{operatingSystem}
  Architecture:\t{architecture}
  Container Runtime Version:\t{containerRuntimeVersion}
  Kubelet Version:\t{kubeletVersion}
@end
@if spec.podCIDR
PodCIDR:\t{spec.podCIDR}
PodCIDRs:\t{spec.podCIDRs}
@end
Non-terminated Pods:\t({count?0} in total)
  Namespace\tName
  ---------\t----
@each pods
  {metadata.namespace}\t{metadata.name}
@end";

const NAMESPACE: &str = "@include head
Status:\t{status.phase}
@if status.conditions
Conditions:
  Type\tStatus\tLastTransitionTime\tReason\tMessage
  ----\t------\t------------------\t------\t-------
@end
@each status.conditions
  {type}\t{status}\t{lastTransitionTime|date}\t{reason}\t{message}
@end

No resource quota.

No LimitRange resource.";
