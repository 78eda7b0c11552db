import { UsageError, text } from './errors.js'

/** An object, `'deployment/web'`, or a place, `'pod/client'`, `'staging/pod/x'`, `'node/node-1'`, `'outside'`. */
export type Ref = string

/** A reference taken apart: `deploy/web` is kind `deploy`, name `web`, namespace `default`. */
export interface ObjectRef {
  kind: string
  name: string
  namespace: string
}

/** Reads a reference to an object, or an object as `get` and `list` return it. */
export function objectRef(ref: Ref | { kind: string; metadata: { name: string; namespace?: string } }): ObjectRef {
  if (typeof ref === 'object' && ref !== null) {
    const { name, namespace = 'default' } = ref.metadata ?? {}
    return { kind: text(ref.kind, 'kind'), name: text(name, 'metadata.name'), namespace: text(namespace, 'metadata.namespace') }
  }
  text(ref, 'A reference')
  const [a, b, c, ...rest] = ref.split('/')
  if (a && b && c && rest.length === 0) return { namespace: a, kind: b, name: c }
  if (a && b && c === undefined) return { namespace: 'default', kind: a, name: b }
  throw new UsageError(`${JSON.stringify(ref)} names no object: say KIND/NAME or NAMESPACE/KIND/NAME`)
}

/** The text by which the engine knows a place. */
export function placeOf(ref: Ref | { kind: string; metadata: { name: string; namespace?: string } }): string {
  if (typeof ref === 'string') return ref
  const { kind, name, namespace } = objectRef(ref)
  if (kind === 'Node') return `node/${name}`
  if (kind === 'Pod') return `${namespace}/pod/${name}`
  throw new UsageError(`A ${kind} is no place to be at: give a Pod or a Node`)
}
