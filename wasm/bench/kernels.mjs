// The same work as `core/benches/native.rs` does, in wasm: prints nanoseconds of a turn.
import { readFileSync } from 'node:fs'

const [task, turns] = process.argv.slice(2)
const bytes = readFileSync(new URL('dist/engine/clusterip_bg.wasm', import.meta.url))
const engine = await import('./dist/engine/clusterip.js')
const module = new WebAssembly.Module(bytes)

if (task === 'instance') {
  const start = performance.now()
  engine.initSync({ module })
  const cluster = new engine.Engine(undefined)
  cluster.settle(600e6)
  // Asks the cluster's DNS through its virtual IP.
  const { exitCode, stderr } = cluster.exec('node/node-1', 'nslookup kubernetes.default.svc.cluster.local 10.96.0.10', 60e6)
  const first = performance.now() - start
  if (exitCode !== 0) throw new Error(stderr)
  console.log(JSON.stringify({ first }))
} else {
  engine.initSync({ module })
  const time = count => {
    const start = performance.now()
    if (engine[task](count) < count) throw new Error(`${task}: a turn failed`)
    return performance.now() - start
  }
  const few = Math.ceil(turns / 10)
  // Warm: the hot functions are compiled a second time, each when it has proved to be one.
  time(Number(turns))
  console.log(JSON.stringify({ cost: ((time(few + Number(turns)) - time(few)) * 1e6) / turns / (task === 'packets' ? 1_000 : 1) }))
}
