// webernetes' side: requests are function calls.
import { hotel, LAST, main, services } from './world.mjs'

const IMAGE = 'hotel:1.0'

async function start() {
  const { BaseImage, Cluster } = await import('@ngrok/webernetes')
  class Hotel extends BaseImage {
    static imageName = 'hotel'
    static imageVersion = '1.0'
    defaultCommand = ['server']

    async exec(context, argv) {
      if (argv[0] !== 'server') return super.exec(context, argv)
      context.listenHttp(8080, async () => ({ status: 200, statusCode: 200, body: 'hello\n' }))
      return context.waitUntilKilled()
    }
  }
  const cluster = new Cluster()
  cluster.registerImage(Hotel)
  await cluster.init()
  return cluster
}

async function node(cluster) {
  const { items } = await cluster.api.corev1.listNode()
  return items[0].status.addresses.find(address => address.type === 'InternalIP').address
}

/** Asks until there is an answer: nothing says when it is at rest. */
async function answers(cluster, port) {
  const url = `http://${await node(cluster)}:${port}`
  for (;;) {
    try {
      if ((await cluster.fetch(url)).body === 'hello\n') return url
    } catch {
      // Not yet.
    }
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

await main({
  async start(elapsed) {
    await start()
    return { ready: elapsed() }
  },
  async first(elapsed) {
    const cluster = await start()
    await cluster.apply(hotel(IMAGE))
    await answers(cluster, 31_000)
    return { first: elapsed() }
  },
  async services(elapsed) {
    const cluster = await start()
    await cluster.apply(hotel(IMAGE))
    await answers(cluster, 31_000)
    const before = elapsed()
    await cluster.apply(services)
    await answers(cluster, LAST)
    return { services: elapsed() - before }
  },
  async requests(elapsed) {
    const cluster = await start()
    await cluster.apply(hotel(IMAGE))
    const url = await answers(cluster, 31_000)
    for (let n = 0; n < 1_000; n++) await cluster.fetch(url)
    const before = elapsed()
    for (let n = 0; n < 5_000; n++) await cluster.fetch(url)
    return { rate: 5_000_000 / (elapsed() - before) }
  },
})
