/** `<lab-transport>`: play, pause, step, speed, the slider, and the shown frame in words. */
import { css, html, nothing, type TemplateResult } from 'lit'
import { LabElement, common } from './element.ts'
import { formatTime, isTranslated, kindOf } from './packet.ts'
import { SPEEDS } from './playback.ts'
import { verdictOf } from './verdict.ts'

export class LabTransport extends LabElement {
  static override styles = [common, css`
    .bar { display: flex; align-items: center; gap: 6px; flex-wrap: wrap; }
    .bar button { min-width: var(--target); padding: 0 8px; }
    .play { min-width: 5.6em; }
    input[type='range'] { flex: 1; min-width: 90px; height: var(--target); margin: 0 4px; accent-color: var(--action); cursor: pointer; }
    .count { color: var(--muted); font-size: var(--text-s); font-variant-numeric: tabular-nums; white-space: nowrap; }
    .now { min-height: 1.6em; margin: 6px 0 0; font-size: var(--text-s); line-height: 1.6; overflow-wrap: anywhere; }
    .now .mono { font-size: 12px; }
    .old { color: var(--muted); text-decoration: line-through; }
    .new { color: var(--virtual); font-weight: 700; }
    .muted { color: var(--muted); }
    .verdict { margin: 0 0 8px; font-weight: 600; font-size: 14px; line-height: 1.5; min-height: 1.5em; overflow-wrap: anywhere; }
    .ok .symbol { color: var(--ok); }
    .bad .symbol { color: var(--bad); }
    .open .symbol { color: var(--packet-dns); }
    @media (max-width: 640px) {
      .bar { flex-wrap: nowrap; gap: 4px; }
      .play { min-width: var(--target); }
      .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      .count { position: absolute; clip-path: inset(50%); }
      .verdict { margin-bottom: 4px; min-height: 0; }
      input[type='range'] { min-width: 60px; }
      .now { min-height: 3.2em; }
    }
    svg { width: 14px; height: 14px; vertical-align: -2px; fill: currentColor; }
  `]

  protected follows(): [EventTarget, ...string[]][] {
    return [[this.lab.playback, 'frames', 'cursor'], [this.lab, 'world']]
  }

  protected override render(): TemplateResult {
    const { playback, world } = this.lab
    const { frames, cursor, playing, still } = playback
    const none = frames.length === 0
    const command = this.lab.commands.at(-1)
    const verdict = this.lab.isLost ? LOST : command && verdictOf(frames.filter(frame => frame.index >= command.first), world, this.lab.names)
    return html`
      <p class="verdict ${verdict?.tone ?? ''}" role="status" data-testid="verdict">
        ${verdict ? html`<span class="symbol" aria-hidden="true">${verdict.symbol}</span> ${verdict.text}` : nothing}
      </p>
      <div class="bar" role="group" aria-label="Playback">
        ${still
          ? nothing
          : html`<button class="play primary" data-testid="play" ?disabled=${none} @click=${() => playing ? playback.pause() : playback.play()}>
              ${icon(playing ? 'M4 2h3v10H4zM8 2h3v10H8z' : 'M4 2l8 5-8 5z')} <span class="word">${playing ? 'Pause' : playback.atEnd && !none ? 'Replay' : 'Play'}</span>
            </button>`}
        <button aria-label="Previous step" data-testid="back" ?disabled=${cursor <= 0} @click=${() => playback.back()}>${icon('M11 2v10L4 7zM2.5 2H4v10H2.5z')}</button>
        <button aria-label="Next step" data-testid="step" ?disabled=${none || cursor >= frames.length - 1} @click=${() => playback.step()}>${icon('M3 2v10l7-5zM10 2h1.5v10H10z')}</button>
        <input type="range" min="0" max=${Math.max(0, frames.length - 1)} .value=${String(Math.max(0, cursor))} ?disabled=${none}
          aria-label="Step" aria-valuetext=${this.#words()} @input=${(event: Event) => playback.seek(Number((event.target as HTMLInputElement).value))}>
        <span class="count">${none ? '0' : cursor + 1} / ${frames.length}</span>
        ${still
          ? nothing
          : html`<select aria-label="Speed" @change=${(event: Event) => playback.setSpeed(Number((event.target as HTMLSelectElement).value))}>
              ${SPEEDS.map(speed => html`<option value=${speed} ?selected=${speed === playback.speed}>${speed === 0.5 ? '½' : speed}×</option>`)}
            </select>`}
      </div>
      <p class="now" data-testid="now">${this.#now()}</p>`
  }

  #now(): TemplateResult | typeof nothing {
    const frame = this.lab.playback.frame
    if (frame === undefined) return nothing
    const { before, after } = frame
    const side = (was: string, is: string) => was === is ? html`${is}` : html`<span class="old">${was}</span> <span class="new">${is}</span>`
    return html`<span class="muted">+${formatTime(frame.time - (this.lab.commandOf(frame)?.time ?? 0))}</span> ${frame.place.replace('node/', '')}: <b>${kindOf(frame).name}</b>
      <span class="mono">${side(before.source, after.source)} <span class="muted">→</span> ${side(before.destination, after.destination)}</span>
      ${frame.reason ? html`<b>${frame.reason}</b>` : isTranslated(frame) ? nothing : html`<span class="muted">passes unchanged</span>`}`
  }

  #words(): string {
    return this.lab.playback.frame?.summary ?? 'no packet yet'
  }
}

/** Said of a command outside whose packets no node has seen. */
const LOST = { tone: 'bad', symbol: '✕', text: 'nothing of this reached a node' } as const

function icon(path: string): TemplateResult {
  return html`<svg viewBox="0 0 14 14" aria-hidden="true"><path d=${path}></path></svg>`
}

customElements.define('lab-transport', LabTransport)
