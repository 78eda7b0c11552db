/** `<lab-details>`: what the reader selected on the map, and what can be done to it. */
import { css, html, nothing, type TemplateResult } from 'lit'
import { LabElement, common } from './element.ts'
import { type PodView, nearMiss } from './world.ts'

export class LabDetails extends LabElement {
  static override styles = [common, css`
    .panel { display: flex; gap: 8px 18px; align-items: center; flex-wrap: wrap; padding: 10px 12px; border: 1px solid var(--edge); border-radius: var(--radius); background: var(--raised); font-size: var(--text-s); line-height: 1.5; }
    .what { flex: 1 1 15em; min-width: 0; overflow-wrap: anywhere; }
    .actions { display: flex; gap: 6px; flex-wrap: wrap; }
    p { margin: 0; }
    .muted { color: var(--muted); }
  `]

  static override properties = { ...LabElement.properties, selected: { attribute: false } }
  declare selected: string | undefined

  protected follows(): [EventTarget, ...string[]][] {
    return [[this.lab, 'world']]
  }

  protected override render(): TemplateResult | typeof nothing {
    const key = this.selected
    this.hidden = key === undefined
    if (key === undefined) return nothing
    const { world } = this.lab
    const pod = world.pods.find(pod => pod.key === key)
    if (pod !== undefined) return this.#pod(pod)
    const service = world.services.find(service => key.endsWith(`:service/${service.key}`))
    if (service !== undefined) {
      const selector = Object.entries(service.selector).map(([name, value]) => `${name}=${value}`).join(',')
      const ports = service.ports.map(({ port, protocol }) => `${port}/${protocol}`).join(', ')
      return this.#panel(
        html`<p><b>${service.name}</b>${service.namespace === 'default' ? nothing : html` in ${service.namespace}`} <code>${service.ip}</code> ${ports}</p>
          <p class="muted">No process has this address. Every node carries this rule and rewrites the destination to one of
          ${service.ready} ready ${service.ready === 1 ? 'endpoint' : 'endpoints'}${selector ? html`, the pods with <code>${selector}</code>` : nothing}.</p>`,
        html`<button @click=${() => this.#run(`kubectl describe service ${service.name}${namespace(service.namespace)}`)}>Describe</button>
          <button @click=${() => this.#run(`ssh ${key.split(':')[0]} "iptables-save -t nat | grep ${service.namespace}/${service.name}"`)}>Rules</button>`)
    }
    const host = world.outside.find(host => key === `outside/${host.name}`)
    if (host === undefined) return nothing
    return this.#panel(
      html`<p><b>${host.name}</b> <code>${host.ip}</code></p>
        <p class="muted">Where the prompt $ runs. It shares a network with the nodes and has no route to ClusterIPs.</p>`, nothing)
  }

  #pod(pod: PodView): TemplateResult {
    const labels = Object.entries(pod.labels).map(([name, value]) => `${name}=${value}`).join(', ')
    const ref = `${pod.namespace}/pod/${pod.name}`
    const misses = this.lab.world.services.flatMap(service => {
      const miss = nearMiss(pod, service)
      return miss === undefined ? [] : [`${service.name} does not select it: ${miss}`]
    })
    const isReady = pod.state === 'ready'
    return this.#panel(
      html`<p><b>${pod.name}</b>${pod.namespace === 'default' ? nothing : html` in ${pod.namespace}`} <code>${pod.ip}</code> on ${pod.node}, ${pod.state}</p>
        <p class="muted">${labels || 'no labels'} ${pod.services.length > 0 ? html`· endpoint of ${pod.services.map(key => key.replace(/^default\//, '')).join(', ')}` : nothing}</p>
        ${misses.map(miss => html`<p class="muted">${miss}</p>`)}`,
      html`
        <button data-testid="toggle-ready" @click=${() => this.lab.setReady(ref, !isReady)}>${isReady ? 'Fail readiness' : 'Make ready'}</button>
        <button @click=${() => this.#run(`kubectl exec -it ${pod.name}${namespace(pod.namespace)} -- sh`)}>Shell</button>
        <button @click=${() => this.#run(`kubectl delete pod ${pod.name}${namespace(pod.namespace)}`)}>Delete</button>
        <button title="What tcpdump in this pod would have seen" @click=${() => this.#savePcap(ref, pod.name)}>Save pcap</button>`)
  }

  #panel(what: TemplateResult, actions: TemplateResult | typeof nothing): TemplateResult {
    return html`<div class="panel" role="region" aria-label="Selected" data-testid="details">
      <div class="what">${what}</div>
      <div class="actions">${actions}<button class="quiet" aria-label="Close details" @click=${() => this.dispatchEvent(new CustomEvent('lab-select', { detail: undefined, bubbles: true, composed: true }))}>Close</button></div>
    </div>`
  }

  #savePcap(place: string, name: string): void {
    const bytes = this.lab.cluster.capture.toPcap(place)
    const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/vnd.tcpdump.pcap' }))
    const link = Object.assign(document.createElement('a'), { href: url, download: `${name}.pcap` })
    link.click()
    URL.revokeObjectURL(url)
  }

  #run(line: string): void {
    this.dispatchEvent(new CustomEvent('lab-run', { detail: line, bubbles: true, composed: true }))
  }
}

function namespace(name: string): string {
  return name === 'default' ? '' : ` -n ${name}`
}

customElements.define('lab-details', LabDetails)
