import { expect, test } from 'vitest'
import { factGroups, groupsOf } from '../../../../runner/modules/facts/groups.js'
import { setup } from '../../../../runner/modules/setup.js'

test.each([
  ['all', factGroups],
  ['min', ['min']],
  ['!all', ['min']],
  ['!all,!min', []],
  ['!min', factGroups.filter((group) => group !== 'min')],
  ['!hardware,!facter', factGroups.filter((group) => group !== 'hardware')],
  ['!all,network', ['min', 'network']],
  ['!min,network', ['network']],
  ['interfaces,mounts', ['min', 'hardware', 'network']],
  ['!mounts', factGroups],
  ['all,!local', factGroups.filter((group) => group !== 'local')],
  ['!network,network', ['min', 'network']],
  ['facter', ['min']],
])('gather_subset: %s', (subset, groups) => expect(groupsOf(subset.split(','))).toEqual(groups))

test('a group that is not there is refused before the run', () => {
  expect(setup.args.safeParse({ gather_subset: ['networks'] }).success).toBe(false)
  expect(setup.args.safeParse({ gather_subset: 'min,!networks' }).success).toBe(true)
})
