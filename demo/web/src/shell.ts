/** The terminal's state without its looks: where commands run, what was typed, what came back. */
import { EngineError, type Hint, type Process } from 'clusterip'
import type { Lab } from './lab.ts'
import { slipIn } from './slips.ts'

/** One line or block of the transcript. */
export type Entry =
  | { kind: 'command'; prompt: string; text: string }
  | { kind: 'out' | 'err'; text: string }
  /** The lab's own voice: one line below the real words, with at most one thing to do. */
  | { kind: 'lab'; text: string; code?: string; action?: string | undefined }

/** An open command that takes what is typed: a shell in a pod, `telnet`. */
interface Session {
  process: Process
  /** What it printed last without ending the line: its prompt. */
  prompt: string
  /** Run when it ends, such as the deletion that `--rm` asks for. */
  atEnd: string | undefined
}

const WORKSTATION = '$ '
const KEPT = 400

const HELP = `kubectl …            talk to the API server (k for short); files of the editor: kubectl apply -f FILE
curl, ping, nslookup  run on your laptop, which stands outside the cluster
kubectl exec -it POD -- sh    a shell in a pod; exit leaves it
clear, Ctrl-L         empty this screen     Ctrl-C  interrupt     Tab  complete     ↑ ↓  history
`

export class Shell extends EventTarget {
  entries: Entry[] = []
  history: string[] = []
  readonly #lab: Lab
  #session: Session | undefined

  constructor(lab: Lab) {
    super()
    this.#lab = lab
  }

  /** What stands before the cursor. */
  get prompt(): string {
    return this.#session?.prompt ?? WORKSTATION
  }

  /** Whether a program other than the workstation's shell reads the line. */
  get isInside(): boolean {
    return this.#session !== undefined
  }

  clear(): void {
    this.entries = []
    this.#changed()
  }

  /** Starts over: another example, another cluster. */
  reset(): void {
    this.#session = undefined
    this.clear()
  }

  /** The reader pressed Enter. */
  submit(line: string): void {
    this.#push({ kind: 'command', prompt: this.prompt, text: line })
    if (line.trim() !== '' && this.history.at(-1) !== line) this.history.push(line)
    try {
      if (this.#session !== undefined) this.#type(`${line}\n`)
      else this.#run(line.trim())
    } catch (error) {
      this.#fail(error)
    }
    this.#changed()
  }

  /** Shows what the Tab key found. */
  note(text: string): void {
    this.#push({ kind: 'out', text })
    this.#changed()
  }

  /** Ctrl-C. */
  interrupt(typed: string): void {
    this.#push({ kind: 'command', prompt: this.prompt, text: `${typed}^C` })
    if (this.#session !== undefined) {
      this.#session.process.interrupt()
      this.#pump()
    }
    this.#changed()
  }

  /** Ctrl-D on an empty line. */
  endOfInput(): void {
    if (this.#session === undefined) return
    this.#session.process.closeStdin()
    this.#pump()
    this.#changed()
  }

  #run(line: string): void {
    if (line === '') return
    const [word = ''] = line.split(/\s+/, 1)
    if (word === 'clear') return this.clear()
    if (word === 'help') return this.#push({ kind: 'out', text: HELP })
    if (word === 'kubectl' || word === 'k') {
      const command = line.replace(/^k(?=\s|$)/, 'kubectl')
      if (this.#attach(command)) return
      return this.#show(line, this.#lab.kubectl(command))
    }
    this.#show(line, this.#lab.outside(line))
  }

  #show(line: string, result: { stdout: string; stderr: string; exitCode: number; hint?: Hint | undefined }): void {
    if (result.stdout !== '') this.#push({ kind: 'out', text: result.stdout })
    if (result.stderr !== '') this.#push({ kind: 'err', text: result.stderr })
    const slip = slipIn(line)
    if (result.hint !== undefined) {
      this.#push({ kind: 'lab', text: result.hint.text, code: result.hint.code, action: result.hint.action })
    } else if (slip !== undefined && result.exitCode !== 0) {
      this.#push({ kind: 'lab', text: slip.text, code: 'CIP007', action: slip.repaired })
    }
  }

  /** Opens a session if the line asks for a terminal in a pod. */
  #attach(_command: string): boolean {
    return false
  }

  #type(text: string): void {
    this.#session?.process.write(text)
    this.#pump()
  }

  /** Lets the open program work, and shows what it says. */
  #pump(): void {
    const session = this.#session
    if (session === undefined) return
    const { stdout, stderr } = this.#lab.run(session.process, '20s')
    // What follows the last end of line is the program's prompt.
    const end = stdout.lastIndexOf('\n') + 1
    session.prompt = stdout.slice(end)
    if (end > 0) this.#push({ kind: 'out', text: stdout.slice(0, end) })
    if (stderr !== '') this.#push({ kind: 'err', text: stderr })
    if (session.process.exitCode !== undefined) {
      this.#session = undefined
      if (session.atEnd !== undefined) this.#show(session.atEnd, this.#lab.kubectl(session.atEnd))
    }
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.#push({ kind: 'err', text: `${message}\n` })
    if (error instanceof EngineError) {
      this.#session = undefined
      this.#push({ kind: 'lab', text: 'The simulation broke, which is a defect of it. Reset starts this example anew.' })
    }
  }

  #push(entry: Entry): void {
    this.entries = [...this.entries, entry].slice(-KEPT)
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'))
  }
}
