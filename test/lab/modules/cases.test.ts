import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Case, readCases } from '../../support/cases.js'
import { playCase } from '../../support/play-case.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { type LabBenchHost, labBench } from './bench.js'
import { connectLabHost } from './hosts.js'

/**
 * The kinds of host, by the shell that is their /bin/sh: Debian's, Red Hat's, and one with nothing but busybox. What needs
 * systemd runs under busybox's shell, too, on a host of its own.
 */
const kinds = [
  { shell: 'dash', name: 'server-1', systemd: true },
  { shell: 'bash', name: 'server-2', systemd: true },
  { shell: 'busybox', name: 'box-1', systemd: false },
  { shell: 'busybox', name: 'server-3', systemd: true },
]
/** What the cases use and not every host has. */
const install =
  'sudo apt-get -qq update && sudo apt-get -qq install -y unzip xz-utils zstd bzip2 cron busybox >&2'
const files = readCases(fileURLToPath(new URL('../../cases', import.meta.url)))

const runsOn = ({ shells, needs }: Case, { shell, systemd }: (typeof kinds)[number]) => {
  if (shell === 'busybox') return (shells?.includes(shell) ?? true) && (needs === 'systemd') === systemd
  return (shells?.includes(shell) ?? true) && (needs !== 'systemd' || systemd)
}

for (const kind of kinds)
  describe(`on ${kind.name}, whose sh is ${kind.shell}`, () => {
    let on: LabBenchHost
    beforeAll(async () => {
      const lab = openLab(ourLabDir())
      await lab.fresh(kind.name)
      if (kind.systemd) await lab.exec(kind.name, install)
      if (kind.systemd && kind.shell !== 'dash')
        await lab.exec(kind.name, `sudo ln -sf ${kind.shell} /bin/sh`)
      const { root } = lab.hosts.find(({ name }) => name === kind.name)!
      on = { host: await connectLabHost(lab, kind.name), root }
    })
    afterAll(() => on?.host.close())

    for (const { module, cases } of files)
      for (const one of cases.filter((one) => runsOn(one, kind)))
        test(`${module}: ${one.name}`, { timeout: 30_000 }, async () => {
          const bench = await labBench(one, on)
          try {
            await playCase(module, one, bench)
          } finally {
            await bench.close()
          }
        })
  })
