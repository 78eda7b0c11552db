/** Loads the engine, opens the first example and plays it. */
import { load } from 'clusterip'
import { LabApp } from './app.ts'
import { examples } from './examples/index.ts'
import { Lab } from './lab.ts'
import { Shell } from './shell.ts'
import { restoreTheme } from './theme.ts'
import './style/page.css'

restoreTheme()
start().catch((error: unknown) => {
  const place = document.querySelector('#loading')
  if (place === null) throw error
  const hint = (error as { hint?: string }).hint
  place.textContent = `The lab could not start. ${error instanceof Error ? error.message : String(error)} ${hint ?? ''}`
  throw error
})

async function start(): Promise<void> {
  await load()
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
  document.body.append(app)
}
