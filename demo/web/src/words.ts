import type { NodeView } from './world.ts'

/** Splits a command line into words as a shell does, without expanding anything. */
export function wordsOf(line: string): string[] {
  const words: string[] = []
  const word = /((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)/g
  for (const [text] of line.matchAll(word)) {
    words.push(text.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, escaped) => single ?? double ?? escaped))
  }
  return words
}

/** A kubectl command that wants a terminal in a pod. */
export interface TerminalRequest {
  verb: 'exec' | 'run'
  pod: string
  namespace: string
  argv: string[]
  /** `run`: the command that makes the pod without attaching to it. */
  create: string
  /** `run --rm`: whether the pod goes when the command ends. */
  remove: boolean
}

/** Flags of `exec` and `run` that take the next word as their value. */
const VALUED = ['-n', '--namespace', '-c', '--container', '--image', '--restart', '-l', '--labels', '--env', '--port', '--image-pull-policy', '--overrides', '--pod-running-timeout']

/** Reads `kubectl exec -it …` and `kubectl run -it …`; `undefined` for every other line. */
export function terminalRequest(line: string): TerminalRequest | undefined {
  const words = wordsOf(line)
  const verb = words[1]
  if (words[0] !== 'kubectl' || (verb !== 'exec' && verb !== 'run')) return undefined
  const end = words.indexOf('--')
  const own = words.slice(2, end === -1 ? undefined : end)
  const argv = end === -1 ? [] : words.slice(end + 1)
  const names: string[] = []
  const kept: string[] = []
  let [stdin, remove, namespace] = [false, false, 'default']
  for (let index = 0; index < own.length; index += 1) {
    const word = own[index]!
    if (/^-[it]+$/.test(word) || /^--(stdin|tty)(=true)?$/.test(word)) {
      stdin ||= word.includes('i')
      continue
    }
    if (/^--rm(=true)?$/.test(word)) {
      remove = true
      continue
    }
    kept.push(word)
    if (VALUED.includes(word)) {
      const value = own[index += 1] ?? ''
      kept.push(value)
      if (word === '-n' || word === '--namespace') namespace = value
    } else if (word.startsWith('--namespace=')) {
      namespace = word.slice('--namespace='.length)
    } else if (!word.startsWith('-')) {
      names.push(word)
    }
  }
  const [pod] = names
  if (!stdin || pod === undefined) return undefined
  const create = ['kubectl run', ...kept.map(quoted), '--stdin --tty --attach=false', ...(argv.length > 0 ? ['--', ...argv.map(quoted)] : [])].join(' ')
  return { verb, pod: pod.replace(/^(pods?|po)\//, ''), namespace, argv: argv.length > 0 ? argv : names.slice(1), create, remove }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** `ssh node-1 iptables-save`: the node, and what to run there; a pipe behind it runs there too. */
export function loginRequest(line: string, nodes: NodeView[]): { node: string; command: string } | undefined {
  const [, host = '', command = ''] = /^ssh\s+(?:-\S+\s+)*(?:\w+@)?([\w.-]+)(?:\s+(.*))?$/s.exec(line) ?? []
  const node = nodes.find(({ name, ip }) => name === host || ip === host)
  return node && { node: node.name, command: command.replace(/^(["'])(.*)\1$/s, '$2') }
}
