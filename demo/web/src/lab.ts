/** The one model behind the page: a cluster, the editor's files, and the commands that change both. */
import { Cluster, NotSettledError, type ExecResult, type Frame, type Process } from 'clusterip'
import { type Example, examples } from './examples/index.ts'
import { Playback } from './playback.ts'
import { type World, emptyWorld, lookAt } from './world.ts'

/** Said when the cluster's objects may have changed, another example was opened, or the files were edited. */
export type LabEvent = 'world' | 'example' | 'files' | 'show'

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
    this.isGoingOn = false
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

  /** The file that the editor is to show. */
  shown = ''

  /** Writes a file and asks the editor to show it. */
  show(name: string, text: string): void {
    this.edit(name, text)
    this.shown = name
    this.#say('show')
  }

  /** What the API server would say against a file; it changes nothing. */
  complaint(name: string): string {
    const { exitCode, stderr } = this.cluster.kubectl(`kubectl apply --dry-run=server -f ${name}`)
    return exitCode === 0 ? '' : stderr
  }

  /** A name that no file has yet: `pasted.yaml`, `pasted-2.yaml`. */
  fresh(name: string): string {
    for (let number = 1; ; number += 1) {
      const wanted = number === 1 ? name : name.replace(/(\.\w+)?$/, `-${number}$1`)
      if (!this.files.has(wanted)) return wanted
    }
  }

  /** What a command was told to write somewhere. */
  write(name: string, text: string, appends: boolean): void {
    if (name === '/dev/null') return
    const file = name.replace(/^\.\//, '')
    this.show(file, (appends ? this.files.get(file) ?? '' : '') + text)
  }

  /** Gives the laptop the editor's files that a line names. */
  carry(line: string): void {
    for (const [name, text] of this.files) if (line.includes(name)) this.filter(`cat > ${name}`, text)
  }

  /** Takes over the files that a line has written on the laptop. */
  fetchWritten(line: string): void {
    for (const [, name = ''] of line.matchAll(/[^\d>&]>>?\s*([\w.-]+\.ya?ml)\b/g)) this.show(name, this.filter(`cat ${name}`, '').stdout)
  }

  /** Runs a line on the laptop, with that input, to its end. */
  filter(line: string, stdin: string): ExecResult {
    const process = this.cluster.start('outside', ['sh', '-c', line])
    process.write(stdin)
    process.closeStdin()
    process.run({ idle: '30s', limit: '60s' })
    return { ...process.read(), exitCode: process.exitCode ?? 124, hint: undefined }
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

  /** While something goes on, a loop or a program, time passes with that: the reader sees pods come and go. */
  isGoingOn = false

  kubectl(line: string, stdin = ''): ExecResult {
    return this.#act(cluster => cluster.kubectl(line, { stdin }))
  }

  /** What goes on has ended: what it left behind comes to rest. */
  rest(): void {
    this.isGoingOn = false
    this.#act(() => {})
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
    if (process.exitCode !== undefined && !this.isGoingOn) this.#settle()
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

  /** The steps of the last command that made packets. */
  framesOfLast(): Frame[] {
    const first = this.commands.at(-1)?.first ?? 0
    return this.playback.frames.filter(({ index }) => index >= first)
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
      if (this.isGoingOn) return this.cluster.advance('20ms')
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
