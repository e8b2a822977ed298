import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { run } from '../run.js'
import { changes, failures, type Played, play, readInventory, writeInventory } from './play.js'

// Three servers with a firewall of each kind, an agent with one that is off; and the controller, who is no node.
const servers = { ufw: 'server-1', firewalld: 'server-2', nftables: 'agent-1' }
const agent = 'agent-2'
const nodes = [...Object.values(servers), agent]
const none = Object.fromEntries(nodes.map((name) => [name, 0]))
const controller = 'controller'
let lab: Lab

const addressOf = (name: string): string => lab.hosts.find((host) => host.name === name)!.address
const gateway = (): string => lab.hosts[0]!.address.replace(/\d+$/, '1')

const inventoryOf = (agents: readonly string[], vars: Record<string, unknown> = {}): string => {
  const inventory = readInventory(lab)
  const hosts = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, { ansible_host: addressOf(name) }]))
  inventory.k3s_cluster.children.server.hosts = hosts(Object.values(servers))
  inventory.k3s_cluster.children.agent.hosts = hosts(agents)
  Object.assign(inventory.k3s_cluster.vars, vars)
  return writeInventory(lab, 'firewall', inventory)
}

/** Runs the role alone, or some tasks of it. */
const runRole = (inventory: string, tasks = 'main', ...args: string[]): Promise<Played> => {
  const path = join(lab.dir, 'firewall-play.yaml')
  const role = { import_role: { name: 'firewall', tasks_from: tasks } }
  writeFileSync(path, JSON.stringify([{ hosts: 'k3s_cluster', become: true, tasks: [role] }]))
  return play(inventory, path, ...args)
}

const tcp = [22, 2379, 2380, 5001, 6443, 10250, 30080, 9999]
const listen = `const net=require('net'),dgram=require('dgram');
for(const p of ${JSON.stringify(tcp.slice(1))})net.createServer(s=>s.end()).listen(p);
const u=dgram.createSocket('udp4');u.on('message',(m,f)=>u.send(m,f.port,f.address));u.bind(8472)`
const ask = `const net=require('net'),dgram=require('dgram');const [host,...ports]=process.argv.slice(1);
const tcp=p=>new Promise(r=>{const s=net.connect(+p,host,()=>{r(p);s.destroy()});s.on('error',()=>r());setTimeout(()=>{r();s.destroy()},2500)});
const udp=new Promise(r=>{const u=dgram.createSocket('udp4');const again=setInterval(()=>u.send('?',8472,host),200);
const end=v=>{clearInterval(again);r(v);try{u.close()}catch{}};u.on('message',()=>end('8472u'));setTimeout(end,2500)});
Promise.all([...ports.map(tcp),udp]).then(all=>console.log(all.filter(Boolean).join(' ')))`

/** The ports of a host that answer somebody, of all that listen there; or a pod of somebody. */
const reached = async (from: string, to: string, pod = false): Promise<string> => {
  const words = `'${ask.replaceAll("'", `'\\''`)}' ${addressOf(to)} ${tcp.join(' ')}`
  const inside = pod ? 'sudo ip netns exec pod ' : ''
  if (from !== controller)
    return (await lab.exec(from, `${inside}/opt/tsplay-lab/node -e ${words}`)).stdout.trim()
  return (await run(process.execPath, ['-e', ask, addressOf(to), ...tcp.map(String)])).stdout.trim()
}
/** The same, from somebody to the server of each kind of firewall. */
const reachedBy = async (from: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(servers)
        .filter(([, name]) => name !== from)
        .map(async ([kind, name]) => [kind, await reached(from, name)]),
    ),
  )
/** The same, from a pod of each of them: to its own node, and through it to the one that has no firewall. */
const reachedByPods = async (to?: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(servers).map(async ([kind, name]) => [kind, await reached(name, to ?? name, true)]),
    ),
  )
/** Gives a host another address, from which its packets come then; or takes it away. */
const secondAddress = (name: string, given: boolean): Promise<string> => {
  const [own, second] = [addressOf(name), gateway().replace(/1$/, '200')]
  const from = (address: string) =>
    `ip route replace ${gateway().replace(/1$/, '0')}/24 dev host0 src ${address}; ` +
    `ip route replace default via ${gateway()} dev host0 src ${address}`
  const there = `ip address add ${second}/24 dev host0; ${from(second)}`
  return sudo(name, given ? there : `${from(own)}; ip address del ${second}/24 dev host0`)
}
/** A pod as k3s's network makes one: an address of cluster-cidr behind the host. */
const makePod = (nth: number): string =>
  [
    `ip netns add pod; ip link add cni0 type veth peer name eth0 netns pod; sysctl -qw net.ipv4.ip_forward=1`,
    `ip addr add 10.42.${nth}.1/24 dev cni0; ip link set cni0 up; ip -n pod addr add 10.42.${nth}.2/24 dev eth0`,
    `ip -n pod link set eth0 up; ip -n pod route add default via 10.42.${nth}.1`,
  ].join('; ')
const alike = (ports: string) => ({ ufw: ports, firewalld: ports, nftables: ports })

const nftablesConf = `flush ruleset
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname lo accept
    tcp dport 22 accept
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
  }
}
`
const sudo = async (name: string, script: string): Promise<string> => {
  const { code, stdout, stderr } = await lab.exec(name, `sudo sh -ec '${script}'`)
  if (code !== 0) throw new Error(`${name}: ${stderr}`)
  return stdout
}
const install = (name: string) =>
  `apt-get update -q && apt-get install -qy --no-install-recommends ${name} >/dev/null && `

beforeAll(async () => {
  lab = openLab(ourLabDir())
  await Promise.all(nodes.map((name) => lab.fresh(name)))
  const program = listen.replaceAll('\n', ' ').replaceAll("'", '"')
  await Promise.all([
    sudo(servers.ufw, 'ufw allow 22/tcp && ufw --force enable'),
    sudo(servers.firewalld, `${install('firewalld')} systemctl start firewalld`),
    sudo(
      servers.nftables,
      `${install('nftables')} printf %s "${nftablesConf}" >/etc/nftables.conf && systemctl enable --now nftables`,
    ),
  ])
  const unit = 'sudo systemd-run --quiet --unit=ports /opt/tsplay-lab/node -e'
  await Promise.all(nodes.map((name) => lab.exec(name, `${unit} '${program}'`)))
  await Promise.all(
    Object.values(servers).map(async (name, nth) => {
      await sudo(name, makePod(nth))
      await sudo(agent, `ip route add 10.42.${nth}.0/24 via ${addressOf(name)}`)
    }),
  )
}, 180_000)

afterAll(() => Promise.all(nodes.map((name) => lab.fresh(name))))

describe('a firewall of each kind', () => {
  it('lets nodes do what the table of ports says, and nobody else anything', async () => {
    const made = await runRole(inventoryOf([agent]))
    expect(failures(made)).toBe('')
    expect(changes(made)).toMatchObject({ [agent]: 0 })
    expect(await sudo(agent, 'ufw status')).toContain('inactive')
    const [server, other, outside] = await Promise.all([
      reachedBy(servers.ufw),
      reachedBy(agent),
      reachedBy(controller),
    ])
    const { ufw: _, ...others } = alike('22 2379 2380 6443 10250 8472u')
    expect(server).toEqual(others)
    expect(other).toEqual(alike('22 6443 10250 8472u'))
    expect(outside).toEqual(alike('22'))
  })

  it('lets pods reach their node, and pass through it', async () => {
    const everything = '22 2379 2380 5001 6443 10250 30080 9999 8472u'
    const [own, through] = await Promise.all([reachedByPods(), reachedByPods(agent)])
    expect(own).toEqual(alike(everything))
    // With ufw it is flannel that lets them pass, by rules of its own in the same tables.
    expect(through).toEqual({ ...alike(everything), ufw: '' })
  })

  it('does not change on a second run', async () => {
    const again = await runRole(inventoryOf([agent]))
    expect(failures(again)).toBe('')
    expect(changes(again)).toEqual(none)
  })

  it('lets a node in as before that a run does not see', async () => {
    await secondAddress(agent, true)
    const seen = await runRole(inventoryOf([agent]))
    expect(failures(seen)).toBe('')
    for (const name of Object.values(servers)) expect(changes(seen)[name]).toBeGreaterThan(0)
    const unseen = await runRole(inventoryOf([agent]), 'main', '--limit', Object.values(servers).join())
    expect(failures(unseen)).toBe('')
    expect(Object.values(changes(unseen))).toEqual([0, 0, 0])
    expect(await reachedBy(agent)).toEqual(alike('22 6443 10250 8472u'))
    await secondAddress(agent, false)
  })

  it('lets in whom the inventory names, and no longer a node that left', async () => {
    // From here on, ufw is a program that starts it: its rules go one by one.
    const wrapper = '"#!/bin/sh" "exec /usr/sbin/ufw \\"\\$@\\""'
    const path = '/usr/local/sbin/ufw'
    await sudo(servers.ufw, `printf "%s\\n" ${wrapper} >${path}; chmod 755 ${path}`)
    const vars = {
      firewall_api_from: [`${gateway()}/32`],
      firewall_node_ports_from: ['any'],
      server_config_yaml: { 'embedded-registry': true },
    }
    const made = await runRole(inventoryOf([], vars))
    expect(failures(made)).toBe('')
    const [other, outside, server] = await Promise.all([
      reachedBy(agent),
      reachedBy(controller),
      reachedBy(servers.nftables),
    ])
    expect(other).toEqual(alike('22 30080'))
    expect(outside).toEqual(alike('22 6443 30080'))
    expect(server).toMatchObject({ ufw: '22 2379 2380 5001 6443 10250 30080 8472u' })
    expect(changes(await runRole(inventoryOf([], vars)))).toMatchObject({ [servers.ufw]: 0 })
    const saved = await sudo(servers.nftables, 'systemctl reload nftables; nft list chain inet filter input')
    expect(saved.match(/jump tsplay-k3s-input/g)).toHaveLength(1)
  })

  it('is given back as it was', async () => {
    const gone = await runRole(inventoryOf([]), 'remove')
    expect(failures(gone)).toBe('')
    expect(await reachedBy(agent)).toEqual(alike('22'))
    expect(await reachedByPods()).toEqual(alike('22'))
    expect(await sudo(servers.ufw, 'ufw status')).not.toContain('tsplay')
    expect(
      await sudo(servers.firewalld, 'firewall-cmd --get-policies; ls /etc/firewalld/policies'),
    ).not.toContain('tsplay')
    const rules = await sudo(servers.nftables, 'nft list ruleset; ls /etc/nftables.d')
    expect(rules).not.toContain('tsplay')
    expect(rules).toContain('tcp dport 22 accept')
    expect(changes(await runRole(inventoryOf([]), 'remove'))).toEqual(
      Object.fromEntries(Object.values(servers).map((name) => [name, 0])),
    )
  })

  it('is switched on only where that is asked for, and SSH stays open', async () => {
    const on = await runRole(
      inventoryOf([agent]),
      'main',
      '--limit',
      agent,
      '-e',
      '{"firewall_enable": true}',
    )
    expect(failures(on)).toBe('')
    expect(await sudo(agent, 'ufw status')).toMatch(/Status: active[\s\S]*22\/tcp/)
    expect([await reached(servers.ufw, agent), await reached(controller, agent)]).toEqual([
      '22 10250 8472u',
      '22',
    ])
  })
})
