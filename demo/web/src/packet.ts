/** What kind of packet a frame shows, told by shape and letter so that colour is never alone. */
import type { Frame } from 'clusterip'

export type Shape = 'circle' | 'square' | 'diamond' | 'cross' | 'hexagon' | 'triangle'

export interface PacketKind {
  name: string
  letter: string
  shape: Shape
  /** The custom property that colours it: `--packet-open` and so on. */
  tone: 'open' | 'data' | 'close' | 'bad' | 'dns'
}

const KINDS = {
  syn: { name: 'SYN', letter: 'S', shape: 'circle', tone: 'open' },
  synAck: { name: 'SYN-ACK', letter: 'SA', shape: 'circle', tone: 'open' },
  ack: { name: 'ACK', letter: 'A', shape: 'circle', tone: 'close' },
  data: { name: 'data', letter: 'D', shape: 'square', tone: 'data' },
  fin: { name: 'FIN', letter: 'F', shape: 'diamond', tone: 'close' },
  rst: { name: 'RST', letter: '✕', shape: 'cross', tone: 'bad' },
  query: { name: 'DNS query', letter: '?', shape: 'hexagon', tone: 'dns' },
  answer: { name: 'DNS answer', letter: '=', shape: 'hexagon', tone: 'dns' },
  udp: { name: 'UDP', letter: 'U', shape: 'square', tone: 'data' },
  icmp: { name: 'ICMP', letter: '!', shape: 'triangle', tone: 'bad' },
  ping: { name: 'ping', letter: '~', shape: 'triangle', tone: 'data' },
  other: { name: 'IP', letter: '·', shape: 'square', tone: 'close' },
} as const satisfies Record<string, PacketKind>

/** The kind of a frame's packet. */
export function kindOf(frame: Frame): PacketKind {
  const { info } = frame
  switch (frame.protocol.toLowerCase()) {
    case 'tcp':
      if (/\bRST\b/.test(info)) return KINDS.rst
      if (/\bSYN[-, ]*ACK\b/.test(info)) return KINDS.synAck
      if (/\bSYN\b/.test(info)) return KINDS.syn
      if (/\bFIN\b/.test(info)) return KINDS.fin
      return /^ACK$/.test(info) ? KINDS.ack : KINDS.data
    case 'udp':
      if (portOf(frame.before.destination) === 53 || portOf(frame.after.destination) === 53) return KINDS.query
      if (portOf(frame.before.source) === 53 || portOf(frame.after.source) === 53) return KINDS.answer
      return KINDS.udp
    case 'icmp':
    case 'icmpv6':
      return /echo/i.test(info) ? KINDS.ping : KINDS.icmp
    default:
      return KINDS.other
  }
}

/** The address of `10.96.0.10:53` or `[fd00::1]:53`. */
export function addressOf(endpoint: string): string {
  const bracket = /^\[(.*)\](?::\d+)?$/.exec(endpoint)
  if (bracket) return bracket[1] ?? ''
  const colon = endpoint.lastIndexOf(':')
  return colon === -1 || endpoint.indexOf(':') !== colon ? endpoint : endpoint.slice(0, colon)
}

/** The port of `10.96.0.10:53`; 0 if it has none. */
export function portOf(endpoint: string): number {
  const match = /^(?:\[.*\]|[^:]*):(\d+)$/.exec(endpoint)
  return match ? Number(match[1]) : 0
}

/** Whether the packet's addresses were changed here. */
export function isTranslated(frame: Frame): boolean {
  return frame.after !== frame.before
}

/** Virtual milliseconds in the unit that suits them. */
export function formatTime(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(3)} s`
  const minutes = Math.floor(ms / 60_000)
  return `${minutes} min ${((ms % 60_000) / 1_000).toFixed(1)} s`
}
