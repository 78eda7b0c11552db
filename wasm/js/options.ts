/** What the methods of a cluster take, and what `settle` gives. */
import type { Duration } from './duration.js'
import type { KubeObject } from './object.js'
import type { Ref } from './ref.js'

/** Decides a cluster before its first manifest; whatever is left out is as `Cluster`'s defaults say. */
export interface ClusterOptions {
  /** The source of all chance: names, addresses, ports, balancing. */
  seed?: number | undefined
  /** How many nodes, or what they are. */
  nodes?: number | NodeOptions[] | undefined
  /** How kube-proxy works on every node. */
  proxy?: 'iptables' | 'nftables' | 'ipvs' | 'maglev' | undefined
  /** One range, or one of each family separated by a comma, the default family first; nodes and pods follow. */
  serviceCIDR?: string | undefined
  clusterDomain?: string | undefined
  /** Machines outside the cluster beside the laptop: what an ExternalName or a hand-made EndpointSlice leads to. */
  outside?: OutsideOptions[] | undefined
  /** How many pods there may be; one more is refused as by a quota. 20,000 if left out. */
  maxPods?: number | undefined
}

/** A node. */
export interface NodeOptions {
  name: string
  /** One, or one of each family separated by a comma. */
  address?: string | undefined
  zone?: string | undefined
  /** Where its pods' addresses come from: one range, or one of each family separated by a comma. */
  podCIDR?: string | undefined
}

/** How `apply` reads a manifest. */
export interface ApplyOptions {
  /** That of the objects that name none. */
  namespace?: string | undefined
  /** What errors call the manifest: its file's name. */
  file?: string | undefined
  /**
   * Passes over objects of kinds that this cluster does not simulate and a real one may know (ConfigMap, Ingress, custom
   * resources) and says so in the results, instead of throwing when all the others are applied.
   */
  skipUnsimulated?: boolean | undefined
}

/** A machine outside the cluster, on the network of its nodes. */
export interface OutsideOptions {
  /** For `outside/NAME`; one with a dot, `db.example.com`, resolves. */
  name: string
  /** One, or one of each family separated by a comma. */
  address: string
  /** The TCP ports on which it answers. */
  listens?: number[] | undefined
}

/** Which objects `list` returns. */
export interface ListQuery {
  /** All namespaces if left out. */
  namespace?: string | undefined
  /** Labels they have, or a label selector as `kubectl -l` reads it. */
  labels?: string | Record<string, string> | undefined
}

/** A pod, as `kubectl run` makes one. */
export interface RunOptions {
  image: string
  namespace?: string | undefined
  labels?: Record<string, string> | undefined
  env?: Record<string, string> | undefined
  /** What it runs instead of the image's own program. */
  command?: string[] | undefined
  port?: number | undefined
}

/** What `settle` found. */
export interface SettleResult {
  /** Virtual milliseconds that passed. */
  elapsed: number
}

/** A request, or several. */
export interface SendOptions {
  from: Ref | KubeObject
  /** `http://backend-service/`, `tcp://redis:6379`, `udp://kube-dns.kube-system:53`, `icmp://10.96.0.1`. */
  to: string
  times?: number | undefined
  /** Virtual time between the starts of two requests. */
  every?: Duration | undefined
  /** All HTTP requests on one connection: one choice of a backend for all of them, as long as the server keeps it. */
  keepAlive?: boolean | undefined
  timeout?: Duration | undefined
}
