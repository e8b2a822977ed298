import { afterAll, beforeAll, expect, test } from 'vitest'
import { findModule } from '../../../runner/modules/registry.js'
import { localController, runModule } from '../../support/cases.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

// Swap is the kernel's, and the hosts of the lab share it: none is turned on here.
let host: LabModuleHost

beforeAll(async () => {
  host = await connectLabHost(openLab(ourLabDir()), 'server-1')
})
afterAll(async () => {
  await host?.close()
})

const sh = async (command: string) =>
  (await host.query({ body: `{ ${command}\n} 2>&1` })).stdout.toString().trim()

test('lines of fstab, and what systemd would swap to without one', async () => {
  await sh(`cp /etc/fstab /root/fstab; echo '/dev/sda9 none swap sw 0 0' >>/etc/fstab
    printf '[zram0]\\n' >/etc/systemd/zram-generator.conf`)
  const play = (apply: boolean) =>
    runModule(
      findModule('swap')!,
      { state: 'absent', backup: true },
      { host, controller: localController('/nowhere') } as never,
      apply,
    )
  const unit = 'systemd-zram-setup@zram0.service'
  expect((await play(false)).change?.summary).toEqual(['change /etc/fstab', `mask ${unit}`])
  expect(await sh('tail -n 1 /etc/fstab')).toBe('/dev/sda9 none swap sw 0 0')
  const { fields } = await play(true)
  expect(
    await sh(`tail -n 1 /etc/fstab; readlink /etc/systemd/system/${unit}; ls ${fields.backup_file}`),
  ).toBe(`# /dev/sda9 none swap sw 0 0\n/dev/null\n${fields.backup_file}`)
  expect((await play(true)).change).toBeUndefined()
  await sh(`mv /root/fstab /etc/fstab; rm /etc/systemd/zram-generator.conf; systemctl unmask ${unit}`)
})
