/** The entry for Node, Deno and Bun: the engine is read from its file and compiled on first use. */
import { readFileSync } from 'node:fs'
import { loadOnFirstUse } from './load.js'

loadOnFirstUse(() => readFileSync(new URL('./engine/clusterip_bg.wasm', import.meta.url)))

export * from './index.js'
