/** Loads the engine, opens the first example and plays it. */
import { load } from 'clusterip'
import { LabApp } from './app.ts'
import { examples } from './examples/index.ts'
import { Lab } from './lab.ts'
import { Shell } from './shell.ts'
import { restoreTheme } from './theme.ts'
import engine from '../../../wasm/js/engine/clusterip_bg.wasm?url'
import './style/page.css'

/** The size of the engine, unpacked: what a server that packs it does not say. */
declare const ENGINE_BYTES: number

restoreTheme()
start().catch((error: unknown) => {
  const place = document.querySelector('#loading')
  if (place === null) throw error
  place.setAttribute('role', 'alert')
  const hint = (error as { hint?: string }).hint
  document.querySelector('progress')?.remove()
  place.textContent = `The lab could not start. ${error instanceof Error ? error.message : String(error)} ${hint ?? ''}`
  throw error
})

async function start(): Promise<void> {
  await load(await download())
  const lab = new Lab()
  const shell = new Shell(lab)
  const open = (id: string): void => {
    const example = examples.find(example => example.id === id) ?? examples[0]!
    lab.open(example)
    shell.reset()
    for (const line of example.opening) shell.submit(line)
  }
  const app = new LabApp()
  app.lab = lab
  app.shell = shell
  app.addEventListener('lab-open', event => open((event as CustomEvent<string>).detail))
  open(examples[0]!.id)
  document.querySelector('#loading')?.remove()
  document.querySelector('progress')?.remove()
  document.body.append(app)
}

/** Fetches the engine and shows how much of it is there, since that takes a while on a slow line. */
async function download(): Promise<Response | undefined> {
  const response = await fetch(engine).catch(() => undefined)
  // Whatever is wrong, the engine's own loading says it best.
  if (!response?.ok || response.body === null) return undefined
  const bar = Object.assign(document.createElement('progress'), { max: ENGINE_BYTES, value: 0, ariaLabel: 'Loading' })
  document.querySelector('#loading')?.after(bar)
  const counted = response.body.pipeThrough(new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      bar.value += chunk.byteLength
      controller.enqueue(chunk)
    },
  }))
  return new Response(counted, { headers: { 'content-type': response.headers.get('content-type') ?? '' } })
}
