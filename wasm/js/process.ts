import { type Duration, toMicros } from './duration.js'
import { text as textOf } from './errors.js'
import type { RawProcess } from './engine.js'

/** What a command printed, and how it ended. */
export interface ExecResult {
  stdout: string
  stderr: string
  /** As the real program ends; 124 if the limit of virtual time ended it. */
  exitCode: number
  /** What an error means here, below the real words and never instead of them. */
  hint: Hint | undefined
}

/** Help for somebody who has just made a mistake. */
export interface Hint {
  /** The finding's stable code, `CIP007`, or an empty text. */
  code: string
  text: string
  /** A corrected line to run instead. */
  action: string | undefined
}

/** The calls of the engine that a running command needs. */
export interface ProcessCalls {
  run(idle: number, limit: number): void
  write(text: string): void
  closeStdin(): void
  interrupt(): void
  read(): RawProcess
}

/** A command that is still running: a shell in a pod, `telnet`, `kubectl run -it`. */
export class Process {
  /** The machine it runs on. */
  readonly where: string
  readonly line: string
  #exitCode: number | undefined
  readonly #calls: ProcessCalls

  /** `Cluster.start` makes it. */
  constructor(where: string, line: string, calls: ProcessCalls) {
    this.where = where
    this.line = line
    this.#calls = calls
  }

  /** Its exit code, once it has ended and `read` has said so. */
  get exitCode(): number | undefined {
    return this.#exitCode
  }

  /** Types this text; a line ends with `\n`. */
  write(text: string): void {
    this.#calls.write(textOf(text, 'What is typed'))
  }

  /** Lets time pass until it has ended, has been silent for `idle`, or `limit` is over. */
  run(options: { idle?: Duration; limit?: Duration } = {}): void {
    this.#calls.run(toMicros(options.idle ?? '1s'), toMicros(options.limit ?? '5m'))
  }

  /** Ctrl-D. */
  closeStdin(): void {
    this.#calls.closeStdin()
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#calls.interrupt()
  }

  /** What it printed since the last call. */
  read(): { stdout: string; stderr: string } {
    const { stdout, stderr, exitCode } = this.#calls.read()
    this.#exitCode = exitCode
    return { stdout, stderr }
  }
}
