/** `<lab-app>`: the page's frame. The parts inside it know the lab, not one another. */
import { LitElement, css, html, type TemplateResult } from 'lit'
import { common } from './element.ts'
import { examples } from './examples/index.ts'
import type { Lab } from './lab.ts'
import type { Shell } from './shell.ts'
import { currentTheme, nextTheme } from './theme.ts'
import './details.ts'
import './editor.ts'
import './map/map.ts'
import './packets.ts'
import type { LabTerminal } from './terminal.ts'
import './terminal.ts'
import './transport.ts'

const PANES = ['terminal', 'packets', 'manifests'] as const
type Pane = (typeof PANES)[number]

export class LabApp extends LitElement {
  static override styles = [common, css`
    :host { min-height: 100dvh; background: var(--paper); }
    header { display: flex; align-items: center; gap: 8px 20px; flex-wrap: wrap; padding: 12px 20px 10px; }
    .brand { display: flex; align-items: center; gap: 10px; }
    .brand svg { width: 30px; height: 22px; flex: none; }
    h1 { margin: 0; font: 650 17px/1 var(--sans); letter-spacing: -0.01em; }
    .about { flex: 1 1 14em; margin: 0; color: var(--muted); font-size: var(--text-s); line-height: 1.4; }
    .tools { display: flex; gap: 6px; align-items: center; }
    .tools label { color: var(--muted); font-size: var(--text-s); }
    select { max-width: 15em; }
    .skip:not(:focus) { position: absolute; width: 1px; height: 1px; min-height: 0; padding: 0; overflow: hidden; clip-path: inset(50%); }
    .skip:focus { position: fixed; z-index: 9; top: 8px; left: 8px; }
    header, main { max-width: 1720px; margin: 0 auto; }
    main { display: grid; gap: 14px; padding: 0 20px 20px; grid-template-columns: minmax(0, 1.66fr) minmax(340px, 1fr); align-items: start; }
    .stage, .side { display: grid; gap: 14px; min-width: 0; }
    .map { display: grid; gap: 12px; }
    .card { border: 1px solid var(--edge); border-radius: 6px; background: var(--surface); overflow: hidden; min-width: 0; }
    .packets { height: clamp(300px, calc(100dvh - 600px), 700px); display: flex; flex-direction: column; }
    .packets lab-packets { flex: 1; }
    .side { position: sticky; top: 14px; grid-template-rows: minmax(220px, 0.8fr) minmax(300px, 1fr); height: calc(100dvh - 28px - 62px); min-height: 620px; }
    .side .card { display: flex; flex-direction: column; min-height: 0; }
    .side .card > * { flex: 1; }
    [role='tablist'] { display: none; }
    @media (max-width: 980px) {
      main { grid-template-columns: minmax(0, 1fr); padding: 0 12px 64px; gap: 12px; }
      header { padding: 10px 12px; }
      .about { flex-basis: 100%; order: 3; }
      .tools { margin-left: auto; }
      .tools label { display: none; }
      .side { position: static; height: auto; min-height: 0; grid-template-rows: none; }
      .pane[data-hidden] { display: none; }
      .side .card, .packets { height: min(calc(100dvh - 76px), 560px); scroll-margin-bottom: 64px; }
      .stage, .side { display: contents; }
      .map { order: 1; display: flex; flex-direction: column; gap: 10px; }
      .map lab-transport { order: -1; }
      .pane { order: 2; }
      [role='tablist'] {
        position: fixed; z-index: 5; inset: auto 0 0; display: grid; grid-template-columns: repeat(3, 1fr);
        background: var(--surface); border-top: 1px solid var(--edge); padding-bottom: env(safe-area-inset-bottom);
      }
      [role='tab'] { min-height: 48px; border: 0; border-radius: 0; border-top: 2px solid transparent; background: none; color: var(--muted); outline-offset: -3px; }
      [role='tab'][aria-selected='true'] { color: var(--ink); border-top-color: var(--ink); font-weight: 650; }
    }
    @media (max-width: 640px) {
      .tools { flex: 1 0 100%; }
      .tools select { flex: 1; max-width: none; min-width: 0; }
      .tools button { padding: 0 0.6em; }
      .about { display: none; }
    }
  `]

  static override properties = { lab: { attribute: false }, shell: { attribute: false } }
  declare lab: Lab
  declare shell: Shell
  #pane: Pane = 'terminal'
  #selected: string | undefined

  override connectedCallback(): void {
    super.connectedCallback()
    this.lab.addEventListener('example', () => {
      this.#selected = undefined
      this.requestUpdate()
    })
    this.addEventListener('lab-run', event => this.#run((event as CustomEvent<string>).detail))
    this.addEventListener('lab-select', event => {
      this.#selected = (event as CustomEvent<string | undefined>).detail
      this.requestUpdate()
    })
  }

  protected override render(): TemplateResult {
    const { lab, shell } = this
    return html`
      <button class="skip" @click=${this.#skip}>Go to the terminal</button>
      <header>
        <div class="brand">${LOGO}<h1>clusterip</h1></div>
        <p class="about">${lab.example.about}</p>
        <div class="tools">
          <label for="example">Example</label>
          <select id="example" data-testid="example" aria-label="Example" @change=${this.#open}>
            ${examples.map(example => html`<option value=${example.id} ?selected=${example === lab.example}>${example.title}</option>`)}
          </select>
          <button data-testid="reset" @click=${() => this.#restart(lab.example.id)}>Reset</button>
          <button data-testid="theme" aria-label="Theme: ${currentTheme()}. Change it." @click=${() => { nextTheme(); this.requestUpdate() }}>${THEMES[currentTheme()]}</button>
        </div>
      </header>
      <main>
        <div class="stage">
          <section class="map" aria-label="Cluster">
            <lab-map data-testid="map" .lab=${lab} .selected=${this.#selected}></lab-map>
            <lab-details .lab=${lab} .selected=${this.#selected}></lab-details>
            <lab-transport .lab=${lab}></lab-transport>
          </section>
          <section class="card packets pane" id="pane-packets" aria-label="Packets" ?data-hidden=${this.#pane !== 'packets'}>
            <lab-packets .lab=${lab}></lab-packets>
          </section>
        </div>
        <div class="side">
          <section class="card pane" id="pane-manifests" aria-label="Manifests" ?data-hidden=${this.#pane !== 'manifests'}>
            <lab-editor .lab=${lab}></lab-editor>
          </section>
          <section class="card pane" id="pane-terminal" aria-label="Terminal" ?data-hidden=${this.#pane !== 'terminal'}>
            <lab-terminal .lab=${lab} .shell=${shell}></lab-terminal>
          </section>
        </div>
      </main>
      <nav aria-label="Panes"><div role="tablist" aria-label="Panes" @keydown=${this.#tabs}>
        ${PANES.map(pane => html`<button role="tab" data-testid="tab-${pane}" aria-selected=${pane === this.#pane} aria-controls="pane-${pane}"
          tabindex=${pane === this.#pane ? 0 : -1} @click=${() => this.#reveal(pane)}>${pane[0]!.toUpperCase() + pane.slice(1)}</button>`)}
      </div></nav>
`
  }

  #skip = async (): Promise<void> => {
    await this.#reveal('terminal')
    this.renderRoot.querySelector<LabTerminal>('lab-terminal')?.focusInput()
  }

  #open = (event: Event): void => {
    this.#restart((event.target as HTMLSelectElement).value)
  }

  #restart(id: string): void {
    this.dispatchEvent(new CustomEvent('lab-open', { detail: id, bubbles: true, composed: true }))
  }

  #run(line: string): void {
    this.#show('terminal')
    this.shell.command(line)
  }

  #show(pane: Pane): void {
    this.#pane = pane
    this.requestUpdate()
  }

  /** On a small screen the pane stands below the map: whoever asks for it wants to see it. */
  async #reveal(pane: Pane): Promise<void> {
    this.#show(pane)
    await this.updateComplete
    this.renderRoot.querySelector(`#pane-${pane}`)?.scrollIntoView({ block: 'end', behavior: 'auto' })
  }

  #tabs = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (by === 0) return
    event.preventDefault()
    this.#show(PANES[(PANES.indexOf(this.#pane) + by + PANES.length) % PANES.length]!)
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[role="tablist"] [aria-selected="true"]')?.focus())
  }
}

const THEMES = { auto: 'Theme: auto', light: 'Theme: light', dark: 'Theme: dark' }

/** One dashed address, and the lines that lead from it. */
const LOGO = html`<svg viewBox="0 0 30 22" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8">
  <path d="M1 11h7M16 7l6-4.2M17 11h5M16 15l6 4.2"></path>
  <rect x="8" y="6.5" width="8.6" height="9" rx="2" stroke="var(--virtual)" stroke-dasharray="2.6 1.7"></rect>
  <circle cx="25" cy="2.6" r="2.4" fill="currentColor" stroke="none"></circle>
  <circle cx="25" cy="11" r="2.4" fill="currentColor" stroke="none"></circle>
  <circle cx="25" cy="19.4" r="2.4" fill="currentColor" stroke="none"></circle>
</svg>`

customElements.define('lab-app', LabApp)
