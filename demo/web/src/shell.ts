/** The terminal's state without its looks: where commands run, what was typed, what came back. */
import { EngineError, type Process } from 'clusterip'
import type { Lab } from './lab.ts'
import { DEAF, LEFT_OUT, noteOn } from './notes.ts'
import { pasted } from './pasted.ts'
import { type Answer, type Script, expanded, interpret, isKubectl, isOpen, isScript, redirected, stagesOf, substitutionIn, withoutComments, withoutDocument } from './script.ts'
import { slipIn } from './slips.ts'
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
/** A block that is longer begins a new one, so that no block is laid out again and again. */
const BLOCK = 4_000
/** How long a silent program is watched, in virtual seconds: longer than a TCP connection takes to give up. */
const PATIENCE = 150
/** While a program is silent, each tick of so many milliseconds is worth a virtual second or more. */
const TICK = 120
/** While it prints, and between the rounds of a loop, there is something to look at. */
const CALM = 600

/** What kubectl says when it attaches a terminal. */
const SESSION = `All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.
If you don't see a command prompt, try pressing enter.
`

const HELP = `kubectl …                    talk to the API server, k for short; kubectl apply -f FILE reads the editor's files
curl, ping, nslookup, …      run on your laptop, which stands outside the cluster
kubectl exec -it POD -- sh   a shell in a pod; exit leaves it
ls, cat FILE, history        the editor's files; the lines that were typed
; && || | > for while watch  work with kubectl too, and so does kubectl apply -f - <<EOF
clear or Ctrl-L              empties this screen
`

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
    return this.#timer !== 0 || this.#script !== undefined || this.#isDeaf
  }

  /** Whether Ctrl-C would end something: a program that works, or one that is talked to. */
  get canInterrupt(): boolean {
    return this.#script !== undefined || (this.#session !== undefined && !AT_PROMPT.test(this.#session.prompt))
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
      this.#lab.begin(line.trim())
      Object.assign(this.#session, { line: line.trim(), output: '', silent: 0, prompt: '' })
      this.#session.process.write(`${line}\n`)
      this.#pump()
    })
  }

  /** Runs a command of the page's buttons: at the prompt of the laptop, whatever is open in the terminal. */
  command(line: string): void {
    if (this.#session === undefined && this.#script === undefined) return this.submit(line)
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
    const line = this.#substituted(plain.line)
    const input = document ?? plain.document
    const variable = /^(?:export\s+)?([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S*)$/.exec(line)
    if (variable) {
      this.#variables.set(variable[1]!, variable[2]!.replace(/^(["'])(.*)\1$/s, '$2'))
      return 0
    }
    const watch = /^watch\s+(?:-n\s*([\d.]+)\s+|-\w+\s+)*(.*)$/s.exec(line)
    if (watch && this.#script === undefined && isKubectl(watch[2]!.replace(/^["']/, ''))) {
      this.#script = this.#watch(watch[2]!.replace(/^(["'])(.*)\1$/, '$2'), Number(watch[1] ?? 2))
      this.#go({ status: 0, text: '' })
      return undefined
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
    let stdin = input ?? ''
    this.#lab.carry(line)
    stages[stages.length - 1] = last.command
    for (const [index, stage] of stages.entries()) {
      const { stdout, stderr, exitCode, hint } = isKubectl(stage) ? this.#lab.kubectl(stage, stdin) : this.#lab.filter(stage, stdin)
      const isLast = index === stages.length - 1
      if (isLast && last.file !== undefined) this.#lab.write(last.file, stdout + (last.merges ? stderr : ''), last.appends)
      else if (isLast && stdout !== '') this.#push({ kind: 'out', text: stdout })
      if (stderr !== '' && !(isLast && (last.silent || (last.merges && last.file !== undefined)))) this.#push({ kind: exitCode === 0 ? 'aside' : 'err', text: stderr })
      if (isLast && hint !== undefined) this.#hint(hint, stage)
      if (isLast) this.#status = exitCode
      stdin = stdout
    }
    return this.#status
  }

  /** Commands that concern the page itself. */
  #own(line: string): number | undefined {
    const [word = '', ...rest] = line.split(/\s+/)
    if (word === 'clear') this.entries = []
    else if (word === 'help') this.#push({ kind: 'out', text: HELP })
    else if (word === 'history') this.#push({ kind: 'out', text: this.history.map((line, index) => `${String(index + 1).padStart(5)}  ${line}\n`).join('') })
    else if (/^(exit|logout)$/.test(word)) this.#push({ kind: 'lab', text: 'This is your own shell already; exit leaves one in a pod.' })
    else if (word === 'ls' && rest.every(arg => /^(-\w+|\.\/?|\*.*)$/.test(arg))) this.#push({ kind: 'out', text: `${[...this.#lab.files.keys()].join('  ')}\n` })
    else return undefined
    return 0
  }

  /** Runs a command for its output. */
  #capture(command: string): Answer {
    const line = this.#substituted(command)
    const { stdout, stderr, exitCode } = isKubectl(line) ? this.#lab.kubectl(line) : this.#lab.filter(line, '')
    if (stderr !== '') this.#push({ kind: 'err', text: stderr })
    return { status: exitCode, text: stdout.trimEnd() }
  }

  /** Puts in what variables hold, and what commands in $( ) print if kubectl is among them. */
  #substituted(text: string): string {
    let line = expanded(text, this.#variables)
    for (let found = substitutionIn(line); found !== undefined && /(^|[^\w-])(kubectl|k)\s/.test(found.command); found = substitutionIn(line)) {
      line = line.slice(0, found.start) + this.#capture(found.command).text.replaceAll('\n', ' ') + line.slice(found.end)
    }
    return line
  }

  /** Shows the output of a command over and over, in one place. */
  *#watch(command: string, seconds: number): Script {
    const top = this.entries.length
    yield 'loop'
    for (;;) {
      this.entries = this.entries.slice(0, top)
      this.#push({ kind: 'out', text: `Every ${seconds.toFixed(1)}s: ${command}\n` })
      yield { run: command }
      yield { run: `sleep ${seconds}` }
      yield 'round'
    }
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

  #kubectl(line: string, command: string): number {
    const { stdout, stderr, exitCode, hint } = this.#lab.kubectl(command)
    const complaint: Entry[] = stderr === '' ? [] : [{ kind: exitCode === 0 ? 'aside' : 'err', text: stderr }]
    const output: Entry[] = stdout === '' ? [] : [{ kind: 'out', text: stdout }]
    // What kubectl run says of the session comes before the session.
    for (const entry of /^kubectl run\s/.test(command) ? [...complaint, ...output] : [...output, ...complaint]) this.#push(entry)
    const own = exitCode === 0 && !LEFT_OUT.test(stderr + stdout) ? undefined : noteOn(line, stdout + stderr, 'pod', this.#lab)
    // The page sees the whole line as it was pasted, its prompts included.
    if (own?.code === 'CIP007' || hint === undefined) {
      if (own !== undefined) this.#push({ kind: 'lab', ...own })
    } else this.#hint(hint, command)
    this.#status = exitCode
    return exitCode
  }

  /** What the engine says below a command; a repaired manifest goes to the editor, not to the command line. */
  #hint({ text, code, action }: NonNullable<ReturnType<Lab['kubectl']>['hint']>, command: string): void {
    const [, edited] = /^kubectl replace -f (\S+)$/.exec(action ?? '') ?? []
    if (edited !== undefined && /^\S+ edit\s/.test(command)) {
      const [, object, flags = ''] = /^(\S+) is in the editor/.exec(text) ?? []
      const [namespace = ''] = /(-n|--namespace)[= ]?\S+/.exec(command) ?? []
      if (object !== undefined) this.#lab.show(edited, this.#lab.kubectl(`kubectl get ${object} ${namespace}${flags} -o yaml`).stdout)
    }
    const [, file] = /-f[= ]?(\S+)/.exec(command) ?? []
    if (action?.includes('\n') && file !== undefined && this.#lab.files.has(file)) {
      const name = this.#lab.fresh(file)
      this.#lab.show(name, action)
      return this.#push({ kind: 'lab', text: `${text} The editor has it repaired, as ${name}.`, code, action: `kubectl apply -f ${name}` })
    }
    // The editor offers to put lost indentation back.
    if (code === 'CIP001' && file !== undefined && this.#lab.files.has(file)) this.#lab.show(file, this.#lab.files.get(file) ?? '')
    this.#push({ kind: 'lab', text, code, action: action?.includes('\n') ? undefined : action })
  }

  /** Opens a terminal in a pod if the line asks for one that takes input. */
  #attach(command: string): boolean {
    const request = terminalRequest(command)
    if (request === undefined) return false
    const { verb, namespace, argv, create, remove } = request
    // A Deployment or a Service stands for one of its pods: kubectl chooses, and the pod says who it is.
    const pod = request.pod.includes('/') ? this.#lab.kubectl(`kubectl exec ${request.pod} -n ${namespace} -- hostname`).stdout.trim() : request.pod
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
      this.#status = exitCode
      return true
    }
    this.#push({ kind: 'aside', text: SESSION })
    this.#open(this.#lab.attach(place), 'pod', '', remove ? `kubectl delete pod ${pod} -n ${namespace}` : undefined)
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
    if (!isConversation && session.silent < PATIENCE) this.#wait(text === '' ? TICK : CALM)
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
    const last = this.entries.at(-1)
    // A program that prints line by line fills one block.
    if (entry.kind === 'out' && last?.kind === 'out' && last.text.length < BLOCK && this.#session !== undefined) {
      this.entries = [...this.entries.slice(0, -1), { kind: 'out', text: last.text + entry.text }]
      return
    }
    this.entries = [...this.entries, entry].slice(-KEPT)
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'))
  }
}
