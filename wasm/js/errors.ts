/** The base of everything this package throws; tell them apart by `code`. */
export class ClusterIpError extends Error {
  override readonly name: string = 'ClusterIpError'
  /** Stable, for programs. */
  readonly code: string = 'CLUSTERIP'
  /** One line of what to do about it. */
  readonly hint: string | undefined

  constructor(message: string, options?: { hint?: string | undefined; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.hint = options?.hint
  }
}

/** What `apply` did with one object. */
export interface ApplyResult {
  kind: string
  namespace: string | undefined
  name: string
  /** `skipped` only with `skipUnsimulated`. */
  outcome: 'created' | 'configured' | 'unchanged' | 'skipped'
}

/** One thing that is wrong with a manifest. */
export interface Finding {
  message: string
  file?: string
  /** From 1. */
  line?: number
  /** From 1. */
  column?: number
  /** The path of the field, `spec.ports[0].port`. */
  field?: string
  reason?: string
  /** `CIP902`: a kind that a real cluster may well know and this one does not simulate. */
  code?: string
  /** The object it is about, `Service/web`. */
  object?: string
}

/** Objects that cannot be read or were refused; the message is kubectl's. */
export class ManifestError extends ClusterIpError {
  override readonly name = 'ManifestError'
  override readonly code = 'MANIFEST'
  /** Each thing that is wrong, with its place in the text. */
  readonly findings: Finding[]
  /** The other objects of the manifest, which were applied all the same, as kubectl does. */
  readonly applied: ApplyResult[]

  constructor(
    message: string,
    findings: Finding[],
    options?: { hint?: string | undefined; cause?: unknown; applied?: ApplyResult[] | undefined },
  ) {
    super(message, options)
    this.findings = findings
    this.applied = options?.applied ?? []
  }
}

/** The API server's refusal. */
export class ApiError extends ClusterIpError {
  override readonly name = 'ApiError'
  override readonly code = 'API'
  /** The HTTP status it came with: 404, 409, 422. */
  readonly status: number
  /** `NotFound`, `AlreadyExists`, `Invalid`, `Conflict`, as in Kubernetes. */
  readonly reason: string
  readonly causes: Finding[]

  constructor(message: string, status: number, reason: string, causes: Finding[], options?: { cause?: unknown }) {
    super(message, options)
    this.status = status
    this.reason = reason
    this.causes = causes
  }
}

/** A call that makes no sense: an unknown place, a duration that is none, a value of another type. */
export class UsageError extends ClusterIpError {
  override readonly name = 'UsageError'
  override readonly code = 'USAGE'
}

/** `new Cluster()` before `load()`. */
export class NotLoadedError extends ClusterIpError {
  override readonly name = 'NotLoadedError'
  override readonly code = 'NOT_LOADED'

  constructor() {
    super("The engine is not loaded. Add this line before the first cluster: await load()  // import { load } from 'clusterip'")
  }
}

/** The wasm file could not be loaded; the message says which of the known reasons it was. */
export class LoadError extends ClusterIpError {
  override readonly name = 'LoadError'
  override readonly code = 'LOAD'
}

/** A call on a cluster that was disposed. */
export class DisposedError extends ClusterIpError {
  override readonly name = 'DisposedError'
  override readonly code = 'DISPOSED'

  constructor() {
    super('This cluster was disposed.')
  }
}

/** The cluster did not come to rest in time. */
export class NotSettledError extends ClusterIpError {
  override readonly name = 'NotSettledError'
  override readonly code = 'NOT_SETTLED'
  /** What still wanted to happen. */
  readonly pending: string[]

  constructor(pending: string[]) {
    super(`The cluster did not settle: ${pending.join(', ') || 'work was left'}`)
    this.pending = pending
  }
}

/** Something that a real cluster does and this one does not. */
export class UnsupportedError extends ClusterIpError {
  override readonly name = 'UnsupportedError'
  override readonly code = 'UNSUPPORTED'
}

/** The engine itself broke: this cluster is dead, others live. */
export class EngineError extends ClusterIpError {
  override readonly name = 'EngineError'
  override readonly code = 'ENGINE'

  constructor(cause: unknown) {
    super(`The engine stopped: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'This is a defect of clusterip. Make a new Cluster to go on.',
      cause,
    })
  }
}

/** What a method was told beside its arguments, if all of it means something to it: a slip would have no effect. */
export function known<T extends object>(options: T | undefined, ...names: (keyof T & string)[]): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new UsageError(`Options are an object with ${names.join(', ')}`)
  }
  for (const name of Object.keys(options)) {
    if (!names.some(known => known === name)) throw new UsageError(`unknown option ${JSON.stringify(name)}: say ${names.join(', ')}`)
  }
  return options
}

/** The value as a text, or an error that says what it should have been. */
export function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
  throw new UsageError(`${what} must be a text, not ${kind}`)
}

let restoreStack = (): void => {}

/** How the engine's stack is emptied after a trap, which leaves it as it was at that moment. */
export function onTrap(restore: () => void): void {
  restoreStack = restore
}

/** Gives an error that the engine threw its class. */
export function fromEngine(thrown: unknown): unknown {
  if (thrown instanceof ClusterIpError) return thrown
  // Where the stack ends depends on how far the browser has compiled the module.
  if (thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError) {
    restoreStack()
    return new EngineError(thrown)
  }
  if (!(thrown instanceof Error)) return thrown
  const data = ((thrown as { data?: unknown }).data ?? {}) as {
    status?: number
    reason?: string
    causes?: Finding[]
    findings?: Finding[]
    applied?: ApplyResult[]
    hint?: string
  }
  switch (thrown.name) {
    case 'ManifestError':
      return new ManifestError(thrown.message, data.findings ?? [], { hint: data.hint, cause: thrown, applied: data.applied })
    case 'ApiError':
      return new ApiError(thrown.message, data.status ?? 500, data.reason ?? 'InternalError', data.causes ?? [], { cause: thrown })
    case 'EngineError':
      return new EngineError(thrown)
    case 'UnsupportedError':
      return new UnsupportedError(thrown.message, { cause: thrown })
    case 'UsageError':
    case 'ConfigError':
      return new UsageError(thrown.message, { cause: thrown })
    default:
      return thrown
  }
}
