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
cluster.run('client', { image: 'busybox' })
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
cluster.dispose()
mistake(() => cluster.settle())
