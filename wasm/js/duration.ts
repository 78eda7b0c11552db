import { UsageError } from './errors.js'

/** `'30s'`, `'1h30m'`, `'250ms'`, as Go and Kubernetes write it, or a number of milliseconds. */
export type Duration = string | number

const MICROS: Record<string, number> = { h: 3_600_000_000, m: 60_000_000, s: 1_000_000, ms: 1_000, us: 1, 'µs': 1 }

/** That duration in whole microseconds. */
export function toMicros(duration: Duration): number {
  const micros = typeof duration === 'number' ? Math.round(duration * 1_000) : typeof duration === 'string' ? parse(duration) : Number.NaN
  if (!Number.isSafeInteger(micros) || micros < 0) {
    throw new UsageError(`${JSON.stringify(duration)} is no duration: say '30s', '1h30m' or a number of milliseconds`)
  }
  return micros
}

function parse(text: string): number {
  const part = /(\d+(?:\.\d+)?)(ms|us|µs|h|m|s)/gy
  let micros = 0
  let end = 0
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    micros += Number(match[1]) * (MICROS[match[2] ?? ''] ?? Number.NaN)
    end = part.lastIndex
  }
  return end === text.length && end > 0 ? Math.round(micros) : Number.NaN
}
