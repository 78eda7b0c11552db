/** `<lab-editor>`: the example's files, as tabs; what is typed is what `kubectl apply -f NAME` reads. */
import { css, html, nothing, type TemplateResult } from 'lit'
import type { CodeView } from './code-view.ts'
import { LabElement, common } from './element.ts'
import { hasLostIndentation } from './slips.ts'

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
    .lab { margin: 0; padding: 6px 12px; border-left: 3px solid var(--virtual); background: var(--virtual-soft); font-size: var(--text-s); line-height: 1.45; }
    .foot { padding: 5px 12px; border-top: 1px solid var(--hair); color: var(--muted); font-size: 11.5px; }
    .apply { margin: 0 0 4px; }
    @media (pointer: coarse), (max-width: 640px) { textarea { font-size: 16px; } .foot { display: none; } }
  `]

  #open = ''
  #view: CodeView | undefined
  #loading = false

  protected follows(): [EventTarget, ...string[]][] {
    return [[this.lab, 'example', 'files']]
  }

  protected override noticed(event: string): void {
    if (event === 'example') {
      this.#open = [...this.lab.files.keys()][0] ?? ''
      this.#view?.show(this.#open, this.lab.files.get(this.#open) ?? '')
    }
    this.requestUpdate()
  }

  protected override render(): TemplateResult {
    const { files } = this.lab
    if (!files.has(this.#open)) this.#open = [...files.keys()][0] ?? ''
    const text = files.get(this.#open) ?? ''
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
      ${hasLostIndentation(text)
        ? html`<p class="lab" data-testid="lab-line">The indentation of this document seems lost: every line begins at the margin. Copying from a web page does that; nested fields need two spaces more than their parent.</p>`
        : nothing}
      <div class="foot">Ctrl-Enter applies. Esc, then Tab, leaves the editor.</div>`
  }

  protected override firstUpdated(): void {
    void this.#load()
  }

  /** The code editor comes when the page is already alive; until then a plain text field does the same. */
  async #load(): Promise<void> {
    if (this.#loading) return
    this.#loading = true
    const { CodeView } = await import('./code-view.ts')
    const hadFocus = this.shadowRoot?.activeElement?.tagName === 'TEXTAREA'
    this.#view = new CodeView(this.shadowRoot!, {
      changed: text => this.lab.edit(this.#open, text),
      apply: () => this.#apply(),
    })
    this.#view.show(this.#open, this.lab.files.get(this.#open) ?? '')
    this.requestUpdate()
    await this.updateComplete
    if (hadFocus) this.#view.focus()
  }

  #choose(name: string): void {
    this.#open = name
    this.#view?.show(name, this.lab.files.get(name) ?? '')
    this.requestUpdate()
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
