import type { RawTrip } from './engine.js'
import type { Frame } from './frame.js'

/** How one request went. A connection that fails is a result, not an error. */
export interface Trip {
  readonly outcome: 'connected' | 'refused' | 'timeout' | 'reset' | 'unresolved' | 'unreachable'
  /** The HTTP status, if an answer came. */
  readonly status: number | undefined
  /** What came back; of an HTTP request that failed, what curl says. */
  readonly body: string | undefined
  /**
   * Why it did not connect, as the packets show it: `no backend for 10.96.0.57:80 (node/node-1)`; nothing for one that
   * did, nor if its frames are no longer kept.
   */
  readonly reason: string | undefined
  /** The pod that answered. */
  readonly backend: string | undefined
  /** The index of its first frame and of the one after its last. */
  readonly frames: readonly [number, number]
  /** Virtual milliseconds from asking to knowing. */
  readonly rtt: number
}

/** The trips of one `send`, in order. */
export class Trips extends Array<Trip> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }

  /** How often each outcome happened. */
  outcomes(): Partial<Record<Trip['outcome'], number>> {
    const count: Partial<Record<Trip['outcome'], number>> = {}
    for (const trip of this) count[trip.outcome] = (count[trip.outcome] ?? 0) + 1
    return count
  }

  /** The pods that answered, each once, in the order they first did. */
  backends(): string[] {
    return [...new Set(this.flatMap(trip => trip.backend ?? []))]
  }

  /** The part of all trips, from 0 to 1, that this pod answered. */
  share(backend: string): number {
    return this.length === 0 ? 0 : this.filter(trip => trip.backend === backend).length / this.length
  }
}

/** Reads the trips as the engine gives them, with reasons from the packets of those that failed. */
export function toTrips(raw: RawTrip[], framesSince: (index: number) => Frame[]): Trips {
  const failed = raw.find(trip => trip.outcome !== 'connected')
  const frames = failed === undefined ? [] : framesSince(failed.frames[0])
  const first = frames[0]?.index ?? 0
  const trips = new Trips()
  for (const { outcome, status, body, backend, frames: [from, to], rtt } of raw) {
    const own = outcome === 'connected' ? [] : frames.slice(Math.max(0, from - first), Math.max(0, to - first))
    trips.push({ outcome, status, body, backend, reason: reasonIn(own, outcome), frames: [from, to], rtt: rtt / 1_000 })
  }
  return trips
}

/** Reads the frames backwards: the last thing that went wrong is what the client saw. */
function reasonIn(frames: Frame[], outcome: Trip['outcome']): string | undefined {
  // What is said when a client gives up goes the way of what it asked, or nowhere.
  const stopped = frames.findLast(frame => frame.reason !== undefined && !frame.info.startsWith('RST'))
  if (stopped !== undefined) return `${stopped.reason} for ${stopped.before.destination} (${stopped.place})`
  const answers = frames.filter(frame => frame.info.startsWith('NXDOMAIN ') || frame.info.startsWith('no '))
  if (outcome === 'unresolved' && answers.length > 0) {
    return `DNS has no ${[...new Set(answers.map(frame => frame.info.split(' ').at(-1)))].join(', no ')}`
  }
  const reset = frames.find(frame => frame.info.startsWith('RST'))
  if (reset !== undefined) return `${reset.before.source} answered with a reset: nothing listens there`
  const last = frames.at(-1)
  return last === undefined ? undefined : `nothing came back after ${last.info} to ${last.after.destination}`
}
