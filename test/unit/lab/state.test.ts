import { describe, expect, it } from 'vitest'
import { cgroupMounts } from '../../lab/cgroups.js'
import { mountsUnder } from '../../lab/mounts.js'
import { parseState } from '../../lab/state.js'

const state = {
  version: 1,
  bridge: 'tsl1a2b',
  mac: '02:00:00:00:00:01',
  subnet: '10.213.7',
  rules: [],
  token: 't',
  hosts: [],
}

describe('parseState', () => {
  it('reads what was written', () => expect(parseState(JSON.stringify(state), 's')).toEqual(state))

  it.each([
    ['', /^\/lab\/state.json is not JSON .*if the lab is down, delete the file/],
    ['{}', /is not a lab's state \(version: /],
    [JSON.stringify({ ...state, version: 2 }), /\(version: /],
    [JSON.stringify({ ...state, hosts: [{ name: 'x' }] }), /\(hosts\.0\./],
  ])('refuses %s', (text, message) => expect(() => parseState(text, '/lab/state.json')).toThrow(message))
})

const MOUNTINFO = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
  '30 22 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
  '31 22 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory',
  '40 22 0:39 / /lab/hosts/a/merged rw - overlay tsplay-lab rw',
  '41 40 0:40 / /lab/hosts/a/merged/mnt rw - tmpfs tmpfs rw',
  '42 22 0:41 / /lab/hosts/b\\040c rw - tmpfs tmpfs rw',
  '43 22 0:42 / /lab/hostsother rw - tmpfs tmpfs rw',
].join('\n')

describe('mountinfo', () => {
  it('yields what is mounted at or below a folder, deepest first', () => {
    expect(mountsUnder(MOUNTINFO, '/lab/hosts')).toEqual([
      '/lab/hosts/b c',
      '/lab/hosts/a/merged/mnt',
      '/lab/hosts/a/merged',
    ])
    expect(mountsUnder(MOUNTINFO, '/lab/hosts/a/merged')).toHaveLength(2)
    expect(mountsUnder(MOUNTINFO, '/lab/none')).toEqual([])
  })

  it('yields the control group hierarchies of both versions', () => {
    expect(cgroupMounts(MOUNTINFO)).toEqual(['/sys/fs/cgroup/unified', '/sys/fs/cgroup/memory'])
  })
})
