// What both sides are asked to do, as objects that either takes.

export const hotel = image => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'hotel' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'hotel' } },
      template: {
        metadata: { labels: { app: 'hotel' } },
        spec: { containers: [{ name: 'app', image, ports: [{ containerPort: 8080 }] }] },
      },
    },
  },
  service('hotel', 31_000),
]

/** A Service of the hotel's pods that a node answers for. */
export const service = (name, nodePort) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: {
    type: 'NodePort',
    selector: { app: 'hotel' },
    ports: [{ port: 80, targetPort: 8080, nodePort, protocol: 'TCP' }],
  },
})

export const SERVICES = 1_000
export const services = Array.from({ length: SERVICES }, (_, n) => service(`service-${n}`, 30_000 + n))
export const LAST = 30_000 + SERVICES - 1

/** Runs the task named on the command line in a process of its own and prints its figures. */
export async function main(tasks) {
  const before = process.memoryUsage().rss
  const started = performance.now()
  const elapsed = () => performance.now() - started
  const figures = await tasks[process.argv[2]](elapsed)
  globalThis.gc?.()
  const megabytes = (process.memoryUsage().rss - before) / 2 ** 20
  console.log(JSON.stringify({ ...figures, megabytes }))
  process.exit(0)
}
