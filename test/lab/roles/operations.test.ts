import { afterAll, beforeAll, expect, vi } from 'vitest'
import { describeCertificates } from './operations/certificates.js'
import { describeCheck } from './operations/check.js'
import { hosts, operatedCluster } from './operations/cluster.js'
import { describeKubeconfig } from './operations/kubeconfig.js'
import { describePower } from './operations/power.js'
import { describeReset } from './operations/reset.js'
import { describeRestore } from './operations/restore.js'
import { describeSecrets } from './operations/secrets.js'
import { describeSingle } from './operations/single.js'
import { describeStatus } from './operations/status.js'
import { failures } from './play.js'

// Several runs of a playbook each; as `play` itself bounds them.
vi.setConfig({ testTimeout: 300_000 })

const cluster = operatedCluster()

beforeAll(async () => {
  await Promise.all(hosts.map((name) => cluster.lab.fresh(name)))
  await cluster.k3s.sh('agent-1', 'sysctl -q -w net.ipv4.ip_forward=0')
  expect(failures(await cluster.run('cluster'))).toBe('')
  expect(await cluster.kubectl('create namespace precious')).toContain('created')
})

afterAll(async () => {
  await Promise.all([...hosts, 'agent-2'].map((name) => cluster.lab.fresh(name)))
})

describeStatus(cluster)
describeKubeconfig(cluster)
describeCheck(cluster)
describeSecrets(cluster)
describeCertificates(cluster)
describePower(cluster)
describeRestore(cluster)
describeReset(cluster)
describeSingle(cluster)
