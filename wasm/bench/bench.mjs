// Side by side in one run, every figure in a process of its own, the median of five: `cargo run -p demo --example wasm_bench`.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const RUNS = 5

const rows = [
  { task: 'start', figure: 'ready', what: 'import to a ready cluster of three nodes', unit: 'ms', goal: 10 },
  { task: 'first', figure: 'first', what: 'import to the first answer', unit: 'ms', goal: 50 },
  { task: 'services', figure: 'services', what: '1,000 Services, until the last answers', unit: 'ms', goal: 100 },
  { task: 'services', figure: 'megabytes', what: 'memory with them', unit: 'MB', goal: 20 },
  { task: 'requests', figure: 'rate', what: 'requests, each a TCP connection of ours', unit: '/s' },
]

const measured = new Map()
function measure(side, task) {
  const key = `${side} ${task}`
  if (!measured.has(key)) {
    const script = fileURLToPath(new URL(side, import.meta.url))
    const runs = Array.from({ length: RUNS }, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script, task], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`${key}: ${stderr}`)
      return JSON.parse(stdout.trim().split('\n').at(-1))
    })
    measured.set(key, runs)
  }
  return measured.get(key)
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1]
}

const shown = value => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 })
console.log(`Node ${process.version}, median of ${RUNS}`)
console.log('| | clusterip | webernetes | ratio | goal |\n|---|---|---|---|---|')
for (const { task, figure, what, unit, goal } of rows) {
  const ours = median(measure('clusterip.mjs', task).map(run => run[figure]))
  const theirs = median(measure('dist/webernetes.mjs', task).map(run => run[figure]))
  const ratio = unit === '/s' ? ours / theirs : theirs / ours
  const wanted = goal === undefined ? '' : `${goal} times`
  console.log(`| ${what} | ${shown(ours)} ${unit} | ${shown(theirs)} ${unit} | ${shown(ratio)} | ${wanted} |`)
}
