/** What kubectl answers, as blocks of the transcript: its own words first, the lab's below. */
import type { Hint } from 'clusterip'
import type { Lab } from './lab.ts'
import { LEFT_OUT, noteOn } from './notes.ts'
import { type Redirected, isKubectl } from './script.ts'

/** One line or block of the transcript. */
export type Entry =
  | { kind: 'command'; prompt: string; text: string }
  /** An aside is what a command that succeeded says besides its output. */
  | { kind: 'out' | 'err' | 'aside'; text: string }
  /** The lab's own voice: one line below the real words, with at most one thing to do. */
  | { kind: 'lab'; text: string; code?: string; action?: string | undefined }

const KEPT = 400
/** A block that is longer begins a new one, so that no block is laid out again and again. */
const BLOCK = 4_000

/** The transcript with one more entry; a program that prints line by line fills one block. */
export function added(entries: Entry[], entry: Entry, isProgram: boolean): Entry[] {
  const last = entries.at(-1)
  return isProgram && entry.kind === 'out' && last?.kind === 'out' && last.text.length < BLOCK
    ? [...entries.slice(0, -1), { kind: 'out', text: last.text + entry.text }]
    : [...entries, entry].slice(-KEPT)
}

export interface Answered {
  entries: Entry[]
  status: number
}

/** Runs a kubectl command; `line` is what was typed. */
export function answerTo(line: string, command: string, lab: Lab): Answered {
  const { stdout, stderr, exitCode, hint } = lab.kubectl(command)
  const complaint: Entry[] = stderr === '' ? [] : [{ kind: exitCode === 0 ? 'aside' : 'err', text: stderr }]
  const output: Entry[] = stdout === '' ? [] : [{ kind: 'out', text: stdout }]
  // What kubectl run says of the session comes before the session.
  const entries = /^kubectl run\s/.test(command) ? [...complaint, ...output] : [...output, ...complaint]
  const own = exitCode === 0 && !LEFT_OUT.test(stderr + stdout) ? undefined : noteOn(line, stdout + stderr, 'pod', lab)
  // The page sees the whole line as it was pasted, its prompts included.
  if (hint !== undefined && own?.code !== 'CIP007') entries.push(hinted(hint, command, lab))
  else if (own !== undefined) entries.push({ kind: 'lab', ...own })
  return { entries, status: exitCode }
}

/** Runs commands one after another, each with the output of the one before; kubectl is one of them. */
export function answerToPipe(stages: string[], { file, appends, merges, silent }: Redirected, input: string, lab: Lab): Answered {
  const entries: Entry[] = []
  let [stdin, status] = [input, 0]
  for (const [index, stage] of stages.entries()) {
    const { stdout, stderr, exitCode, hint } = isKubectl(stage) ? lab.kubectl(stage, stdin) : lab.filter(stage, stdin)
    const isLast = index === stages.length - 1
    const isMerged = isLast && merges && file !== undefined
    if (isLast && file !== undefined) lab.write(file, stdout + (merges ? stderr : ''), appends)
    else if (isLast && stdout !== '') entries.push({ kind: 'out', text: stdout })
    if (stderr !== '' && !isMerged && !(isLast && silent)) entries.push({ kind: exitCode === 0 ? 'aside' : 'err', text: stderr })
    if (isLast && hint !== undefined) entries.push(hinted(hint, stage, lab))
    stdin = stdout
    status = exitCode
  }
  return { entries, status }
}

/** What the engine says below a command; a repaired manifest goes to the editor, not to the command line. */
function hinted({ text, code, action }: Hint, command: string, lab: Lab): Entry {
  const [, edited] = /^kubectl replace -f (\S+)$/.exec(action ?? '') ?? []
  const [, object] = /^(\S+) is in the editor/.exec(text) ?? []
  if (edited !== undefined && object !== undefined) {
    const [namespace = ''] = /(-n|--namespace)[= ]?\S+/.exec(command) ?? []
    lab.show(edited, lab.kubectl(`kubectl get ${object} ${namespace} -o yaml`).stdout)
  }
  const [, file = ''] = /-f[= ]?(\S+)/.exec(command) ?? []
  const manifest = lab.files.get(file)
  if (action?.includes('\n') && manifest !== undefined) {
    const name = lab.fresh(file)
    lab.show(name, action)
    return { kind: 'lab', text: `${text} The editor has it repaired, as ${name}.`, code, action: `kubectl apply -f ${name}` }
  }
  // The editor offers to put lost indentation back.
  if (code === 'CIP001' && manifest !== undefined) lab.show(file, manifest)
  return { kind: 'lab', text, code, action: action?.includes('\n') ? undefined : action }
}
