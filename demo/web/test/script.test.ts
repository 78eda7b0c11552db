import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pasted } from '../src/pasted.ts'
import { type Answer, expanded, interpret, isOpen, isScript, redirected, stagesOf, withoutDocument } from '../src/script.ts'

/** What a line runs, if what it captures is its own words and commands end as told. */
function runOf(line: string, statuses: Record<string, number> = {}, most = 20): string[] {
  const script = interpret(line)
  const run: string[] = []
  let answer: Answer = { status: 0, text: '' }
  while (run.length < most) {
    const { value: step, done } = script.next(answer)
    if (done || typeof step === 'number') break
    if (typeof step === 'string') answer = { status: 0, text: '' }
    else if ('capture' in step) answer = { status: 0, text: step.capture.replace(/^echo /, '') }
    else if ('set' in step) run.push(`${step.set}=${step.to}`)
    else answer = { status: statuses[run[run.push(step.run) - 1]!] ?? 0, text: '' }
  }
  return run
}

test('commands in a row run as their signs say', () => {
  assert.deepEqual(runOf('kubectl get pods; kubectl get svc'), ['kubectl get pods', 'kubectl get svc'])
  assert.deepEqual(runOf('kubectl get pod x && echo yes || echo no', { 'kubectl get pod x': 1 }), ['kubectl get pod x', 'echo no'])
  assert.deepEqual(runOf("kubectl exec a -- sh -c 'b; c' # and d"), ["kubectl exec a -- sh -c 'b; c'"])
})

test('a loop runs its commands for each word, and one without end goes on', () => {
  assert.deepEqual(runOf('for i in 1 2; do kubectl get $i; echo $i; done; echo end'), ['i=1', 'kubectl get $i', 'echo $i', 'i=2', 'kubectl get $i', 'echo $i', 'echo end'])
  assert.deepEqual(runOf('while true; do kubectl get po; sleep 1; done', {}, 6), ['true', 'kubectl get po', 'sleep 1', 'true', 'kubectl get po', 'sleep 1'])
  assert.deepEqual(runOf('until kubectl get po x; do sleep 1; done', { 'kubectl get po x': 1 }, 3), ['kubectl get po x', 'sleep 1', 'kubectl get po x'])
})

test('only lines that run kubectl and more are taken apart', () => {
  for (const line of ['kubectl get pods; ls', 'for i in 1; do k get po; done', 'kubectl get po > a.yaml', 'IP=$(kubectl get svc)', 'cat a | kubectl apply -f -']) assert.ok(isScript(line), line)
  for (const line of ['kubectl get pods', 'kubectl get pods | grep a', "kubectl exec a -- sh -c 'b; c'", 'while true; do curl a; done', 'echo kubectl-1']) assert.ok(!isScript(line), line)
})

test('a shell waits for the rest of a line that is not whole', () => {
  for (const line of ['echo "a', "echo 'a", 'kubectl get \\', 'for i in 1; do', 'kubectl apply -f - <<EOF', 'kubectl apply -f - <<EOF\na: b', 'true &&', 'a |']) assert.ok(isOpen(line), line)
  for (const line of ['echo "a"', 'for i in 1; do echo; done', 'kubectl apply -f - <<EOF\na: b\nEOF', "echo '\"'"]) assert.ok(!isOpen(line), line)
  assert.deepEqual(withoutDocument("cat <<'EOF' | kubectl apply -f -\na: b\n\nEOF"), { line: 'cat  | kubectl apply -f -', document: 'a: b\n\n' })
})

test('pipes and redirections are told from what is quoted', () => {
  assert.deepEqual(stagesOf("kubectl get po | grep 'a|b' | wc"), ['kubectl get po', "grep 'a|b'", 'wc'])
  assert.deepEqual(redirected('kubectl get po -o yaml > po.yaml 2>/dev/null'), { command: 'kubectl get po -o yaml', file: 'po.yaml', appends: false, merges: false, silent: true })
  assert.deepEqual(redirected("kubectl exec a -- sh -c 'b > c'"), { command: "kubectl exec a -- sh -c 'b > c'", appends: false, merges: false, silent: false })
  assert.equal(expanded("echo $a ${a} '$a' $b", new Map([['a', 'x']])), "echo x x '$a' $b")
})

test('what is pasted with prompts is cut down to its commands', () => {
  const { lines, note } = pasted('$ kubectl get service redis\nNAME TYPE\nredis ClusterIP\n- # telnet redis 6379 Connected to redis\n')
  assert.deepEqual(lines, ['kubectl get service redis', 'telnet redis 6379'])
  assert.match(note, /2 lines that the commands printed/)
})

test('what is pasted without prompts runs line by line, comments and all, and a manifest goes to the editor', () => {
  const { lines, rest } = pasted('# First get the IP\nkubectl get svc\n\n# then\ncurl 10.96.23.45')
  assert.deepEqual([lines, rest], [['# First get the IP', 'kubectl get svc', '', '# then'], 'curl 10.96.23.45'])
  assert.ok(pasted('EditapiVersion: v1\nkind: Service\n').manifest)
  assert.equal(pasted('kubectl apply -f - <<EOF\napiVersion: v1\nkind: Service\nEOF\n').manifest, undefined)
})
