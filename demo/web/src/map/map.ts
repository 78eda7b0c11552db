/** `<lab-map>`: nodes, pods, and every Service as a rule on every node; packets travel along it. */
import { css, html, nothing, svg, type PropertyValues, type TemplateResult } from 'lit'
import type { Frame } from 'clusterip'
import { LabElement, common } from '../element.ts'
import { isTranslated, kindOf } from '../packet.ts'
import { type Layout, type NodeBox, type OutsideBox, type PodBox, type ChipBox, layOut } from './layout.ts'
import { mark } from './mark.ts'
import { type Point, type Route, pointAt, routeOf } from './route.ts'

/** The share of a translated frame's time that the packet stands still at the rule. */
const PAUSE = 0.46

export class LabMap extends LabElement {
  static override styles = [common, css`
    :host { position: relative; }
    svg { display: block; width: 100%; overflow: visible; font-family: var(--sans); }
    text { fill: var(--ink); font-size: 12.5px; }
    .mono { font-family: var(--mono); font-size: 11.5px; }
    .muted { fill: var(--muted); }
    .label { fill: var(--muted); font-size: 11.5px; font-weight: 600; }
    .node { fill: var(--surface); stroke: var(--edge); }
    .lane { fill: none; stroke: var(--edge); stroke-dasharray: 2 4; }
    .track, .bus { fill: none; stroke: var(--track); stroke-width: 2; }
    .bus { stroke-width: 5; }
    .stub { stroke: var(--track); stroke-width: 2; }
    .box { fill: var(--raised); stroke: var(--edge); }
    .target { cursor: pointer; outline: none; }
    .target:hover > .box { stroke: var(--muted); }
    .target:focus-visible > .box, .target:focus-visible > .chip { stroke: var(--focus); stroke-width: 2.5; stroke-dasharray: none; }
    .selected > .box { stroke: var(--ink); stroke-width: 1.5; }
    .name { font-weight: 600; font-family: var(--mono); font-size: 12px; }
    .edge { fill: var(--edge); }
    .edge.member { fill: var(--virtual); }
    .edge.waiting { fill: none; stroke: var(--virtual); stroke-dasharray: 3 2; }
    .state { font-size: 11.5px; }
    .state.ready { fill: var(--ok); }
    .state.waiting { fill: var(--warn); }
    .rules { fill: var(--virtual-soft); stroke: none; }
    .chip { fill: var(--surface); stroke: var(--virtual); stroke-dasharray: 5 3; }
    .met > .chip { fill: var(--virtual-soft); stroke-width: 2; }
    .vip { fill: var(--virtual); font-weight: 600; }
    .bad { fill: var(--bad); }
    .end > .box { stroke: var(--packet); stroke-width: 2; }
    .way { fill: none; stroke: var(--packet); stroke-width: 2.5; stroke-linejoin: round; }
    .mark path { stroke: var(--surface); stroke-width: 1.5; }
    .mark text { font: 700 9.5px var(--sans); fill: var(--on-packet); }
    .mark.open path { fill: var(--packet-open); }
    .mark.data path { fill: var(--packet-data); }
    .mark.close path { fill: var(--packet-close); }
    .mark.bad path { fill: var(--packet-bad); }
    .mark.dns path { fill: var(--packet-dns); }
    .card rect { fill: var(--surface); stroke: var(--packet); }
    .card text { font: 11px var(--mono); }
    .card .new { fill: var(--virtual); font-weight: 700; }
    .card .old { fill: var(--muted); text-decoration: line-through; }
    .card .key { fill: var(--muted); font-family: var(--sans); font-size: 10.5px; }
    .ends { stroke: var(--bad); stroke-width: 3; }
    @media (forced-colors: active) {
      .box, .node, .chip { fill: Canvas; stroke: CanvasText; }
      text { fill: CanvasText; }
    }
  `]

  static override properties = { ...LabElement.properties, selected: { attribute: false } }
  /** The key of what the reader looks at closer. */
  declare selected: string | undefined
  #width = 0
  #layout: Layout | undefined
  /** The key of what the Tab key reaches; arrows move it. */
  #roving = ''
  readonly #resized = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0)
    if (width !== this.#width) {
      this.#width = width
      this.requestUpdate()
    }
  })

  protected follows(): [EventTarget, ...string[]][] {
    return [[this.lab, 'world'], [this.lab.playback, 'cursor', 'progress', 'frames']]
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#resized.observe(this)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#resized.disconnect()
  }

  protected override noticed(event: string): void {
    if (event === 'progress') this.#move()
    else this.requestUpdate()
  }

  protected override updated(_changed: PropertyValues): void {
    this.#move()
  }

  protected override willUpdate(): void {
    // Known before the first drawing, so that nothing below is pushed down by it.
    if (this.#width === 0) this.#width = this.clientWidth
  }

  protected override render(): TemplateResult {
    if (this.#width === 0) return html``
    const { world, playback } = this.lab
    const layout = layOut(world, this.#width)
    this.#layout = layout
    const { frame } = playback
    const route = frame && routeOf(frame, layout, world)
    const targets = this.#targets()
    if (!targets.includes(this.#roving)) this.#roving = targets[0] ?? ''
    const pods = world.pods.filter(pod => pod.state !== 'ended').length
    return html`
      <svg viewBox="0 0 ${layout.width} ${layout.height}" height=${layout.height} role="group"
        aria-label="Map: ${world.nodes.length} nodes, ${pods} pods, ${world.services.length} Services, each a rule on every node. Arrow keys walk through it."
        @keydown=${this.#keydown}>
        ${this.#network(layout)}
        ${layout.outside.map(box => this.#outside(box, layout, route))}
        ${layout.nodes.map(node => this.#node(node, layout, route))}
        ${frame && route ? this.#packet(frame, route) : nothing}
      </svg>`
  }

  #network({ bus, outsideLane, narrow }: Layout) {
    const label = narrow
      ? svg`<text class="label" x=${outsideLane.x + 12} y=${outsideLane.y + 17}>outside the cluster</text>`
      : svg`
        <text class="label" x=${outsideLane.x + 11} y=${outsideLane.y + 22}>outside</text>
        <text class="label" x=${outsideLane.x + 11} y=${outsideLane.y + 38}>the cluster</text>`
    return svg`
      <rect class="lane" x=${outsideLane.x} y=${outsideLane.y} width=${outsideLane.w} height=${outsideLane.h} rx="6"></rect>
      ${label}
      <line class="bus" x1=${bus.x1} y1=${bus.y1} x2=${bus.x2} y2=${bus.y2}></line>`
  }

  #outside(box: OutsideBox, { bus, narrow }: Layout, route: Route | undefined) {
    const key = `outside/${box.host.name}`
    const middle = { x: box.x + box.w / 2, y: box.y + box.h / 2 }
    return svg`
      <line class="stub" x1=${narrow ? bus.x1 : middle.x} y1=${narrow ? middle.y : box.y + box.h} x2=${narrow ? box.x : middle.x} y2=${narrow ? middle.y : bus.y1}></line>
      <g class=${this.#classes(key, route)} data-key=${key} role="button" tabindex=${this.#tabindex(key)}
        aria-label="${box.host.name} ${box.host.ip}, your machine, outside the cluster" @click=${() => this.#select(key)}>
        <rect class="box" x=${box.x} y=${box.y} width=${box.w} height=${box.h} rx="4"></rect>
        <text class="name" x=${box.x + 10} y=${box.y + 19}>${box.host.name}</text>
        <text class="mono muted" x=${box.x + 10} y=${box.y + 36}>${box.host.ip}</text>
      </g>`
  }

  #node(node: NodeBox, { bus, narrow }: Layout, route: Route | undefined) {
    const top = node.pods[0]?.y ?? node.rules.y
    const here = route?.node === node
    return svg`
      <rect class="node" x=${node.x} y=${node.y} width=${node.w} height=${node.h} rx="6"></rect>
      <text x=${node.x + 12} y=${node.y + 22} font-weight="650">${node.name}</text>
      <text class="mono muted" x=${node.x + node.w - 12} y=${node.y + 22} text-anchor="end">${node.ip}</text>
      <path class="track" d="M${node.track},${top + 13} V${node.port}"></path>
      <path class="track" d=${narrow ? `M${node.track},${node.port} H${bus.x1}` : `M${node.track},${node.port} V${bus.y1}`}></path>
      <circle cx=${node.track} cy=${node.port} r="4" fill="var(--track)"></circle>
      <text class="mono muted" x=${node.track + 12} y=${node.port + 4}>eth0</text>
      <rect class="rules" x=${node.rules.x} y=${node.rules.y} width=${node.rules.w} height=${node.rules.h} rx="4"></rect>
      <text class="label" x=${node.rules.x + 8} y=${node.rules.y + 17}>kube-proxy rules</text>
      ${node.rules.w > 210 ? svg`<text class="muted state" x=${node.rules.x + node.rules.w - 8} y=${node.rules.y + 17} text-anchor="end">on every node</text>` : nothing}
      ${node.chips.map(chip => this.#chip(chip, node, here && route?.chip === chip))}
      ${node.moreChips > 0 ? svg`<text class="muted state" x=${node.rules.x + 8} y=${node.rules.y + node.rules.h - 8}>and ${node.moreChips} more</text>` : nothing}
      ${node.pods.map(pod => this.#pod(pod, node, route))}
      ${node.more ? svg`<text class="muted" x=${node.more.x + 4} y=${node.more.y + 17}>and ${node.more.count} more pods</text>` : nothing}`
  }

  #chip({ service, x, y, w, h }: ChipBox, node: NodeBox, met: boolean) {
    const ports = service.ports.map(port => port.port)
    const port = `${ports[0] ?? ''}${ports.length > 1 ? ',…' : ''}`
    const ready = service.ready === 1 ? '1 pod' : `${service.ready} pods`
    const none = service.ready === 0
    const key = `${node.name}:service/${service.key}`
    const flat = h < 30
    const shown = fit(named(service), w - 18 - (flat ? 7 * (service.ip.length + port.length + (none ? 9 : 6)) : 0))
    const backends = none ? 'none' : service.key === 'default/kubernetes' ? 'API server' : ready
    return svg`
      <g class="target ${met ? 'met' : ''}" data-key=${key} role="button" tabindex=${this.#tabindex(key)}
        aria-label="${shown} ${service.ip}:${port} ${flat && none ? '✕ none' : flat ? `→ ${service.ready}` : `${none ? '✕' : '→'} ${backends}`}, rule for ${named(service)} on ${node.name}"
        @click=${() => this.#select(key)}>
        <line class="stub" x1=${node.track} y1=${y + h / 2} x2=${x} y2=${y + h / 2} stroke-dasharray="3 3"></line>
        <rect class="chip" x=${x} y=${y} width=${w} height=${h} rx="4"></rect>
        ${flat
          ? svg`<text class="name" x=${x + 9} y=${y + 17}>${shown}</text>
            <text class="mono" x=${x + w - 9} y=${y + 17} text-anchor="end"><tspan class="vip">${service.ip}:${port}</tspan><tspan class=${none ? 'bad' : 'muted'} dx="5">${none ? '✕ none' : `→ ${service.ready}`}</tspan></text>`
          : svg`<text class="name" x=${x + 9} y=${y + 16}>${shown}</text>
            <text class="mono" x=${x + 9} y=${y + 32}><tspan class="vip">${service.ip}:${port}</tspan><tspan class=${none ? 'bad' : 'muted'} dx="6">${none ? '✕' : '→'} ${backends}</tspan></text>`}
      </g>`
  }

  #pod({ pod, small, x, y, w, h }: PodBox, node: NodeBox, route: Route | undefined) {
    const symbol = { ready: '●', 'not ready': '○', starting: '◌', terminating: '◌', ended: '✕' }[pod.state]
    const isMember = pod.services.length > 0
    const tone = pod.state === 'ready' ? 'ready' : 'waiting'
    const shown = fit(named(pod), small ? w - 130 : w - 24)
    const stateWidth = small ? 24 : 8 * pod.state.length + 24
    return svg`
      <g class=${this.#classes(pod.key, route)} data-key=${pod.key} data-testid="pod" data-pod=${pod.name} data-state=${pod.state}
        role="button" tabindex=${this.#tabindex(pod.key)} @click=${() => this.#select(pod.key)}
        aria-label="${shown} ${pod.ip} ${symbol} ${pod.state}, pod ${named(pod)}${isMember ? `, endpoint of ${pod.services.map(short).join(', ')}` : ''}">
        <line class="stub" x1=${node.track} y1=${y + h / 2} x2=${x} y2=${y + h / 2}></line>
        <rect class="box" x=${x} y=${y} width=${w} height=${h} rx="4"></rect>
        ${isMember ? svg`<path class="edge ${pod.state === 'ready' ? 'member' : 'waiting'}" d="M${x + 1},${y + 4} h3 v${h - 8} h-3 z"></path>` : nothing}
        <text class="name" x=${x + 12} y=${y + (small ? 17 : 18)}>${shown}</text>
        ${small
          ? svg`<text class="mono muted" x=${x + w - 10} y=${y + 17} text-anchor="end">${pod.ip} <tspan class="state ${tone}">${symbol}</tspan></text>`
          : svg`<text class="mono muted" x=${x + 12} y=${y + 35}>${pod.ip}</text>
            <text class="state ${tone}" x=${x + w - 10} y=${y + 35} text-anchor="end">${symbol} ${w > stateWidth + 110 ? pod.state : ''}</text>`}
      </g>`
  }

  /** The way and the packet; `#move` puts the packet where it is now. */
  #packet(frame: Frame, route: Route) {
    const kind = kindOf(frame)
    const [before, after] = [frame.before, frame.after]
    const row = (key: string, y: number, was: string, is: string) => was === is
      ? svg`<text x="8" y=${y}><tspan class="key">${key}</tspan> <tspan>${was}</tspan></text>`
      : svg`<text x="8" y=${y}><tspan class="key">${key}</tspan> <tspan class="was">${was}</tspan></text>
        <text x="8" y=${y + 14}><tspan class="key" visibility="hidden">${key}</tspan> <tspan class="new" data-is=${is}></tspan></text>`
    const sourceChanged = before.source !== after.source
    const targetChanged = before.destination !== after.destination
    const height = 36 + (sourceChanged ? 14 : 0) + (targetChanged ? 14 : 0)
    const longest = Math.max(...[before.source, after.source, before.destination, after.destination].map(text => text.length))
    return svg`
      <path class="way" d=${`M${route.points.map(({ x, y }) => `${x},${y}`).join(' L')}`}></path>
      <g class="traveller" aria-hidden="true" data-testid="packet" data-info=${frame.info}>
        <g class="card">
          <rect width=${longest * 6.7 + 46} height=${height} rx="4"></rect>
          ${row('from', 15, before.source, after.source)}
          ${row('to', 30 + (sourceChanged ? 14 : 0), before.destination, after.destination)}
        </g>
        ${mark(kind)}
        ${frame.reason === undefined ? nothing : svg`<path class="ends" d="M-14,-14 l28,28 M14,-14 l-28,28"></path>`}
      </g>`
  }

  /** Moves the packet without drawing the map again. */
  #move(): void {
    const traveller = this.renderRoot.querySelector<SVGGElement>('.traveller')
    const { frame, progress } = this.lab.playback
    if (traveller === null || frame === undefined || this.#layout === undefined) return
    const route = routeOf(frame, this.#layout, this.lab.world)
    if (route === undefined) return
    const translated = isTranslated(frame)
    const at = progress >= 1 && !this.lab.playback.playing && translated ? route.ruleAt ?? 1 : along(progress, route.ruleAt, translated)
    const point = pointAt(route.points, at)
    traveller.setAttribute('transform', `translate(${point.x.toFixed(1)},${point.y.toFixed(1)})`)
    const isDone = translated && (at > (route.ruleAt ?? 1) || progress > 0.5)
    for (const was of traveller.querySelectorAll('.was')) was.classList.toggle('old', isDone)
    // Until the rule is met nobody knows the new address.
    for (const then of traveller.querySelectorAll<SVGElement>('.new')) then.textContent = isDone ? then.dataset['is'] ?? '' : '…'
    this.#placeCard(traveller, point, this.#layout, route)
  }

  /** The card stands beside the packet, inside the map, and not on the rule that the packet meets. */
  #placeCard(traveller: SVGGElement, point: Point, layout: Layout, { chip }: Route): void {
    const card = traveller.querySelector<SVGGElement>('.card')
    const rect = card?.querySelector('rect')
    if (!card || !rect) return
    const [w, h] = [Number(rect.getAttribute('width')), Number(rect.getAttribute('height'))]
    const x = point.x + 18 + w > layout.width ? Math.max(-point.x, -18 - w) : 18
    const beside = chip === undefined ? -h / 2 : point.y < chip.y + chip.h ? chip.h / 2 + 4 : -chip.h / 2 - 4 - h
    const y = Math.min(Math.max(beside, -point.y), layout.height - point.y - h)
    card.setAttribute('transform', `translate(${x.toFixed(1)},${y.toFixed(1)})`)
  }

  #classes(key: string, route: Route | undefined): string {
    const isEnd = route !== undefined && (route.from === key || route.to === key)
    return `target ${isEnd ? 'end' : ''} ${this.selected === key ? 'selected' : ''}`
  }

  #tabindex(key: string): string {
    return key === this.#roving ? '0' : '-1'
  }

  #targets(): string[] {
    if (this.#layout === undefined) return []
    const { outside, nodes } = this.#layout
    return [
      ...outside.map(({ host }) => `outside/${host.name}`),
      ...nodes.flatMap(node => [
        ...node.pods.map(({ pod }) => pod.key),
        ...node.chips.map(({ service }) => `${node.name}:service/${service.key}`),
      ]),
    ]
  }

  #keydown = (event: KeyboardEvent): void => {
    const targets = this.#targets()
    const index = targets.indexOf(this.#roving)
    const { playback } = this.lab
    switch (event.key) {
      case 'ArrowDown': case 'ArrowRight': this.#focus(targets[Math.min(index + 1, targets.length - 1)]); break
      case 'ArrowUp': case 'ArrowLeft': this.#focus(targets[Math.max(index - 1, 0)]); break
      case 'Home': this.#focus(targets[0]); break
      case 'End': this.#focus(targets.at(-1)); break
      case 'Enter': this.#select(this.#roving); break
      case 'Escape': this.#select(undefined); break
      case ' ': playback.playing ? playback.pause() : playback.play(); break
      default: return
    }
    event.preventDefault()
  }

  #focus(key: string | undefined): void {
    if (key === undefined) return
    this.#roving = key
    this.requestUpdate()
    void this.updateComplete.then(() => {
      for (const target of this.renderRoot.querySelectorAll<SVGGElement>('.target')) {
        if (target.dataset['key'] === key) target.focus()
      }
    })
  }

  #select(key: string | undefined): void {
    this.#roving = key ?? this.#roving
    this.dispatchEvent(new CustomEvent('lab-select', { detail: key, bubbles: true, composed: true }))
  }
}

/** The share of the way at that share of the time: a translated packet stands still at the rule. */
function along(progress: number, ruleAt: number | undefined, translated: boolean): number {
  const eased = (part: number): number => part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) * (1 - part)
  if (!translated || ruleAt === undefined) return eased(progress)
  const first = (1 - PAUSE) * Math.min(0.75, Math.max(0.25, ruleAt))
  if (progress < first) return ruleAt * eased(progress / first)
  if (progress < first + PAUSE) return ruleAt
  return ruleAt + (1 - ruleAt) * eased((progress - first - PAUSE) / (1 - first - PAUSE))
}

/** Shortens a name in its middle, since its end is what differs. */
function fit(name: string, width: number): string {
  const most = Math.floor(width / 7.3)
  if (name.length <= most) return name
  const tail = Math.min(12, Math.floor(most / 2))
  return `${name.slice(0, Math.max(1, most - tail - 1))}…${name.slice(-tail)}`
}

/** With its namespace, unless that is the reader's or the system's own. */
function named({ key, name, namespace }: { key: string; name: string; namespace: string }): string {
  return namespace === 'default' || namespace === 'kube-system' ? name : key
}

function short(key: string): string {
  return key.replace(/^default\//, '')
}

customElements.define('lab-map', LabMap)
