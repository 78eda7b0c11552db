/** Plays recorded frames at human speed: the engine is never waited for, and any frame can be shown again. */
import type { Frame } from 'clusterip'

/** Milliseconds that one frame takes on the screen at speed 1. */
const FRAME = 460
/** A frame that is translated stops at the rule for as long again. */
const TRANSLATION = 460
/** Frames that are kept for the table and the slider, and how many more make it worth dropping the oldest. */
const KEPT = 5_000
const SURPLUS = 500
/** When play is so far behind what happens, it goes on with what happens now. */
const LAG = 250

export const SPEEDS = [0.5, 1, 2, 4]

export class Playback extends EventTarget {
  frames: Frame[] = []
  /** Which of `frames` is shown; -1 before the first. */
  cursor = -1
  /** How much of the shown frame has been played, 0 to 1. */
  progress = 1
  playing = false
  speed = 1
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)')
  #tick = 0
  #last = 0

  constructor() {
    super()
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#sleep()
      else if (this.playing) this.#wake()
    })
    this.#still.addEventListener('change', () => this.still && this.pause())
  }

  /** Whether the reader asked for no motion: then frames are shown one by one, without travelling. */
  get still(): boolean {
    return this.#still.matches
  }

  get frame(): Frame | undefined {
    return this.frames[this.cursor]
  }

  get atEnd(): boolean {
    return this.cursor >= this.frames.length - 1 && this.progress >= 1
  }

  /** Forgets everything. */
  clear(): void {
    this.frames = []
    this.cursor = -1
    this.progress = 1
    this.pause()
    this.#changed('frames')
  }

  /** Takes in what has just happened; what a new command did is shown at once, what goes on is shown in its turn. */
  add(frames: Frame[], isNew: boolean): void {
    if (frames.length === 0) return
    const wasAtEnd = this.atEnd
    const all = [...this.frames, ...frames]
    this.frames = all.length > KEPT + SURPLUS ? all.slice(-KEPT) : all
    this.cursor = Math.max(0, this.cursor - (all.length - this.frames.length))
    const isBehind = this.playing && this.frames.length - frames.length - this.cursor > LAG
    if (isNew || wasAtEnd || isBehind) {
      this.cursor = Math.max(0, this.frames.length - frames.length)
      this.progress = this.still ? 1 : 0
    }
    this.#changed('frames')
    if (!this.still && (isNew || wasAtEnd)) this.play()
  }

  play(): void {
    if (this.frames.length === 0) return
    if (this.atEnd) {
      this.cursor = 0
      this.progress = 0
    }
    if (this.still) return this.step()
    this.playing = true
    this.#wake()
    this.#changed('cursor')
  }

  pause(): void {
    this.playing = false
    this.#sleep()
    this.#changed('cursor')
  }

  /** Shows the next frame, whole. */
  step(): void {
    const next = this.progress < 1 ? this.cursor : this.cursor + 1
    this.seek(Math.min(next, this.frames.length - 1))
  }

  back(): void {
    this.seek(Math.max(0, this.cursor - 1))
  }

  /** Shows that frame, whole, and stops there. */
  seek(cursor: number): void {
    this.playing = false
    this.#sleep()
    this.cursor = cursor
    this.progress = 1
    this.#changed('cursor')
  }

  setSpeed(speed: number): void {
    this.speed = speed
    this.#changed('cursor')
  }

  #wake(): void {
    if (this.#tick !== 0 || document.hidden) return
    this.#last = performance.now()
    this.#tick = requestAnimationFrame(now => this.#advance(now))
  }

  #sleep(): void {
    cancelAnimationFrame(this.#tick)
    this.#tick = 0
  }

  #advance(now: number): void {
    this.#tick = 0
    const shown = this.frame
    if (!this.playing || shown === undefined) return
    const length = FRAME + (shown.after === shown.before ? 0 : TRANSLATION)
    // A long pause of the browser is no reason to jump.
    const passed = Math.min(now - this.#last, 100) * this.speed
    this.#last = now
    this.progress += passed / length
    let moved = false
    if (this.progress >= 1) {
      if (this.cursor >= this.frames.length - 1) {
        this.progress = 1
        return this.pause()
      }
      this.cursor += 1
      this.progress = 0
      moved = true
    }
    this.#changed(moved ? 'cursor' : 'progress')
    this.#tick = requestAnimationFrame(next => this.#advance(next))
  }

  #changed(what: 'frames' | 'cursor' | 'progress'): void {
    this.dispatchEvent(new Event(what))
  }
}
