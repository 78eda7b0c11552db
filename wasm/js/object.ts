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
