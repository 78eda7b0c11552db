/** What a web page or a book does to a manifest on its way to the clipboard, and a proposal to take it back. */

/** What is wrong with a text as a whole, and the text as it was probably meant. */
export interface Repair {
  text: string
  repaired: string
}

/** Finds the damage of copying; `undefined` if the text looks whole. */
export function repairOf(text: string): Repair | undefined {
  const furniture = /^\s*(Edit|Copy|Copied!|yaml)\s*(?=apiVersion:)/im.exec(text)
  if (furniture) {
    const cut = text.slice(0, furniture.index) + text.slice(furniture.index + furniture[0].length)
    return { text: `“${furniture[1]}” in front of apiVersion is a button of the page it was copied from.`, repaired: cut.replace(/^\s+/, '') }
  }
  if (hasLostIndentation(text)) {
    return { text: 'The indentation of this document seems lost: every line begins at the margin.', repaired: indent(text) }
  }
  return undefined
}

/** Whether every line begins at the margin although nested fields are named. */
export function hasLostIndentation(text: string): boolean {
  const lines = text.split('\n').filter(line => line.trim() !== '' && !line.trim().startsWith('#'))
  const nested = lines.filter(line => NESTED.has(keyOf(line)))
  return lines.length > 4 && nested.length > 2 && lines.some(line => /^kind:/.test(line)) && lines.every(line => !/^\s/.test(line))
}

/** A field: the fields below it, or `ANY` for labels. */
interface Shape {
  [key: string]: Shape | typeof ANY | null
}

const ANY = 'any'
/** Marks a field that holds a list; the shape is that of an item. */
const ITEMS = '[]'

const labels = ANY
const metadata: Shape = { name: null, namespace: null, labels, annotations: ANY }
const port: Shape = { name: null, port: null, targetPort: null, nodePort: null, protocol: null, containerPort: null, [ITEMS]: null }
const container: Shape = {
  name: null, image: null, command: null, args: null, ports: port,
  env: { name: null, value: null, [ITEMS]: null },
  [ITEMS]: null,
}
const podSpec: Shape = { containers: container, restartPolicy: null, hostname: null, subdomain: null }
const ROOT: Record<string, Shape> = {
  Service: {
    apiVersion: null, kind: null, metadata,
    spec: {
      type: null, clusterIP: null, selector: labels, ports: port, sessionAffinity: null,
      sessionAffinityConfig: { clientIP: { timeoutSeconds: null } }, externalName: null, ipFamilyPolicy: null,
    },
  },
  Pod: { apiVersion: null, kind: null, metadata, spec: podSpec },
  Deployment: {
    apiVersion: null, kind: null, metadata,
    spec: { replicas: null, selector: { matchLabels: labels }, template: { metadata, spec: podSpec } },
  },
}
const NESTED = new Set(['name', 'labels', 'app', 'selector', 'ports', 'port', 'targetPort', 'protocol', 'replicas', 'template', 'containers', 'image', 'matchLabels', 'containerPort'])

interface Level {
  shape: Shape | typeof ANY
  indent: number
  /** The fields of the open item of a list; `undefined` if the level is no list. */
  item: Set<string> | undefined
}

/** Puts the indentation of a known kind back, line by line: each field goes to the innermost open field that knows it. */
export function indent(text: string): string {
  return text.split(/^---\s*$/m).map(indentDocument).join('---\n')
}

function indentDocument(text: string): string {
  const kind = /^kind:\s*(\w+)/m.exec(text)?.[1] ?? ''
  const root = ROOT[kind]
  if (root === undefined) return text
  const levels: Level[] = [{ shape: root, indent: 0, item: undefined }]
  return text.split('\n').map(line => place(line, levels)).join('\n')
}

function place(line: string, levels: Level[]): string {
  const content = line.trim()
  if (content === '' || content.startsWith('#')) return content
  const hasDash = content.startsWith('- ')
  const field = content.replace(/^- */, '')
  const key = keyOf(field)
  const knows = ({ shape }: Level): boolean => shape !== ANY && key in shape
  const at = levels.findLastIndex(knows)
  const free = levels.findLastIndex(({ shape }) => shape === ANY)
  const chosen = at !== -1 ? at : free
  if (chosen === -1) return content
  levels.length = chosen + 1
  const level = levels[chosen]!
  let prefix = ' '.repeat(level.indent)
  if (level.item !== undefined) {
    // A field that the open item already has begins the next one; print loses the dashes too.
    const begins = hasDash || level.item.size === 0 || level.item.has(key)
    if (begins) level.item.clear()
    level.item.add(key)
    prefix = ' '.repeat(level.indent) + (begins ? '- ' : '  ')
  }
  const below = level.shape === ANY ? null : level.shape[key] ?? null
  if (below !== null) {
    const isList = below !== ANY && ITEMS in below
    levels.push({ shape: below, indent: prefix.length + 2, item: isList ? new Set() : undefined })
  }
  return prefix + field
}

function keyOf(line: string): string {
  return /^(?:- *)?["']?([\w./-]+)["']?:(?:\s|$)/.exec(line.trim())?.[1] ?? ''
}
