import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slipIn } from '../src/slips.ts'
import { loginRequest, terminalRequest, wordsOf } from '../src/words.ts'

test('a dash of print becomes the dashes of a flag', () => {
  assert.equal(slipIn('kubectl create deployment redis –image=redis')?.repaired, 'kubectl create deployment redis --image=redis')
  assert.equal(slipIn('kubectl run busybox –rm –restart Never -it –image=busybox')?.repaired, 'kubectl run busybox --rm --restart Never -it --image=busybox')
  assert.equal(slipIn('kubectl get pods -o wide'), undefined)
})

test('a pasted prompt is told from the command', () => {
  assert.equal(slipIn('$ kubectl get service redis')?.repaired, 'kubectl get service redis')
  assert.equal(slipIn('/ # telnet redis 6379')?.repaired, 'telnet redis 6379')
  assert.equal(slipIn('- # telnet redis 6379')?.repaired, 'telnet redis 6379')
  assert.equal(slipIn('kubectl run busybox –rm -it –image=busybox / #')?.repaired, 'kubectl run busybox --rm -it --image=busybox')
  assert.equal(slipIn('kubectl run busybox --rm -it --image=busybox / #')?.repaired, 'kubectl run busybox --rm -it --image=busybox')
  assert.equal(slipIn('echo $HOME'), undefined)
})

test('a comment is no prompt, and what a command answered is no part of it', () => {
  assert.equal(slipIn('# First get the IP'), undefined)
  assert.equal(slipIn('# kubectl get pods')?.repaired, 'kubectl get pods')
  assert.equal(slipIn('- # telnet 10.96.118.99 6379 Connected to 10.96.118.99')?.repaired, 'telnet 10.96.118.99 6379')
  assert.match(slipIn('curl <service-name>.<namespace>.svc.cluster.local')?.text ?? '', /stands for a name of yours/)
})

test('words are split as a shell splits them', () => {
  assert.deepEqual(wordsOf(`sh -c 'curl -s "$X"' a\\ b "c d"`), ['sh', '-c', 'curl -s "$X"', 'a b', 'c d'])
})

test('exec -it asks for a terminal in that pod', () => {
  const request = terminalRequest('kubectl exec -it -n shop web -c app -- sh -c "echo hi"')
  assert.deepEqual([request?.verb, request?.pod, request?.namespace, request?.argv], ['exec', 'web', 'shop', ['sh', '-c', 'echo hi']])
  assert.equal(terminalRequest('kubectl exec web -- sh'), undefined)
  assert.equal(terminalRequest('kubectl get pods -it'), undefined)
})

test('run -it makes a pod with a terminal and remembers to remove it', () => {
  const request = terminalRequest('kubectl run busybox --rm --restart Never -it --image=busybox')
  assert.deepEqual([request?.pod, request?.remove, request?.argv], ['busybox', true, []])
  assert.equal(request?.create, 'kubectl run busybox --restart Never --image=busybox --stdin --tty --attach=false')
})

test('ssh leads to a node by its name or its address', () => {
  const nodes = [{ name: 'node-1', ip: '172.30.0.11' }]
  assert.deepEqual(loginRequest('ssh root@node-1', nodes), { node: 'node-1', command: '' })
  assert.deepEqual(loginRequest("ssh 172.30.0.11 'iptables-save -t nat | grep web'", nodes), { node: 'node-1', command: 'iptables-save -t nat | grep web' })
  assert.equal(loginRequest('ssh elsewhere', nodes), undefined)
})
