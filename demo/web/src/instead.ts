/** What to do instead of a program that is not here. */
import type { Note } from './notes.ts'

const NODES = 'Rules and connections are in the kernels of the nodes: ask there.'
const SYSTEM = 'What runs on a node besides kube-proxy’s rules is not simulated.'
const NETSHOOT = 'kubectl run -it --rm net --image=nicolaka/netshoot -- sh'
const EDITOR = 'The editor of this page takes its place: change the file there, and apply it.'
const CLUSTER = 'There is one cluster, it lives in this page, and kubectl talks to it.'
const TOOLS = 'This image has no such tool; nicolaka/netshoot has it. The table of packets shows every packet anyway.'

const INSTEAD: Record<string, string> = {
  iptables: NODES, 'iptables-save': NODES, nft: NODES, ipvsadm: NODES, conntrack: NODES, ip6tables: NODES, 'ip6tables-save': NODES, crictl: SYSTEM, systemctl: SYSTEM, journalctl: SYSTEM, ssh: 'ssh reaches the nodes, by the names on the map.',
  vi: EDITOR, vim: EDITOR, nano: EDITOR, emacs: EDITOR, code: EDITOR,
  docker: CLUSTER, podman: CLUSTER, minikube: CLUSTER, kind: CLUSTER, k3d: CLUSTER, helm: CLUSTER, kubectx: CLUSTER, kubens: CLUSTER, gcloud: CLUSTER, aws: CLUSTER,
  tcpdump: TOOLS, ss: TOOLS, netstat: TOOLS, dig: TOOLS, host: TOOLS, bash: 'This image has no bash; sh is there.', nmap: TOOLS, mtr: TOOLS,
  jq: 'kubectl’s own -o jsonpath=… and -o custom-columns=… pick out fields here.',
  awk: 'kubectl’s own -o jsonpath=… and -o custom-columns=… pick out fields here; cut, grep, sort, head, tail and wc are there.',
  sed: 'grep, cut, tr, sort, head, tail and wc are there.',
  ls: 'Machines have hardly any files here: /etc/hosts and /etc/resolv.conf are there. The editor’s files belong to your laptop.',
  ps: 'Processes are not listed; ss -tlnp shows who listens, where the image has it.', top: 'No CPU or memory is modelled here.', htop: 'No CPU or memory is modelled here.',
  man: 'help says what there is; kubectl COMMAND --help lists the flags.',
  alias: 'k stands for kubectl already.', source: 'The Tab key completes already.',
  PING: 'Redis understands this, once it is connected: telnet redis 6379', QUIT: 'Redis understands this, once it is connected: telnet redis 6379',
}

/** The note on a command that was not found, or that the lab does not simulate. */
export function insteadOf(line: string, output: string, where: 'workstation' | 'pod', node: string): Note | undefined {
  // The laptop has a kernel, too, but no rule of the cluster is in it.
  const [tool] = where === 'workstation' ? /^(ip6?tables(-save)?|nft|ipvsadm|conntrack)\b/.exec(line) ?? [] : []
  const missing = tool ?? /sh: (\S+?)(?:: not found| is not simulated)/.exec(output)?.[1]
  if (missing === undefined) return undefined
  if (/^https?:\/\//.test(missing)) return { text: 'An address is no command: curl asks it.', action: `curl ${line}` }
  if (/^(kubectl|k)$/.test(missing)) return { text: 'kubectl runs on your laptop: exit leaves this shell.', action: /^kubectl exec/.test(line) ? undefined : 'exit' }
  if (/^k[ubectl]{3,8}$/i.test(missing)) return where === 'workstation' ? { text: 'Is this kubectl?', action: line.replace(missing, 'kubectl') } : undefined
  if (missing === 'sudo') return { text: 'You are root already.', action: line.replace(/\bsudo\s+(-\S+\s+)*/, '') }
  const text = Object.hasOwn(INSTEAD, missing) ? INSTEAD[missing]! : undefined
  if (text === undefined) return undefined
  if (text === NODES) {
    // Without what led to a pod, if something did. The page's clusters have kube-proxy in its iptables mode.
    const command = line.replace(/^k\S*\s.*?\s--\s+/, '')
    return { text, code: 'CIP902', action: `ssh ${node} ${/^(conntrack|ip6?tables-save)\b/.test(command) ? command : 'iptables-save -t nat'}` }
  }
  return { text, code: 'CIP902', action: text === TOOLS && (where === 'workstation' || /^k/.test(line)) ? NETSHOOT : undefined }
}
