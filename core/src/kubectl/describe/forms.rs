//! The pages of `kubectl describe`.
//!
//! Source of the texts: kubernetes staging/src/k8s.io/kubectl/pkg/describe/describe.go.

use crate::api::Kind;

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
        Kind::Event => "Labels:\t{metadata.labels|labels?<none>}",
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

const POD: &str = "Priority:\t{spec.priority?0}
Service Account:\t{spec.serviceAccountName?}
@not spec.nodeName
Node:\t<none>
@end
@if spec.nodeName
Node:\t{spec.nodeName}/{status.hostIP}
@end
@if status.startTime
Start Time:\t{status.startTime|date}
@end
@include head
@if ending
Status:\tTerminating (lasts {metadata.deletionTimestamp|age})
Termination Grace Period:\t{metadata.deletionGracePeriodSeconds?0}s
@end
@not ending
Status:\t{status.phase}
@end
Reason:\t{status.reason?}
Message:\t{status.message?}
IP:\t{status.podIP}
@not status.podIPs
IPs:\t<none>
@end
@if status.podIPs
IPs:
@end
@each status.podIPs
  IP:\t{ip}
@end
Controlled By:\t{metadata.ownerReferences|controller?}
@if spec.initContainers
Init Containers:
@end
@each spec.initContainers
  {name}:
@include container
@end
Containers:
@each spec.containers
  {name}:
@include container
@end
@if status.conditions
Conditions:
  Type\tStatus
@end
@each status.conditions
  {type} \t{status} 
@end
@not spec.volumes
Volumes:\t<none>
@end
@if spec.volumes
Volumes:
@end
@each spec.volumes
  {name}:
    Type:\t{|volume}
@end
QoS Class:\t{status.qosClass?BestEffort}
Node-Selectors:\t{spec.nodeSelector|labels?<none>}
Tolerations:\t{spec.tolerations|tolerations?<none>}";

/// A pod template, in whatever holds it.
pub(super) const TEMPLATE: &str = "Pod Template:
  Labels:\t{metadata.labels|labels?<none>}
@if metadata.annotations
  Annotations:\t{metadata.annotations|annotations?<none>}
@end
  Service Account:\t{spec.serviceAccountName?}
@if spec.initContainers
  Init Containers:
@end
@each spec.initContainers
   {name}:
@include container
@end
  Containers:
@each spec.containers
   {name}:
@include container
@end
@not spec.volumes
  Volumes:\t<none>
@end
@if spec.volumes
  Volumes:
@end
@each spec.volumes
  {name}:
    Type:\t{|volume}
@end
  Node-Selectors:\t{spec.nodeSelector|labels?<none>}
  Tolerations:\t{spec.tolerations|tolerations?<none>}";

const CONTAINER: &str = "@if status
    Container ID:\t{status.containerID}
@end
    Image:\t{image}
@if status
    Image ID:\t{status.imageID}
@end
    Port{ports|plural}:\t{ports|container ports?<none>}
    Host Port{ports|plural}:\t{ports|host ports?<none>}
@if command
    Command:
      {command|lines}
@end
@if args
    Args:
      {args|lines}
@end
@each states
@if running
    {title}:\tRunning
      Started:\t{running.startedAt|date}
@end
@if terminated
    {title}:\tTerminated
      Reason:\t{terminated.reason}
      Exit Code:\t{terminated.exitCode?0}
      Started:\t{terminated.startedAt|date}
      Finished:\t{terminated.finishedAt|date}
@end
@if waits
    {title}:\tWaiting
      Reason:\t{waiting.reason?}
@end
@end
@if status
    Ready:\t{status.ready|true}
    Restart Count:\t{status.restartCount?0}
@end
@if resources.limits
    Limits:
      {resources.limits|fields}
@end
@if resources.requests
    Requests:
      {resources.requests|fields}
@end
    Liveness:\t{livenessProbe|probe?}
    Readiness:\t{readinessProbe|probe?}
    Startup:\t{startupProbe|probe?}
@not env
    Environment:\t<none>
@end
@if env
    Environment:
@end
@each env
@if valueFrom.fieldRef
      {name}:\t ({valueFrom.fieldRef.apiVersion?v1}:{valueFrom.fieldRef.fieldPath})
@end
@if valueFrom.secretKeyRef
      {name}:\t<set to the key '{valueFrom.secretKeyRef.key}' in secret '{valueFrom.secretKeyRef.name}'>\t\
Optional: {valueFrom.secretKeyRef.optional?false}
@end
@if valueFrom.configMapKeyRef
      {name}:\t<set to the key '{valueFrom.configMapKeyRef.key}' of config map '{valueFrom.configMapKeyRef.name}'>\t\
Optional: {valueFrom.configMapKeyRef.optional?false}
@end
@not valueFrom
      {name}:\t{value}
@end
@end
@not volumeMounts
    Mounts:\t<none>
@end
@if volumeMounts
    Mounts:
@end
@each volumeMounts
      {mountPath} from {name} ({readOnly|access})
@end";

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

No resource quota.

No LimitRange resource.";
