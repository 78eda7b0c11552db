//! The pages of pods, of pod templates, and of the containers in both.

pub(super) const POD: &str = "Priority:\t{spec.priority?0}
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
pub(in super::super) const TEMPLATE: &str = "Pod Template:
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

/// A container, in a pod or a template.
pub(super) const CONTAINER: &str = "@if status
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
