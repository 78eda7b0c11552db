/** The one model behind the page: a cluster, the editor's files, and the commands that change both. */
import { Cluster, NotSettledError, type ExecResult, type Process } from 'clusterip'
import { type Example, examples } from './examples/index.ts'
import { Playback } from './playback.ts'
import { type World, emptyWorld, lookAt } from './world.ts'

/** Said when the cluster's objects may have changed, another example was opened, or the files were edited. */
export type LabEvent = 'world' | 'example' | 'files'

/** A command that made packets. */
export interface Command {
  line: string
  /** The index of its first frame. */
  first: number
  /** Virtual time of that frame. */
  time: number
}

export class Lab extends EventTarget {
  readonly playback = new Playback()
  example: Example = examples[0]!
  files = new Map<string, string>()
  world: World = emptyWorld
  /** The commands that made packets, oldest first. */
  commands: Command[] = []
  /** Who last had an address, also of pods that are gone. */
  readonly names = new Map<string, string>()
  #cluster: Cluster | undefined
  #seen = 0
  /** The command whose packets are expected. */
  #line = ''
  #isNew = false

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('no example is open')
    return this.#cluster
  }

  /** Starts anew with an example; its opening commands are left to the caller, who shows them. */
  open(example: Example): void {
    this.#cluster?.dispose()
    this.#cluster = new Cluster({ seed: 1 })
    this.#seen = 0
    this.commands = []
    this.names.clear()
    this.example = example
    this.files = new Map(Object.entries(example.files))
    for (const [name, text] of this.files) this.#cluster.file(name, text)
    this.playback.clear()
    this.#say('example')
    this.begin('')
    this.#settle()
    this.look()
  }

  edit(name: string, text: string): void {
    this.files.set(name, text)
    this.cluster.file(name, text)
    this.#say('files')
  }

  /** Whether the last command was to send packets, from outside, and none of them reached a node. */
  isLost = false

  /** What happens from now on is the work of this command. */
  begin(line: string): void {
    this.#line = line
    this.#isNew = true
    this.isLost = false
  }

  /** The command that began last has failed; if it made no packets, that is worth saying. */
  end(failed: boolean): void {
    this.isLost = failed && this.#isNew
    this.#say('world')
  }

  kubectl(line: string): ExecResult {
    return this.#act(cluster => cluster.kubectl(line))
  }

  setReady(pod: string, ready: boolean): void {
    this.begin(`${pod.replace(/^default\//, '')} is made ${ready ? '' : 'not '}ready`)
    this.#act(cluster => cluster.setReady(pod, ready))
  }

  /** A program with a terminal, in a pod or outside. */
  start(where: string, argv: string[]): Process {
    return this.cluster.start(where, argv, { terminal: true })
  }

  attach(pod: string): Process {
    return this.cluster.attach(pod)
  }

  /** Lets a process work until it has been silent for `idle` of virtual time, and says what it printed. */
  run(process: Process, idle: string, limit: string): string {
    process.run({ idle, limit })
    const { stdout, stderr } = process.read()
    if (process.exitCode !== undefined) this.#settle()
    this.look()
    return stdout + stderr
  }

  /** Takes note of what has changed. */
  look(): void {
    this.world = lookAt(this.cluster)
    for (const { ip, key } of this.world.pods) if (ip !== '') this.names.set(ip, key)
    const frames = this.cluster.frames(this.#seen)
    this.#seen = (frames.at(-1)?.index ?? this.#seen - 1) + 1
    const first = frames[0]
    const isNew = this.#isNew && first !== undefined
    if (isNew) {
      this.commands.push({ line: this.#line, first: first.index, time: first.time })
      this.#isNew = false
    }
    this.#say('world')
    this.playback.add(frames, isNew)
  }

  /** The command that a frame belongs to. */
  commandOf(frame: { index: number }): Command | undefined {
    return this.commands.findLast(({ first }) => first <= frame.index)
  }

  #act<T>(action: (cluster: Cluster) => T): T {
    const result = action(this.cluster)
    this.#settle()
    this.look()
    return result
  }

  /** A reader expects the result of a command, not to wait for pods to start or for the last packets to arrive. */
  #settle(): void {
    try {
      this.cluster.settle({ limit: '60s' })
      this.cluster.advance('20ms')
    } catch (error) {
      if (!(error instanceof NotSettledError)) throw error
    }
  }

  #say(event: LabEvent): void {
    this.dispatchEvent(new Event(event))
  }
}
