/** The way that one frame's packet takes over the map. */
import type { Frame } from 'clusterip'
import { addressOf, kindOf } from '../packet.ts'
import type { World } from '../world.ts'
import type { ChipBox, Layout, NodeBox } from './layout.ts'

export interface Point {
  x: number
  y: number
}

export interface Route {
  points: Point[]
  /** Where on the way, 0 to 1 of its length, the rule is; `undefined` if no rule is met. */
  ruleAt: number | undefined
  node: NodeBox | undefined
  chip: ChipBox | undefined
  /** What it leaves and where it ends, by key, to be marked. */
  from: string | undefined
  to: string | undefined
}

/** The route of a frame; `undefined` if the map does not show the machine. */
export function routeOf(frame: Frame, layout: Layout, world: World): Route | undefined {
  const node = layout.nodes.find(({ name }) => frame.place === `node/${name}`)
  if (node === undefined) return undefined
  const from = standsAt(addressOf(frame.before.source), world) ?? standsAt(addressOf(frame.after.source), world)
  const to = standsAt(addressOf(frame.after.destination), world)
  const chip = chipOf(frame, node)

  // An ICMP error is the node's own work: it begins where the rule refused.
  const isOwn = kindOf(frame).letter === '!' && (from === undefined || from.key === `node/${node.name}`)
  const before = isOwn ? [] : from !== undefined && from.node === node.name ? inNode(from.key, node) : fromBus(from, node, layout)
  const after = frame.reason !== undefined ? [] : to !== undefined && to.node === node.name ? inNode(to.key, node).reverse() : fromBus(to, node, layout).reverse()
  const rule = { x: node.track, y: chip ? chip.y + chip.h / 2 : node.rules.y + 13 }
  const points = [...before, rule, ...after]
  return {
    points,
    ruleAt: share(points, before.length),
    node,
    chip,
    from: from?.key,
    to: to?.key,
  }
}

/** Where a packet is after that share of its way. */
export function pointAt(points: Point[], share: number): Point {
  const lengths = points.slice(1).map((point, index) => distance(points[index]!, point))
  let left = lengths.reduce((sum, length) => sum + length, 0) * Math.min(1, Math.max(0, share))
  for (const [index, length] of lengths.entries()) {
    const [a, b] = [points[index]!, points[index + 1]!]
    if (left <= length) {
      const part = length === 0 ? 0 : left / length
      return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part }
    }
    left -= length
  }
  return points.at(-1) ?? { x: 0, y: 0 }
}

interface Stand {
  key: string
  /** The node it is in; empty for a machine on the network. */
  node: string
}

/** Who has an address. */
export function standsAt(address: string, world: World): Stand | undefined {
  const pod = world.pods.find(({ ip }) => ip === address)
  if (pod) return { key: pod.key, node: pod.node }
  const node = world.nodes.find(({ ip }) => ip === address)
  if (node) return { key: `node/${node.name}`, node: node.name }
  const host = world.outside.find(({ ip }) => ip === address)
  return host ? { key: `outside/${host.name}`, node: '' } : undefined
}

/** From a pod, or from the node itself, down to its track. */
function inNode(key: string, node: NodeBox): Point[] {
  const box = node.pods.find(({ pod }) => pod.key === key) ?? node.more
  const y = key.startsWith('node/') || box === undefined ? node.port : box.y + box.h / 2
  const x = key.startsWith('node/') || box === undefined ? node.track : box.x
  return [{ x, y }, { x: node.track, y }]
}

/** From another machine over the network up to the track of this node. */
function fromBus(from: Stand | undefined, node: NodeBox, layout: Layout): Point[] {
  const here = { x: node.track, y: node.port }
  const other = layout.nodes.find(({ name }) => name === from?.node)
  const host = layout.outside.find(({ host }) => `outside/${host.name}` === from?.key)
  const { bus } = layout
  if (layout.narrow) {
    const y = host ? host.y + host.h / 2 : other ? other.port : bus.y1
    return [...(host ? [{ x: host.x, y }] : []), { x: bus.x1, y }, { x: bus.x1, y: here.y }, here]
  }
  const x = host ? host.x + host.w / 2 : other ? other.track : bus.x1
  return [...(host ? [{ x, y: host.y + host.h }] : []), { x, y: bus.y1 }, { x: here.x, y: bus.y1 }, here]
}

/** The rule that concerns a packet: its virtual address is the destination before, or the source after. */
function chipOf(frame: Frame, node: NodeBox): ChipBox | undefined {
  const virtual = [addressOf(frame.before.destination), addressOf(frame.after.source)]
  return node.chips.find(({ service }) => virtual.includes(service.ip))
}

function share(points: Point[], index: number): number {
  const lengths = points.slice(1).map((point, at) => distance(points[at]!, point))
  const total = lengths.reduce((sum, length) => sum + length, 0)
  return total === 0 ? 0 : lengths.slice(0, index).reduce((sum, length) => sum + length, 0) / total
}

function distance(a: Point, b: Point): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y)
}
