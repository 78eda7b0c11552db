import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Frame } from 'clusterip'
import { layOut } from '../src/map/layout.ts'
import { pointAt, routeOf } from '../src/map/route.ts'
import { addressOf, kindOf, portOf } from '../src/packet.ts'
import { verdictOf } from '../src/verdict.ts'
import type { PodView, World } from '../src/world.ts'

const pod = (name: string, ip: string, node: string): PodView =>
  ({ key: `default/${name}`, name, namespace: 'default', ip, node, labels: {}, image: '', state: 'ready', services: [] })

const world: World = {
  nodes: [{ name: 'node-1', ip: '172.30.0.11' }, { name: 'node-2', ip: '172.30.0.12' }],
  pods: [pod('client', '10.244.1.2', 'node-1'), pod('web', '10.244.2.2', 'node-2')],
  services: [{
    key: 'default/web', name: 'web', namespace: 'default', type: 'ClusterIP', ip: '10.96.0.7',
    ports: [{ port: 80, protocol: 'TCP', name: '' }], ready: 1, endpoints: 1, selector: {},
  }],
  outside: [{ name: 'laptop', ip: '172.30.0.5' }],
}

function frame(info: string, source: string, destination: string, to = destination): Frame {
  const before = { source, destination }
  const after = to === destination ? before : { source, destination: to }
  return { index: 0, time: 0, place: 'node/node-1', point: 'sent', protocol: 'TCP', info, before, after, next: undefined, reason: undefined, length: 40, summary: '' }
}

const syn = frame('SYN', '10.244.1.2:40000', '10.96.0.7:80', '10.244.2.2:8080')
const synAck = { ...frame('SYN-ACK', '10.244.2.2:8080', '10.244.1.2:40000'), place: 'node/node-2' }

test('an endpoint is an address and a port, in both families', () => {
  assert.deepEqual([addressOf('10.96.0.7:80'), portOf('10.96.0.7:80')], ['10.96.0.7', 80])
  assert.deepEqual([addressOf('[fd00::7]:80'), portOf('[fd00::7]:80')], ['fd00::7', 80])
  assert.deepEqual([addressOf('fd00::7'), portOf('10.96.0.7')], ['fd00::7', 0])
})

test('the kinds of a handshake are told apart', () => {
  assert.deepEqual([syn, synAck, { ...syn, info: 'ACK' }, { ...syn, info: 'GET / HTTP/1.1' }].map(kindOf).map(kind => kind.letter), ['S', 'SA', 'A', 'D'])
})

test('a packet to a virtual address passes the rule on its own node and leaves by the network, at both widths', () => {
  for (const width of [360, 1280]) {
    const layout = layOut(world, width)
    const route = routeOf(syn, layout, world)
    assert.equal(route?.chip?.service.name, 'web')
    assert.equal(route?.node?.name, 'node-1')
    const rule = pointAt(route!.points, route!.ruleAt!)
    assert.ok(Math.abs(rule.y - (route!.chip!.y + route!.chip!.h / 2)) < 1)
    for (const { x, y } of route!.points) assert.ok(x >= 0 && x <= layout.width && y >= 0 && y <= layout.height)
  }
})

test('the verdict names the Service and the pod that answered', () => {
  assert.match(verdictOf([syn, synAck], world)?.text ?? '', /^connected: web \(10\.96\.0\.7:80\) → web \(10\.244\.2\.2:8080\)/)
  assert.equal(verdictOf([syn], world)?.tone, 'bad')
  assert.equal(verdictOf([], world), undefined)
})

test('the verdict on a denied packet names the pod that it was for', () => {
  assert.match(verdictOf([{ ...syn, reason: 'denied by network policy' }], world)?.text ?? '', /node-1 dropped the packet for web \(10\.244\.2\.2:8080\), denied by network policy$/)
})

test('the verdict on a wrong port and on a name that does not exist says so', () => {
  const wrong = { ...frame('SYN', '10.244.1.2:40000', '10.96.0.7:8080'), reason: 'routed to nowhere' }
  assert.match(verdictOf([wrong], world)?.text ?? '', /web has no port 8080/)
  const answer = (info: string): Frame => ({ ...frame(info, '10.96.0.10:53', '10.244.1.2:40000'), protocol: 'UDP' })
  assert.match(verdictOf([answer('NXDOMAIN nobody.default.svc.cluster.local.'), answer('NXDOMAIN nobody.')], world)?.text ?? '', /^no such name: nobody \(/)
  assert.equal(verdictOf([answer('NXDOMAIN redis.default.'), answer('A 10.96.0.7')], world)?.tone, 'open')
})
