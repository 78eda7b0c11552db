import { Capture } from './capture.js'
import { type Duration, toMicros } from './duration.js'
import type { Engine, RawApplied, RawOutput } from './engine.js'
import { Engine as EngineClass } from './engine/clusterip.js'
import {
  type ApplyResult,
  DisposedError,
  EngineError,
  type Finding,
  ManifestError,
  NotSettledError,
  UsageError,
  fromEngine,
  known,
  text,
} from './errors.js'
import { type ClusterEvents, Listeners, type Unsubscribe } from './events.js'
import { type Frame, toFrame } from './frame.js'
import { ensureLoaded } from './load.js'
import { type DnsResult, dig, readDig } from './lookup.js'
import type { KubeObject, Manifest } from './object.js'
import type { ApplyOptions, ClusterOptions, ListQuery, RunOptions, SendOptions, SettleResult } from './options.js'
import { type ExecResult, Process } from './process.js'
import { type Ref, objectRef, placeOf } from './ref.js'
import { type Trips, toTrips } from './trips.js'

const DAY: Duration = '24h'

/** The code of a finding about a kind that is not simulated. */
const UNSIMULATED = 'CIP902'

/**
 * A Kubernetes cluster: nodes, pods with TCP/IP stacks, kube-proxy, DNS, and a clock of its own.
 *
 * Every method is synchronous. Time passes only in `settle`, `advance`, `step`, `exec`, `kubectl`, `send` and `lookup`.
 */
export class Cluster implements Disposable {
  readonly capture: Capture
  #engine: Engine | undefined
  #busy = false
  #dispatching = false
  #framesSeen = 0
  #changesSeen = 0
  readonly #listeners = new Listeners()

  constructor(options: ClusterOptions = {}) {
    ensureLoaded()
    this.#engine = build(options)
    this.capture = new Capture(
      since => this.frames(since),
      place => this.#look(engine => engine.pcap(place)),
    )
  }

  /** Virtual milliseconds since the cluster was made. */
  get now(): number {
    return this.#look(engine => engine.now()) / 1_000
  }

  /** A short text of every packet and every stored object: where it differs, something else happened. */
  get digest(): string {
    return this.#look(engine => engine.digest())
  }

  /**
   * Creates or changes the objects of a manifest: YAML with any number of documents, or objects.
   *
   * As with kubectl, one that is refused does not keep the others from being applied: the error has both.
   */
  apply(manifest: string | KubeObject | Manifest | readonly (KubeObject | Manifest)[], options: ApplyOptions = {}): ApplyResult[] {
    const { namespace = 'default', file, skipUnsimulated = false } = known(options, 'namespace', 'file', 'skipUnsimulated')
    const objects = typeof manifest === 'string' ? undefined : [manifest].flat()
    const yaml = typeof manifest === 'string' ? manifest : objects!.map(object => JSON.stringify(object)).join('\n---\n')
    const within = text(namespace, 'namespace')
    try {
      return this.#call(engine => engine.apply(yaml, within)).map(raw => result(raw))
    } catch (thrown) {
      if (!(thrown instanceof ManifestError)) throw thrown
      this.#dispatch()
      const findings = thrown.findings.map(finding => ({ ...finding, ...(file === undefined ? {} : { file }) }))
      const applied = thrown.applied.map(result)
      if (skipUnsimulated && findings.every(finding => finding.code === UNSIMULATED)) {
        return [...applied, ...findings.map(skipped)]
      }
      const message = file === undefined ? thrown.message : thrown.message.replaceAll('STDIN', file)
      throw new ManifestError(message, findings, { hint: thrown.hint, cause: thrown.cause, applied })
    }
  }

  /** Puts a file where `kubectl apply -f NAME` finds it; `undefined` takes it away. */
  file(name: string, contents: string | undefined): void {
    const [path, content] = [text(name, 'The name of a file'), contents === undefined ? undefined : text(contents, 'A file')]
    this.#call(engine => engine.file(path, content))
  }

  /** Runs a kubectl command line, with or without the word `kubectl`. */
  kubectl(line: string, options: { stdin?: string | undefined } = {}): ExecResult {
    const [words, stdin] = [text(line, 'A command line'), text(known(options, 'stdin').stdin ?? '', 'stdin')]
    return this.#command('kubectl', words, engine => engine.kubectl(words, stdin))
  }

  /** Runs a command line in a pod, on a node or outside, until it ends or the limit of virtual time is over. */
  exec(where: Ref | KubeObject, line: string, options: { limit?: Duration | undefined } = {}): ExecResult {
    const { limit: most = '5m' } = known(options, 'limit')
    const [place, words, limit] = [placeOf(where), text(line, 'A command line'), toMicros(most)]
    return this.#command(place, words, engine => engine.exec(place, words, limit))
  }

  /**
   * Starts a program, or a line of shell language, and returns at once with its input open; it goes on as time passes.
   *
   * At a terminal a shell prints its prompt, and what a program complains of is part of its output.
   */
  start(where: Ref | KubeObject, command: string | string[], options: { terminal?: boolean | undefined } = {}): Process {
    const [place, { terminal = false }] = [placeOf(where), known(options, 'terminal')]
    const argv = typeof command === 'string' ? ['sh', '-c', command] : [...command].map(word => text(word, 'A word of a command'))
    return this.#process(place, argv.join(' '), this.#call(engine => engine.start(place, argv, terminal)))
  }

  /** The command of a pod's first container, to type into and to read, as `kubectl attach` has it. */
  attach(pod: Ref | KubeObject): Process {
    const place = placeOf(pod)
    return this.#process(place, '', this.#call(engine => engine.attach(place)))
  }

  /** One object, or `undefined` if there is none of that name. */
  get(kind: string, name: string, namespace = 'default'): KubeObject | undefined {
    const words = [text(kind, 'kind'), text(name, 'name'), text(namespace, 'namespace')] as const
    return this.#look(engine => engine.get(...words)) as KubeObject | undefined
  }

  /** The objects of a kind, by namespace and name. */
  list(kind: string, query: ListQuery = {}): KubeObject[] {
    const { namespace, labels = '' } = known(query, 'namespace', 'labels')
    const pairs = typeof labels === 'object' && labels !== null && !Array.isArray(labels) ? Object.entries(labels).map(pair => pair.join('=')).join() : labels
    const [of, selector] = [text(kind, 'kind'), text(pairs, 'labels')]
    const within = namespace === undefined ? undefined : text(namespace, 'namespace')
    return this.#look(engine => engine.list(of, within, selector)) as KubeObject[]
  }

  /** Deletes an object; a pod goes through its graceful end as time passes. */
  delete(ref: Ref | KubeObject): void {
    const { kind, name, namespace } = objectRef(ref)
    this.#call(engine => engine.delete(kind, name, namespace))
  }

  /** Makes a pod, and returns the reference to it. */
  run(name: string, options: RunOptions): Ref {
    const { image, namespace = 'default', labels = { run: name }, env = {}, command, port } =
      known(options, 'image', 'namespace', 'labels', 'env', 'command', 'port')
    this.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec: {
        containers: [{
          name,
          image,
          env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          ...(command === undefined ? {} : { command }),
          ...(port === undefined ? {} : { ports: [{ containerPort: port }] }),
        }],
      },
    })
    return `${namespace}/pod/${name}`
  }

  /** Sets how many pods a Deployment or ReplicaSet wants. */
  scale(ref: Ref | KubeObject, replicas: number): void {
    if (!Number.isInteger(replicas) || replicas < 0) throw new UsageError(`${replicas} is no number of replicas`)
    const { kind, name, namespace } = objectRef(ref)
    const object = this.get(kind, name, namespace)
    if (object === undefined) throw new UsageError(`There is no ${kind}/${name} in namespace ${namespace} to scale`)
    const { exitCode, stderr } = this.#call(engine => engine.kubectl(`scale ${kind}/${name} -n ${namespace} --replicas=${replicas}`, ''))
    if (exitCode !== 0) throw new UsageError(stderr.trimEnd())
  }

  /** Says what a pod's readiness probe finds, whatever the pod does; `undefined` gives the word back to the pod. */
  setReady(pod: Ref | KubeObject, ready: boolean | undefined): void {
    if (ready !== undefined && typeof ready !== 'boolean') throw new UsageError('ready must be true, false or undefined')
    const place = placeOf(pod)
    this.#call(engine => engine.setReady(place, ready))
  }

  /** Asks the cluster's DNS as a program on that machine would, search list and all. */
  lookup(name: string, options: { from: Ref | KubeObject; type?: 'A' | 'AAAA' | 'SRV' | 'PTR' | undefined }): DnsResult {
    const { from, type = 'A' } = known(options, 'from', 'type')
    const since = this.#nextFrame()
    const [place, line] = [placeOf(from), dig(name, type)]
    const { stdout } = this.#call(engine => engine.exec(place, line, toMicros('1m')))
    return readDig(stdout, this.frames(since))
  }

  /** Makes requests and reports each; refused, timed out and unresolved are results, not errors. */
  send(options: SendOptions): Trips {
    const { from, to, times = 1, every = 0, keepAlive = false, timeout = '10s' } =
      known(options, 'from', 'to', 'times', 'every', 'keepAlive', 'timeout')
    const request = { from: placeOf(from), to: text(to, 'to'), times, every: toMicros(every), keepAlive, timeout: toMicros(timeout) }
    return toTrips(this.#call(engine => engine.send(request)), since => this.frames(since))
  }

  /** Lets time pass until nothing is pending: controllers, rules, pods that start or end, first results of probes. */
  settle(options: { limit?: Duration | undefined } = {}): SettleResult {
    const limit = toMicros(known(options, 'limit').limit ?? DAY)
    const result = this.#call(engine => engine.settle(limit))
    if (!result.settled) throw new NotSettledError(result.pending)
    return { elapsed: result.elapsed / 1_000 }
  }

  /** Lets that much virtual time pass. */
  advance(by: Duration): void {
    const micros = toMicros(by)
    this.#call(engine => engine.advance(micros))
  }

  /**
   * Lets time pass until the next thing happens to a packet; `undefined` if nothing does within five virtual seconds.
   *
   * Of several at one instant each step shows one.
   */
  step(): Frame | undefined {
    const raw = this.#call(engine => engine.step())
    return raw === undefined ? undefined : toFrame(raw)
  }

  /** The frames from that index on, oldest first; the ring keeps the last ones only. */
  frames(since = 0): Frame[] {
    return this.#look(engine => engine.frames(since)).map(toFrame)
  }

  /** Calls `listener` for each event from now on, after the engine has finished the call that caused it. */
  on<E extends keyof ClusterEvents>(event: E, listener: (detail: ClusterEvents[E]) => void): Unsubscribe {
    if (event === 'frame' && !this.#listeners.has('frame')) this.#framesSeen = this.#nextFrame()
    if (event === 'change' && !this.#listeners.has('change')) this.#changesSeen = this.#nextRevision()
    return this.#listeners.add(event, listener)
  }

  /** Frees the engine's memory; every later call throws `DisposedError`. */
  dispose(): void {
    this.#listeners.clear()
    const engine = this.#engine
    this.#engine = undefined
    engine?.free()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #process(place: string, line: string, id: number): Process {
    return new Process(place, line, {
      run: (idle, limit) => this.#call(engine => engine.runProcess(id, idle, limit)),
      write: text => this.#call(engine => engine.write(id, text)),
      closeStdin: () => this.#call(engine => engine.closeStdin(id)),
      interrupt: () => this.#call(engine => engine.interrupt(id)),
      read: () => this.#call(engine => engine.read(id)),
    })
  }

  #command(where: string, line: string, run: (engine: Engine) => RawOutput): ExecResult {
    const { stdout, stderr, exitCode, hint } = this.#call(run)
    this.#listeners.emit('command', { where, line, exitCode })
    return {
      stdout,
      stderr,
      exitCode,
      hint: hint === undefined ? undefined : { code: hint.code, text: hint.text, action: hint.action },
    }
  }

  /** A call that changes the world, with the events that come of it. */
  #call<T>(run: (engine: Engine) => T): T {
    const result = this.#look(run)
    this.#dispatch()
    return result
  }

  #look<T>(run: (engine: Engine) => T): T {
    const engine = this.#engine
    if (engine === undefined) throw new DisposedError()
    if (this.#busy) throw new UsageError('A callback of the cluster called the cluster.')
    this.#busy = true
    try {
      return run(engine)
    } catch (thrown) {
      const error = fromEngine(thrown)
      // A trap leaves this engine's state unknown: its memory is given up, not freed.
      if (error instanceof EngineError) this.#engine = undefined
      throw error
    } finally {
      this.#busy = false
    }
  }

  /** Events of a call that a listener made come after those that are being told, so that all are in order. */
  #dispatch(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    try {
      while (this.#engine !== undefined && (this.#tellFrames() || this.#tellChanges()));
    } finally {
      this.#dispatching = false
    }
  }

  #tellFrames(): boolean {
    if (!this.#listeners.has('frame')) return false
    const frames = this.frames(this.#framesSeen)
    this.#framesSeen = (frames.at(-1)?.index ?? this.#framesSeen - 1) + 1
    for (const frame of frames) this.#listeners.emit('frame', frame)
    return frames.length > 0
  }

  #tellChanges(): boolean {
    if (!this.#listeners.has('change')) return false
    const upTo = this.#look(engine => engine.revision())
    const changes = upTo === this.#changesSeen ? [] : this.#look(engine => engine.changes(this.#changesSeen))
    this.#changesSeen = upTo
    for (const { revision, type, object } of changes) {
      this.#listeners.emit('change', { revision, type, object: object as KubeObject })
    }
    return changes.length > 0
  }

  #nextFrame(): number {
    return (this.#look(engine => engine.frames(this.#framesSeen)).at(-1)?.index ?? this.#framesSeen - 1) + 1
  }

  #nextRevision(): number {
    return this.#look(engine => engine.revision())
  }
}

function result({ kind, namespace, name, outcome }: RawApplied | ApplyResult): ApplyResult {
  return { kind, namespace, name, outcome }
}

function skipped({ object = '' }: Finding): ApplyResult {
  const [kind = '', name = ''] = object.split('/')
  return { kind, namespace: undefined, name, outcome: 'skipped' }
}

function build(options: ClusterOptions): Engine {
  try {
    return new EngineClass(options) as unknown as Engine
  } catch (thrown) {
    throw fromEngine(thrown)
  }
}
