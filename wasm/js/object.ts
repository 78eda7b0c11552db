/** A Kubernetes object, as JSON or YAML holds it. */
export interface KubeObject {
  apiVersion?: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    uid?: string
    resourceVersion?: string
    creationTimestamp?: string
    [field: string]: unknown
  }
  [field: string]: any
}

/** An object as somebody else's types have it, those of `@kubernetes/client-node` among them. */
export interface Manifest {
  apiVersion?: string | undefined
  kind?: string | undefined
  metadata?: object | undefined
}
