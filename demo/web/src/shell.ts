/** The terminal's state without its looks: where commands run, what was typed, what came back. */
import { EngineError, type Process } from 'clusterip'
import type { Lab } from './lab.ts'
import { type Answered, type Entry, added, answerTo, answerToPipe } from './answer.ts'
import { DEAF, noteOn } from './notes.ts'
import { ownAnswer } from './own.ts'
import { pasted } from './pasted.ts'
import { type Answer, type Script, assignmentIn, interpret, isKubectl, isOpen, isScript, redirected, stagesOf, substituted, watchIn, watching, withoutComments, withoutDocument } from './script.ts'
import { type Session, isAtPrompt, openFor, workOn } from './session.ts'
import { slipIn } from './slips.ts'
import { loginRequest, terminalRequest } from './words.ts'

const WORKSTATION = '$ '
/** While a program is silent, each tick of so many milliseconds is worth a virtual second or more. */
const TICK = 120
/** While it prints, and between the rounds of a loop, there is something to look at. */
const CALM = 600

export class Shell extends EventTarget {
  entries: Entry[] = []
  history: string[] = []
  readonly #lab: Lab
  #session: Session | undefined
  #timer = 0
  /** A list or a loop of commands under way. */
  #script: Script | undefined
  /** Whether the script waits for a session to end. */
  #isWaiting = false
  /** How the last command ended. */
  #status = 0
  /** Lines that do not make a whole command yet. */
  #pending = ''
  /** Lines that were pasted and wait for their turn. */
  #queue: string[] = []
  #variables = new Map<string, string>()

  constructor(lab: Lab) {
    super()
    this.#lab = lab
  }

  /** What stands before the cursor. */
  get prompt(): string {
    if (this.#session !== undefined) return this.#session.prompt
    return this.#pending !== '' ? '> ' : this.#script === undefined ? WORKSTATION : ''
  }

  /** Whether what is typed goes to a shell in a pod. */
  get isInside(): boolean {
    return this.#session?.where === 'pod'
  }

  /** Whether a program works and time passes. */
  get isBusy(): boolean {
    return this.#timer !== 0 || (this.#script !== undefined && this.#session === undefined) || this.#isDeaf
  }

  /** Whether Ctrl-C would end something: a program that works, or one that is talked to. */
  get canInterrupt(): boolean {
    return this.#script !== undefined || (this.#session !== undefined && !isAtPrompt(this.#session))
  }

  /** Whether what runs reads nothing of what is typed. */
  get #isDeaf(): boolean {
    return this.canInterrupt && (this.#session === undefined || DEAF.test(this.#session.line))
  }

  clear(): void {
    this.entries = []
    this.#changed()
  }

  /** Starts over: another example, another cluster. */
  reset(): void {
    this.#stop()
    this.#variables.clear()
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
      if (this.#isDeaf) {
        const [program = 'The loop'] = this.#session?.line.split(/\s+/, 1) ?? []
        return this.#push({ kind: 'lab', text: `${program} still runs and reads nothing of this. Ctrl-C ends it.` })
      }
      if (this.#session === undefined) return this.#line(line)
      // A shell at its prompt has these too, but the screen and the history are the page's.
      if (!this.canInterrupt && /^\s*(clear|help|history)\s*$/.test(line)) return void this.#own(line.trim())
      this.#lab.begin(line.trim())
      Object.assign(this.#session, { line: line.trim(), output: '', silent: 0, prompt: '' })
      this.#session.process.write(`${line}\n`)
      this.#pump()
    })
  }

  /** Runs a command of the page's buttons: at the prompt of the laptop, whatever is open in the terminal. */
  command(line: string): void {
    if (this.#session === undefined && this.#script === undefined) return this.submit(line)
    if (!isKubectl(line)) {
      this.#stop()
      return this.submit(line)
    }
    this.#guarded(() => {
      const command = line.replace(/^k(?=\s|$)/, 'kubectl')
      // One terminal has one session.
      if (terminalRequest(command) !== undefined) this.#stop()
      this.#push({ kind: 'command', prompt: WORKSTATION, text: line })
      this.#lab.begin(line)
      this.#lab.isGoingOn = this.canInterrupt
      if (!this.#attach(command)) this.#kubectl(line, command)
    })
  }

  /** Takes what was pasted; what is left of it stays in the input. */
  paste(text: string): string {
    const { lines, rest, manifest, note } = pasted(text)
    this.#guarded(() => {
      if (note !== '') this.#push({ kind: 'lab', text: note, code: 'CIP002' })
      if (manifest === undefined) return
      const name = this.#lab.fresh('pasted.yaml')
      this.#lab.show(name, manifest)
      this.#push({ kind: 'lab', text: `That is a manifest, no command. It is in the editor now, as ${name}.`, code: 'CIP002', action: `kubectl apply -f ${name}` })
    })
    this.#queue.push(...lines)
    this.#drain()
    return rest
  }

  /** Ctrl-C. */
  interrupt(typed: string): void {
    this.#guarded(() => {
      const isIdle = this.#session === undefined && this.#script === undefined
      if (isIdle) this.#push({ kind: 'command', prompt: this.prompt, text: `${typed}^C` })
      const session = this.#session
      this.#stop()
      if (session === undefined) return isIdle ? undefined : this.#push({ kind: 'out', text: '^C\n' })
      this.#session = session
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

  /** A line of the workstation, or the next part of one. */
  #line(line: string): void {
    const text = this.#pending === '' ? line.trim() : this.#pending.endsWith('\\') ? this.#pending.slice(0, -1) + line : `${this.#pending}\n${line}`
    this.#pending = isOpen(text) ? text : ''
    if (this.#pending !== '') return
    this.#lab.begin(text)
    if (withoutComments(text).trim() === '') {
      const slip = slipIn(text)
      if (slip !== undefined) this.#push({ kind: 'lab', text: slip.text, code: 'CIP007', action: slip.repaired })
      return
    }
    if (!isScript(text)) return void this.#simple(text)
    this.#script = interpret(withoutDocument(text).line)
    this.#go({ status: 0, text: '' }, withoutDocument(text).document)
  }

  /** Goes on with the script until it waits for something. */
  #go(answer: Answer, document?: string): void {
    while (this.#script !== undefined) {
      const { value: step, done } = this.#script.next(answer)
      if (done) {
        this.#script = undefined
      } else if (step === 'round') {
        this.#timer = window.setTimeout(() => this.#guarded(() => {
          this.#timer = 0
          this.#go({ status: 0, text: '' })
        }), CALM)
        return
      } else if (step === 'loop') {
        this.#lab.isGoingOn = true
      } else if (step === 'end') {
        this.#lab.rest()
      } else if ('set' in step) {
        this.#variables.set(step.set, step.to)
      } else if ('capture' in step) {
        answer = this.#capture(step.capture)
      } else {
        const status = this.#simple(step.run, document)
        document = undefined
        if (status === undefined) return
        answer = { status, text: '' }
      }
    }
  }

  /** Runs one command, or several with pipes between them; `undefined` as long as it goes on. */
  #simple(text: string, document?: string): number | undefined {
    const plain = withoutDocument(text)
    const line = substituted(plain.line, this.#variables, command => this.#capture(command).text)
    const input = document ?? plain.document
    const variable = assignmentIn(line)
    if (variable !== undefined) {
      this.#variables.set(...variable)
      return 0
    }
    const watch = watchIn(line)
    if (watch !== undefined && this.#script === undefined) {
      const top = this.entries.length
      this.#script = watching(watch.command, watch.seconds, title => {
        this.entries = this.entries.slice(0, top)
        this.#push({ kind: 'out', text: title })
      })
      this.#go({ status: 0, text: '' })
      return undefined
    }
    const login = loginRequest(line, this.#lab.world.nodes)
    if (login !== undefined) {
      this.#open(this.#lab.start(`node/${login.node}`, ['sh', ...(login.command === '' ? [] : ['-c', login.command])]), 'pod', login.command)
      return this.#ended()
    }
    const stages = stagesOf(line)
    const last = redirected(stages.at(-1) ?? '')
    if (!stages.some(isKubectl)) return this.#own(line) ?? this.#program(line, input)
    const isPlain = input === undefined && last.file === undefined && !last.merges && !last.silent && !stages.slice(1).some(isKubectl)
    if (isPlain) {
      const command = line.replace(/^k(?=\s|$)/, 'kubectl')
      if (stages.length === 1 && this.#attach(command)) return this.#ended()
      return this.#kubectl(line, command)
    }
    this.#lab.carry(line)
    return this.#show(answerToPipe([...stages.slice(0, -1), last.command], last, input ?? '', this.#lab))
  }

  #own(line: string): number | undefined {
    if (line === 'clear') {
      this.entries = []
      return 0
    }
    const entries = ownAnswer(line, this.history, this.#lab.files.keys())
    return entries && this.#show({ entries, status: 0 })
  }

  #kubectl(line: string, command: string): number {
    return this.#show(answerTo(line, command, this.#lab))
  }

  #show({ entries, status }: Answered): number {
    for (const entry of entries) this.#push(entry)
    this.#status = status
    return status
  }

  /** Runs a command for its output. */
  #capture(command: string): Answer {
    const line = substituted(command, this.#variables, inner => this.#capture(inner).text)
    const { stdout, stderr, exitCode } = isKubectl(line) ? this.#lab.kubectl(line) : this.#lab.filter(line, '')
    if (stderr !== '') this.#push({ kind: 'err', text: stderr })
    return { status: exitCode, text: stdout.trimEnd() }
  }

  /** A program on the laptop. */
  #program(line: string, document: string | undefined): number | undefined {
    this.#lab.carry(line)
    const process = this.#lab.start('outside', ['sh', '-c', line.replace(/^-/, ' -')])
    if (document !== undefined) {
      process.write(document)
      process.closeStdin()
    }
    this.#open(process, 'workstation', line)
    return this.#ended()
  }

  /** How a program has ended; `undefined` if it is still open, and then the script goes on when it ends. */
  #ended(): number | undefined {
    this.#isWaiting = this.#session !== undefined
    return this.#isWaiting ? undefined : this.#status
  }

  /** Opens a terminal in a pod if the line asks for one that takes input. */
  #attach(command: string): boolean {
    const request = terminalRequest(command)
    const opened = request && openFor(request, this.#lab)
    if (opened === undefined) return false
    if ('error' in opened) {
      this.#show(opened.error)
      return true
    }
    if (opened.says !== '') this.#push({ kind: 'aside', text: opened.says })
    this.#open(opened.process, 'pod', opened.line, opened.atEnd)
    return true
  }

  #open(process: Process, where: Session['where'], line: string, atEnd?: string): void {
    if (this.#script === undefined) this.#lab.isGoingOn = false
    this.#session = { process, where, line, output: '', prompt: '', atEnd, silent: 0 }
    this.#pump()
  }

  /** Lets the open program work, and shows what it says. */
  #pump(): void {
    this.#rest()
    const session = this.#session
    if (session === undefined) return
    const { text, lines, goesOn } = workOn(session, this.#lab)
    if (lines !== '') this.#push({ kind: 'out', text: lines })
    if (session.process.exitCode !== undefined) return this.#end(session)
    if (isAtPrompt(session)) return this.#remark(session)
    if (goesOn) this.#wait(text === '' ? TICK : CALM)
  }

  /** Time goes on while the reader watches, a little faster than in life. */
  #wait(delay: number): void {
    this.#timer = window.setTimeout(() => this.#guarded(() => {
      if (document.hidden) return this.#wait(delay)
      this.#pump()
    }), delay)
  }

  /** Nothing runs any more, and nothing waits for its turn. */
  #stop(): void {
    this.#rest()
    this.#session = this.#script = undefined
    this.#pending = ''
    this.#queue = []
    this.#isWaiting = false
    this.#lab.isGoingOn = false
  }

  /** Runs what was pasted, line by line. */
  #drain(): void {
    if (this.#timer !== 0 || this.#script !== undefined) return
    const line = this.#queue.shift()
    if (line !== undefined) this.submit(line)
  }

  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = 0
  }

  #end(session: Session): void {
    this.#session = undefined
    if (session.prompt !== '') this.#push({ kind: 'out', text: session.prompt })
    this.#status = session.process.exitCode ?? 0
    this.#lab.end(session.where === 'workstation' && /resolve|connect|timed out|bad address|not known|unreachable|100% packet loss/i.test(session.output))
    if (this.#script === undefined && this.#lab.isGoingOn) this.#lab.rest()
    if (session.where === 'workstation') this.#lab.fetchWritten(session.line)
    this.#remark(session)
    if (session.atEnd !== undefined) this.#kubectl(session.atEnd, session.atEnd)
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#go({ status: this.#status, text: '' })
  }

  #remark(session: Session): void {
    const note = session.line === '' ? undefined : noteOn(session.line, session.output, session.where, this.#lab)
    if (note !== undefined) this.#push({ kind: 'lab', ...note })
    session.line = ''
  }

  #guarded(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#stop()
      const message = error instanceof Error ? error.message : String(error)
      this.#push({ kind: 'err', text: `${message}\n` })
      if (error instanceof EngineError) {
        this.#push({ kind: 'lab', text: 'The simulation broke, which is a defect of it. Reset starts this example anew.' })
      }
    }
    this.#changed()
    this.#drain()
  }

  #push(entry: Entry): void {
    this.entries = added(this.entries, entry, this.#session !== undefined)
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'))
  }
}
