/** `<lab-packets>`: every step of every packet as a row, with both sides of each translation. */
import { css, html, nothing, svg, type TemplateResult } from 'lit'
import type { Frame } from 'clusterip'
import { LabElement, common } from './element.ts'
import { mark } from './map/mark.ts'
import { isTranslated, kindOf } from './packet.ts'

/** Rows that are drawn; others are drawn when the cursor or the reader comes near. */
const ROWS = 160
/** By how much the drawn rows move on: seldom, since that lays the whole table out anew. */
const STRIDE = 80
/** For so many milliseconds after the reader scrolled, play does not take the table away. */
const READING = 6_000
/** Below this width a packet takes two lines instead of columns. */
const NARROW = 620
/** Pixels from the end of the drawn rows at which the next ones are drawn. */
const NEAR = 400

export class LabPackets extends LabElement {
  static override styles = [common, css`
    :host { display: flex; flex-direction: column; min-height: 0; }
    .scroll { overflow: auto; overflow-anchor: none; flex: 1; min-height: 0; scrollbar-width: thin; contain: strict; }
    table { border-collapse: collapse; width: 100%; font-size: 12.5px; font-variant-numeric: tabular-nums; }
    th {
      position: sticky; top: 0; z-index: 1; padding: 6px 6px; text-align: left; white-space: nowrap;
      background: var(--surface); box-shadow: inset 0 -1px var(--edge);
      font: 600 11.5px/1.4 var(--sans); color: var(--muted);
    }
    td { padding: 3px 6px; border-bottom: 1px solid var(--hair); white-space: nowrap; vertical-align: middle; line-height: 1.5; }
    td.addresses, td.time { font-family: var(--mono); font-size: 11px; }
    td.time { text-align: right; color: var(--muted); }
    th.time { text-align: right; }
    .info { max-width: 9.2em; overflow: hidden; text-overflow: ellipsis; }
    .group th { position: static; padding: 8px 8px 4px; color: var(--ink); font: 600 11.5px/1.4 var(--mono); white-space: normal; overflow-wrap: anywhere; background: none; }
    @media (min-width: 1500px) { .info { max-width: 20em; } }
    tr:not(.group) { cursor: pointer; }
    tbody tr:not(.group):hover { background: var(--raised); }
    tr[aria-current='true'] { background: var(--current); box-shadow: inset 3px 0 var(--packet); }
    tr:focus-visible { outline-offset: -2px; }
    .kind { display: inline-flex; align-items: center; gap: 6px; vertical-align: middle; }
    svg { width: 18px; height: 18px; flex: none; }
    .mark text { font: 700 9.5px var(--sans); fill: var(--on-packet); }
    .mark.open path { fill: var(--packet-open); }
    .mark.data path { fill: var(--packet-data); }
    .mark.close path { fill: var(--packet-close); }
    .mark.bad path { fill: var(--packet-bad); }
    .mark.dns path { fill: var(--packet-dns); }
    .old { color: var(--muted); text-decoration: line-through; }
    .new { color: var(--virtual); font-weight: 700; }
    .arrow { color: var(--muted); padding: 0 1px; }
    .same { color: var(--muted); }
    .reason { color: var(--bad); font-family: var(--sans); font-weight: 600; }
    .empty { padding: 16px 12px; color: var(--muted); font-size: var(--text-s); }
    /* Two lines a packet where there is no room for columns. */
    .narrow thead { position: absolute; clip-path: inset(50%); }
    .narrow tr { display: grid; grid-template-columns: auto 1fr auto; padding: 7px 12px; min-height: 44px; border-bottom: 1px solid var(--hair); }
    .narrow tr.group { display: block; min-height: 0; }
    .narrow .group th { padding: 4px 0; }
    .narrow td { border: 0; padding: 0 8px 0 0; }
    .narrow td.time { order: 3; padding: 0; }
    .narrow td.addresses { order: 4; grid-column: 1 / -1; white-space: normal; overflow-wrap: anywhere; }
    .narrow td.where { order: 2; color: var(--muted); }
    .narrow .info { max-width: 44vw; }
    .narrow td.unchanged { display: none; }
  `]

  readonly #resized = new ResizeObserver(([entry]) => {
    const narrow = (entry?.contentRect.width ?? 0) < NARROW
    if (narrow !== this.#narrow) {
      this.#narrow = narrow
      this.requestUpdate()
    }
  })
  #narrow = false
  /** The number of the first frame whose row is drawn. */
  #first = 0
  /** The number of the frame that was brought into view last. */
  #seen = -1
  #readUntil = 0

  protected follows(): [EventTarget, ...string[]][] {
    return [[this.lab.playback, 'frames', 'cursor']]
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#resized.observe(this)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#resized.disconnect()
  }

  protected override willUpdate(): void {
    if (!this.hasUpdated) this.#narrow = this.clientWidth < NARROW
  }

  protected override render(): TemplateResult {
    const { frames, cursor } = this.lab.playback
    if (frames.length === 0) return html`<p class="empty">No packet yet. Send one from the terminal.</p>`
    const first = this.#firstRow()
    return html`
      <div class="scroll ${this.#narrow ? 'narrow' : ''}" @scroll=${this.#scrolled} @wheel=${this.#read} @touchmove=${this.#read}>
        <table data-testid="packets">
          <caption class="sr">Packets at each node, oldest first, with their addresses before and after translation</caption>
          <thead><tr>
            <th class="time" scope="col">ms</th><th scope="col">Where</th><th scope="col">Kind</th>
            <th scope="col">Before</th><th scope="col">After</th>
          </tr></thead>
          <tbody @keydown=${this.#keydown}>
            ${frames.slice(first, first + ROWS).map((frame, index) => html`
              ${this.#heading(frame, index === 0)}${this.#row(frame, first + index, cursor)}`)}
          </tbody>
        </table>
      </div>`
  }

  /** Where the drawn rows begin: where they did, as long as the cursor is among them. */
  #firstRow(): number {
    const { frames, cursor, frame } = this.lab.playback
    const last = Math.max(0, frames.length - ROWS)
    let first = this.#first - (frames[0]?.index ?? 0)
    const isRead = this.lab.playback.playing && performance.now() < this.#readUntil
    const isAway = !isRead && frame?.index !== this.#seen && (cursor < first + 8 || cursor >= first + ROWS - 8)
    if (isAway || first < 0 || first > last) first = Math.ceil((cursor - ROWS / 2) / STRIDE) * STRIDE
    first = Math.min(Math.max(0, first), last)
    this.#first = (frames[0]?.index ?? 0) + first
    return first
  }

  #read = (): void => {
    this.#readUntil = performance.now() + READING
  }

  /** Draws the next rows when the reader has come to the end of these, and leaves what is read where it is. */
  #scrolled = (event: Event): void => {
    const scroll = event.target as HTMLElement
    const { frames } = this.lab.playback
    const start = this.#first - (frames[0]?.index ?? 0)
    const wanted = scroll.scrollTop < NEAR ? start - STRIDE : scroll.scrollTop + scroll.clientHeight > scroll.scrollHeight - NEAR ? start + STRIDE : start
    const first = Math.min(Math.max(0, wanted), Math.max(0, frames.length - ROWS))
    if (first === start) return
    const kept = String(Math.max(first, start) + 20)
    const topOf = (): number => this.renderRoot.querySelector<HTMLElement>(`tr[data-index="${kept}"]`)?.offsetTop ?? 0
    const before = topOf()
    this.#first += first - start
    this.requestUpdate()
    void this.updateComplete.then(() => { scroll.scrollTop += topOf() - before })
  }

  /** Each command that made packets has its own group of rows. */
  #heading(frame: Frame, isFirst: boolean): TemplateResult | typeof nothing {
    const command = this.lab.commandOf(frame)
    if (command === undefined || (!isFirst && command.first !== frame.index)) return nothing
    return html`<tr class="group"><th colspan="5" scope="rowgroup">${command.line || 'while the cluster started'}</th></tr>`
  }

  #row(frame: Frame, index: number, cursor: number): TemplateResult {
    const kind = kindOf(frame)
    const changed = isTranslated(frame)
    const { before, after } = frame
    const side = (was: string, is: string, tone: string) => was === is ? html`<span>${is}</span>` : html`<span class=${tone}>${is}</span>`
    const current = index === cursor
    return html`
      <tr aria-current=${current} tabindex=${current || (cursor < 0 && index === 0) ? 0 : -1} data-index=${index} @click=${() => this.lab.playback.seek(index)}>
        <td class="time">${(frame.time - (this.lab.commandOf(frame)?.time ?? 0)).toFixed(3)}</td>
        <td class="where">${frame.place.replace('node/', '')}</td>
        <td><span class="kind"><svg viewBox="-13 -13 26 26" aria-hidden="true">${svgMark(frame)}</svg><span class="info" title=${frame.info}>${frame.info === '' || frame.info === kind.name ? kind.name : html`<span class="sr">${kind.name}: </span>${frame.info}`}</span></span></td>
        <td class="addresses">${side(after.source, before.source, 'old')}<span class="arrow">→</span>${side(after.destination, before.destination, 'old')}</td>
        <td class="addresses ${changed || frame.reason ? '' : 'unchanged'}">${changed
            ? html`${side(before.source, after.source, 'new')}<span class="arrow">→</span>${side(before.destination, after.destination, 'new')} `
            : frame.reason ? nothing : html`<span class="same">unchanged</span>`}${frame.reason ? html`<span class="reason">${frame.reason}</span>` : nothing}</td>
      </tr>`
  }

  protected override updated(): void {
    const shown = this.lab.playback.frame?.index ?? -1
    if (shown === this.#seen) return
    this.#seen = shown
    if (this.lab.playback.playing && performance.now() < this.#readUntil) return
    const row = this.renderRoot.querySelector<HTMLElement>('tr[aria-current="true"]')
    const scroll = this.renderRoot.querySelector<HTMLElement>('.scroll')
    if (!row || !scroll) return
    // The table's own scrolling only: the page stays where the reader put it.
    const top = row.offsetTop - 30
    if (top < scroll.scrollTop) scroll.scrollTop = top
    else if (row.offsetTop + row.offsetHeight > scroll.scrollTop + scroll.clientHeight) {
      scroll.scrollTop = row.offsetTop + row.offsetHeight - scroll.clientHeight
    }
  }

  #keydown = (event: KeyboardEvent): void => {
    const { playback } = this.lab
    if (event.key === 'ArrowDown') playback.seek(Math.min(playback.cursor + 1, playback.frames.length - 1))
    else if (event.key === 'ArrowUp') playback.back()
    else return
    event.preventDefault()
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('tr[aria-current="true"]')?.focus())
  }
}

function svgMark(frame: Frame) {
  return svg`${mark(kindOf(frame))}`
}

customElements.define('lab-packets', LabPackets)
