import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { renderInventory } from '../../lab/inventory.js'
import { labDir, labNames } from '../../lab/paths.js'
import { counts, hostsToMake } from '../../lab/plan.js'
import type { LabState } from '../../lab/state.js'

const EMPTY: LabState = {
  version: 1,
  bridge: 'tsl1a2b',
  mac: '02:00:00:00:00:01',
  subnet: '10.213.7',
  rules: [],
  token: 'secret',
  hosts: [],
}
const IMAGES = { systemd: '/image/debian', busybox: '/image/busybox' }
const withHosts = (size: Parameters<typeof counts>[0]): LabState => ({
  ...EMPTY,
  hosts: hostsToMake('/lab', EMPTY, size, IMAGES),
})

describe('counts', () => {
  it.each([
    [{}, [3, 2, 0]],
    [{ nodes: 4 }, [3, 1, 0]],
    [{ nodes: 3 }, [1, 2, 0]],
    [{ nodes: 1 }, [1, 0, 0]],
    [{ nodes: 0, busybox: 2 }, [0, 0, 2]],
    [{ nodes: 7, servers: 5 }, [5, 2, 0]],
    [{ servers: 7 }, [7, 0, 0]],
  ])('%o', (size, [server, agent, busybox]) => expect(counts(size)).toEqual({ server, agent, busybox }))

  it.each([
    [{ nodes: 2, servers: 3 }, '--servers 3 is more than --nodes 2'],
    [{ nodes: 0 }, 'a lab of no hosts'],
    [{ busybox: -1 }, '--busybox takes a whole number'],
  ])('refuses %o', (size, message) => expect(() => counts(size)).toThrow(message))
})

describe('hostsToMake', () => {
  it('leaves out the hosts that are there', () => {
    const names = hostsToMake('/lab', withHosts({ nodes: 4 }), { nodes: 5, busybox: 1 }, IMAGES).map(
      ({ name }) => name,
    )
    expect(names).toEqual(['agent-2', 'box-1'])
  })

  it("names machines so that their network links fit the kernel's 15 characters", () => {
    for (const { machine } of withHosts({ nodes: 39 + 149, servers: 39, busybox: 50 }).hosts) {
      expect(`vb-${machine}`.length).toBeLessThanOrEqual(15)
    }
  })
})

describe('labNames', () => {
  it('differ from folder to folder, and not from time to time', () => {
    expect(labNames('/a')).toEqual(labNames('/a'))
    expect(labNames('/a').bridge).not.toBe(labNames('/b').bridge)
    expect(labNames('/a').bridge).toMatch(/^tsl[0-9a-f]{4}$/)
    expect(labNames('/a').mac).toMatch(/^02(:[0-9a-f]{2}){5}$/)
  })
})

describe('labDir', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is the real path, as the kernel names mounts, whether it exists yet or not', () => {
    const base = mkdtempSync(join(tmpdir(), 'tsplay-paths-'))
    symlinkSync(base, `${base}-link`)
    vi.stubEnv('TSPLAY_LAB_DIR', `${base}-link/not/yet`)
    expect(labDir()).toBe(join(realpathSync(base), 'not/yet'))
    for (const path of [`${base}-link`, base]) rmSync(path, { recursive: true })
  })

  it('refuses a path that mount options could not hold', () => {
    vi.stubEnv('TSPLAY_LAB_DIR', '/tmp/a,b')
    expect(labDir).toThrow('the lab cannot live in /tmp/a,b: set TSPLAY_LAB_DIR')
  })
})

describe('renderInventory', () => {
  it("has the shape of k3s-ansible's inventory", () => {
    const inventory = parse(renderInventory('/lab', withHosts({ nodes: 2 })))
    expect(inventory).toEqual({
      k3s_cluster: {
        children: {
          server: { hosts: { 'server-1': { ansible_host: '10.213.7.11' } } },
          agent: { hosts: { 'agent-1': { ansible_host: '10.213.7.51' } } },
        },
        vars: {
          ansible_user: 'debian',
          ansible_port: 22,
          ansible_become: true,
          ansible_ssh_private_key_file: '/lab/id_ed25519',
          ansible_ssh_common_args: '-o UserKnownHostsFile=/lab/known_hosts',
          k3s_version: 'v1.33.6+k3s1',
          airgap_dir: '/lab/k3s/v1.33.6+k3s1',
          token: 'secret',
          api_endpoint: '10.213.7.11',
          cluster_context: 'tsplay-lab',
        },
      },
    })
  })

  it('keeps busybox hosts out of the cluster, as root', () => {
    const inventory = parse(renderInventory('/lab', withHosts({ nodes: 1, busybox: 1 })))
    expect(inventory.k3s_cluster.children.agent.hosts).toEqual({})
    expect(inventory.busybox.hosts).toEqual({ 'box-1': { ansible_host: '10.213.7.201' } })
    expect(inventory.busybox.vars.ansible_user).toBe('root')
  })
})
