import type { Frame } from './frame.js'
import type { KubeObject } from './object.js'

/** What can be listened to. Listeners run after the call that caused the event has returned its result. */
export interface ClusterEvents {
  /** Something happened to a packet. */
  frame: Frame
  /** An object was stored, changed or removed. */
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
    const own = (detail: ClusterEvents[E]): void => listener(detail)
    this.#of[event].add(own)
    const unsubscribe = (): void => void this.#of[event].delete(own)
    return Object.assign(unsubscribe, { [Symbol.dispose]: unsubscribe })
  }

  has(event: keyof ClusterEvents): boolean {
    return this.#of[event].size > 0
  }

  emit<E extends keyof ClusterEvents>(event: E, detail: ClusterEvents[E]): void {
    for (const listener of [...this.#of[event]]) listener(detail)
  }

  clear(): void {
    for (const listeners of Object.values(this.#of)) listeners.clear()
  }
}
