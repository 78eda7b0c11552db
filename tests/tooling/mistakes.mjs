// Makes the mistakes that people make, and prints the code and the message of each.
import { Cluster } from 'clusterip'

const mistake = make => {
  try {
    make()
    console.log('no error')
  } catch (error) {
    console.log(error.code, error.message.replaceAll('\n', ' '))
  }
}

mistake(() => new Cluster({ sed: 1 }))
mistake(() => new Cluster({ seed: 'seven' }))
mistake(() => new Cluster({ nodes: [] }))
mistake(() => new Cluster({ nodes: [{ name: 'Node_1' }] }))
mistake(() => new Cluster({ nodes: [{ name: 'a' }, { name: 'a' }] }))
mistake(() => new Cluster({ nodes: [{ name: 'a', podCIDR: '10.0.0.0/31' }] }))
mistake(() => new Cluster({ nodes: [{ name: 'a', zone: 'not a zone' }] }))
mistake(() => new Cluster({ nodes: [{ name: 'a', address: '10.0.0' }] }))
mistake(() => new Cluster({ proxy: 'ebpf' }))
mistake(() => new Cluster({ serviceCIDR: '10.96.0.0/33' }))
mistake(() => new Cluster({ serviceCIDR: '10.96.0.0/12,10.112.0.0/12' }))
mistake(() => new Cluster({ clusterDomain: 'Cluster Local' }))

const cluster = new Cluster({ seed: 7 })
cluster.run('client', { image: 'busybox', command: ['sleep', 'infinity'] })
cluster.settle()
mistake(() => cluster.run('Client', { image: 'busybox' }))
mistake(() => cluster.apply('kind: Service'))
mistake(() => cluster.apply('a: [1'))
mistake(() => cluster.exec('pod/nobody', 'true'))
mistake(() => cluster.exec('nobody', 'true'))
mistake(() => cluster.send({ from: 'pod/nobody', to: 'http://hotel' }))
mistake(() => cluster.send({ from: 'pod/client', to: 'gopher://hotel' }))
mistake(() => cluster.send({ from: 'pod/client', to: '' }))
mistake(() => cluster.send({ from: 'pod/client', to: 'http://hotel', times: -1 }))
mistake(() => cluster.get('gadget', 'hotel'))
mistake(() => cluster.list('pod', { labels: 'a in' }))
mistake(() => cluster.delete('svc/nothing'))
mistake(() => cluster.scale('deployment/nothing', 2))
mistake(() => cluster.setReady('pod/nobody', true))
mistake(() => cluster.advance('3 parsecs'))
mistake(() => cluster.settle({ limit: -1 }))
mistake(() => cluster.lookup('hotel', { from: 'pod/nobody' }))
mistake(() => cluster.list('Pod', { labels: { run: 'client' } }).length === 1 || console.log('labels'))
mistake(() => cluster.list('Pod', { labels: 5 }))
mistake(() => cluster.get('Pod', 5))
mistake(() => cluster.kubectl(['get', 'pods']))
mistake(() => cluster.exec('pod/client', ['true']))
mistake(() => cluster.exec({ kind: 'Service', metadata: { name: 'client' } }, 'true'))
mistake(() => cluster.exec({}, 'true'))
mistake(() => cluster.capture.toPcap('pod/nobody'))
mistake(() => cluster.apply('kind: Service', { namespace: 5 }))
mistake(() => cluster.lookup('-x', { from: 'pod/client' }))
mistake(() => cluster.lookup('hotel', { from: 'pod/client', type: 'MX' }))
mistake(() => new Cluster({ seed: undefined, nodes: undefined, proxy: undefined }))
mistake(() => new Cluster({ nodes: 60 }))
mistake(() => cluster.run('other', { image: 'busybox', namespace: 'kube-system', command: ['sleep', 'infinity'] }))
cluster.settle()
mistake(() => cluster.exec('kube-system/pod/other', 'true'))
cluster.dispose()
mistake(() => cluster.settle())
// Options and arguments that mean nothing, and an application of which not all can be applied.
const lab = new Cluster({ seed: 7 })
lab.run('client', { image: 'busybox', command: ['sleep', 'infinity'] })
lab.settle()
mistake(() => lab.apply('kind: Service', { dryRun: true }))
mistake(() => lab.send())
mistake(() => lab.run('third'))
mistake(() => lab.advance())
mistake(() => lab.on('packet', () => {}))
mistake(() => lab.on('frame'))
mistake(() => lab.setReady('pod/client', 'no'))

const application = `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
---
apiVersion: v1
kind: Service
metadata: {name: hotel}
spec: {selector: {app: hotel}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: broken}
spec: {ports: [{port: "80"}]}
`
try {
  lab.apply(application, { file: 'k8s/hotel.yaml', skipUnsimulated: true })
} catch ({ findings, applied }) {
  console.log(applied, findings.map(({ file, line, object, field, code }) => ({ file, line, object, field, code })))
}
const [skipped] = lab.apply(application.split('---')[0], { skipUnsimulated: true })
console.log(skipped)
lab.settle()
for (const to of ['http://hotel', 'http://nowhere', 'tcp://hotel:81']) {
  const [trip] = lab.send({ from: 'pod/client', to, timeout: '1s' })
  console.log(trip.outcome, trip.reason)
}
const curl = lab.start('pod/client', 'wget -q -O - http://kubernetes')
const steps = []
for (let frame = lab.step(); frame !== undefined; frame = lab.step()) steps.push(frame.index)
console.log('steps without gaps', steps.length > 5 && steps.every((index, at) => at === 0 || index === steps[at - 1] + 1), curl.where)

mistake(() => new Cluster({ outside: [{ name: 'db.example.com', adress: '192.168.1.100' }] }))
mistake(() => new Cluster({ outside: [{ name: 'db.example.com', address: '192.168.1.100', listens: [70000] }] }))
const beyond = new Cluster({ outside: [{ name: 'db.example.com', address: '192.168.1.100', listens: [3306] }] })
beyond.apply([
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'alias' }, spec: { type: 'ExternalName', externalName: 'db.example.com' } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'legacy' }, spec: { ports: [{ port: 3306 }] } },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'legacy-1', labels: { 'kubernetes.io/service-name': 'legacy' } },
    addressType: 'IPv4',
    ports: [{ port: 3306 }],
    endpoints: [{ addresses: ['192.168.1.100'] }],
  },
])
beyond.run('client', { image: 'busybox', command: ['sleep', 'infinity'] })
beyond.settle()
for (const to of ['tcp://alias:3306', 'tcp://legacy:3306', 'tcp://db.example.com:81']) {
  const [trip] = beyond.send({ from: 'pod/client', to })
  console.log(to, trip.outcome, trip.reason)
}
