import { existsSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../unit/transport/shells.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { run } from '../run.js'
import { configFolder } from './files.js'

const lab = openLab(ourLabDir())
const host = lab.hosts.filter(({ kind }) => kind === 'agent').at(-1)!
const folder = configFolder(lab)
const begun = `${folder.home}/begun`

/** Runs one wait_for_connection on the host, by the command line, to the end; times are seconds. It tells when it begins. */
function wait(args: string, over = '') {
  const vars = `ansible_host: ${host.address}, ansible_user: debian, ansible_ssh_private_key_file: ${lab.dir}/id_ed25519`
  const known = `-F none -o UserKnownHostsFile=${folder.knownHosts}`
  const inventory = folder.write(
    'hosts.yaml',
    `all: { hosts: { box: { ${vars}, ansible_ssh_common_args: "${known} ${over}" } } }\n`,
  )
  const playbook = folder.write(
    'play.yaml',
    `- hosts: all\n  gather_facts: false\n  tasks:\n    - { command: touch ${begun}, delegate_to: localhost }\n    - { name: boot, wait_for_connection: { ${args} }, register: waited }\n` +
      '    - { name: then, command: uptime, changed_when: false }\n    - debug: { msg: "waited <%= waited.elapsed >= 1 %>" }\n',
  )
  const words = [program, '-i', inventory, playbook, '-vv']
  return run(process.execPath, words, { timeoutMs: 200_000 })
}

beforeAll(() => lab.cut(host.name))
afterAll(async () => {
  await lab.boot(host.name)
  folder.remove()
})

describe('a host that was never reached', () => {
  it('that stays away fails the task when its time is up, whatever a connection may take', async () => {
    const ran = await wait('timeout: 3, connect_timeout: 1, sleep: 0', '-o ConnectTimeout=50')
    expect(ran.stdout).toContain('the host was not back after 3 s')
    expect(ran.stdout).toContain('failed=1')
    expect(ran.code).toBe(2)
  })

  it('is waited for while it boots, and worked on then', { timeout: 240_000 }, async () => {
    rmSync(begun, { force: true })
    const running = wait('timeout: 150, connect_timeout: 10, sleep: 0')
    await eventually(() => existsSync(begun))
    await sleep(3000)
    await lab.boot(host.name)
    const ran = await running
    expect(ran.stdout).toContain('waited true')
    expect(ran.code).toBe(0)
  })

  it('with a host key that is not known is not waited for', async () => {
    const ran = await wait('timeout: 60', '-o HostKeyAlias=nobody')
    expect(ran.stdout).toContain('is not known')
    expect(ran.code).toBe(4)
  })
})
