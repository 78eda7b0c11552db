/** The lab's own line below a real error: what it means here, and at most one thing to do. */
import { insteadOf } from './instead.ts'
import type { Lab } from './lab.ts'
import { addressOf, portOf } from './packet.ts'
import { slipIn } from './slips.ts'
import type { ServiceView } from './world.ts'

export interface Note {
  text: string
  code?: string
  action?: string | undefined
}

type Where = 'workstation' | 'pod'

/** Programs that read nothing of what is typed while they run. */
export const DEAF = /^(?:tcpdump|ping|sleep|curl|wget|watch|while|for|until|dig|nslookup|traceroute)\b/
/** What is worth a word even if the command succeeded. */
export const LEFT_OUT = /NXDOMAIN|100% packet loss/

const SERVICE_RANGE = /^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+$/

/** What there is to say about a line that ended like this. */
export function noteOn(line: string, output: string, where: Where, lab: Lab): Note | undefined {
  const slip = slipIn(line)
  if (slip !== undefined) return { text: slip.text, code: 'CIP007', action: slip.repaired || undefined }
  if (where === 'workstation' && /\$\{?\w+_SERVICE_(HOST|PORT)/.test(line) && output.trim() === '') {
    const client = clientIn(lab)
    return { text: 'The variables of Services are set in pods, in those that start after the Service.', code: 'CIP601', action: client && `kubectl exec ${client} -- sh -c '${line}'` }
  }
  return insteadOf(line, output, where, lab.world.nodes[0]?.name ?? '') ?? noteOnWay(line, output, where, lab) ?? noteOnNames(line, output)
}

/** Why nothing came back. */
function noteOnWay(line: string, output: string, where: Where, lab: Lab): Note | undefined {
  const { world } = lab
  const failed = /timed out|Could not resolve|Couldn't connect|Failed to connect|bad address|can't resolve|can't connect|refused|not known|can't find|100% packet loss|exit code (?:6|7|28)\b/i.test(output)
  if (!failed) return undefined

  const { host, port } = targetOf(line)
  const namespace = /(?:-n|--namespace)[= ]?(\S+)/.exec(line.replace(/\s--\s.*/, ''))?.[1] ?? 'default'
  const service = host === undefined ? undefined : world.services.find(service => service.ip === host || namesOf(service, namespace).includes(host))
  if (where === 'workstation' && (service || SERVICE_RANGE.test(host ?? ''))) {
    const client = clientIn(lab)
    return {
      text: 'Your laptop is outside the cluster: it neither asks the cluster’s DNS nor has a route to ClusterIPs. From a pod it works.',
      code: 'CIP402',
      action: client && `kubectl exec ${client} -- ${line}`,
    }
  }
  if (service !== undefined && /packet loss/.test(output)) {
    return { text: `${service.name} is no machine that could answer a ping: its address exists only for ${portsOf(service)}. Call that.`, code: 'CIP401' }
  }
  if (service?.key === 'default/kubernetes' && /refused|connect|exit code 7/i.test(output)) {
    return { text: 'The API server of this lab has kubectl as its only client: it does not speak HTTPS.', code: 'CIP902' }
  }
  if (service?.ready === 0 && /refused|connect|exit code 7/i.test(output)) {
    return {
      text: `${service.name} has no ready endpoint, so the client’s own node refuses the connection.`,
      code: 'CIP204',
      action: `kubectl describe service ${service.name}${service.namespace === 'default' ? '' : ` -n ${service.namespace}`}`,
    }
  }
  if (service !== undefined && port !== undefined && !service.ports.some(own => own.port === port)) {
    const [first] = service.ports
    return {
      text: `${service.name} has no port ${port}: clients call ${portsOf(service)}, and the rule changes that to the pods’ port.`,
      code: 'CIP301',
      action: first && line.replace(new RegExp(`([:\\s])${port}\\b`), `$1${first.port}`),
    }
  }
  const denied = lab.framesOfLast().find(({ reason }) => /policy/.test(reason ?? ''))
  if (denied !== undefined) {
    return { text: `A NetworkPolicy denies it on ${denied.place.replace('node/', '')}. Policies look at pods and ports of pods, after the Service’s address has been rewritten.`, code: 'CIP404', action: 'kubectl get networkpolicies -A' }
  }
  if (host !== undefined && SERVICE_RANGE.test(host) && !service) {
    const own = world.services.find(({ namespace, key, ip }) => namespace === 'default' && key !== 'default/kubernetes' && ip !== '')
    return {
      text: `No Service has the address ${host} here.${own ? ` ${own.name} has ${own.ip}.` : ''}`,
      code: 'CIP408',
      action: own && line.replace(host, own.ip),
    }
  }
  if (host !== undefined && (/resolve|bad address|not known|exit code 6\b/i.test(output) || (/can't find/.test(output) && !/^Name:/m.test(output)))) {
    const [short = ''] = host.split('.')
    const other = world.services.find(({ name }) => name === short)
    if (service !== undefined && /nslookup/.test(line)) {
      const full = `${service.name}.${service.namespace}.svc.cluster.local`
      return { text: 'busybox’s nslookup leaves the search list aside for a name with a dot in it: programs find it, nslookup wants the whole name.', code: 'CIP103', action: line.replace(host, full) }
    }
    return other && other.namespace !== namespace
      ? {
          text: `${short} is a Service of the namespace ${other.namespace}: from here it is called ${short}.${other.namespace}.`,
          code: 'CIP102',
          action: line.replace(host, `${short}.${other.namespace}${/nslookup/.test(line) ? '.svc.cluster.local' : ''}`),
        }
      : { text: `No Service is called ${host} here.`, code: 'CIP101', action: 'kubectl get services -A' }
  }
  return undefined
}

/** A pod to call from. */
function clientIn({ world }: Lab): string | undefined {
  return world.pods.find(({ namespace, state, image }) => namespace === 'default' && state === 'ready' && /curl|busybox/.test(image))?.name
}

/** Two tools that read the search list differently than a program does. */
function noteOnNames(line: string, output: string): Note | undefined {
  if (/nslookup/.test(line) && /NXDOMAIN/.test(output) && /^Address:? .*\d$/m.test(output.replace(/^Address:?\s.*:53$/m, ''))) {
    return { text: 'busybox’s nslookup asks for the name in every domain of the search list, and reports each that has no such name. The address above is the answer.', code: 'CIP103' }
  }
  if (/\bdig\b/.test(line) && /NXDOMAIN/.test(output) && !/\+search/.test(line)) {
    return { text: 'dig leaves the search list aside: it wants the whole name, or +search.', code: 'CIP103', action: line.replace(/\bdig\b/, 'dig +search') }
  }
  return undefined
}

function namesOf({ name, namespace }: Pick<ServiceView, 'name' | 'namespace'>, from: string): string[] {
  const full = `${name}.${namespace}.svc`
  return [...(namespace === from ? [name] : []), `${name}.${namespace}`, full, `${full}.cluster.local`, `${full}.cluster.local.`]
}

function portsOf({ ports }: ServiceView): string {
  return ports.map(({ port, protocol }) => `${port}/${protocol}`).join(' and ')
}

/** The machine a command talks to, and the port: of its first URL, or the first name or address among its words. */
function targetOf(line: string): { host: string | undefined; port: number | undefined } {
  const command = line.replace(/^.*?\s--\s+/, '')
  const url = /\b(\w+):\/\/([^\s/'"]+)/.exec(command)
  if (url) return { host: addressOf(url[2]!), port: portOf(url[2]!) || (url[1] === 'https' ? 443 : 80) }
  const words = command.split(/\s+/).slice(1).filter(word => !word.startsWith('-'))
  const at = words.findIndex(word => /^[a-z0-9][a-z0-9.-]*(:\d+)?$/i.test(word) && !/^\d+$/.test(word))
  if (at === -1) return { host: undefined, port: undefined }
  const next = /^(telnet|nc)\s/.test(command) ? Number(words[at + 1]) || undefined : undefined
  return { host: addressOf(words[at]!), port: portOf(words[at]!) || next }
}
