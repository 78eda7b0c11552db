/** What became of the last command's connection, in one sentence. */
import type { Frame } from 'clusterip'
import { addressOf, formatTime, isTranslated, kindOf, portOf } from './packet.ts'
import { standsAt } from './map/route.ts'
import type { World } from './world.ts'

export interface Verdict {
  tone: 'ok' | 'bad' | 'open'
  symbol: string
  text: string
}

/** Reads the frames of one command; `undefined` if they hold no connection. */
export function verdictOf(frames: Frame[], world: World, names: ReadonlyMap<string, string> = new Map()): Verdict | undefined {
  const refusal = frames.find(frame => frame.point === 'refused')
  const opening = frames.filter(frame => kindOf(frame).name === 'SYN')
  const first = opening[0]
  const name = (endpoint: string): string => (standsAt(addressOf(endpoint), world)?.key ?? names.get(addressOf(endpoint)) ?? '').split('/').at(-1) ?? ''
  const named = (endpoint: string): string => name(endpoint) === '' ? endpoint : `${name(endpoint)} (${endpoint})`
  if (refusal !== undefined) {
    const at = refusal.place.replace('node/', '')
    return { tone: 'bad', symbol: '✕', text: `refused by ${at} itself: ${reasonFor(refusal, world)}` }
  }
  if (first === undefined) {
    // The answer to the name itself, not those to its way through the search list, says what became of it.
    const answers = frames.filter(frame => kindOf(frame).name === 'DNS answer').map(({ info }) => info)
    const refused = answers.findLast(info => info.startsWith('NXDOMAIN '))
    if (refused !== undefined && answers.every(info => info.startsWith('NXDOMAIN '))) {
      return { tone: 'bad', symbol: '✕', text: `no such name: ${refused.slice('NXDOMAIN '.length).replace(/\.$/, '')} (NXDOMAIN, ${new Set(answers).size === 1 ? 'asked as it is' : 'in every domain of the search list'})` }
    }
    return frames.some(frame => kindOf(frame).tone === 'dns')
      ? { tone: 'open', symbol: '?', text: `DNS only, ${frames.length} steps, no connection` }
      : frames.some(frame => frame.protocol === 'TCP')
        ? { tone: 'open', symbol: '↔', text: `${frames.length} steps on a connection that was open already` }
        : undefined
  }
  const target = first.before.destination
  const service = world.services.find(({ ip }) => ip === addressOf(target))
  const asked = service ? `${service.name} (${target})` : named(target)
  const answered = frames.find(frame => kindOf(frame).name === 'SYN-ACK')
  const reset = frames.find(frame => kindOf(frame).name === 'RST' && addressOf(frame.before.source) !== addressOf(first.before.source))
  const lost = opening.find(frame => frame.reason !== undefined)
  const connections = new Set(opening.filter(frame => frame.before.source === first.before.source || frame.after !== frame.before).map(frame => frame.before.source)).size
  const span = formatTime((frames.at(-1)?.time ?? 0) - (frames[0]?.time ?? 0))
  if (answered !== undefined) {
    const backends = [...new Set(opening.filter(frame => frame.after !== frame.before).map(frame => frame.after.destination))]
    const to = backends.length > 1 ? `${backends.length} pods` : named(backends[0] ?? target)
    const through = service || (backends.length > 0 && !backends.includes(target)) ? `${asked} → ${to}` : to
    return {
      tone: 'ok',
      symbol: '✔',
      text: `connected: ${through}${connections > 1 ? `, ${connections} connections` : ''}, ${span}`,
    }
  }
  if (reset !== undefined) return { tone: 'bad', symbol: '✕', text: `refused: ${named(reset.before.source)} has nothing listening on that port` }
  if (lost !== undefined && service !== undefined && !service.ports.some(({ port }) => port === portOf(target))) {
    return { tone: 'bad', symbol: '✕', text: `no answer from ${asked}: ${service.name} has no port ${portOf(target)}, so no rule takes the packet` }
  }
  if (lost !== undefined) {
    return { tone: 'bad', symbol: '✕', text: `no answer from ${asked}: ${lost.place.replace('node/', '')} dropped the packet${isTranslated(lost) ? ` for ${named(lost.after.destination)}` : ''}, ${lost.reason}` }
  }
  return { tone: 'bad', symbol: '✕', text: `no answer from ${asked}` }
}

function reasonFor(frame: Frame, world: World): string {
  const service = world.services.find(({ ip }) => ip === addressOf(frame.before.destination))
  if (service !== undefined && service.ready === 0) return `${service.name} has no ready endpoint`
  return frame.reason ?? 'its rules reject the packet'
}
