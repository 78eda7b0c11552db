/** The terminal's state without its looks: where commands run, what was typed, what came back. */
import { EngineError, type Process } from 'clusterip'
import type { Lab } from './lab.ts'
import { noteOn } from './notes.ts'
import { terminalRequest } from './words.ts'

/** One line or block of the transcript. */
export type Entry =
  | { kind: 'command'; prompt: string; text: string }
  /** An aside is what a command that succeeded says besides its output. */
  | { kind: 'out' | 'err' | 'aside'; text: string }
  /** The lab's own voice: one line below the real words, with at most one thing to do. */
  | { kind: 'lab'; text: string; code?: string; action?: string | undefined }

/** An open command that takes what is typed: a shell in a pod, `telnet`, a `curl` that waits. */
interface Session {
  process: Process
  where: 'workstation' | 'pod'
  /** What was typed last. */
  line: string
  /** What came since then. */
  output: string
  /** What it printed last without ending the line: its prompt. */
  prompt: string
  /** Run when it ends, such as the deletion that `--rm` asks for. */
  atEnd: string | undefined
  /** Virtual seconds that it has been left alone without a word. */
  silent: number
}

const WORKSTATION = '$ '
/** A shell in a pod that waits for a line. */
const AT_PROMPT = /[#>] $/
const KEPT = 400
/** How long a silent program is watched, in virtual seconds: longer than a TCP connection takes to give up. */
const PATIENCE = 150
/** While a program works, each tick of so many milliseconds is worth a virtual second or more. */
const TICK = 120

/** What kubectl says when it attaches a terminal. */
const SESSION = `All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.
If you don't see a command prompt, try pressing enter.
`

const HELP = `kubectl …                    talk to the API server, k for short; kubectl apply -f FILE reads the editor's files
curl, ping, nslookup, …      run on your laptop, which stands outside the cluster
kubectl exec -it POD -- sh   a shell in a pod; exit leaves it
clear or Ctrl-L              empties this screen
`

export class Shell extends EventTarget {
  entries: Entry[] = []
  history: string[] = []
  readonly #lab: Lab
  #session: Session | undefined
  #timer = 0

  constructor(lab: Lab) {
    super()
    this.#lab = lab
  }

  /** What stands before the cursor. */
  get prompt(): string {
    return this.#session === undefined ? WORKSTATION : this.#session.prompt
  }

  /** Whether what is typed goes to a shell in a pod. */
  get isInside(): boolean {
    return this.#session?.where === 'pod'
  }

  /** Whether a program works and time passes. */
  get isBusy(): boolean {
    return this.#timer !== 0
  }

  /** Whether Ctrl-C would end something: a program that works, or one that is talked to. */
  get canInterrupt(): boolean {
    return this.#session !== undefined && !AT_PROMPT.test(this.#session.prompt)
  }

  clear(): void {
    this.entries = []
    this.#changed()
  }

  /** Starts over: another example, another cluster. */
  reset(): void {
    this.#rest()
    this.#session = undefined
    this.clear()
  }

  /** Shows what the Tab key found. */
  note(text: string): void {
    this.#push({ kind: 'out', text })
    this.#changed()
  }

  /** The reader pressed Enter. */
  submit(line: string): void {
    this.#push({ kind: 'command', prompt: this.prompt, text: line })
    if (line.trim() !== '' && this.history.at(-1) !== line) this.history.push(line)
    this.#guarded(() => {
      this.#lab.begin(line.trim())
      if (this.#session === undefined) return this.#run(line.trim())
      Object.assign(this.#session, { line: line.trim(), output: '', silent: 0, prompt: '' })
      this.#session.process.write(`${line}\n`)
      this.#pump()
    })
  }

  /** Ctrl-C. */
  interrupt(typed: string): void {
    this.#guarded(() => {
      if (this.#session === undefined) return this.#push({ kind: 'command', prompt: this.prompt, text: `${typed}^C` })
      this.#rest()
      if (this.#session.where === 'workstation') this.#push({ kind: 'out', text: '^C\n' })
      this.#session.process.interrupt()
      this.#pump()
    })
  }

  /** Ctrl-D on an empty line. */
  endOfInput(): void {
    this.#guarded(() => {
      this.#session?.process.closeStdin()
      this.#pump()
    })
  }

  #run(line: string): void {
    if (line === '') return
    const [word = ''] = line.split(/\s+/, 1)
    if (word === 'clear') return void (this.entries = [])
    if (word === 'help') return this.#push({ kind: 'out', text: HELP })
    if (word !== 'kubectl' && word !== 'k') {
      return this.#open(this.#lab.start('outside', ['sh', '-c', line]), 'workstation', line)
    }
    const command = line.replace(/^k(?=\s|$)/, 'kubectl')
    if (!this.#attach(command)) this.#kubectl(line, command)
  }

  #kubectl(line: string, command: string): boolean {
    const { stdout, stderr, exitCode, hint } = this.#lab.kubectl(command)
    if (stdout !== '') this.#push({ kind: 'out', text: stdout })
    if (stderr !== '') this.#push({ kind: exitCode === 0 ? 'aside' : 'err', text: stderr })
    const own = exitCode === 0 ? undefined : noteOn(line, stdout + stderr, 'pod', this.#lab.world)
    // The page sees the whole line as it was pasted, its prompts included.
    const note = own?.code === 'CIP007' ? own : hint ?? own
    if (note !== undefined) this.#push({ kind: 'lab', text: note.text, code: note.code, action: note.action })
    return exitCode === 0
  }

  /** Opens a terminal in a pod if the line asks for one that takes input. */
  #attach(command: string): boolean {
    const request = terminalRequest(command)
    if (request === undefined) return false
    const { verb, pod, namespace, argv, create, remove } = request
    const place = `${namespace}/pod/${pod}`
    if (verb === 'exec') {
      if (this.#lab.cluster.get('Pod', pod, namespace) === undefined || argv.length === 0) return false
      this.#open(this.#lab.start(place, argv), 'pod', argv.join(' '))
      return true
    }
    // Without a shell there is nothing to type into: kubectl itself waits for the end and prints the output.
    if (argv.length > 0 && !/(^|\/)(sh|ash|bash)$/.test(argv[0]!)) return false
    const { stderr, exitCode } = this.#lab.kubectl(create)
    if (exitCode !== 0) {
      this.#push({ kind: 'err', text: stderr })
      return true
    }
    this.#push({ kind: 'aside', text: SESSION })
    this.#open(this.#lab.attach(place), 'pod', '', remove ? `kubectl delete pod ${pod} -n ${namespace}` : undefined)
    return true
  }

  #open(process: Process, where: Session['where'], line: string, atEnd?: string): void {
    this.#session = { process, where, line, output: '', prompt: '', atEnd, silent: 0 }
    this.#pump()
  }

  /** Lets the open program work, and shows what it says. */
  #pump(): void {
    this.#rest()
    const session = this.#session
    if (session === undefined) return
    // The longer nothing is heard, the faster time goes.
    const seconds = session.silent < 6 ? 1 : 5
    const text = this.#lab.run(session.process, `${seconds}s`, `${seconds + 1}s`)
    session.silent = text === '' ? session.silent + seconds : 0
    session.output += text
    // What follows the last end of line is the program's prompt.
    const end = text.lastIndexOf('\n') + 1
    if (end > 0) this.#push({ kind: 'out', text: session.prompt + text.slice(0, end) })
    session.prompt = end > 0 ? text.slice(end) : session.prompt + text
    if (session.process.exitCode !== undefined) return this.#end(session)
    if (AT_PROMPT.test(session.prompt)) return this.#remark(session)
    const isConversation = /Escape character is|Connected to/.test(session.output) || /^(telnet|nc) /.test(session.line) && session.output !== ''
    if (!isConversation && session.silent < PATIENCE) this.#wait()
  }

  /** Time goes on while the reader watches, a little faster than in life. */
  #wait(): void {
    this.#timer = window.setTimeout(() => this.#guarded(() => {
      if (document.hidden) return this.#wait()
      this.#pump()
    }), TICK)
  }

  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = 0
  }

  #end(session: Session): void {
    this.#session = undefined
    if (session.prompt !== '') this.#push({ kind: 'out', text: session.prompt })
    this.#lab.end(session.where === 'workstation' && session.process.exitCode !== 0)
    this.#remark(session)
    if (session.atEnd !== undefined) this.#kubectl(session.atEnd, session.atEnd)
  }

  #remark(session: Session): void {
    const note = session.line === '' ? undefined : noteOn(session.line, session.output, session.where, this.#lab.world)
    if (note !== undefined) this.#push({ kind: 'lab', ...note })
    session.line = ''
  }

  #guarded(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#rest()
      this.#session = undefined
      const message = error instanceof Error ? error.message : String(error)
      this.#push({ kind: 'err', text: `${message}\n` })
      if (error instanceof EngineError) {
        this.#push({ kind: 'lab', text: 'The simulation broke, which is a defect of it. Reset starts this example anew.' })
      }
    }
    this.#changed()
  }

  #push(entry: Entry): void {
    const last = this.entries.at(-1)
    // A program that prints line by line fills one block.
    if (entry.kind === 'out' && last?.kind === 'out' && this.#session !== undefined) {
      this.entries = [...this.entries.slice(0, -1), { kind: 'out', text: last.text + entry.text }]
      return
    }
    this.entries = [...this.entries, entry].slice(-KEPT)
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'))
  }
}
