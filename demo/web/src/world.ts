/** What the map shows: the API server's objects, reduced to names, addresses and states. */
import type { Cluster, KubeObject } from 'clusterip'

export interface NodeView {
  name: string
  ip: string
}

export interface PodView {
  /** `namespace/name`, unique. */
  key: string
  name: string
  namespace: string
  ip: string
  node: string
  labels: Record<string, string>
  image: string
  state: 'ready' | 'not ready' | 'starting' | 'terminating' | 'ended'
  /** The Services that have this pod among their endpoints, ready or not. */
  services: string[]
}

export interface ServiceView {
  key: string
  name: string
  namespace: string
  type: string
  /** Empty for a headless Service. */
  ip: string
  ports: { port: number; protocol: string; name: string }[]
  ready: number
  endpoints: number
  /** Empty for a Service whose endpoints are written by hand. */
  selector: Record<string, string>
}

export interface OutsideView {
  name: string
  ip: string
}

export interface World {
  nodes: NodeView[]
  pods: PodView[]
  services: ServiceView[]
  outside: OutsideView[]
}

export const emptyWorld: World = { nodes: [], pods: [], services: [], outside: [] }

/** The machine that every cluster has outside itself. */
const LAPTOP: OutsideView = { name: 'laptop', ip: '172.30.0.5' }

/** Reads the world from a cluster. */
export function lookAt(cluster: Cluster): World {
  const slices = cluster.list('EndpointSlice')
  const endpoints = slices.flatMap(slice => {
    const service = slice.metadata.labels?.['kubernetes.io/service-name']
    const namespace = slice.metadata.namespace ?? 'default'
    return ((slice['endpoints'] ?? []) as Endpoint[]).map(endpoint => ({ service: `${namespace}/${service}`, ...endpoint }))
  })
  return {
    nodes: cluster.list('Node').map(node => ({
      name: node.metadata.name,
      ip: node['status']?.addresses?.find((address: { type: string }) => address.type === 'InternalIP')?.address ?? '',
    })),
    pods: cluster.list('Pod').map(pod => podView(pod, endpoints)),
    services: cluster.list('Service').map(service => serviceView(service, endpoints)),
    outside: [LAPTOP],
  }
}

/** Why a Service does not select a pod that it nearly selects: `tier=backend ≠ back-end`. */
export function nearMiss(pod: PodView, service: ServiceView): string | undefined {
  if (service.namespace !== pod.namespace) return undefined
  const pairs = Object.entries(service.selector)
  const differing = pairs.filter(([key, value]) => pod.labels[key] !== value)
  const [first] = differing
  const isNear = first !== undefined && (differing.length < pairs.length || pod.labels[first[0]] !== undefined)
  if (!isNear || first === undefined) return undefined
  const [key, wanted] = first
  const has = pod.labels[key]
  return has === undefined ? `no label ${key}=${wanted}` : `${key}=${has} ≠ ${wanted}`
}

interface Endpoint {
  addresses: string[]
  conditions?: { ready?: boolean }
  targetRef?: { kind: string; name: string; namespace?: string }
}

function podView(pod: KubeObject, endpoints: (Endpoint & { service: string })[]): PodView {
  const { name, namespace = 'default', labels = {} } = pod.metadata
  const own = endpoints.filter(({ targetRef }) => targetRef?.name === name && (targetRef.namespace ?? namespace) === namespace)
  return {
    key: `${namespace}/${name}`,
    name,
    namespace,
    ip: pod['status']?.podIP ?? '',
    node: pod['spec']?.nodeName ?? '',
    labels,
    image: pod['spec']?.containers?.[0]?.image ?? '',
    state: stateOf(pod),
    services: [...new Set(own.map(({ service }) => service))],
  }
}

function stateOf(pod: KubeObject): PodView['state'] {
  if (pod.metadata['deletionTimestamp'] !== undefined) return 'terminating'
  const { phase, conditions = [] } = pod['status'] ?? {}
  if (phase === 'Succeeded' || phase === 'Failed') return 'ended'
  if (phase !== 'Running') return 'starting'
  const ready = conditions.find((condition: { type: string }) => condition.type === 'Ready')
  return ready?.status === 'True' ? 'ready' : 'not ready'
}

function serviceView(service: KubeObject, endpoints: (Endpoint & { service: string })[]): ServiceView {
  const { name, namespace = 'default' } = service.metadata
  const key = `${namespace}/${name}`
  const { type = 'ClusterIP', clusterIP = '', ports = [], selector } = service['spec'] ?? {}
  const own = new Map<string, boolean>()
  for (const endpoint of endpoints) {
    if (endpoint.service !== key) continue
    for (const address of endpoint.addresses) own.set(address, endpoint.conditions?.ready !== false)
  }
  return {
    key,
    name,
    namespace,
    type,
    ip: clusterIP === 'None' ? '' : clusterIP,
    ports: ports.map((port: { port: number; protocol?: string; name?: string }) => ({
      port: port.port,
      protocol: port.protocol ?? 'TCP',
      name: port.name ?? '',
    })),
    ready: [...own.values()].filter(Boolean).length,
    endpoints: own.size,
    selector: selector ?? {},
  }
}
