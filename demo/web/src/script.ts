/** Lists, loops and substitutions around kubectl, which is no program of the simulated laptop: they are taken apart here. */

/** What the interpreter asks for; it goes on with the answer. */
export type Step =
  | { run: string }
  /** The output is wanted instead of shown. */
  | { capture: string }
  | { set: string; to: string }
  /** A loop begins, or has ended. */
  | 'loop' | 'end'
  /** One round of a loop is over: time to let the reader look. */
  | 'round'

export interface Answer {
  status: number
  text: string
}

export type Script = Generator<Step, number, Answer>

interface Item {
  /** What stands before it: `&&` and `||` depend on how the last one ended. */
  join: string
  command: string | Loop
}

interface Loop {
  /** The variable of a `for`. */
  name: string | undefined
  /** The words of a `for`, before expansion. */
  words: string
  /** The condition of a `while`. */
  test: Item[]
  until: boolean
  body: Item[]
}

const HEREDOC = /<<-?[ \t]*(['"]?)(\w+)\1([^\n]*)(?:\n([\s\S]*))?$/

/** The line with everything quoted, escaped or substituted blotted out, letter by letter. */
function masked(line: string): string {
  return line.replace(/\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\$\((?:[^()]|\([^()]*\))*\)/g, text => '_'.repeat(text.length))
}

/** Whether a shell would wait for another line: an open quote, a loop without end, a document that has begun. */
export function isOpen(line: string): boolean {
  const mask = masked(line)
  const document = HEREDOC.exec(line)
  if (document !== null) return !(document[4] ?? '').split('\n').includes(document[2]!)
  const count = (word: string): number => mask.match(new RegExp(`(?:^|[;\\n&|])\\s*(?:${word})\\b`, 'g'))?.length ?? 0
  return /["']/.test(mask) || /(\\|&&|\||\bdo)\s*$/.test(line) || count('for|while|until') > count('done')
}

/** A line without the document that follows it, and the document. */
export function withoutDocument(line: string): { line: string; document: string | undefined } {
  const found = HEREDOC.exec(line)
  if (found === null) return { line, document: undefined }
  const [, , end, rest, text = ''] = found
  const lines = text.split('\n')
  return { line: line.slice(0, found.index) + rest, document: lines.slice(0, lines.indexOf(end!)).map(text => `${text}\n`).join('') }
}

/** The commands between the pipes of one command line. */
export function stagesOf(line: string): string[] {
  return cut(line, /\|/g).map(({ text }) => text)
}

/** A command without the redirections of its output: where that goes, and what becomes of complaints. */
export interface Redirected {
  command: string
  file?: string
  appends: boolean
  merges: boolean
  silent: boolean
}

export function redirected(command: string): Redirected {
  const mask = masked(command)
  const found = [...mask.matchAll(/(?<=\s|^)([12&]?)(>>?)\s*(&1|[^\s<>|&]+)/g)]
  let [rest, file, appends, merges, silent] = [command, undefined as string | undefined, false, false, false]
  for (const match of found.reverse()) {
    const target = command.slice(match.index + match[0].length - match[3]!.length, match.index + match[0].length).replace(/^["']|["']$/g, '')
    if (match[3] === '&1') merges = true
    else if (match[1] === '2') silent = true
    else [file, appends] = [target, match[2] === '>>']
    rest = rest.slice(0, match.index) + rest.slice(match.index + match[0].length)
  }
  return { command: rest.trim(), ...(file === undefined ? {} : { file }), appends, merges, silent }
}

/** Whether a line needs this interpreter: it runs kubectl, and more than that. */
export function isScript(line: string): boolean {
  if (/(^|\s)watch\s/.test(line) || !/(^|[^\w./-])(kubectl|k)\s/.test(line)) return false
  return /[;&\n<>]|\|\||\$\(|^\w+=/.test(withoutText(line)) || stagesOf(line).some((stage, index) => index > 0 && isKubectl(stage))
}

/** Quoted text is none of the shell's business, but what it substitutes is. */
function withoutText(line: string): string {
  return line.replace(/\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\$])*"/g, '_')
}

export function isKubectl(command: string): boolean {
  return /^(kubectl|k)(\s|$)/.test(command)
}

/** Takes a line apart and runs it. */
export function interpret(line: string): Script {
  const parts = cut(line, /&&|\|\||[;\n]|(?<![>&])&(?![>&\d])/g)
  return execute(listOf(parts, []))
}

function* execute(items: Item[]): Script {
  let status = 0
  for (const { join, command } of items) {
    if ((join === '&&' && status !== 0) || (join === '||' && status === 0)) continue
    if (typeof command === 'string') status = (yield { run: command }).status
    else if (command.name !== undefined) {
      yield 'loop'
      const words = command.words.replace(/\{(\d+)\.\.(\d+)\}/g, '$(seq $1 $2)')
      const { text } = yield { capture: `echo ${words}` }
      for (const word of text.split(/\s+/).filter(Boolean)) {
        yield { set: command.name, to: word }
        status = yield* execute(command.body)
        yield 'round'
      }
      yield 'end'
    } else {
      yield 'loop'
      while (((yield* execute(command.test)) === 0) !== command.until) {
        status = yield* execute(command.body)
        yield 'round'
      }
      yield 'end'
    }
  }
  return status
}

/** Reads commands up to one of those words, which is taken. */
function listOf(parts: { join: string; text: string }[], ends: string[]): Item[] {
  const items: Item[] = []
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const [word = ''] = part.text.split(/\s+/, 1)
    const rest = part.text.slice(word.length).trim()
    if (ends.includes(word)) {
      if (rest !== '') parts.unshift({ join: ';', text: rest })
      return items
    }
    const loop = /^for\s+(\w+)\s+in\s+(.*)$/s.exec(part.text)
    if (loop) {
      listOf(parts, ['do'])
      items.push({ join: part.join, command: { name: loop[1], words: loop[2]!, test: [], until: false, body: listOf(parts, ['done']) } })
    } else if (word === 'while' || word === 'until') {
      parts.unshift({ join: ';', text: rest })
      const test = listOf(parts, ['do'])
      items.push({ join: part.join, command: { name: undefined, words: '', test, until: word === 'until', body: listOf(parts, ['done']) } })
    } else {
      items.push({ join: part.join, command: part.text })
    }
  }
  return items
}

/** Cuts a line where the pattern stands outside quotes; comments go. */
function cut(line: string, pattern: RegExp): { join: string; text: string }[] {
  const clean = withoutComments(line)
  const parts: { join: string; text: string }[] = []
  let [start, join] = [0, ';']
  const add = (end: number): void => {
    const text = clean.slice(start, end).trim()
    if (text !== '') parts.push({ join, text })
  }
  for (const match of masked(clean).matchAll(pattern)) {
    add(match.index)
    start = match.index + match[0].length
    join = match[0].length === 2 ? match[0] : ';'
  }
  add(clean.length)
  return parts
}

/** A comment runs from a # that begins a word to the end of its line. */
export function withoutComments(line: string): string {
  const mask = masked(line)
  let clean = line
  for (const match of [...mask.matchAll(/(?<=^|\s)#[^\n]*/g)].reverse()) clean = clean.slice(0, match.index) + clean.slice(match.index + match[0].length)
  return clean
}

/** Puts the values of variables in, as a shell does outside single quotes. */
export function expanded(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/'[^']*'|\\[\s\S]|\$(?:(\w+)|\{(\w+)\})/g, (all: string, plain?: string, braced?: string) => variables.get(plain ?? braced ?? '') ?? all)
}

/** The first command that is substituted, and where it stands; `undefined` if there is none. */
function substitutionIn(text: string): { start: number; end: number; command: string } | undefined {
  const match = /\$\(((?:[^()]|\([^()]*\))*)\)/.exec(text.replace(/'[^']*'/g, quoted => '_'.repeat(quoted.length)))
  return match ? { start: match.index, end: match.index + match[0].length, command: text.slice(match.index + 2, match.index + match[0].length - 1) } : undefined
}

/** `NAME=value`: the name and the value. */
export function assignmentIn(line: string): [string, string] | undefined {
  const match = /^(?:export\s+)?([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S*)$/.exec(line)
  return match ? [match[1]!, unquoted(match[2]!)] : undefined
}

/** Puts in what variables hold, and what commands in $( ) print if kubectl is among them. */
export function substituted(text: string, variables: ReadonlyMap<string, string>, capture: (command: string) => string): string {
  let line = expanded(text, variables)
  for (let found = substitutionIn(line); found !== undefined && /(^|[^\w-])(kubectl|k)\s/.test(found.command); found = substitutionIn(line)) {
    line = line.slice(0, found.start) + capture(found.command).replaceAll('\n', ' ') + line.slice(found.end)
  }
  return line
}

/** Shows the output of a command over and over, in one place: `title` begins it anew. */
export function* watching(command: string, seconds: number, title: (text: string) => void): Script {
  yield 'loop'
  for (;;) {
    title(`Every ${seconds.toFixed(1)}s: ${command}\n`)
    yield { run: command }
    yield { run: `sleep ${seconds}` }
    yield 'round'
  }
}

/** `watch -n 1 kubectl get pods`: what is watched, and how often. */
export function watchIn(line: string): { command: string; seconds: number } | undefined {
  const match = /^watch\s+(?:-n\s*([\d.]+)\s+|-\w+\s+)*(.*)$/s.exec(line)
  const command = unquoted(match?.[2] ?? '')
  return isKubectl(command) ? { command, seconds: Number(match?.[1] ?? 2) } : undefined
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2')
}
