import type { RawFrame } from './engine.js'
import type { Ref } from './ref.js'

/**
 * What a router did to a packet: sent it on as it was, rewrote its destination or its source, told the sender that it
 * is refused, dropped it, or took it in itself.
 */
export type FramePoint = 'sent' | 'dnat' | 'snat' | 'refused' | 'dropped' | 'ended'

/** One thing that happened to one packet at one place. */
export interface Frame {
  /** Counts from 0, without gaps. */
  readonly index: number
  /** Virtual milliseconds since the cluster was made. */
  readonly time: number
  /** The machine it happened on. */
  readonly place: Ref
  readonly point: FramePoint
  readonly protocol: string
  /** What a person would call this packet: `SYN`, `GET /`, `A? hotel-service.default.svc.cluster.local.` */
  readonly info: string
  /** The addresses it arrived with. */
  readonly before: Addresses
  /** The addresses it left with, or would have if a policy had not denied it; the same object when nothing was translated. */
  readonly after: Addresses
  /** Where it went next. */
  readonly next: Ref | undefined
  /** Why it went no further. */
  readonly reason: string | undefined
  /** Bytes of the IP packet. */
  readonly length: number
  /** All of this in one line. */
  readonly summary: string
}

/** `10.244.1.5:41512` and the like; no port for ICMP. */
export interface Addresses {
  readonly source: string
  readonly destination: string
}

/** Reads a frame as the engine gives it. */
export function toFrame(raw: RawFrame): Frame {
  const before = { source: raw.source, destination: raw.destination }
  const translated = raw.newSource !== undefined || raw.newDestination !== undefined
  const after = translated
    ? { source: raw.newSource ?? raw.source, destination: raw.newDestination ?? raw.destination }
    : before
  return {
    index: raw.index,
    time: raw.at / 1_000,
    place: raw.place,
    point: raw.point as FramePoint,
    protocol: raw.protocol,
    info: raw.info,
    before,
    after,
    next: raw.next,
    reason: raw.reason,
    length: raw.length,
    summary: summary(raw, before, after),
  }
}

function summary(raw: RawFrame, before: Addresses, after: Addresses): string {
  const changes = []
  if (after.destination !== before.destination) changes.push(`destination ${before.destination} rewritten to ${after.destination}`)
  if (after.source !== before.source) changes.push(`source ${before.source} rewritten to ${after.source}`)
  const what = changes.length > 0 ? changes.join(', ') : `${before.source} > ${before.destination}`
  return `${raw.place}: ${raw.info}: ${what}${raw.reason === undefined ? '' : ` (${raw.reason})`}`
}
