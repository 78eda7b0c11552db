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

/** The same work natively, in nanoseconds, as the command that starts this one has measured it a moment ago. */
const native = JSON.parse(process.argv[2].split('\n').findLast(line => line.startsWith('{')))
/** What stands beside: how many turns, what one costs in the unit shown, and the goal. */
const kernels = [
  { task: 'packets', turns: 2_000, what: 'an established packet, translated', unit: 'ns', of: ns => ns, goal: 'at most 2.0 times' },
  { task: 'mebibytes', turns: 32, what: 'one connection through the virtual IP', unit: 'Gb/s', of: ns => 2 ** 23 / ns, goal: 'at least 0.65 times' },
  { task: 'curls', turns: 2_000, what: '`curl http://svc`: name, connection, answer', unit: 'us', of: ns => ns / 1_000, goal: 'at most 40 us' },
]

const measured = new Map()
function measure(side, task, turns = '') {
  const key = `${side} ${task}`
  if (!measured.has(key)) {
    const script = fileURLToPath(new URL(side, import.meta.url))
    const runs = Array.from({ length: RUNS }, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script, task, turns], { encoding: 'utf8' })
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
console.log('| | native | Node | ratio | goal |\n|---|---|---|---|---|')
for (const { task, turns, what, unit, of, goal } of kernels) {
  const here = of(median(measure('kernels.mjs', task, turns).map(run => run.cost)))
  const there = of(native[task])
  console.log(`| ${what} | ${shown(there)} ${unit} | ${shown(here)} ${unit} | ${shown(here / there)} | ${goal} |`)
}
const first = median(measure('kernels.mjs', 'instance').map(run => run.first))
console.log(`| a compiled module to its first packet | | ${shown(first)} ms | | at most 10 ms |\n`)
console.log('| | clusterip | webernetes | ratio | goal |\n|---|---|---|---|---|')
for (const { task, figure, what, unit, goal } of rows) {
  const ours = median(measure('clusterip.mjs', task).map(run => run[figure]))
  const theirs = median(measure('dist/webernetes.mjs', task).map(run => run[figure]))
  const ratio = unit === '/s' ? ours / theirs : theirs / ours
  const wanted = goal === undefined ? '' : `${goal} times`
  console.log(`| ${what} | ${shown(ours)} ${unit} | ${shown(theirs)} ${unit} | ${shown(ratio)} | ${wanted} |`)
}
