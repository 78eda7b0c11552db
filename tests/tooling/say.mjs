// Runs each line of its argument through kubectl, and prints what comes of it.
import { Cluster } from 'clusterip'

const cluster = new Cluster({ seed: 7 })
for (const line of process.argv[2].split('\n').filter(line => line !== '')) {
  const { stdout, stderr, exitCode } = cluster.kubectl(line)
  process.stdout.write(`$ ${line}\n${stdout}${stderr}[${exitCode}]\n`)
}
console.log(cluster.digest)
