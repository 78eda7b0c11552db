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
export * from './cluster.js'
export * from './capture.js'
export * from './errors.js'
export * from './events.js'
export type { Duration } from './duration.js'
export type { Addresses, Frame, FramePoint } from './frame.js'
export type { DnsAnswer, DnsQuery, DnsResult } from './lookup.js'
export type { KubeObject } from './object.js'
export type { Ref } from './ref.js'
export { Trips, type Trip } from './trips.js'
