import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { apk } from '../../../../runner/modules/apk.js'
import { apt } from '../../../../runner/modules/apt.js'
import { dnf } from '../../../../runner/modules/dnf.js'
import { packageModule } from '../../../../runner/modules/package.js'
import { commandsOf } from '../../../../runner/modules/packages/commands.js'
import { type ManagerName, type PackageOrder, plainOrder } from '../../../../runner/modules/packages/order.js'
import { planPackages } from '../../../../runner/modules/packages/plan.js'
import { probePackages, readPackages } from '../../../../runner/modules/packages/probe.js'
import { pacman } from '../../../../runner/modules/pacman.js'
import { zypper } from '../../../../runner/modules/zypper.js'
import type { Script } from '../../../../runner/transport/transport.js'
import { shells } from '../../../support/cases.js'
import { localHost } from '../../../support/local-host.js'

const order = (more: Partial<PackageOrder>): PackageOrder => ({
  ...plainOrder,
  use: 'auto',
  names: [],
  state: 'present',
  ...more,
})

test('what apt-get foretells', () => {
  const state = readPackages(
    [
      'manager apt',
      'lists 100 200',
      'will Inst libc6 [2.36-9+deb12u4] (2.36-9+deb12u7 Debian:12.6/stable [amd64]) []',
      'will Inst linux-image-6.1.0-22-amd64 (6.1.94-1 Debian:12.6/stable [amd64])',
      'will Remv libold [1.0-1]',
    ].join('\n'),
  )
  expect(planPackages(order({ upgrade: 'dist-upgrade' }), state)).toMatchObject({
    summary: ['upgrade libc6', 'install linux-image-6.1.0-22-amd64', 'remove libold'],
    differences: [
      {
        before: 'libc6 2.36-9+deb12u4\nlinux-image-6.1.0-22-amd64 absent\nlibold 1.0-1\n',
        after: 'libc6 2.36-9+deb12u7\nlinux-image-6.1.0-22-amd64 6.1.94-1\nlibold absent\n',
      },
    ],
  })
})

test('a host without any, and one without the one that is asked for', () => {
  const none = readPackages('manager none\n')
  expect(() => planPackages(order({ names: ['x'] }), none)).toThrow(
    'no package manager that is known here (apt, ',
  )
  expect(() => planPackages(order({ names: ['x'], use: 'zypper' }), none)).toThrow('this host has no zypper')
})

test('without lists, what is newest is found out by fetching them', () => {
  const state = readPackages(
    'manager dnf\nlists 0 200\npackage installed k3s-selinux 1.4-1.el9 noarch\nblind\n',
  )
  const change = planPackages(order({ names: ['k3s-selinux'], state: 'latest' }), state)
  expect(change?.summary).toEqual(['update the package lists', 'install or upgrade k3s-selinux'])
  expect(planPackages(order({ names: ['k3s-selinux'] }), state)).toBeUndefined()
})

describe('commands', () => {
  const main = (manager: ManagerName, more: Partial<PackageOrder>) => {
    const whole = order({ names: ['a', 'b=1.2'], ...more })
    return commandsOf(whole, { manager, names: whole.names, update: false, pending: false }).main.map(
      (words) => words.join(' '),
    )
  }
  test.each([
    ['apt', {}, /^apt-get -y -q .* install -- a b=1\.2$/],
    ['apt', { state: 'absent', purge: true, autoremove: true }, /--auto-remove purge -- a b=1\.2$/],
    ['dnf', {}, /^dnf -y --setopt=exit_on_lock=True install -- a b-1\.2$/],
    ['yum', { state: 'absent' }, /^yum -y remove -- a b-1\.2$/],
    [
      'zypper',
      { options: ['--no-recommends'] },
      /^zypper --non-interactive install --auto-agree-with-licenses --no-recommends -- a/,
    ],
    ['zypper', { state: 'absent', autoremove: true }, /remove --clean-deps -- a/],
    ['pacman', { names: ['a'], state: 'absent', purge: true, autoremove: true }, /^pacman .* -R -s -n -- a$/],
    ['apk', { state: 'latest' }, /^apk --wait 120 add -u a b=1\.2$/],
    ['apk', { names: ['a'], state: 'absent', purge: true }, /^apk --wait 120 del --purge a$/],
  ] as const)('%s %j', (manager, more, words) => expect(main(manager, more)[0]).toMatch(words))

  test('pacman has one version of each', () => expect(() => main('pacman', {})).toThrow('b=1.2'))
})

describe.each(shells())('the database of apk under $name', ({ argv, env, close }) => {
  const folder = mkdtempSync(join(tmpdir(), 'tsplay-apk-'))
  afterAll(() => {
    close()
    rmSync(folder, { recursive: true, force: true })
  })
  const database = join(folder, 'installed')
  // As Alpine 3.20 writes it.
  writeFileSync(
    database,
    'C:Q1abc=\nP:busybox\nV:1.36.1-r29\nA:x86_64\nS:508889\nT:Size optimized toolbox\np:cmd:busybox=1.36.1-r29\nF:bin\nR:busybox\n' +
      '\nC:Q1def=\nP:busybox-binsh\nV:1.36.1-r29\np:/bin/sh cmd:sh=1.36.1-r29\n' +
      '\nC:Q1ghi=\nP:libcrypto3\nV:3.3.2-r0\np:so:libcrypto.so.3=3 openssl-libs=3.3.2-r0 libressl>1\n',
  )
  // apk itself is not to be had on Debian; this one prints what apk 2.14 prints.
  writeFileSync(
    join(folder, 'apk'),
    '#!/bin/sh\n[ "$*" = "version -l <" ] || exit 1\nprintf "%s\\n" "Installed: Available:" "libcrypto3-3.3.2-r0 < 3.3.2-r1 "\n',
    { mode: 0o755 },
  )
  const host = localHost(argv, { ...env, PATH: `${folder}:${env.PATH}` })

  test('what is installed, what stands for it, what is newer', async () => {
    const state = await probePackages(
      host,
      order({
        use: 'apk',
        names: ['busybox', 'libcrypto3', 'openssl-libs', 'libressl', 'curl'],
        state: 'latest',
      }),
      database,
    )
    expect([...state.installed].filter(([name]) => !name.includes(':'))).toEqual([
      ['busybox', '1.36.1-r29'],
      ['libcrypto3', '3.3.2-r0'],
    ])
    expect([...state.provided]).toEqual(['openssl-libs', 'libressl'])
    expect([...state.candidates]).toEqual([['libcrypto3', '3.3.2-r1']])
    expect(state.blind).toBe(true)
  })

  test('a database that cannot be read is a failure', async () => {
    await expect(
      probePackages(host, order({ use: 'apk', names: ['curl'] }), join(folder, 'none')),
    ).rejects.toThrow()
  })
})

test.each([
  [packageModule, { name: '-x' }],
  [packageModule, { name: '--root=/' }],
  [packageModule, { name: 'a b' }],
  [packageModule, { name: '$(id)' }],
  [packageModule, {}],
  [packageModule, { name: 'a', use: 'brew' }],
  [apt, { name: 'a', deb: '/x.deb' }],
  [apt, { name: 'a', upgrade: 'dist' }],
  [apt, { deb: 'https://example.org/x.deb' }],
  [apt, { name: 'a', default_release: '-o' }],
  [dnf, { name: '@core' }],
  [dnf, { name: '*' }],
  [dnf, { name: 'a', enablerepo: '--x' }],
  [zypper, { name: '/x%y.rpm' }],
  [pacman, { name: 'a', extra_args: ['x'] }],
  [apk, { name: 'a', repository: '--root' }],
  [apt, { name: 'a', dpkg_options: 'force-all --root=/' }],
])('refused: %#', (module, raw) => expect(module.args.safeParse(raw).success).toBe(false))

test.each([
  [apt, { upgrade: true }],
  [apt, { autoremove: true }],
  [apt, { cache_valid_time: 3600 }],
  [apt, { clean: true }],
  [apt, { autoclean: true }],
  [apt, { state: 'fixed' }],
  [dnf, { name: ['https://example.org/a-1.rpm', '/opt/x.rpm', 'a-1.0', '/usr/bin/sh'] }],
  [dnf, { name: '*', state: 'latest', exclude: ['kernel*'] }],
  [zypper, { state: 'dist-upgrade' }],
])('taken: %#', (module, raw) => expect(module.args.safeParse(raw).error).toBeUndefined())

describe('what apt-get is told', () => {
  /** The lines that the apply would run. */
  const lines = async (raw: object, state = 'manager apt\nlists 100 90000\n') => {
    const args = apt.args.parse(raw)
    const change = apt.diff(args, readPackages(state))
    let vars: Script['vars'] = {}
    const run = async (script: Script) => {
      vars = script.vars ?? {}
      return { code: 0, stdout: Buffer.of(), stderr: Buffer.of(), truncated: false }
    }
    if (change) await apt.apply({ run } as never, args, change)
    return Object.fromEntries(
      Object.entries(vars).map(([name, value]) => [name, String(value).replaceAll("'", '')]),
    )
  }

  test('dpkg’s options, and those that force stands for', async () => {
    const { main, repair } = await lines({ name: 'a', dpkg_options: 'force-confnew', force: true })
    expect(main).toContain('-o Dpkg::Options::=--force-confnew ')
    expect(main).not.toContain('confold')
    for (const option of ['downgrades', 'change-held-packages', 'unauthenticated'])
      expect(main).toContain(`--allow-${option}`)
    expect(repair).toContain('dpkg --force-confnew --configure -a')
  })

  test('cache_valid_time alone means update_cache, as in Ansible', async () => {
    expect(await lines({ name: 'a', cache_valid_time: 3600 })).toMatchObject({
      retries: '5',
      max_delay: '12',
    })
    expect((await lines({ name: 'a', cache_valid_time: 3600 })).update).toContain(' update')
    expect((await lines({ name: 'a', cache_valid_time: 99_999 })).update).toBe('')
    expect((await lines({ name: 'a' })).update).toBe('')
  })

  test('what was fetched goes last, after what was installed', async () => {
    const { main } = await lines({ name: 'a', clean: true }, 'manager apt\nfetched 0\n')
    expect(main!.indexOf('install')).toBeLessThan(main!.indexOf(' clean'))
    expect(await lines({ clean: true }, 'manager apt\nfetched 0\n')).toEqual({})
  })
})
