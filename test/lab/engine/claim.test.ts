import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, expect, it } from 'vitest'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { run, waitFor } from '../run.js'
import { configFolder } from '../transport/files.js'

const lab = openLab(ourLabDir())
const folder = configFolder(lab)
afterAll(() => folder.remove())

/** Writes its mark on two hosts, then stays until it is let go. */
const playbook = folder.write(
  'claim.yaml',
  `- hosts: server-1,agent-1
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - command: cat /etc/hostname
      changed_when: false
    - shell: |
        echo <%= who %> >>/run/claim-test
        while [ <%= who %> = first ] && [ ! -e /run/claim-go ]; do sleep 0.1; done
`,
)
const argv = (who: string, ...args: readonly string[]) => [
  ...[program, '-i', `${lab.dir}/inventory.yaml`, playbook],
  ...['-e', `who=${who}`, ...args],
]
const play = (who: string, ...args: readonly string[]) => run(process.execPath, argv(who, ...args))
const marks = async (name: string) => (await lab.exec(name, 'sudo cat /run/claim-test')).stdout

it('two runs do not change the same hosts at once, and one that was killed holds none', async () => {
  const first = spawn(process.execPath, argv('first'), { stdio: 'ignore' })
  const ended = once(first, 'exit')
  const hosts = ['server-1', 'agent-1']
  const both = async () => (await Promise.all(hosts.map(marks))).every((text) => text === 'first\n')
  expect(await waitFor(both, 60_000, 300)).toBe(true)
  const [second, dry] = await Promise.all([play('second', '--lock-wait', '1'), play('dry', '--check')])
  expect(second.stdout).toMatch(
    new RegExp(`another run is changing this host: \\S+, pid ${first.pid}, since 2\\S+Z: \\S+claim.yaml`),
  )
  expect(second.stdout).toContain('--lock-wait')
  expect([second.code, dry.code]).toEqual([5, 0])
  expect(second.stdout).toMatch(/^agent-1 +: ok=1 .* unreachable=0 .* ignored=0 +locked=1$/m)
  expect(second.stdout).toMatch(/command\s+ok=2/)
  first.kill('SIGKILL')
  await ended
  // What it had begun still runs on the hosts, and is waited for.
  const third = play('third', '--lock-wait', '60')
  await Promise.all(hosts.map((name) => lab.exec(name, 'sudo touch /run/claim-go')))
  expect(await third).toMatchObject({ code: 0 })
  expect(await Promise.all(hosts.map(marks))).toEqual(['first\nthird\n', 'first\nthird\n'])
  await Promise.all(hosts.map((name) => lab.exec(name, 'sudo rm /run/claim-go /run/claim-test')))
})

it('a host that cannot be locked is changed all the same, and that is told once', async () => {
  const unlocked = folder.write(
    'unlocked.yaml',
    `- hosts: server-1,agent-1
  gather_facts: false
  tasks:
    - { command: id -un, become_user: nobody, changed_when: false }
    - command: echo <%= inventory_hostname %>
      become_user: "<%= inventory_hostname === 'agent-1' ? 'nobody' : 'root' %>"
      loop: [1, 2]
`,
  )
  await lab.exec('server-1', 'sudo mv /usr/bin/flock /usr/bin/flock.away')
  try {
    const { code, stdout } = await run(process.execPath, [
      ...[program, '-i', `${lab.dir}/inventory.yaml`, '--output', 'plain', unlocked],
    ])
    const told = stdout.split('\n').filter((line) => line.startsWith('warning: '))
    const warning = (host: string, why: string) =>
      `warning: ${host}: nothing keeps another run from changing it at the same time: ${why}`
    expect(told.sort()).toEqual([
      warning('agent-1', 'a user that tasks run as has no folder for the lock, /run/user/UID'),
      warning('server-1', 'it has no flock'),
    ])
    expect(code).toBe(0)
  } finally {
    await lab.exec('server-1', 'sudo mv /usr/bin/flock.away /usr/bin/flock')
  }
})
