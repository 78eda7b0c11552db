/** The one model behind the page: a cluster, the editor's files, and the commands that change both. */
import { Cluster, NotSettledError, type ExecResult, type Process } from 'clusterip'
import { type Example, examples } from './examples/index.ts'
import { Playback } from './playback.ts'
import { type World, emptyWorld, lookAt } from './world.ts'

/** Said when the cluster's objects may have changed, another example was opened, or the files were edited. */
export type LabEvent = 'world' | 'example' | 'files'

export class Lab extends EventTarget {
  readonly playback = new Playback()
  example: Example = examples[0]!
  files = new Map<string, string>()
  world: World = emptyWorld
  /** The index of the first frame of the last command. */
  lastCommand = 0
  #cluster: Cluster | undefined
  #seen = 0

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('no example is open')
    return this.#cluster
  }

  /** Starts anew with an example; its opening commands are left to the caller, who shows them. */
  open(example: Example): void {
    this.#cluster?.dispose()
    this.#cluster = new Cluster({ seed: 1 })
    this.#seen = 0
    this.lastCommand = 0
    this.example = example
    this.files = new Map(Object.entries(example.files))
    for (const [name, text] of this.files) this.#cluster.file(name, text)
    this.playback.clear()
    this.#say('example')
    this.look()
  }

  edit(name: string, text: string): void {
    this.files.set(name, text)
    this.cluster.file(name, text)
    this.#say('files')
  }

  kubectl(line: string): ExecResult {
    return this.#act(() => this.cluster.kubectl(line))
  }

  /** A command on the reader's own machine, which stands outside the cluster. */
  outside(line: string): ExecResult {
    return this.#act(() => this.cluster.exec('outside', line, { limit: '3m' }))
  }

  setReady(pod: string, ready: boolean): void {
    this.#act(() => this.cluster.setReady(pod, ready))
  }

  start(where: string, line: string): Process {
    return this.#act(() => this.cluster.start(where, line))
  }

  /** Lets a process work until it has been silent for a while of virtual time, and says what it printed. */
  run(process: Process, idle: string): { stdout: string; stderr: string } {
    return this.#act(() => {
      process.run({ idle })
      return process.read()
    })
  }

  /** Takes note of what has changed. */
  look(): void {
    this.world = lookAt(this.cluster)
    const frames = this.cluster.frames(this.#seen)
    this.#seen = (frames.at(-1)?.index ?? this.#seen - 1) + 1
    const first = frames[0]
    if (first !== undefined) this.lastCommand = first.index
    this.#say('world')
    this.playback.add(frames)
  }

  #act<T>(action: () => T): T {
    const result = action()
    this.#settle()
    this.look()
    return result
  }

  /** A reader expects the result of a command, not to wait for pods to start. */
  #settle(): void {
    try {
      this.cluster.settle({ limit: '60s' })
    } catch (error) {
      if (!(error instanceof NotSettledError)) throw error
    }
  }

  #say(event: LabEvent): void {
    this.dispatchEvent(new Event(event))
  }
}
