/** Commands that the page answers itself. */
import type { Entry } from './answer.ts'

const HELP = `kubectl …                    talk to the API server, k for short; kubectl apply -f FILE reads the editor's files
curl, ping, nslookup, …      run on your laptop, which stands outside the cluster
kubectl exec -it POD -- sh   a shell in a pod; exit leaves it
ssh node-1                   a shell on a node: iptables-save -t nat, conntrack -L
ls, cat FILE, history        the editor's files; the lines that were typed
; && || | > for while watch  work with kubectl too, and so does kubectl apply -f - <<EOF
clear or Ctrl-L              empties this screen
`

/** What such a command says; `undefined` if it is none. The screen is cleared by whoever has it. */
export function ownAnswer(line: string, history: string[], files: Iterable<string>): Entry[] | undefined {
  const [word = '', ...rest] = line.split(/\s+/)
  if (word === 'help') return [{ kind: 'out', text: HELP }]
  if (word === 'history') return [{ kind: 'out', text: history.map((line, index) => `${String(index + 1).padStart(5)}  ${line}\n`).join('') }]
  if (/^(exit|logout)$/.test(word)) return [{ kind: 'lab', text: 'This is your own shell already; exit leaves one in a pod.' }]
  if (word === 'ls' && rest.every(arg => /^(-\w+|\.\/?|\*.*)$/.test(arg))) return [{ kind: 'out', text: `${[...files].join('  ')}\n` }]
  return undefined
}
