// Runs beside an installed `clusterip`: one request through a Service.
import { Cluster } from 'clusterip'

const cluster = new Cluster({ seed: 7 })
cluster.apply(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: hotel-app}
spec:
  replicas: 3
  selector: {matchLabels: {app: hotel-app}}
  template:
    metadata: {labels: {app: hotel-app}}
    spec: {containers: [{name: app, image: hotel-app:1.0.0, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: hotel-service}
spec:
  selector: {app: hotel-app}
  ports: [{port: 80, targetPort: 8080}]
`)
cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] })
cluster.settle()
const [trip] = cluster.send({ from: 'pod/client', to: 'http://hotel-service' })
console.log(trip.outcome, trip.status, cluster.digest)
cluster.dispose()
