import { UsageError, text } from './errors.js'
import type { Frame } from './frame.js'

const TYPES = ['A', 'AAAA', 'SRV', 'PTR']

/** What DNS answered, and every query that it took. */
export interface DnsResult {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, or `TIMEOUT` if no server answered. */
  readonly status: string
  readonly answers: DnsAnswer[]
  /** The queries on the wire, in order: the search list at work. */
  readonly queries: DnsQuery[]
}

/** A record of an answer. */
export interface DnsAnswer {
  readonly name: string
  /** Seconds. */
  readonly ttl: number
  readonly type: string
  readonly data: string
}

/** A question that was sent, and what came back. */
export interface DnsQuery {
  readonly name: string
  readonly type: string
  /** What the answer said in a word or two: `A 10.96.0.57`, `NXDOMAIN`, or nothing if none came. */
  readonly answer: string | undefined
}

/** The command by which a program on the machine asks, search list and all; it is there whatever the pod's image. */
export function dig(name: string, type: string): string {
  // It would be an option of dig's, or another word.
  if (!/^[^\s+@-]\S*$/.test(text(name, 'A name'))) throw new UsageError(`${JSON.stringify(name)} is no name to look up`)
  if (!TYPES.includes(type)) throw new UsageError(`${JSON.stringify(type)} is no type to look up: say ${TYPES.join(', ')}`)
  const isAddress = /^[\d.]+$/.test(name) || name.includes(':')
  return type === 'PTR' && isAddress ? `/debug/dig -x ${quote(name)}` : `/debug/dig +search ${quote(name)} ${type}`
}

/** Reads what `dig` printed and which frames it caused. */
export function readDig(output: string, frames: Frame[]): DnsResult {
  const queries = queriesIn(frames)
  // A name that exists without such a record is no name that does not exist, whatever the search list tried last.
  const isThere = queries.some(({ answer }) => answer?.startsWith('no '))
  const status = isThere ? 'NOERROR' : /status: ([A-Z]+)/.exec(output)?.[1] ?? 'TIMEOUT'
  const section = /;; ANSWER SECTION:\n((?:[^;\n].*\n)*)/.exec(output)?.[1] ?? ''
  const answers = section.split('\n').filter(Boolean).map(line => {
    const [name = '', ttl = '0', , type = '', ...data] = line.split(/\s+/)
    return { name, ttl: Number(ttl), type, data: data.join(' ') }
  })
  return { status, answers, queries }
}

/** A question passes several machines; the first is the asker's own node. */
function queriesIn(frames: Frame[]): DnsQuery[] {
  const queries: { source: string; name: string; type: string; answer: string | undefined }[] = []
  for (const { info, before, after } of frames) {
    const question = /^([A-Z]+)\? (\S+)$/.exec(info)
    if (question) {
      const [, type = '', name = ''] = question
      const isNew = !queries.some(query => query.source === before.source && query.name === name && query.type === type)
      if (isNew) queries.push({ source: before.source, name, type, answer: undefined })
      continue
    }
    const asked = queries.find(query => query.source === after.destination && query.answer === undefined)
    if (asked) asked.answer = info.replace(` ${asked.name}`, '')
  }
  return queries.map(({ name, type, answer }) => ({ name, type, answer }))
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
