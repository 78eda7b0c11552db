/** What every part of the page has in common: it shows the lab, and follows it while it is on the page. */
import { LitElement, css } from 'lit'
import type { Lab } from './lab.ts'

export abstract class LabElement extends LitElement {
  static override properties = { lab: { attribute: false } }
  declare lab: Lab
  #following: [EventTarget, string, () => void][] = []

  /** What to follow: a model and the events of it that matter here. */
  protected abstract follows(): [EventTarget, ...string[]][]

  override connectedCallback(): void {
    super.connectedCallback()
    for (const [target, ...events] of this.follows()) {
      for (const event of events) {
        const listener = (): void => this.noticed(event)
        target.addEventListener(event, listener)
        this.#following.push([target, event, listener])
      }
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    for (const [target, event, listener] of this.#following) target.removeEventListener(event, listener)
    this.#following = []
  }

  /** Draws again; a part that can do with less overrides it. */
  protected noticed(_event: string): void {
    this.requestUpdate()
  }
}

/** Shared by all parts: text, buttons and focus. */
export const common = css`
  :host { display: block; box-sizing: border-box; color: var(--ink); }
  :host([hidden]) { display: none; }
  *, *::before, *::after { box-sizing: border-box; }
  h2 {
    margin: 0;
    font: 600 var(--text-s)/1.4 var(--sans);
    letter-spacing: 0.01em;
    color: var(--muted);
  }
  button, select {
    min-height: var(--target);
    padding: 0 0.7em;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background: var(--surface);
    color: inherit;
    font: 500 var(--text-s)/1 var(--sans);
    cursor: pointer;
  }
  button:hover:not(:disabled), select:hover { border-color: var(--muted); background: var(--raised); }
  button:disabled { color: var(--muted); cursor: default; opacity: 0.6; }
  button.quiet { border-color: transparent; background: transparent; }
  button.quiet:hover:not(:disabled) { background: var(--raised); }
  button.primary { border-color: var(--action); background: var(--action); color: var(--on-action); }
  button.primary:hover:not(:disabled) { border-color: var(--action-strong); background: var(--action-strong); }
  :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: var(--radius); }
  code, .mono { font-family: var(--mono); font-size: 0.94em; font-variant-ligatures: none; }
  .sr {
    position: absolute; width: 1px; height: 1px; margin: -1px;
    overflow: hidden; clip-path: inset(50%); white-space: nowrap;
  }
`
