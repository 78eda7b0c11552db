/** An open program that takes what is typed, and how it is let work. */
import type { Process } from 'clusterip'
import type { Answered } from './answer.ts'
import type { Lab } from './lab.ts'
import type { TerminalRequest } from './words.ts'

/** How long a silent program is watched, in virtual seconds: longer than a TCP connection takes to give up. */
const PATIENCE = 150
/** How much of the output is remembered, to be remarked on. */
const REMEMBERED = 8_000

/** What kubectl says when it attaches a terminal. */
const ATTACHED = `All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.
If you don't see a command prompt, try pressing enter.
`

/** An open command that takes what is typed: a shell in a pod, `telnet`, a `curl` that waits. */
export interface Session {
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

/** Opens what `kubectl exec -it` and `run -it` ask for; `undefined` if kubectl itself answers. */
export function openFor(request: TerminalRequest, lab: Lab): { process: Process; line: string; says: string; atEnd: string | undefined } | { error: Answered } | undefined {
  const { verb, namespace, argv, create, remove } = request
  // A Deployment or a Service stands for one of its pods: kubectl chooses, and the pod says who it is.
  const pod = request.pod.includes('/') ? lab.kubectl(`kubectl exec ${request.pod} -n ${namespace} -- hostname`).stdout.trim() : request.pod
  const place = `${namespace}/pod/${pod}`
  if (verb === 'exec') {
    if (lab.cluster.get('Pod', pod, namespace) === undefined || argv.length === 0) return undefined
    return { process: lab.start(place, argv), line: argv.join(' '), says: '', atEnd: undefined }
  }
  // Without a shell there is nothing to type into: kubectl itself waits for the end and prints the output.
  if (argv.length > 0 && !/(^|\/)(sh|ash|bash)$/.test(argv[0]!)) return undefined
  const { stderr, exitCode } = lab.kubectl(create)
  if (exitCode !== 0) return { error: { entries: [{ kind: 'err', text: stderr }], status: exitCode } }
  return { process: lab.attach(place), line: '', says: ATTACHED, atEnd: remove ? `kubectl delete pod ${pod} -n ${namespace}` : undefined }
}

/** A shell in a pod that waits for a line. */
export function isAtPrompt({ prompt }: Session): boolean {
  return /[#>] $/.test(prompt)
}

/** Lets the program work for a while; says what it printed in whole lines, and whether it is worth watching on. */
export function workOn(session: Session, lab: Lab): { text: string; lines: string; goesOn: boolean } {
  // The longer nothing is heard, the faster time goes.
  const seconds = session.silent < 6 ? 1 : 5
  const text = promptLast(lab.run(session.process, `${seconds}s`, `${seconds + 1}s`), session)
  session.silent = text === '' ? session.silent + seconds : 0
  session.output = (session.output + text).slice(-REMEMBERED)
  // What follows the last end of line is the program's prompt.
  const end = text.lastIndexOf('\n') + 1
  const lines = end > 0 ? session.prompt + text.slice(0, end) : ''
  session.prompt = end > 0 ? text.slice(end) : session.prompt + text
  const isConversation = /Escape character is|Connected to/.test(session.output) || (/^(telnet|nc) /.test(session.line) && session.output !== '')
  return { text, lines, goesOn: !isConversation && session.silent < PATIENCE }
}

/** The prompt of a shell that has left a command in the background stands before what that prints; it belongs below. */
function promptLast(text: string, { line, prompt }: Session): string {
  const early = line.endsWith('&') && prompt === '' ? /^\S* ?[#>] (?=[^])/.exec(text)?.[0] ?? '' : ''
  return text.slice(early.length) + early
}
