// clusterip's side: whole TCP connections through kube-proxy's rules.
import { hotel, LAST, main, services } from './world.mjs'

const NODES = 3

async function start() {
  const { Cluster } = await import('../dist/node.js')
  const cluster = new Cluster({ nodes: NODES })
  cluster.settle()
  return cluster
}

function node(cluster) {
  const [first] = cluster.list('Node')
  return first.status.addresses.find(address => address.type === 'InternalIP').address
}

function answers(cluster, port, times = 1) {
  const trips = cluster.send({ from: 'outside', to: `http://${node(cluster)}:${port}/`, times })
  const bad = trips.find(trip => trip.status !== 200)
  if (bad !== undefined) throw new Error(`${bad.outcome}: ${bad.text}`)
}

await main({
  async start(elapsed) {
    await start()
    return { ready: elapsed() }
  },
  async first(elapsed) {
    const cluster = await start()
    cluster.apply(hotel('hotel:1.0'))
    cluster.settle()
    answers(cluster, 31_000)
    return { first: elapsed() }
  },
  async services(elapsed) {
    const cluster = await start()
    cluster.apply(hotel('hotel:1.0'))
    cluster.settle()
    const before = elapsed()
    cluster.apply(services)
    cluster.settle()
    answers(cluster, LAST)
    return { services: elapsed() - before }
  },
  async requests(elapsed) {
    const cluster = await start()
    cluster.apply(hotel('hotel:1.0'))
    cluster.settle()
    answers(cluster, 31_000, 1_000)
    const before = elapsed()
    answers(cluster, 31_000, 5_000)
    return { rate: 5_000_000 / (elapsed() - before) }
  },
})
