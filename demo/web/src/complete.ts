/** What the Tab key proposes. */
import type { Lab } from './lab.ts'
import type { Shell } from './shell.ts'

const VERBS = [
  'annotate', 'api-resources', 'apply', 'cluster-info', 'config', 'create', 'delete', 'describe', 'diff', 'edit', 'exec', 'explain', 'expose', 'get', 'label',
  'logs', 'patch', 'port-forward', 'replace', 'rollout', 'run', 'scale', 'set', 'version', 'wait',
]
const KINDS = ['deployments', 'endpoints', 'endpointslices', 'events', 'namespaces', 'networkpolicies', 'nodes', 'pods', 'replicasets', 'services', 'statefulsets']
const PROGRAMS = ['cat', 'curl', 'dig', 'echo', 'env', 'exit', 'hostname', 'ip', 'nc', 'nslookup', 'ping', 'redis-cli', 'ssh', 'telnet', 'traceroute', 'wget']
const SECOND: Record<string, string[]> = {
  create: ['deployment', 'namespace', 'service'],
  rollout: ['history', 'pause', 'restart', 'resume', 'status', 'undo'],
  set: ['env', 'image', 'resources', 'selector'],
  config: ['current-context', 'set-context', 'view'],
}

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
  const named = (kind: 'Deployment' | 'ReplicaSet' | 'Namespace' | 'Node' | 'NetworkPolicy' | 'Service'): string[] =>
    lab.cluster.list(kind).filter(({ metadata: { namespace = 'default' } }) => namespace === 'default').map(({ metadata }) => metadata.name)
  if (shell.isInside) return before.length === 0 ? PROGRAMS : ['http://', ...services].flatMap(name => name === 'http://' ? services.map(s => `http://${s}`) : [name])
  const [program, verb, kind] = before
  if (program === undefined) return ['kubectl', 'clear', 'help', 'history', 'ls', ...PROGRAMS.filter(name => name !== 'exit')]
  if (program === 'ssh') return before.length === 1 ? named('Node') : ['iptables-save', 'conntrack', 'nft', 'ipvsadm']
  if (program === 'cat') return [...lab.files.keys()]
  if (program !== 'kubectl' && program !== 'k') return services.map(name => `http://${name}`)
  if (verb === undefined) return VERBS
  if (/^(-n|--namespace)$/.test(before.at(-1)!)) return lab.cluster.list('Namespace').map(({ metadata }) => metadata.name)
  if (before.at(-1) === '-f') return [...lab.files.keys()]
  if (verb === 'exec') return before.includes('--') ? [...PROGRAMS, 'sh', ...services.map(name => `http://${name}`)] : [...pods, '-it', '--', ...named('Deployment').map(name => `deploy/${name}`)]
  if (verb === 'logs') return [...pods, ...named('Deployment').map(name => `deploy/${name}`)]
  if (/^(apply|replace|diff)$/.test(verb)) return ['-f']
  if (kind === undefined) return SECOND[verb] ?? KINDS
  const of = SECOND[verb] === undefined ? kind : before[3] ?? ''
  if (SECOND[verb] !== undefined && before.length === 3) return verb === 'rollout' ? ['deployment', 'statefulset'] : verb === 'set' ? ['deployment', 'service'] : []
  if (/^po/.test(of)) return pods
  if (/^(svc|service)/.test(of)) return named('Service')
  if (/^deploy/.test(of)) return named('Deployment')
  if (/^(rs|replicaset)/.test(of)) return named('ReplicaSet')
  if (/^(ns|namespace)/.test(of)) return named('Namespace')
  if (/^no/.test(of)) return named('Node')
  if (/^net/.test(of)) return named('NetworkPolicy')
  return ['-o', '-n', '-A', '-l']
}

function commonStart(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return a.slice(0, length)
}
