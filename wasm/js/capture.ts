import type { Frame } from './frame.js'
import type { KubeObject } from './object.js'
import { type Ref, placeOf } from './ref.js'

/**
 * The packets of a cluster: what `tcpdump` would have written, and every step of the way.
 *
 * The last 4,096 frames are kept, and the last 8 MiB of packets.
 */
export class Capture implements Iterable<Frame> {
  readonly #frames: (since: number) => Frame[]
  readonly #pcap: (place: string | undefined) => Uint8Array

  /** A cluster makes its own; `frames` and `pcap` ask the engine. */
  constructor(frames: (since: number) => Frame[], pcap: (place: string | undefined) => Uint8Array) {
    this.#frames = frames
    this.#pcap = pcap
  }

  [Symbol.iterator](): Iterator<Frame> {
    return this.#frames(0)[Symbol.iterator]()
  }

  /** The frames that pass the test. */
  filter(test: (frame: Frame) => boolean): Frame[] {
    return this.#frames(0).filter(test)
  }

  /** A pcap file of whole IP packets, as seen at one place or at all of them. */
  toPcap(at?: Ref | KubeObject): Uint8Array {
    return this.#pcap(at === undefined ? undefined : placeOf(at))
  }

  /** One line for each frame. */
  toText(): string {
    return this.#frames(0)
      .map(frame => `${String(frame.index).padStart(4)}  ${frame.time.toFixed(3).padStart(12)} ms  ${frame.summary}\n`)
      .join('')
  }
}
