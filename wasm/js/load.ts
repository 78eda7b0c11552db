import initialise, { initSync } from './engine/clusterip.js'
import { LoadError, NotLoadedError, onTrap } from './errors.js'

/** Where the engine comes from: an address, an answer to a request, bytes, or a compiled module. */
export type WasmInput = string | URL | Request | Response | BufferSource | WebAssembly.Module

let loaded = false
let loading: Promise<void> | undefined
let onFirstUse: (() => BufferSource | WebAssembly.Module) | undefined

/**
 * Loads the engine: the only promise of this package.
 *
 * It may be called often; only the first call that succeeds does anything. Without an argument the file beside this
 * module is fetched.
 */
export function load(input?: WasmInput): Promise<void> {
  if (loaded) return Promise.resolve()
  loading ??= start(input).catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

/** Loads the engine from bytes or a compiled module, at once. */
export function loadSync(input: BufferSource | WebAssembly.Module): void {
  if (loaded) return
  try {
    keepStack(initSync({ module: input }))
  } catch (error) {
    throw explain(error)
  }
  loaded = true
}

/** What an entry for a platform with files does when a cluster is made before `load()`. */
export function loadOnFirstUse(read: () => BufferSource | WebAssembly.Module): void {
  onFirstUse = read
}

/** Makes sure that the engine is there. */
export function ensureLoaded(): void {
  if (loaded) return
  if (onFirstUse === undefined) throw new NotLoadedError()
  loadSync(onFirstUse())
}

async function start(input?: WasmInput): Promise<void> {
  if (input === undefined && onFirstUse !== undefined) return ensureLoaded()
  try {
    keepStack(await initialise({ module_or_path: input ?? new URL('./engine/clusterip_bg.wasm', import.meta.url) }))
  } catch (error) {
    throw explain(error)
  }
  loaded = true
}

/** All clusters share one module, whose stack is empty between calls. */
function keepStack(exports: object): void {
  const pointer = (exports as { __stack_pointer?: WebAssembly.Global<'i32'> }).__stack_pointer
  if (pointer === undefined) return
  const empty = pointer.value
  onTrap(() => {
    pointer.value = empty
  })
}

function explain(error: unknown): LoadError {
  const said = error instanceof Error ? error.message : String(error)
  if (typeof WebAssembly === 'undefined') {
    return new LoadError('This browser has no WebAssembly, or it is switched off.', { cause: error })
  }
  if (/unsafe-eval|Content Security Policy|CSP/i.test(said)) {
    return new LoadError("The page's Content Security Policy forbids WebAssembly.", {
      hint: "Add 'wasm-unsafe-eval' to its script-src.",
      cause: error,
    })
  }
  if (/magic|MIME|Incorrect response/i.test(said)) {
    return new LoadError(`What was fetched is no wasm file: ${said}`, {
      hint: 'Check that the address answers with the file itself (not a 404 page) as application/wasm.',
      cause: error,
    })
  }
  if (/fetch|NetworkError|Load failed/i.test(said)) {
    return new LoadError(`The wasm file could not be fetched: ${said}`, { cause: error })
  }
  return new LoadError(`The wasm file could not be loaded: ${said}`, { cause: error })
}
