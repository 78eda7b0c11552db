/** `<lab-terminal>`: a log and a real input, so that selection, find-in-page, phones and screen readers just work. */
import { css, html, nothing, type TemplateResult } from 'lit'
import { completions } from './complete.ts'
import { LabElement, common } from './element.ts'
import type { Entry } from './answer.ts'
import type { Shell } from './shell.ts'

export class LabTerminal extends LabElement {
  static override styles = [common, css`
    :host { display: flex; flex-direction: column; min-height: 0; }
    .screen {
      flex: 1; min-height: 8em; overflow-y: auto; overflow-x: hidden;
      padding: 10px 12px 12px;
      background: var(--term);
      font: 12.5px/1.5 var(--mono);
      font-variant-ligatures: none;
      cursor: text;
      scrollbar-width: thin;
    }
    pre { margin: 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
    .wide { overflow-x: auto; white-space: pre; scrollbar-width: thin; }
    .command { margin-top: 0.7em; font-weight: 600; }
    .command:first-child { margin-top: 0; }
    .prompt { color: var(--muted); font-weight: 400; white-space: pre; user-select: none; }
    .err { color: var(--bad); }
    .aside { color: var(--muted); }
    .lab {
      margin: 5px 0 2px;
      padding: 5px 10px 6px;
      border-left: 3px solid var(--virtual);
      background: var(--virtual-soft);
      font: var(--text-s)/1.45 var(--sans);
    }
    .lab .code { color: var(--muted); font-size: 0.92em; }
    .lab button { min-height: 28px; margin: 4px 0 0; font-family: var(--mono); font-size: 12px; text-align: left; white-space: normal; line-height: 1.35; padding: 4px 8px; display: block; }
    form { display: flex; align-items: baseline; margin-top: 0.7em; }
    input {
      flex: 1; min-width: 0; padding: 2px 0; border: 0; background: none;
      color: inherit; font: 600 1em/1.5 var(--mono); caret-color: var(--action);
    }
    input:focus { outline: none; }
    .screen:focus-within { box-shadow: inset 0 0 0 2px var(--focus); }
    .chips { display: flex; gap: 6px; padding: 8px 12px; overflow-x: auto; border-top: 1px solid var(--edge); scrollbar-width: none; mask-image: linear-gradient(to right, #000 calc(100% - 36px), transparent); }
    .chips::after { content: ''; flex: 0 0 24px; }
    .chips button { flex: none; font-family: var(--mono); font-size: 11.5px; font-weight: 400; }
    .chips .stop { font-family: var(--sans); font-weight: 600; }
    input::placeholder { color: var(--muted); font-weight: 400; opacity: 1; }
    .hint { padding: 0 12px 8px; color: var(--muted); font-size: 11.5px; }
    @media (pointer: coarse), (max-width: 640px) {
      .screen { font-size: 13px; }
      input { font-size: 16px; min-height: 44px; }
      .lab button { min-height: 44px; }
      .hint { display: none; }
    }
  `]

  static override properties = { ...LabElement.properties, shell: { attribute: false } }
  declare shell: Shell
  #recalled = -1
  #draft = ''
  /** Whether the end of the output is in view, and is to stay there. */
  #follows = true

  protected follows(): [EventTarget, ...string[]][] {
    return [[this.shell, 'change'], [this.lab, 'example']]
  }

  /** Puts the cursor into the line. */
  focusInput(): void {
    this.#input?.focus({ preventScroll: true })
  }

  protected override render(): TemplateResult {
    const { shell } = this
    return html`
      <div class="screen" @mouseup=${this.#clicked}>
        <div role="log" aria-label="Terminal output" aria-live="off" data-testid="terminal-output">
          ${shell.entries.map(entry => this.#entry(entry))}
        </div>
        <form @submit=${this.#submit}>
          <label class="prompt" for="line">${shell.prompt}<span class="sr">command line</span></label>
          <input id="line" placeholder=${shell.isBusy ? 'running; Ctrl-C stops it' : ''} data-testid="terminal-input" autocomplete="off" autocapitalize="off" autocorrect="off"
            spellcheck="false" enterkeyhint="go" @keydown=${this.#keydown} @paste=${this.#paste}>
        </form>
      </div>
      <div class="chips" role="group" aria-label="Commands to try">
        ${shell.canInterrupt ? html`<button type="button" class="stop" @click=${() => shell.interrupt('')}>Ctrl-C</button>` : nothing}
        ${shell.isInside && !shell.canInterrupt ? html`<button type="button" class="stop" @click=${() => shell.endOfInput()}>Leave</button>` : nothing}
        ${this.lab.example.suggestions.map(line => html`<button type="button" @click=${() => this.#run(line)}>${line}</button>`)}
      </div>
      <div class="hint">Tab completes, or moves on when the line is empty. ↑ ↓ history, Ctrl-R searches it, Ctrl-C interrupts, Ctrl-L clears.</div>
      <div class="sr" role="status">${this.#spoken()}</div>`
  }

  protected override willUpdate(): void {
    const screen = this.renderRoot?.querySelector?.('.screen')
    this.#follows = !screen || screen.scrollHeight - screen.scrollTop - screen.clientHeight < 40
  }

  protected override updated(): void {
    // Who scrolled back to read is left there.
    const screen = this.renderRoot.querySelector('.screen')
    if (screen && this.#follows) screen.scrollTop = screen.scrollHeight
  }

  #entry(entry: Entry): TemplateResult {
    switch (entry.kind) {
      case 'command':
        return html`<pre class="command"><span class="prompt">${entry.prompt}</span>${entry.text}</pre>`
      case 'lab':
        return html`<div class="lab" data-testid="lab-line">${entry.text}
          ${entry.code ? html`<span class="code">${entry.code}</span>` : nothing}
          ${entry.action ? html`<button type="button" @click=${() => this.#run(entry.action!)}>run: ${entry.action}</button>` : nothing}</div>`
      default:
        return html`<pre class="${entry.kind} ${isTable(entry.text) ? 'wide' : ''}">${entry.text.replace(/\n$/, '')}</pre>`
    }
  }

  /** One sentence when a command has ended. */
  #spoken(): string {
    const last = this.shell.entries.at(-1)
    return this.shell.isBusy || last === undefined || last.kind === 'command' ? '' : last.text.slice(0, 300)
  }

  #run(line: string): void {
    if (/^(kubectl|k|ssh)\s/.test(line)) this.shell.command(line)
    else this.shell.submit(line)
    this.#recalled = -1
  }

  #submit = (event: Event): void => {
    event.preventDefault()
    const input = this.#input
    if (input === null) return
    const line = input.value
    input.value = ''
    this.shell.submit(line)
    this.#recalled = -1
    const screen = this.renderRoot.querySelector('.screen')
    void this.updateComplete.then(() => screen?.scrollTo({ top: screen.scrollHeight }))
  }

  #keydown = (event: KeyboardEvent): void => {
    const input = event.target as HTMLInputElement
    if (event.key.length === 1 && !event.ctrlKey) this.#recalled = -1
    const control = event.ctrlKey && !event.altKey && !event.metaKey
    const hasSelection = input.selectionStart !== input.selectionEnd
    if (control && event.key === 'c' && !hasSelection) {
      this.shell.interrupt(input.value)
      input.value = ''
    } else if (control && event.key === 'l') {
      this.shell.clear()
    } else if (control && event.key === 'd' && input.value === '') {
      this.shell.endOfInput()
    } else if (control && event.key === 'u') {
      input.value = input.value.slice(input.selectionEnd ?? 0)
      input.setSelectionRange(0, 0)
    } else if (control && event.key === 'k') {
      input.value = input.value.slice(0, input.selectionStart ?? 0)
    } else if (control && (event.key === 'a' || event.key === 'e')) {
      const at = event.key === 'a' ? 0 : input.value.length
      input.setSelectionRange(at, at)
    } else if (control && event.key === 'r') {
      // The browser would load the page anew and lose the cluster.
      this.#search(input)
    } else if (event.key === 'ArrowUp') {
      this.#recall(input, 1)
    } else if (event.key === 'ArrowDown') {
      this.#recall(input, -1)
    } else if (event.key === 'Escape') {
      // The way out for those who use Tab to complete.
      input.blur()
    } else if (event.key === 'Tab' && !event.shiftKey && input.value !== '') {
      const { line, choices } = completions(input.value, this.lab, this.shell)
      input.value = line
      if (choices.length > 1) this.shell.note(choices.join('   '))
    } else {
      return
    }
    event.preventDefault()
  }

  #recall(input: HTMLInputElement, by: number): void {
    const { history } = this.shell
    if (this.#recalled === -1) this.#draft = input.value
    this.#recalled = Math.max(-1, Math.min(history.length - 1, this.#recalled + by))
    input.value = this.#recalled === -1 ? this.#draft : history.at(-1 - this.#recalled) ?? ''
  }

  /** The next older line that contains what is typed. */
  #search(input: HTMLInputElement): void {
    if (this.#recalled === -1) this.#draft = input.value
    const lines = this.shell.history.toReversed()
    const found = lines.findIndex((line, index) => index > this.#recalled && line.includes(this.#draft))
    if (found !== -1) input.value = lines[this.#recalled = found]!
  }

  /** Several lines are several commands. */
  #paste = (event: ClipboardEvent): void => {
    const text = event.clipboardData?.getData('text/plain') ?? ''
    if (!text.trimEnd().includes('\n')) return
    event.preventDefault()
    const input = event.target as HTMLInputElement
    const { value, selectionStart, selectionEnd } = input
    input.value = ''
    const rest = this.shell.paste(value.slice(0, selectionStart ?? 0) + text + value.slice(selectionEnd ?? 0))
    input.value = rest
  }

  #clicked = (): void => {
    if (getSelection()?.isCollapsed !== false) this.focusInput()
  }

  get #input(): HTMLInputElement | null {
    return this.renderRoot.querySelector('input')
  }
}

/** Tables keep their columns and scroll; sentences wrap. */
function isTable(text: string): boolean {
  return /^[A-Z][A-Z-]+(\([A-Z]\))? {2,}/.test(text)
}

customElements.define('lab-terminal', LabTerminal)
