/** What happens to text on its way through a book or a web page, and how to take it back. */

/** A line that was pasted with something that does not belong to it. */
export interface Slip {
  /** What happened, in one sentence. */
  text: string
  /** The line as it was meant. */
  repaired: string
}

const TYPOGRAPHIC = /(^|\s)[–—−]|[“”„‘’‚]/
/** A lone # begins a comment, unless what follows is one of these. */
const COMMANDS = 'kubectl|curl|wget|telnet|nslookup|dig|ping|nc|redis-cli|cat|env|echo|exit'
const PROMPT = new RegExp(`^\\s*(?:(?:[-–•]\\s*)?/ #|[-–•]\\s*#|\\$|[>❯]|#(?=\\s+(?:${COMMANDS})\\b))\\s+(?=\\S)`)
/** What a program said, printed on the line of its command. */
const ANSWER = /\s+(?:Connected to|Trying) \S+$/

/** The command behind a prompt; `undefined` if there is none. */
export function withoutPrompt(line: string): string | undefined {
  const prompt = PROMPT.exec(line)
  return prompt ? line.slice(prompt[0].length) : undefined
}

/** Finds what print has done to a command line. */
export function slipIn(line: string): Slip | undefined {
  const command = withoutPrompt(line)
  const text = command ?? line
  const repaired = straighten(text).replace(/\s+\/ #\s*$/, '').replace(ANSWER, '')
  if (TYPOGRAPHIC.test(text)) {
    const dash = /[–—−]/.exec(text)
    const found = dash ? `${dash[0] === '—' ? 'an em dash' : 'an en dash'} (${dash[0]}) where the command needs --` : 'typographic quotes'
    return { text: `Your text has ${found}. Pasted from a book?`, repaired }
  }
  if (/\s+\/ #\s*$/.test(text)) return { text: 'The / # at the end is the prompt of the shell that the command opens.', repaired }
  if (ANSWER.test(text)) return { text: 'What the command answered was copied along with it.', repaired }
  if (command !== undefined) return { text: `The ${line.slice(0, -command.length).trim()} in front is the prompt, not part of the command.`, repaired }
  const place = /<[a-z]+(?:[-_ ][a-z]+)*>/.exec(text)
  if (place) return { text: `${place[0]} stands for a name of yours, and to a shell it is a redirection: put the name in its place.`, repaired: '' }
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
