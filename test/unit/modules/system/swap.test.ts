import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { swap } from '../../../../runner/modules/swap.js'
import { addSwapLine, readSwapState, stopSwapLines } from '../../../../runner/modules/system/swap.js'
import { localController, runModule, shells } from '../../../support/cases.js'
import { localHost } from '../../../support/local-host.js'

const fstab = [
  '# /etc/fstab',
  'UUID=1 / ext4 defaults 0 1',
  '/dev/sda2  none\tswap sw 0 0',
  '#/swap none swap sw 0 0',
]

test('lines of fstab', () => {
  expect(stopSwapLines(fstab, false)).toEqual([
    ...fstab.slice(0, 2),
    '# /dev/sda2  none\tswap sw 0 0',
    fstab[3],
  ])
  expect(stopSwapLines(fstab, true)).toEqual([...fstab.slice(0, 2), fstab[3]])
  const without = fstab.slice(0, 2)
  expect(stopSwapLines(without, false)).toBe(without)
  expect(addSwapLine(fstab, '/swap').at(-1)).toBe('/swap none swap sw 0 0')
  expect(addSwapLine(fstab, '/dev/sda2')).toBe(fstab)
})

test('what a host tells: a partition, a file with a space, zram and its units', () => {
  expect(
    readSwapState(
      [
        'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority',
        '/dev/zram0                              partition\t8388604\t\t0\t\t100',
        '/swap\\040file                           file\t\t1048572\t\t12\t\t-2',
        'file 1073741824',
        'unit dev-zram0.swap',
        'unit dev-zram0.swap',
        'unit systemd-zram-setup@zram0.service',
      ].join('\n'),
    ),
  ).toEqual({
    active: [
      { path: '/dev/zram0', kind: 'partition', size_kb: 8388604 },
      { path: '/swap file', kind: 'file', size_kb: 1048572 },
    ],
    units: ['dev-zram0.swap', 'systemd-zram-setup@zram0.service'],
    fileBytes: 1073741824,
  })
})

const available = shells()
afterAll(() => {
  for (const shell of available) shell.close()
})

// Not under busybox: its own swapon comes before any on the PATH, and would be real.
describe.each(available.filter(({ name }) => name !== 'busybox'))('under $name', ({ argv, env }) => {
  const folder = mkdtempSync(join(tmpdir(), 'tsplay-swap-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  // The machine's own swap is not touched: these only write down what they were asked for.
  const log = join(folder, 'log')
  for (const tool of ['swapon', 'swapoff', 'mkswap', 'systemctl'])
    writeFileSync(join(folder, tool), `#!/bin/sh\necho "${tool} $*" >>'${log}'\n`, { mode: 0o755 })
  const on = {
    host: localHost(argv, { ...env, PATH: `${folder}:${env.PATH}` }),
    controller: localController('/nowhere'),
  }

  test('a swap file is made, turned on and kept', async () => {
    const table = join(folder, 'fstab')
    const path = join(folder, 'swapfile')
    writeFileSync(table, 'UUID=1 / ext4 defaults 0 1\n')
    const args = { state: 'present', size: '1M', path, fstab: table }
    const { change } = await runModule(swap, args, on, false)
    expect(change?.summary).toEqual([`change ${table}`, `make ${path} (1M)`, `swap to ${path}`])
    expect(existsSync(path)).toBe(false)
    await runModule(swap, args, on, true)
    expect([statSync(path).size, statSync(path).mode & 0o777]).toEqual([1024 * 1024, 0o600])
    expect(readFileSync(table, 'utf8')).toBe(`UUID=1 / ext4 defaults 0 1\n${path} none swap sw 0 0\n`)
    const used = readFileSync(log, 'utf8')
    // The old file is in use until the new one is made. Busybox has a swapoff of its own.
    expect(used).toMatch(new RegExp(`mkswap ${path}.tsplay\n(swapoff -- ${path}\n)?swapon -- ${path}\n`))
    expect(used).not.toMatch(/swapoff.*mkswap/s)
    expect((await runModule(swap, args, on, false)).change?.summary).toEqual([`swap to ${path}`])
    await runModule(swap, { state: 'absent', fstab: table, remove_lines: true }, on, true)
    expect(readFileSync(table, 'utf8')).toBe('UUID=1 / ext4 defaults 0 1\n')
    expect((await runModule(swap, { state: 'absent', fstab: table }, on, false)).change).toBeUndefined()
  })
})

// Swap is the machine's own: it is turned on for a moment where it has none, and where nothing else could be turned off.
const swaps = () => readFileSync('/proc/swaps', 'utf8').trim().split('\n').slice(1)
const isFree = process.getuid?.() === 0 && swaps().length === 0 && !existsSync('/run/systemd/system')
if (!isFree) console.warn('skipped: swap for real needs root, and a machine without swap and systemd')

describe.skipIf(!isFree).each(available)('for real under $name', ({ argv, env }) => {
  const folder = mkdtempSync(join(tmpdir(), 'tsplay-swapped-'))
  const path = join(folder, 'swapfile')
  afterAll(() => {
    spawnSync('swapoff', [path])
    rmSync(folder, { recursive: true, force: true })
  })
  const on = { host: localHost(argv, env), controller: localController('/nowhere') }
  const table = join(folder, 'fstab')

  test('a swap file is swapped to, settles, grows, and goes', async () => {
    writeFileSync(table, '')
    const args = { state: 'present', size: '1M', path, fstab: table }
    await runModule(swap, args, on, true)
    expect(swaps()).toEqual([expect.stringMatching(new RegExp(`^${path}\\s+file\\s+1020\\s`))])
    expect((await runModule(swap, args, on, true)).change).toBeUndefined()
    const { change } = await runModule(swap, { ...args, size: '2M' }, on, true)
    expect(change?.summary).toEqual([`make ${path} (2M)`, `swap to ${path}`])
    expect(swaps()).toEqual([expect.stringMatching(/\s2044\s/)])
    const gone = { state: 'absent', fstab: table, remove_lines: true }
    expect((await runModule(swap, gone, on, true)).change?.summary).toContain(`change ${table}`)
    expect([swaps(), readFileSync(table, 'utf8')]).toEqual([[], ''])
    expect((await runModule(swap, gone, on, true)).change).toBeUndefined()
  })
})

test.each([
  { state: 'present' },
  { state: 'present', size: '2' },
  { state: 'present', size: '1G', path: '/a b' },
  {},
])('refused: %j', (raw) => expect(swap.args.safeParse(raw).success).toBe(false))
