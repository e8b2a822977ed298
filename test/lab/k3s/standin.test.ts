import { beforeAll, describe, expect, it, vi } from 'vitest'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { k3sHosts, newVersion, oldVersion } from './hosts.js'

const lab = openLab(ourLabDir())
const { sh, kubectl, install, replaceBinary, write, address } = k3sHosts(lab)
const servers = ['server-1', 'server-2', 'server-3']
const everyone = [...servers, 'agent-1', 'agent-2']
const faults = '/etc/tsplay-lab/k3s-faults.json'
const db = '/var/lib/rancher/k3s/server/db'
const joinUrl = (): string => `server: https://${address('server-1')}:6443\n`

const ready = async (from: string, node: string): Promise<string> =>
  kubectl(from, `get node ${node} -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}'`)
const voter = async (node: string): Promise<string> =>
  kubectl('server-1', `get node ${node} -o jsonpath='{.status.conditions[?(@.type=="EtcdIsVoter")].status}'`)
const journal = async (name: string, unit = 'k3s'): Promise<string> =>
  (await sh(name, `journalctl -u ${unit} -n 30 -o cat --no-pager`)).text

function eventually(check: () => Promise<void>, timeout = 20_000): Promise<void> {
  return vi.waitFor(check, { timeout, interval: 200 })
}

beforeAll(async () => {
  await Promise.all(everyone.map((name) => lab.fresh(name)))
})

describe('a first server', () => {
  it('is ready once its start has returned, and leaves what k3s leaves', async () => {
    await install('server-1', 'server', 'cluster-init: true\ntoken: secret\nnode-label: [pool=general]\n')
    expect((await sh('server-1', 'systemctl start k3s')).text).toBe('')
    expect(await kubectl('server-1', 'get --raw /readyz')).toBe('ok')
    const { text } = await sh(
      'server-1',
      `cd /var/lib/rancher/k3s/server && stat -c '%n %a' /etc/rancher/k3s/k3s.yaml /etc/rancher/node/password token db/etcd tls/server-ca.key
       cat node-token; sha256sum tls/server-ca.crt | cut -c1-64; ls manifests; k3s --version`,
    )
    expect(text).toContain(
      '/etc/rancher/k3s/k3s.yaml 600\n/etc/rancher/node/password 600\ntoken 600\ndb/etcd 700\ntls/server-ca.key 600',
    )
    const [, tokenHash] = /K10([0-9a-f]{64})::server:secret/.exec(text) ?? []
    expect(text).toContain(`\n${tokenHash}\n`)
    expect(text).toContain('coredns.yaml')
    expect(text).toContain(`k3s version ${oldVersion} (standin0)`)
  })

  it('tells strangers nothing but that it is there', async () => {
    const url = `https://${address('server-1')}:6443`
    const { text } = await sh(
      'server-1',
      `for p in ping readyz api/v1/nodes; do curl -sk -w ' %{http_code}\\n' -o /dev/null ${url}/$p; done; curl -sk ${url}/ping`,
    )
    expect(text).toBe(' 200\n 401\n 401\npong')
  })

  it('refuses to start twice on one port', async () => {
    const { code, text } = await sh('server-1', 'k3s server 2>&1')
    expect(code).toBe(1)
    expect(text).toContain('bind: address already in use')
  })
})

describe('joining', () => {
  it('takes servers one at a time, as learners first', async () => {
    write('server-1', faults, JSON.stringify({ knobs: { promotionMs: 2500 } }))
    await Promise.all(
      ['server-2', 'server-3'].map((name) => install(name, 'server', `${joinUrl()}token: secret\n`)),
    )
    await Promise.all(['server-2', 'server-3'].map((name) => sh(name, 'systemctl start k3s')))
    const logs = (await Promise.all(['server-2', 'server-3'].map((name) => journal(name)))).join('')
    expect(logs).toContain('etcdserver: too many learner members in cluster')
    await eventually(async () =>
      expect(await Promise.all(servers.map(voter))).toEqual(['True', 'True', 'True']),
    )
    await sh('server-1', `rm ${faults}`)
  })

  it('takes agents with the secure token, and their labels and taints', async () => {
    const token = (await sh('server-1', 'cat /var/lib/rancher/k3s/server/node-token')).text.trim()
    const config = `${joinUrl()}token: ${token}\nnode-label: [pool=gpu]\nnode-taint: ["gpu=true:NoSchedule"]\n`
    await install('agent-1', 'agent', config)
    expect((await sh('agent-1', 'systemctl start k3s-agent')).text).toBe('')
    await eventually(async () => expect(await ready('server-3', 'agent-1')).toBe('True'))
    expect(
      await kubectl(
        'server-2',
        'get nodes -l pool=gpu --no-headers -o custom-columns=N:.metadata.name,T:.spec.taints[0].key',
      ),
    ).toBe('agent-1   gpu\n')
  })

  it.each([
    ['a wrong token', 'token: wrong\n', '401 Unauthorized'],
    [
      'a token of another cluster',
      `token: K10${'a'.repeat(64)}::server:secret\n`,
      'token CA hash does not match the Cluster CA certificate hash',
    ],
    [
      'other critical values',
      'token: secret\ncluster-cidr: 10.99.0.0/16\n',
      'critical configuration value mismatch between servers: cluster-cidr',
    ],
    ['the name of a member', 'token: secret\nnode-name: server-2\n', 'duplicate node name found'],
  ])('refuses a server with %s', async (_what, config, message) => {
    await install('agent-2', 'server', joinUrl() + config)
    const { code, text } = await sh('agent-2', 'timeout 10 k3s server 2>&1')
    expect(text).toContain('level=fatal')
    expect(text).toContain(message)
    expect(code).toBe(1)
    await sh('agent-2', 'rm -rf /var/lib/rancher /etc/rancher/node /etc/systemd/system/k3s.service')
  })

  it('lets an agent with a wrong token, or a taken name, wait for ever and say why', async () => {
    for (const [config, message] of [
      ['token: wrong\n', '401 Unauthorized'],
      ['token: secret\nnode-name: agent-1\n', 'Node password rejected, duplicate hostname'],
    ]) {
      await install('agent-2', 'agent', joinUrl() + config)
      const { code, text } = await sh('agent-2', 'timeout 3 k3s agent 2>&1')
      expect([code, text]).toEqual([124, expect.stringContaining(message ?? '')])
    }
  })

  it('takes an agent with a bootstrap token', async () => {
    const token = (await sh('server-1', 'k3s token create --ttl 10m')).text.trim()
    await install('agent-2', 'agent', `${joinUrl()}token: ${token}\n`)
    await sh('agent-2', 'rm -rf /etc/rancher/node; systemctl start k3s-agent')
    await eventually(async () => expect(await ready('server-1', 'agent-2')).toBe('True'))
  })
})

describe('a running cluster', () => {
  it('answers kubectl in its words', async () => {
    expect(await kubectl('server-2', 'get nodes --no-headers -o name')).toBe(
      everyone
        .sort()
        .map((name) => `node/${name}\n`)
        .join(''),
    )
    expect(await kubectl('server-2', 'get node nope')).toBe(
      'Error from server (NotFound): nodes "nope" not found\n',
    )
    expect(await kubectl('server-2', 'get --raw /readyz')).toBe('ok')
  })

  it('does not change labels of a registered node from its configuration', async () => {
    await sh(
      'agent-1',
      "sed -i 's/pool=gpu/pool=other/' /etc/rancher/k3s/config.yaml; systemctl restart k3s-agent",
    )
    expect(await kubectl('server-1', "get node agent-1 -o jsonpath='{.metadata.labels.pool}'")).toBe('gpu')
  })

  it('deploys what lies in server/manifests, and holds back a drain for a budget', async () => {
    write('server-1', '/var/lib/rancher/k3s/server/manifests/web.yaml', web)
    await eventually(async () =>
      expect((await kubectl('server-1', 'get pods -l app=web --no-headers')).match(/Running/g)).toHaveLength(
        2,
      ),
    )
    const node = await kubectl('server-1', "get pods -l app=web -o jsonpath='{.items[0].spec.nodeName}'")
    expect((await sh(node, 'k3s crictl pods')).text).toContain('web-')
    expect(await kubectl('server-1', `drain ${node} --ignore-daemonsets --timeout=2s`)).toContain(
      "Cannot evict pod as it would violate the pod's disruption budget",
    )
    await kubectl('server-1', 'delete pdb web')
    expect(await kubectl('server-1', `drain ${node} --ignore-daemonsets --timeout=20s`)).toContain(
      `node/${node} drained`,
    )
    expect(await kubectl('server-1', `get node ${node} --no-headers`)).toContain('Ready,SchedulingDisabled')
    await kubectl('server-1', `uncordon ${node}`)
  })

  it('marks a node with unequal cgroup drivers as not ready and names both', async () => {
    write(
      'agent-2',
      '/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl',
      'version = 3\nSystemdCgroup = false\n',
    )
    await sh('agent-2', 'systemctl restart k3s-agent')
    await eventually(async () =>
      expect(await kubectl('server-1', 'describe node agent-2')).toContain(
        'kubelet cgroup driver: "systemd" is different from the container runtime\'s cgroup driver: "cgroupfs"',
      ),
    )
    await sh('agent-2', 'rm /var/lib/rancher/k3s/agent/etc/containerd/*.tmpl; systemctl restart k3s-agent')
    await eventually(async () => expect(await ready('server-1', 'agent-2')).toBe('True'))
  })

  it('obeys the fault switches', async () => {
    write('agent-2', faults, JSON.stringify({ faults: { start: { mode: 'stuck' } } }))
    expect((await sh('agent-2', 'timeout 3 systemctl restart k3s-agent')).code).toBe(124)
    await sh('agent-2', `rm ${faults}`)
    await eventually(async () =>
      expect((await sh('agent-2', 'systemctl is-active k3s-agent')).text).toBe('active\n'),
    )
  })

  it('can be stuck in a drain, which its own timeout ends', async () => {
    write('server-1', faults, JSON.stringify({ faults: { drain: { mode: 'stuck' } } }))
    expect(await kubectl('server-1', 'drain agent-1 --ignore-daemonsets --timeout=1s')).toContain(
      'global timeout reached',
    )
    await sh('server-1', `rm ${faults}`)
    expect(await kubectl('server-1', 'drain agent-1 --ignore-daemonsets --timeout=60s')).toContain('drained')
    await kubectl('server-1', 'uncordon agent-1')
  })

  it('stops when it is told to, and is not killed', async () => {
    const { text } = await sh('agent-2', 'systemctl stop k3s-agent; systemctl show -P Result k3s-agent')
    expect(text).toBe('success\n')
    await eventually(async () => expect(await ready('server-1', 'agent-2')).toBe('Unknown'))
    await sh('agent-2', 'systemctl start k3s-agent')
  })
})

describe('etcd', () => {
  it('loses a server whose port 2380 is blocked, and gets it back', async () => {
    const rule = (action: string): string =>
      `for c in INPUT OUTPUT; do for d in sport dport; do iptables ${action} $c -p tcp --$d 2380 -j DROP; done; done`
    await sh('server-2', rule('-A'))
    await eventually(async () =>
      expect(await kubectl('server-2', 'get --raw /readyz')).toContain('etcd failed'),
    )
    expect(await kubectl('server-3', 'get --raw /readyz')).toBe('ok')
    await sh('server-2', rule('-D'))
    await eventually(async () => expect(await kubectl('server-2', 'get --raw /readyz')).toBe('ok'))
  })

  it('survives a power cut of the join address; agents go on and even start', async () => {
    await kubectl('server-2', 'create namespace before')
    await lab.cut('server-1')
    await eventually(async () => expect(await ready('server-2', 'server-1')).toBe('Unknown'), 40_000)
    await sh('agent-1', 'systemctl restart k3s-agent')
    expect(await ready('server-2', 'agent-1')).toBe('True')
    await lab.boot('server-1')
    await sh('server-1', 'systemctl start k3s')
    await eventually(async () =>
      expect(await kubectl('server-1', 'get namespace before -o name')).toBe('namespace/before\n'),
    )
  })

  it('answers nothing without a quorum, and goes on when it is back', async () => {
    await Promise.all(
      ['server-2', 'server-3'].map((name) => sh(name, 'systemctl kill -s KILL k3s; systemctl stop k3s')),
    )
    expect(await kubectl('server-1', 'get nodes')).toMatch(/Error from server: etcdserver: /)
    await Promise.all(['server-2', 'server-3'].map((name) => sh(name, 'systemctl start k3s')))
    await eventually(async () => expect(await ready('server-1', 'server-3')).toBe('True'))
  })

  it('removes the member of a deleted node, which comes back only without its database', async () => {
    await kubectl('server-1', 'delete node server-3')
    await eventually(async () =>
      expect(await journal('server-3')).toContain('has been removed from the etcd cluster'),
    )
    await sh('server-3', `systemctl stop k3s; rm -rf ${db}; systemctl start k3s`)
    await eventually(async () => expect(await voter('server-3')).toBe('True'))
  })

  it('removes an annotated member and keeps its node', async () => {
    await kubectl('server-1', 'annotate node server-3 etcd.k3s.cattle.io/remove=true')
    const removed =
      "get node server-3 -o jsonpath='{.metadata.annotations.etcd\\.k3s\\.cattle\\.io/removed-node-name}'"
    await eventually(async () => expect(await kubectl('server-1', removed)).toMatch(/^server-3-/))
    await sh('server-3', `systemctl stop k3s; rm -rf ${db}`)
  })
})

describe('operations', () => {
  it('upgrade a server in place', async () => {
    replaceBinary('server-1', newVersion)
    await sh('server-1', 'systemctl restart k3s')
    await eventually(async () =>
      expect(
        await kubectl('server-1', "get node server-1 -o jsonpath='{.status.nodeInfo.kubeletVersion}'"),
      ).toBe(newVersion),
    )
    expect(await ready('server-1', 'server-2')).toBe('True')
  })

  it('check and rotate certificates', async () => {
    const { text } = await sh(
      'server-1',
      `k3s certificate check --output table; cd /var/lib/rancher/k3s/server/tls; openssl verify -CAfile server-ca.crt serving-kube-apiserver.crt; openssl x509 -in client-admin.crt -noout -pubkey | sha256sum
      systemctl stop k3s; k3s certificate rotate --service admin 2>&1; systemctl start k3s; openssl x509 -in client-admin.crt -noout -pubkey | sha256sum`,
    )
    expect(text).toContain('serving-kube-apiserver.crt: OK')
    const keys = text.match(/^[0-9a-f]{64}/gm) ?? []
    expect(keys).toHaveLength(2)
    expect(keys[0]).not.toBe(keys[1])
    expect(await kubectl('server-1', 'get --raw /readyz')).toBe('ok')
  })

  it('rotate the token: a start with the old one is refused', async () => {
    expect((await sh('server-1', 'k3s etcd-snapshot save --name old 2>&1')).text).toContain('saved')
    expect((await sh('server-1', 'k3s token rotate --token secret --new-token fresh')).text).toContain(
      'Token rotated',
    )
    await sh('server-1', 'systemctl stop k3s')
    expect((await sh('server-1', 'timeout 10 k3s server 2>&1')).text).toContain(
      'encrypted with different token',
    )
    for (const name of ['server-1', 'server-2'])
      await sh(name, "sed -i 's/secret/fresh/' /etc/rancher/k3s/config.yaml; systemctl restart k3s")
    await eventually(async () => expect(await kubectl('server-2', 'get --raw /readyz')).toBe('ok'))
  })

  it('restore a snapshot with the token of its day', async () => {
    await kubectl('server-1', 'create namespace after')
    await Promise.all(['server-1', 'server-2'].map((name) => sh(name, 'systemctl stop k3s')))
    const reset = `k3s server --cluster-reset --cluster-reset-restore-path=$(echo ${db}/snapshots/old-*)`
    expect((await sh('server-1', `${reset} 2>&1`)).text).toContain('encrypted with different token')
    const done = await sh('server-1', `${reset} --token secret 2>&1`)
    expect([done.code, done.text]).toEqual([
      0,
      expect.stringContaining('restart without --cluster-reset flag now'),
    ])
    expect((await sh('server-1', `${reset} --token secret 2>&1`)).text).toContain('previously reset')
    await sh('server-1', "sed -i 's/fresh/secret/' /etc/rancher/k3s/config.yaml; systemctl start k3s")
    expect(await kubectl('server-1', 'get namespace after')).toContain('NotFound')
    await sh(
      'server-2',
      `rm -rf ${db}; sed -i 's/fresh/secret/' /etc/rancher/k3s/config.yaml; systemctl start k3s`,
    )
    await eventually(async () => expect(await voter('server-2')).toBe('True'))
  })

  it('encrypt secrets step by step, each server restarted between', async () => {
    for (const name of ['server-2', 'server-1'])
      await sh(name, `systemctl stop k3s; rm -rf ${name === 'server-2' ? db : '/nothing'}`)
    await sh(
      'server-1',
      "rm -rf /var/lib/rancher/k3s/server; printf 'token: secret\\ncluster-init: true\\nsecrets-encryption: true\\n' > /etc/rancher/k3s/config.yaml; systemctl start k3s",
    )
    await sh(
      'server-2',
      "rm -rf /var/lib/rancher/k3s/server; echo 'secrets-encryption: true' >> /etc/rancher/k3s/config.yaml; systemctl start k3s",
    )
    const status = async (): Promise<string> => (await sh('server-1', 'k3s secrets-encrypt status')).text
    await eventually(async () =>
      expect(await status()).toContain(
        'Current Rotation Stage: start\nServer Encryption Hashes: All hashes match',
      ),
    )
    await sh('server-1', 'k3s secrets-encrypt rotate-keys')
    await eventually(async () =>
      expect(await status()).toMatch(/reencrypt_finished\nServer Encryption Hashes: hash does not match/),
    )
    await sh('server-2', 'systemctl restart k3s')
    await eventually(async () => expect(await status()).toContain('All hashes match'))
  })

  it('turn SQLite into etcd with cluster-init', async () => {
    await Promise.all(
      ['server-1', 'server-2'].map((name) =>
        sh(name, 'systemctl stop k3s; rm -rf /var/lib/rancher/k3s/server'),
      ),
    )
    write('server-1', '/etc/rancher/k3s/config.yaml', 'token: secret\n')
    await sh('server-1', 'systemctl start k3s')
    await kubectl('server-1', 'create namespace kept')
    expect((await sh('server-1', `ls ${db}; k3s etcd-snapshot save 2>&1`)).text).toMatch(
      /state\.db[\s\S]*etcd datastore disabled/,
    )
    await sh('server-1', "echo 'cluster-init: true' >> /etc/rancher/k3s/config.yaml; systemctl restart k3s")
    expect(await kubectl('server-1', 'get namespace kept -o name')).toBe('namespace/kept\n')
    await eventually(async () => expect(await voter('server-1')).toBe('True'))
  })
})

describe('other shapes of a cluster', () => {
  it('take a server without etcd, through the client port alone', async () => {
    await sh(
      'server-1',
      "echo 'agent-token: for-agents' >> /etc/rancher/k3s/config.yaml; systemctl restart k3s",
    )
    const config = `${joinUrl()}token: secret\nagent-token: for-agents\ndisable-etcd: true\n`
    write('server-2', '/etc/rancher/k3s/config.yaml', config)
    await sh('server-2', 'iptables -A INPUT -p tcp --dport 2380 -j DROP; systemctl start k3s')
    expect(await kubectl('server-2', 'create namespace remote')).toBe('namespace/remote created\n')
    expect(await kubectl('server-1', 'get namespace remote -o name')).toBe('namespace/remote\n')
    await eventually(async () =>
      expect(await kubectl('server-2', 'get node server-2 --no-headers')).toMatch(
        /Ready\s+control-plane,master/,
      ),
    )
    await sh('server-2', 'iptables -D INPUT -p tcp --dport 2380 -j DROP')
  })

  it('take agents by the agent-token, and no server by it', async () => {
    await sh('agent-2', 'systemctl stop k3s-agent; rm -rf /var/lib/rancher')
    await install('agent-2', 'agent', `${joinUrl()}token: for-agents\n`)
    await sh('agent-2', 'systemctl start k3s-agent')
    await eventually(async () => expect(await ready('server-1', 'agent-2')).toBe('True'))
    await install('server-3', 'server', `${joinUrl()}token: for-agents\nagent-token: for-agents\n`)
    expect((await sh('server-3', 'timeout 10 k3s server 2>&1')).text).toContain('401 Unauthorized')
  })

  it('do not lose a server that joins behind a blocked client port, but wait', async () => {
    await sh('server-1', 'iptables -A INPUT -p tcp --dport 2379 -j DROP')
    await install('server-3', 'server', `${joinUrl()}token: secret\nagent-token: for-agents\n`)
    expect((await sh('server-3', 'timeout 8 systemctl start k3s')).code).toBe(124)
    expect(await journal('server-3')).toContain('Failed to join etcd cluster, will retry')
    await sh('server-1', 'iptables -D INPUT -p tcp --dport 2379 -j DROP')
    await eventually(async () => expect(await voter('server-3')).toBe('True'))
  })
})

const web = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "nginx:1" }] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { minAvailable: 2, selector: { matchLabels: { app: web } } }
`
