/** Sorts out what was pasted into the terminal: commands, the output that was copied with them, or a manifest. */
import { slipIn, withoutPrompt } from './slips.ts'

export interface Pasted {
  /** Lines to run, one after another. */
  lines: string[]
  /** The beginning of a line that was not ended. */
  rest: string
  manifest: string | undefined
  note: string
}

export function pasted(text: string): Pasted {
  const all = text.replaceAll('\r', '').split('\n')
  if (/^\s*(Edit|Copy)?apiVersion:\s/m.test(text) && /^\s*kind:\s/m.test(text) && !/<<-?\s*['"]?\w/.test(text)) {
    return { lines: [], rest: '', manifest: text, note: '' }
  }
  const commands = all.flatMap(line => withoutPrompt(line) ?? [])
  if (commands.length === 0) return { lines: all.slice(0, -1), rest: all.at(-1) ?? '', manifest: undefined, note: '' }
  const left = all.filter(line => line.trim() !== '').length - commands.length
  return {
    lines: commands.map(command => slipIn(command)?.repaired || command),
    rest: '',
    manifest: undefined,
    note: `The prompts were copied along with the commands; they are left out${left > 0 ? `, and so ${left === 1 ? 'is a line' : `are ${left} lines`} that the commands printed` : ''}.`,
  }
}
