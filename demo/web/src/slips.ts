/** What happens to text on its way through a book or a web page, and how to take it back. */

/** A line that was pasted with something that does not belong to it. */
export interface Slip {
  /** What happened, in one sentence. */
  text: string
  /** The line as it was meant. */
  repaired: string
}

const TYPOGRAPHIC = /(^|\s)[–—−]|[“”„‘’‚]/

/** Finds what print has done to a command line. */
export function slipIn(line: string): Slip | undefined {
  const prompt = /^\s*(?:[-–•]\s*)?(?:\/ #|[$#>❯])\s+(?=\S)/.exec(line)
  const withoutPrompt = prompt ? line.slice(prompt[0].length) : line
  const repaired = straighten(withoutPrompt).replace(/\s+\/ #\s*$/, '')
  if (TYPOGRAPHIC.test(withoutPrompt)) {
    const dash = /[–—−]/.exec(withoutPrompt)
    const found = dash ? `${dash[0] === '—' ? 'an em dash' : 'an en dash'} (${dash[0]}) where the command needs --` : 'typographic quotes'
    return { text: `Your text has ${found}. Pasted from a book?`, repaired }
  }
  const trailing = /\s+\/ #\s*$/.exec(withoutPrompt)
  if (trailing) {
    return { text: 'The / # at the end is the prompt of the shell that the command opens.', repaired: withoutPrompt.slice(0, trailing.index) }
  }
  if (prompt) return { text: `The ${prompt[0].trim()} in front is the prompt, not part of the command.`, repaired: withoutPrompt }
  return undefined
}

/** Undoes typographic dashes and quotes. */
function straighten(line: string): string {
  return line
    .replace(/(^|\s)[–—−](?=[a-zA-Z])/g, (_, before: string) => `${before}--`)
    .replace(/(^|\s)[–—−](?=\s|$)/g, '$1--')
    .replace(/[“”„]/g, '"')
    .replace(/[‘’‚]/g, "'")
}
