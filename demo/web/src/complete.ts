/** What the Tab key proposes. */
import type { Lab } from './lab.ts'
import type { Shell } from './shell.ts'

const VERBS = ['apply', 'create', 'delete', 'describe', 'exec', 'expose', 'get', 'label', 'run', 'scale']
const KINDS = ['deployments', 'endpoints', 'endpointslices', 'namespaces', 'nodes', 'pods', 'replicasets', 'services']
const PROGRAMS = ['cat', 'curl', 'echo', 'env', 'exit', 'hostname', 'nc', 'nslookup', 'ping', 'telnet', 'wget']

/** The line with its last word completed as far as that is certain, and what the word may become. */
export function completions(line: string, lab: Lab, shell: Shell): { line: string; choices: string[] } {
  const start = line.lastIndexOf(' ') + 1
  const word = line.slice(start)
  const choices = candidates(line.slice(0, start).trim().split(/\s+/).filter(Boolean), lab, shell)
    .filter(candidate => candidate.startsWith(word))
  if (choices.length === 0) return { line, choices }
  const common = choices.reduce(commonStart)
  const end = choices.length === 1 && !common.endsWith('/') && !common.endsWith('=') ? ' ' : ''
  return { line: line.slice(0, start) + common + end, choices }
}

function candidates(before: string[], lab: Lab, shell: Shell): string[] {
  const pods = lab.world.pods.filter(pod => pod.namespace === 'default').map(pod => pod.name)
  const services = lab.world.services.map(service => service.namespace === 'default' ? service.name : `${service.name}.${service.namespace}`)
  if (shell.isInside) return before.length === 0 ? PROGRAMS : ['http://', ...services].flatMap(name => name === 'http://' ? services.map(s => `http://${s}`) : [name])
  const [program, verb, kind] = before
  if (program === undefined) return ['kubectl', 'clear', 'help', ...PROGRAMS.filter(name => name !== 'exit')]
  if (program !== 'kubectl' && program !== 'k') return services.map(name => `http://${name}`)
  if (verb === undefined) return VERBS
  if (before.at(-1) === '-f') return [...lab.files.keys()]
  if (verb === 'exec') return [...pods, '-it', '--', 'curl', 'nslookup', 'sh']
  if (verb === 'apply') return ['-f']
  if (kind === undefined) return KINDS
  if (/^po/.test(kind)) return pods
  if (/^(svc|service)/.test(kind)) return services
  return ['-o', '-n', '-A', '-l']
}

function commonStart(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return a.slice(0, length)
}
