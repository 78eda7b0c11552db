/** `<lab-editor>`: the example's files, as tabs; what is typed is what `kubectl apply -f NAME` reads. */
import { css, html, nothing, type TemplateResult } from 'lit'
import type { CodeView } from './code-view.ts'
import { LabElement, common } from './element.ts'
import type { Finding } from './findings.ts'

/** How long nothing is typed before the text is looked at, in milliseconds. */
const PAUSE = 500

export class LabEditor extends LabElement {
  static override styles = [common, css`
    :host { display: flex; flex-direction: column; min-height: 0; }
    .bar { display: flex; align-items: center; gap: 2px; padding: 4px 6px 0 6px; border-bottom: 1px solid var(--edge); flex-wrap: wrap; }
    [role='tablist'] { display: flex; flex: 1; min-width: 0; overflow-x: auto; scrollbar-width: none; }
    [role='tab'] { flex: none; border: 0; border-radius: 0; background: none; color: var(--muted); font-family: var(--mono); font-size: 12px; font-weight: 400; padding: 0 9px; margin-bottom: -1px; border-bottom: 2px solid transparent; }
    [role='tab'][aria-selected='true'] { color: var(--ink); border-bottom-color: var(--ink); font-weight: 600; }
    .body { flex: 1; min-height: 11em; overflow: hidden; display: flex; background: var(--surface); }
    .body > * { flex: 1; min-width: 0; }
    textarea { border: 0; padding: 10px 12px; resize: none; background: none; color: inherit; font: 12.5px/1.55 var(--mono); tab-size: 2; outline-offset: -2px; }
    .lab { flex: none; max-height: 60%; overflow: auto; margin: 0; padding: 6px 12px; border-left: 3px solid var(--virtual); background: var(--virtual-soft); font-size: var(--text-s); line-height: 1.45; }
    .lab pre { margin: 6px 0; font: 12px/1.5 var(--mono); }
    .lab button { min-height: 28px; margin-left: 6px; }
    .found button { width: 100%; padding: 6px 12px; border-radius: 0; color: var(--bad); text-align: left; white-space: normal; line-height: 1.4; overflow-wrap: anywhere; }
    .foot { padding: 5px 12px; border-top: 1px solid var(--hair); color: var(--muted); font-size: 11.5px; }
    .apply { margin: 0 0 4px; }
    @media (pointer: coarse), (max-width: 640px) { textarea { font-size: 16px; } .foot { display: none; } }
  `]

  #open = ''
  #view: CodeView | undefined
  #loading = false
  /** What reads manifests; it comes with the code editor. */
  #reader: typeof import('./code-view.ts') | undefined
  #findings: Finding[] = []
  #timer = 0
  /** Whether the repaired text is shown, for the reader to compare. */
  #proposing = false

  protected follows(): [EventTarget, ...string[]][] {
    return [[this.lab, 'example', 'files', 'show']]
  }

  protected override noticed(event: string): void {
    if (event === 'example') {
      this.#open = [...this.lab.files.keys()][0] ?? ''
      this.#view?.show(this.#open, this.lab.files.get(this.#open) ?? '')
      this.#findings = []
    }
    if (event === 'show') return this.#choose(this.lab.shown)
    this.requestUpdate()
  }

  protected override render(): TemplateResult {
    const { files } = this.lab
    if (!files.has(this.#open)) this.#open = [...files.keys()][0] ?? ''
    const text = files.get(this.#open) ?? ''
    const repair = this.#reader?.repairOf(text)
    if (repair === undefined) this.#proposing = false
    return html`
      <div class="bar">
        <div role="tablist" aria-label="Manifests" @keydown=${this.#keydown}>
          ${[...files.keys()].map(name => html`
            <button role="tab" id="tab-${name}" aria-selected=${name === this.#open} aria-controls="body" tabindex=${name === this.#open ? 0 : -1}
              @click=${() => this.#choose(name)}>${name}</button>`)}
        </div>
        <button class="apply primary" data-testid="apply" @click=${this.#apply}>Apply</button>
      </div>
      <div class="body" id="body" role="tabpanel" aria-labelledby="tab-${this.#open}" data-testid="editor">
        ${this.#view ? this.#view.element : html`
          <textarea aria-label="${this.#open}, YAML" spellcheck="false" autocapitalize="off" autocorrect="off" autocomplete="off"
            .value=${text} @input=${(event: Event) => this.lab.edit(this.#open, (event.target as HTMLTextAreaElement).value)}
            @keydown=${this.#shortcut}></textarea>`}
      </div>
      ${repair === undefined ? nothing : html`
        <div class="lab" data-testid="repair">${repair.text}
          ${this.#proposing
            ? html`<pre>${repair.repaired}</pre><button @click=${() => this.#replace(repair.repaired)}>Use this text</button>`
            : html`<button @click=${() => { this.#proposing = true; this.requestUpdate() }}>Show it repaired</button>`}
        </div>`}
      <div class="found" role="status">${this.#found()}</div>
      <div class="foot">Ctrl-Enter applies. Ctrl-] and Ctrl-[ indent; Tab moves on.</div>`
  }

  protected override firstUpdated(): void {
    void this.#load()
  }

  /** The code editor comes when the page is already alive; until then a plain text field does the same. */
  async #load(): Promise<void> {
    if (this.#loading) return
    this.#loading = true
    this.#reader = await import('./code-view.ts')
    const { CodeView } = this.#reader
    const hadFocus = this.shadowRoot?.activeElement?.tagName === 'TEXTAREA'
    this.#view = new CodeView(this.shadowRoot!, {
      changed: text => {
        this.lab.edit(this.#open, text)
        clearTimeout(this.#timer)
        this.#timer = window.setTimeout(() => this.#check(), PAUSE)
      },
      apply: () => this.#apply(),
    })
    this.#view.show(this.#open, this.lab.files.get(this.#open) ?? '')
    this.requestUpdate()
    await this.updateComplete
    if (hadFocus) this.#view.focus()
  }

  /** Asks the API server what it would say to the text, and marks the lines. */
  #check(): void {
    clearTimeout(this.#timer)
    const text = this.lab.files.get(this.#open) ?? ''
    this.#findings = text.trim() === '' ? [] : this.#reader?.findingsIn(text, this.lab.complaint(this.#open)) ?? []
    this.#view?.mark(this.#findings)
    this.requestUpdate()
  }

  /** The first finding in words; the marks show the others. */
  #found(): TemplateResult | typeof nothing {
    const [first, ...others] = this.#findings
    if (first === undefined) return nothing
    return html`<button class="quiet" data-testid="finding" @click=${() => this.#view?.goTo(first.line)}>line ${first.line}: ${first.text}${others.length > 0 ? `, and ${others.length} more` : ''}</button>`
  }

  #replace(text: string): void {
    this.lab.edit(this.#open, text)
    this.#view?.replace(text)
    this.#proposing = false
    this.requestUpdate()
  }

  #choose(name: string): void {
    this.#open = name
    this.#view?.show(name, this.lab.files.get(name) ?? '')
    this.#check()
    void this.updateComplete.then(() => {
      const tab = this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')
      const list = tab?.parentElement
      if (tab && list) list.scrollLeft = Math.min(Math.max(list.scrollLeft, tab.offsetLeft + tab.offsetWidth - list.clientWidth - list.offsetLeft), tab.offsetLeft - list.offsetLeft)
    })
  }

  #keydown = (event: KeyboardEvent): void => {
    const names = [...this.lab.files.keys()]
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (by === 0) return
    event.preventDefault()
    this.#choose(names[(names.indexOf(this.#open) + by + names.length) % names.length] ?? this.#open)
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')?.focus())
  }

  #shortcut = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      this.#apply()
    }
  }

  #apply = (): void => {
    this.dispatchEvent(new CustomEvent('lab-run', { detail: `kubectl apply -f ${this.#open}`, bubbles: true, composed: true }))
  }
}

customElements.define('lab-editor', LabEditor)
