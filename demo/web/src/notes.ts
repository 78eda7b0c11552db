/** The lab's own line below a real error: what it means here, and at most one thing to do. */
import { slipIn } from './slips.ts'
import type { World } from './world.ts'

export interface Note {
  text: string
  code: string
  action?: string | undefined
}

/** What there is to say about a line that ended like this. */
export function noteOn(line: string, output: string, where: 'workstation' | 'pod', world: World): Note | undefined {
  const slip = slipIn(line)
  if (slip !== undefined) return { text: slip.text, code: 'CIP007', action: slip.repaired }
  const failed = /timed out|Could not resolve|Couldn't connect|Failed to connect|bad address|can't resolve|can't connect|refused|exit code (?:6|7|28)\b/i.test(output)
  if (!failed) return undefined

  const target = targetOf(line)
  const service = target === undefined ? undefined : world.services.find(({ name, namespace, ip }) => ip === target || [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`].includes(target))
  if (where === 'workstation' && (service || /^10\.(9[6-9]|10\d|11[01])\./.test(target ?? ''))) {
    const client = world.pods.find(({ namespace, state, labels }) => namespace === 'default' && state === 'ready' && labels['run'] !== undefined)
    return {
      text: 'Your laptop is outside the cluster: it neither asks the cluster’s DNS nor has a route to ClusterIPs. From a pod it works.',
      code: 'CIP402',
      action: client && `kubectl exec ${client.name} -- ${line}`,
    }
  }
  if (service?.ready === 0) {
    return {
      text: `${service.name} has no ready endpoint, so the client’s own node refuses the connection.`,
      code: 'CIP204',
      action: `kubectl describe service ${service.name}${service.namespace === 'default' ? '' : ` -n ${service.namespace}`}`,
    }
  }
  if (target && /^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+$/.test(target) && !service) {
    const own = world.services.find(({ namespace, key, ip }) => namespace === 'default' && key !== 'default/kubernetes' && ip !== '')
    return {
      text: `No Service has the address ${target} here.${own ? ` ${own.name} has ${own.ip}.` : ''}`,
      code: 'CIP408',
      action: own && line.replace(target, own.ip),
    }
  }
  return undefined
}

/** The machine a command talks to: the host of its first URL, or the first name or address among its words. */
function targetOf(line: string): string | undefined {
  const command = line.replace(/^.*?\s--\s+/, '')
  const url = /\b\w+:\/\/([^\s/:'"]+)/.exec(command)
  if (url) return url[1]
  const words = command.split(/\s+/).slice(1).filter(word => !word.startsWith('-'))
  return words.find(word => /^[a-z0-9][a-z0-9.-]*(:\d+)?$/i.test(word) && !/^\d+$/.test(word))?.replace(/:\d+$/, '')
}
