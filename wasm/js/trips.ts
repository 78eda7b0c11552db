import type { RawTrip } from './engine.js'

/** How one request went. A connection that fails is a result, not an error. */
export interface Trip {
  readonly outcome: 'connected' | 'refused' | 'timeout' | 'reset' | 'unresolved' | 'unreachable'
  /** The HTTP status, if an answer came. */
  readonly status: number | undefined
  readonly body: string | undefined
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

/** Reads the trips as the engine gives them. */
export function toTrips(raw: RawTrip[]): Trips {
  const trips = new Trips()
  for (const { outcome, status, body, backend, frames, rtt } of raw) {
    trips.push({ outcome, status, body, backend, frames, rtt: rtt / 1_000 })
  }
  return trips
}
