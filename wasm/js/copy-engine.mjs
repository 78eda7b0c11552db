// The compiled engine goes beside the compiled façade, so that `new URL(…, import.meta.url)` finds it everywhere.
import { cpSync, mkdirSync } from 'node:fs'

const from = new URL('./engine/', import.meta.url)
const to = new URL('../dist/engine/', import.meta.url)
mkdirSync(to, { recursive: true })
for (const file of ['clusterip.js', 'clusterip.d.ts', 'clusterip_bg.wasm']) {
  cpSync(new URL(file, from), new URL(file, to))
}
