/** CodeMirror as this page uses it; a chunk of its own that arrives after the page is alive. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { Compartment, EditorState, Prec, StateEffect, StateField } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView, drawSelection, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import type { Finding } from './findings.ts'

export { findingsIn } from './findings.ts'
export { repairOf } from './repair.ts'

const setFindings = StateEffect.define<Finding[]>()

/** Marks the lines that the API server would refuse; what is typed moves the marks along. */
const findings = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, { changes, effects, state: { doc } }) {
    for (const effect of effects) {
      if (!effect.is(setFindings)) continue
      return Decoration.set(effect.value.map(({ line, text }) =>
        Decoration.line({ class: 'cm-finding', attributes: { title: text } }).range(doc.line(Math.min(line, doc.lines)).from)), true)
    }
    return marks.map(changes)
  },
  provide: field => EditorView.decorations.from(field),
})

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--code-key)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.meta], color: 'var(--muted)' },
])

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'transparent', color: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55', fontVariantLigatures: 'none' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--action)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--muted)', border: '0', paddingLeft: '4px' },
  '.cm-activeLine': { backgroundColor: 'var(--line-tint)' },
  '.cm-finding': { boxShadow: 'inset 3px 0 var(--bad)', textDecoration: 'underline wavy var(--bad) 1px', textUnderlineOffset: '3px' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--action)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selection)' },
})

export class CodeView {
  readonly #view: EditorView
  readonly #label = new Compartment()
  readonly #on: { changed: (text: string) => void; apply: () => void }
  #showing = false

  constructor(root: ShadowRoot, on: { changed: (text: string) => void; apply: () => void }) {
    this.#on = on
    this.#view = new EditorView({ root })
  }

  get element(): HTMLElement {
    return this.#view.dom
  }

  /** Opens a text under a name; what could be undone in another text cannot be undone here. */
  show(name: string, text: string): void {
    this.#showing = true
    this.#view.setState(EditorState.create({ doc: text, extensions: this.#extensions(name) }))
    this.#showing = false
  }

  /** Changes the text as the reader would, so that it can be undone. */
  replace(text: string): void {
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } })
  }

  /** Marks those lines and no others. */
  mark(found: Finding[]): void {
    this.#view.dispatch({ effects: setFindings.of(found) })
  }

  /** Puts the cursor there. */
  goTo(line: number): void {
    const { from } = this.#view.state.doc.line(Math.min(line, this.#view.state.doc.lines))
    this.#view.dispatch({ selection: { anchor: from }, scrollIntoView: true })
    this.focus()
  }

  focus(): void {
    this.#view.focus()
  }

  #extensions(name: string) {
    return [
      Prec.highest(keymap.of([
        { key: 'Mod-Enter', run: () => { this.#on.apply(); return true } },
      ])),
      lineNumbers(),
      history(),
      highlightSpecialChars(),
      drawSelection(),
      highlightActiveLine(),
      indentOnInput(),
      bracketMatching(),
      indentUnit.of('  '),
      yaml(),
      syntaxHighlighting(colours),
      look,
      findings,
      // Tab moves on, as everywhere on the page; Ctrl-] and Ctrl-[ indent.
      keymap.of([...defaultKeymap, ...historyKeymap]),
      this.#label.of(EditorView.contentAttributes.of({ 'aria-label': `${name}, YAML`, spellcheck: 'false', tabindex: '0' })),
      EditorView.updateListener.of(update => {
        if (update.docChanged && !this.#showing) this.#on.changed(update.state.doc.toString())
      }),
    ]
  }
}
