/** Where things stand on the map: fixed lanes, no physics, so that the same cluster always looks the same. */
import type { OutsideView, PodView, ServiceView, World } from '../world.ts'

export interface Box {
  x: number
  y: number
  w: number
  h: number
}

export interface PodBox extends Box {
  pod: PodView
  /** Drawn on one line: it belongs to the system. */
  small: boolean
}

export interface ChipBox extends Box {
  service: ServiceView
}

export interface NodeBox extends Box {
  name: string
  ip: string
  /** The track along which packets go up and down in this node. */
  track: number
  pods: PodBox[]
  /** Pods that found no place; packets to them end here. */
  more: (Box & { count: number }) | undefined
  rules: Box
  chips: ChipBox[]
  /** Rules that found no place. */
  moreChips: number
  /** Where the node's own interface meets its track. */
  port: number
}

export interface OutsideBox extends Box {
  host: OutsideView
}

export interface Layout {
  width: number
  height: number
  narrow: boolean
  nodes: NodeBox[]
  outside: OutsideBox[]
  /** The lane's own area. */
  outsideLane: Box
  /** The network between the machines: a line, across or down. */
  bus: { x1: number; y1: number; x2: number; y2: number }
}

const GAP = 16
const POD = 44
const SMALL = 26
const CHIP = 40
/** A rule on one line, where height is dear. */
const FLAT_CHIP = 26
const SPACE = 6
const MOST_PODS = 8
const MOST_CHIPS = 6
/** Below this width the lanes stand one under another. */
const NARROW = 600

/** Lays a world out for a width in pixels. */
export function layOut(world: World, width: number): Layout {
  return width < NARROW ? narrow(world, width) : wide(world, width)
}

function wide(world: World, width: number): Layout {
  const lane = Math.min(150, width * 0.17)
  const count = Math.max(1, world.nodes.length)
  const nodeWidth = (width - lane - GAP * count) / count
  const nodes = world.nodes.map((node, index) => nodeBox(world, node, lane + GAP + index * (nodeWidth + GAP), 1, nodeWidth, CHIP))
  const tallest = Math.max(260, ...nodes.map(node => node.h))
  for (const node of nodes) stretch(node, tallest)
  const height = tallest + 34
  const busY = tallest + 22
  return {
    width,
    height,
    narrow: false,
    nodes,
    outsideLane: { x: 1, y: 1, w: lane - 2, h: tallest },
    outside: world.outside.map((host, index) => ({ host, x: 11, y: tallest - 60 - index * 60, w: lane - 22, h: 46 })),
    bus: { x1: 1, y1: busY, x2: width - 1, y2: busY },
  }
}

function narrow(world: World, width: number): Layout {
  const left = 20
  const outsideHeight = 46
  const outside = world.outside.map((host, index) => ({ host, x: left + 30, y: 24 + index * 50, w: width - left - 40, h: outsideHeight }))
  let y = 30 + world.outside.length * 50
  const outsideLane = { x: left, y: 1, w: width - left - 1, h: y - 4 }
  const nodes = world.nodes.map(node => {
    y += 8
    const box = nodeBox(world, node, left, y, width - left - 1, FLAT_CHIP)
    y += box.h
    return box
  })
  return { width, height: y + 6, narrow: true, nodes, outside, outsideLane, bus: { x1: 7, y1: 6, x2: 7, y2: y } }
}

function nodeBox(world: World, node: { name: string; ip: string }, x: number, y: number, w: number, chipHeight: number): NodeBox {
  const left = x + 34
  const inner = w - 44
  let top = y + 34
  const all = world.pods
    .filter(pod => pod.node === node.name && pod.state !== 'ended')
    .sort((a, b) => Number(isSystem(a)) - Number(isSystem(b)) || a.key.localeCompare(b.key))
  const shown = all.length > MOST_PODS ? all.slice(0, MOST_PODS - 1) : all
  const pods = shown.map(pod => {
    const small = isSystem(pod)
    const box = { pod, small, x: left, y: top, w: inner, h: small ? SMALL : POD }
    top += box.h + SPACE
    return box
  })
  const hidden = all.length - shown.length
  const more = hidden > 0 ? { x: left, y: top, w: inner, h: SMALL, count: hidden } : undefined
  if (more) top += SMALL + SPACE
  if (all.length === 0) top += POD

  const services = rules(world)
  const chips = services.slice(0, MOST_CHIPS)
  const rulesTop = top + 6
  let chipTop = rulesTop + 26
  const chipBoxes = chips.map(service => {
    const box = { service, x: left + 6, y: chipTop, w: inner - 12, h: chipHeight }
    chipTop += chipHeight + SPACE
    return box
  })
  const moreChips = services.length - chips.length
  const rulesHeight = chipTop - rulesTop + (moreChips > 0 ? 20 : 0) + 2
  const port = rulesTop + rulesHeight + 20
  return {
    name: node.name,
    ip: node.ip,
    x, y, w,
    h: port - y + 14,
    track: x + 17,
    pods,
    more,
    rules: { x: left, y: rulesTop, w: inner, h: rulesHeight },
    chips: chipBoxes,
    moreChips,
    port,
  }
}

/** Nodes beside one another are equally tall; rules and interface stay at the bottom. */
function stretch(node: NodeBox, height: number): void {
  const by = height - node.h
  node.h = height
  node.rules.y += by
  for (const chip of node.chips) chip.y += by
  node.port += by
}

/** The Services that have a rule: those with a virtual address, the reader's own before the system's. */
function rules(world: World): ServiceView[] {
  const own = (service: ServiceView): number => (service.key === 'default/kubernetes' ? 2 : service.namespace === 'kube-system' ? 1 : 0)
  return world.services.filter(service => service.ip !== '').sort((a, b) => own(a) - own(b) || a.key.localeCompare(b.key))
}

function isSystem(pod: PodView): boolean {
  return pod.namespace === 'kube-system'
}
