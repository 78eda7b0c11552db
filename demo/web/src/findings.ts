/** Where in a manifest is what the API server complains of: its words name fields, the reader looks for lines. */

export interface Finding {
  /** Counted from 1. */
  line: number
  text: string
}

/** The lines that a complaint of `kubectl apply` is about; without one it is about the first. */
export function findingsIn(manifest: string, complaint: string): Finding[] {
  const findings: Finding[] = []
  const add = (line: number | undefined, text: string): void => void findings.push({ line: line ?? 1, text: text.trim() })
  const at = (path: string): number | undefined => lineOf(manifest, path)
  for (const part of complaint.split('\n')) {
    const yaml = /: yaml: (?:line (\d+): )?(.*)$/.exec(part)
    const field = /(?:^\* |is invalid: )([a-z]\w*(?:[.[][\w\]./-]+)+): (.*)$/.exec(part)
    const type = /cannot unmarshal (\w+) into Go struct field \w+\.([\w.]+) of type (\w+)/.exec(part)
    const kind = /no matches for kind "(\w+)"/.exec(part)
    const missing = /namespaces "([\w-]+)" not found/.exec(part)
    const unknown = [...part.matchAll(/unknown field "([^"]+)"/g)]
    for (const [text, path = ''] of unknown) add(at(path), text)
    if (yaml) add(yaml[1] === undefined ? undefined : Number(yaml[1]), yaml[2]!)
    else if (field) add(at(field[1]!), `${field[1]}: ${field[2]}`)
    else if (type) add(at(type[2]!), `${type[2]} is a ${type[1]}, and ${type[3]} is wanted`)
    else if (kind) add(matching(manifest, new RegExp(`^\\s*kind: *["']?${kind[1]}\\b`)), `no matches for kind "${kind[1]}"`)
    else if (missing) add(matching(manifest, new RegExp(`^\\s*namespace: *["']?${missing[1]}\\b`)), `namespaces "${missing[1]}" not found`)
  }
  if (findings.length === 0 && complaint.trim() !== '') add(undefined, complaint.trim().split('\n', 1)[0]!)
  return findings
}

function matching(manifest: string, pattern: RegExp): number | undefined {
  const at = manifest.split('\n').findIndex(line => pattern.test(line))
  return at === -1 ? undefined : at + 1
}

/** The line of a field; of the innermost field around it that is there, if it is missing itself. */
export function lineOf(manifest: string, path: string): number | undefined {
  const lines = pathsOf(manifest)
  const bare = (text: string): string => text.replace(/\[\d+\]/g, '')
  for (let wanted = path; wanted !== ''; wanted = wanted.replace(/(?:^|[.[])[^.[]*$/, '')) {
    const found = lines.find(line => line.path === wanted) ?? (wanted.includes('[') ? undefined : lines.find(line => bare(line.path) === wanted))
    if (found !== undefined) return found.line
  }
  return undefined
}

interface Level {
  indent: number
  name: string
  isItem: boolean
  items: number
}

/** The path of the field or item that each line begins. */
function pathsOf(manifest: string): { line: number; path: string }[] {
  const found: { line: number; path: string }[] = []
  let levels: Level[] = []
  for (const [index, text] of manifest.split('\n').entries()) {
    if (/^\s*(#|$)/.test(text)) continue
    if (text.startsWith('---')) {
      levels = []
      continue
    }
    const [, blanks = '', dashes = '', key] = /^( *)((?:- +)*)(?:["']?([\w./-]+)["']?:(?=\s|$))?/.exec(text) ?? []
    let indent = blanks.length
    const open = (level: Level): void => {
      levels.push(level)
      const path = levels.map(({ name, isItem }, at) => isItem || at === 0 ? name : `.${name}`).join('')
      found.push({ line: index + 1, path })
    }
    for (const dash of dashes.match(/- +/g) ?? []) {
      levels = levels.filter(level => level.indent < indent || (level.indent === indent && !level.isItem))
      const list = levels.at(-1)
      open({ indent, name: `[${list === undefined ? 0 : list.items++}]`, isItem: true, items: 0 })
      indent += dash.length
    }
    if (key === undefined) continue
    levels = levels.filter(level => level.indent < indent)
    open({ indent, name: key, isItem: false, items: 0 })
  }
  return found
}
