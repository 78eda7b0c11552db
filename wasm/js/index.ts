/**
 * Kubernetes ClusterIP Services as a library.
 *
 * ```js
 * import { Cluster, load } from 'clusterip'
 * await load()
 * const cluster = new Cluster({ seed: 7 })
 * cluster.apply(manifests)
 * cluster.settle()
 * console.log(cluster.kubectl('get endpoints').stdout)
 * ```
 */
export { load, loadSync, type WasmInput } from './load.js'
export { Cluster } from './cluster.js'
export type {
  ApplyOptions,
  ClusterOptions,
  ListQuery,
  NodeOptions,
  OutsideOptions,
  RunOptions,
  SendOptions,
  SettleResult,
} from './options.js'
export { Capture } from './capture.js'
export {
  ApiError,
  ClusterIpError,
  DisposedError,
  EngineError,
  LoadError,
  ManifestError,
  NotLoadedError,
  NotSettledError,
  UnsupportedError,
  UsageError,
  type ApplyResult,
  type Finding,
} from './errors.js'
export type { ClusterEvents, Unsubscribe } from './events.js'
export { Process, type ExecResult, type Hint } from './process.js'
export type { Duration } from './duration.js'
export type { Addresses, Frame, FramePoint } from './frame.js'
export type { DnsAnswer, DnsQuery, DnsResult } from './lookup.js'
export type { KubeObject, Manifest } from './object.js'
export type { Ref } from './ref.js'
export { Trips, type Trip } from './trips.js'
