import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { modules } from '../../../runner/modules/registry.js'
import { readCases } from '../../support/cases.js'

const root = resolve(import.meta.dirname, '../../..')
const read = readCases(resolve(root, 'test/cases'))

/** Modules without case files: what a case would have to bring along, and the test that has it, under each shell. */
const elsewhere: Readonly<Record<string, readonly [why: string, test: string]>> = {
  apk: ['Alpine’s own program and packages', 'test/lab/modules/apk.test.ts'],
  dnf: ['rpm’s tools and packages', 'test/lab/modules/packages.test.ts'],
  firewalld: ['its daemon', 'test/lab/modules/firewalld.test.ts'],
  k8s_manifest: ['a cluster', 'test/lab/modules/k8s.test.ts'],
  k8s_node: ['a cluster', 'test/lab/modules/k8s.test.ts'],
  k8s_wait: ['a cluster', 'test/lab/modules/k8s.test.ts'],
  pacman: ['its tools and packages', 'test/lab/modules/packages.test.ts'],
  reboot: ['a host that goes away', 'test/lab/modules/system.test.ts'],
  rpm_key: ['rpm’s tools', 'test/lab/modules/packages.test.ts'],
  zypper: ['rpm’s tools and packages', 'test/lab/modules/packages.test.ts'],
}

/** Modules whose cases run on one kind of host alone, and what the other lacks. */
const oneKind: Readonly<Record<string, string>> = {
  alternatives: 'busybox has no alternatives',
  apt: 'busybox has no dpkg',
  apt_repository: 'busybox has no apt',
  deb822_repository: 'busybox has no apt',
  cron: 'the busybox host runs no cron',
  modprobe: 'the busybox host has no kmod, and no modules of the kernel',
  nftables: 'busybox has no nft',
  package: 'the busybox host has no package manager',
  service: 'the busybox host has no service manager',
  systemd: 'busybox has no systemd',
  timezone: 'the busybox host has no time zones',
  ufw: 'busybox has no ufw',
  uri: 'busybox has no curl',
}

const casesOf = (name: string) => read.filter(({ module }) => module === name).flatMap(({ cases }) => cases)

test.each(Object.keys(modules))('%s has cases on both kinds of host, or a reason', (name) => {
  const cases = casesOf(name)
  const there = elsewhere[name]
  if (there) {
    expect(cases).toEqual([])
    const text = existsSync(resolve(root, there[1])) ? readFileSync(resolve(root, there[1]), 'utf8') : ''
    expect(text, `${there[1]} is said to test it`).toContain(name)
    expect(text, `${there[1]} runs it under each shell`).toContain('.each(shellNames)')
    return
  }
  expect(cases.length, 'test/cases has none of it').toBeGreaterThan(0)
  const plain = cases.filter(({ needs }) => needs !== 'systemd')
  const onBusybox = plain.some(({ shells }) => shells?.includes('busybox') ?? true)
  expect(onBusybox, 'cases that a busybox host runs').toBe(!(name in oneKind))
})

test('a reason is for a module', () => {
  expect([...Object.keys(elsewhere), ...Object.keys(oneKind)].filter((name) => !(name in modules))).toEqual(
    [],
  )
  expect(read.map(({ module }) => module).filter((name) => !(name in modules))).toEqual([])
})
