/**
 * What the wasm module offers: one class, each method one delegation to the Rust `Cluster`.
 *
 * Times are whole microseconds of virtual time, so that no rounding happens at the border; places are text
 * (`pod/client`, `staging/pod/x`, `node/node-1`, `outside`). Every failure is thrown as an `Error` whose `name` is one of
 * `ManifestError`, `ApiError`, `UsageError`, `ConfigError`, with its facts in `data`.
 */
export interface Engine {
  apply(yaml: string, namespace: string): RawApplied[]
  /** Puts a file where `kubectl apply -f NAME` finds it; `undefined` takes it away. */
  file(name: string, text: string | undefined): void
  kubectl(line: string, stdin: string): RawOutput
  exec(place: string, line: string, limit: number): RawOutput

  /** Starts a program and returns at once, with its input open; virtual time moves only by the calls below. */
  start(place: string, argv: string[], terminal: boolean): number
  /** The command of a pod's first container, to type into and to read. */
  attach(pod: string): number
  /** Lets time pass until the process has ended, has been silent for `idle`, or `limit` is over. */
  runProcess(process: number, idle: number, limit: number): void
  write(process: number, text: string): void
  closeStdin(process: number): void
  interrupt(process: number): void
  /** What the process printed since the last call. */
  read(process: number): RawProcess

  get(kind: string, name: string, namespace: string): unknown
  list(kind: string, namespace: string | undefined, selector: string): unknown[]
  delete(kind: string, name: string, namespace: string): void
  setReady(place: string, ready: boolean | undefined): void

  send(request: RawRequest): RawTrip[]

  settle(limit: number): RawSettled
  advance(by: number): void
  step(): RawFrame | undefined
  now(): number

  /** The frames from this index on that are still kept. */
  frames(since: number): RawFrame[]
  /** The objects that changed after that revision. */
  changes(since: number): RawChange[]
  /** The revision of the newest change. */
  revision(): number
  pcap(place: string | undefined): Uint8Array
  digest(): string
  free(): void
}

export interface RawApplied {
  kind: string
  namespace?: string
  name: string
  outcome: 'created' | 'configured' | 'unchanged'
}

export interface RawOutput {
  stdout: string
  stderr: string
  exitCode: number
  /** One line of what an error means here, and at most one thing to do about it. */
  hint?: { code: string; text: string; action?: string }
}

export interface RawProcess {
  stdout: string
  stderr: string
  exitCode?: number
}

export interface RawRequest {
  from: string
  to: string
  times: number
  every: number
  keepAlive: boolean
  timeout: number
}

export interface RawTrip {
  outcome: 'connected' | 'refused' | 'timeout' | 'reset' | 'unresolved' | 'unreachable'
  status?: number
  body?: string
  backend?: string
  frames: [number, number]
  rtt: number
}

export interface RawSettled {
  settled: boolean
  elapsed: number
  pending: string[]
}

/** One thing that happened to one packet at one place. */
export interface RawFrame {
  index: number
  at: number
  place: string
  point: string
  protocol: string
  /** `SYN`, `ACK`, `A? hotel-service.default.svc.cluster.local.`, `GET /`: what a person would call this packet. */
  info: string
  source: string
  destination: string
  /** The addresses after this point, where it changed them. */
  newSource?: string
  newDestination?: string
  /** Where it went next. */
  next?: string
  /** Why it went no further. */
  reason?: string
  length: number
}

export interface RawChange {
  revision: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: unknown
}
