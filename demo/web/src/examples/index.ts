/** The examples of the picker: five published tutorials, their manifests with the slips of print repaired. */
import hotelDeployment from './hotel/deployment.yaml?raw'
import hotelService from './hotel/service.yaml?raw'
import stableServices from './stable-address/services.yaml?raw'
import stableWorkloads from './stable-address/workloads.yaml?raw'
import backendDeployment from './backend/deployment.yaml?raw'
import backendExternal from './backend/external.yaml?raw'
import backendService from './backend/service.yaml?raw'
import redisService from './redis/redis-clusterip.yaml?raw'
import tierPod from './three-tier/pod-definition.yml?raw'
import tierService from './three-tier/service-definition.yml?raw'

export interface Example {
  id: string
  title: string
  /** One sentence: what there is to see. */
  about: string
  files: Record<string, string>
  /** What is typed when it opens; the last line is the one whose packets are played. */
  opening: string[]
  /** What a reader may want to type next. */
  suggestions: string[]
}

const CLIENT = 'kubectl run client --image=curlimages/curl --command -- sleep 86400'

export const examples: Example[] = [
  {
    id: 'hotel',
    title: 'Room service',
    about: 'Three pods behind one address that nobody owns.',
    files: { 'deployment.yaml': hotelDeployment, 'service.yaml': hotelService },
    opening: [
      'kubectl apply -f deployment.yaml -f service.yaml',
      CLIENT,
      'kubectl exec client -- curl -s http://hotel-service',
    ],
    suggestions: [
      'kubectl get service hotel-service',
      'kubectl exec client -- curl -s http://hotel-service',
      'kubectl get endpointslices',
      'curl -m 5 http://hotel-service',
      'kubectl scale deployment hotel-app --replicas=5',
      'while true; do kubectl exec client -- curl -s -m 1 http://hotel-service; sleep 1; done',
      'kubectl rollout restart deployment hotel-app',
      'kubectl run test --image=curlimages/curl --rm -it --restart=Never -- curl http://hotel-service',
    ],
  },
  {
    id: 'stable-address',
    title: 'A stable address',
    about: 'Pods come and go; the Service keeps its name and its address.',
    files: { 'services.yaml': stableServices, 'workloads.yaml': stableWorkloads },
    opening: [
      'kubectl apply -f services.yaml',
      'kubectl apply -f workloads.yaml',
      CLIENT,
      'kubectl exec client -- curl -s http://my-web-service',
    ],
    suggestions: [
      'kubectl get services',
      'kubectl describe service internal-db-service',
      'kubectl exec client -- curl -sS -m 3 http://internal-db-service:5432',
      'kubectl exec client -- curl -s http://multi-port-service:9090',
      'kubectl delete pod -l app=my-web-app',
    ],
  },
  {
    id: 'backend',
    title: 'Name, address, variable',
    about: 'Three ways to reach one Service, and a Service for a database outside.',
    files: { 'deployment.yaml': backendDeployment, 'service.yaml': backendService, 'external.yaml': backendExternal },
    opening: [
      'kubectl apply -f deployment.yaml -f service.yaml',
      CLIENT,
      'kubectl exec client -- curl -s backend-service',
    ],
    suggestions: [
      'kubectl get service backend-service',
      "kubectl exec client -- sh -c 'curl -s $BACKEND_SERVICE_SERVICE_HOST'",
      'kubectl exec client -- nslookup backend-service',
      'kubectl exec client -- curl -m 5 10.96.23.45',
      'kubectl apply -f external.yaml',
    ],
  },
  {
    id: 'redis',
    title: 'Redis by telnet',
    about: 'A shell in a pod, a conversation with Redis, and DNS both ways.',
    files: { 'redis-clusterip.yaml': redisService },
    opening: [
      'kubectl create deployment redis --image=redis',
      'kubectl apply -f redis-clusterip.yaml',
      'kubectl run client --image=busybox --command -- sleep 86400',
      'kubectl exec client -- nslookup redis.default.svc.cluster.local',
    ],
    suggestions: [
      'kubectl get service redis',
      'kubectl run busybox --rm --restart=Never -it --image=busybox',
      'nslookup redis',
      'telnet redis 6379',
      'PING',
      'QUIT',
      'exit',
    ],
  },
  {
    id: 'three-tier',
    title: 'Three tiers',
    about: 'A front end finds its back end by name, and loses it when a bare pod goes.',
    files: { 'service-definition.yml': tierService, 'pod-definition.yml': tierPod },
    opening: [
      'kubectl apply -f service-definition.yml -f pod-definition.yml',
      'kubectl run front-end --image=curlimages/curl --labels=app=myapp,tier=front-end --command -- sleep 86400',
      'kubectl exec front-end -- curl -s http://back-end:80',
    ],
    suggestions: [
      'kubectl get services',
      'kubectl exec front-end -- curl -s http://back-end:80',
      'kubectl delete pod myapp-backend-pod',
      'kubectl get endpointslices',
      'kubectl exec front-end -- curl -sS http://back-end:80',
    ],
  },
]
