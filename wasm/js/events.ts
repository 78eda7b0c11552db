import { UsageError } from './errors.js'
import type { Frame } from './frame.js'
import type { KubeObject } from './object.js'

/**
 * What can be listened to. Listeners run at the end of the call that caused the event, in order; what they throw is
 * reported as an uncaught error and does not keep the call from its result. They may call the cluster.
 */
export interface ClusterEvents {
  /** Something happened to a packet. Of a call that causes more than 4,096 only the last come: `index` shows the gap. */
  frame: Frame
  /** An object was stored, changed or removed. After a call with more changes than the log keeps, all come as `ADDED`. */
  change: { revision: number; type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  /** A command line ended. */
  command: { where: string; line: string; exitCode: number }
}

/** Ends a subscription; it may stand in a `using` declaration. */
export interface Unsubscribe extends Disposable {
  (): void
}

/** Listeners by event. */
export class Listeners {
  readonly #of: { [E in keyof ClusterEvents]: Set<(detail: ClusterEvents[E]) => void> } = {
    frame: new Set(),
    change: new Set(),
    command: new Set(),
  }

  add<E extends keyof ClusterEvents>(event: E, listener: (detail: ClusterEvents[E]) => void): Unsubscribe {
    if (!Object.hasOwn(this.#of, event)) throw new UsageError(`${JSON.stringify(event)} is no event: say frame, change or command`)
    if (typeof listener !== 'function') throw new UsageError('A listener must be a function')
    const own = (detail: ClusterEvents[E]): void => listener(detail)
    this.#of[event].add(own)
    const unsubscribe = (): void => void this.#of[event].delete(own)
    return Object.assign(unsubscribe, { [Symbol.dispose]: unsubscribe })
  }

  has(event: keyof ClusterEvents): boolean {
    return this.#of[event].size > 0
  }

  emit<E extends keyof ClusterEvents>(event: E, detail: ClusterEvents[E]): void {
    for (const listener of [...this.#of[event]]) {
      try {
        listener(detail)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  clear(): void {
    for (const listeners of Object.values(this.#of)) listeners.clear()
  }
}
