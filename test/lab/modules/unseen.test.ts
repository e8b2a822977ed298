import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findModule, modules } from '../../../runner/modules/registry.js'
import type { Question, Together } from '../../../runner/modules/together.js'
import { localController, runModule } from '../../support/cases.js'
import { validArguments } from '../../support/hostile.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

/** What cannot be seen is not absent: neither what may not be looked at, nor what a cut connection did not tell. */
const name = 'agent-2'
const shut = '/srv/unseen/shut'
const folder = mkdtempSync(join(tmpdir(), 'tsplay-unseen-'))

let lab: Lab
let root: LabModuleHost
let user: LabModuleHost
let web: Server
const sh = async (command: string) => (await root.query({ body: command })).stdout.toString()

beforeAll(async () => {
  lab = openLab(ourLabDir())
  root = await connectLabHost(lab, name)
  user = await connectLabHost(lab, name, false)
  mkdirSync(join(folder, 'sync'))
  for (const file of ['text', 'run.sh', 'one']) writeFileSync(join(folder, file), '#!/bin/sh\n')
  execFileSync('tar', ['-cf', 'x.tar', 'text'], { cwd: folder })
  web = createServer((_request, response) => response.end('text')).listen(0, '0.0.0.0')
  await once(web, 'listening')
  await sh(`mkdir -p ${shut} && chmod 700 ${shut}`)
})
afterAll(async () => {
  web.close()
  await sh(`rm -rf /srv/unseen`)
  for (const host of [root, user]) await host?.close()
  rmSync(folder, { recursive: true, force: true })
})

const failure = (module: string, args: object, host: LabModuleHost): Promise<Error> =>
  runModule(findModule(module)!, args, { host, controller: localController(folder) } as never, false).then(
    ({ change }) => expect.fail(`${module} ${change ? `foretold ${change.summary}` : 'found nothing to do'}`),
    (error: Error) => error,
  )

const f = `${shut}/f`
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2iYxyZ7mVv8vN1y3rXk5pP0h1fY0bO7tVq9zq0bXyZ'
const mounted = { path: '/mnt/a', src: 'a', fstype: 'tmpfs', state: 'present' }
const apt = '/etc/apt/sources.list.d'

/** What a user asks for who may not look at `shut`, or at a place that the module itself chooses. */
const hidden: readonly (readonly [module: string, args: object, place?: string])[] = [
  ['copy', { src: 'text', dest: f }],
  ['copy', { src: f, dest: '/tmp/unseen', remote_src: true }],
  ['template', { src: 'text', dest: f }],
  ['lineinfile', { path: f, line: 'a', create: true }],
  ['blockinfile', { path: f, block: 'a', create: true }],
  ['replace', { path: f, regexp: 'a', replace: 'b' }],
  ['ini_file', { path: f, section: 'a', option: 'b', value: 'c' }],
  ['assemble', { src: '/srv', dest: f }],
  ['assemble', { src: `${shut}/pieces`, dest: '/tmp/unseen' }],
  ['get_url', { url: 'http://127.0.0.1:1/', dest: f }],
  ['uri', { url: '$SITE', dest: f }],
  ['synchronize', { src: 'sync', dest: `${shut}/d` }],
  ['unarchive', { src: 'x.tar', dest: shut }],
  ['unarchive', { src: `${shut}/x.tar`, dest: '/tmp', remote_src: true }],
  ['fetch', { src: f, dest: folder, fail_on_missing: false }],
  ['file', { path: f, state: 'absent' }],
  ['file', { path: f, state: 'touch' }],
  ['file', { path: '/tmp/unseen', src: f, state: 'link' }],
  ['stat', { path: f }],
  ['slurp', { src: f }],
  ['wait_for', { path: f, state: 'absent' }],
  ['find', { paths: [`${shut}/d`] }],
  ['command', { cmd: 'true', creates: f }],
  ['shell', { cmd: 'true', removes: `${shut}/*` }],
  ['script', { cmd: 'run.sh', creates: f }],
  ['authorized_key', { user: 'debian', key, path: f }],
  ['authorized_key', { user: 'debian', key, path: `${shut}/deeper/f`, state: 'absent' }],
  ['known_hosts', { name: 'a.example', key: `a.example ${key}`, path: f }],
  ['sysctl', { name: 'kernel.pid_max', value: 99999, sysctl_file: f }],
  ['mount', { ...mounted, fstab: f }],
  ['swap', { path: `${shut}/swap`, size: '1M', state: 'present' }],
  ['selinux', { state: 'disabled', configfile: f }],
  ['yum_repository', { name: 'a', state: 'absent', reposdir: shut }],
  ['apt', { deb: `${shut}/a.deb` }],
  ['apt_repository', { repo: 'deb http://a.example/ b main', state: 'absent' }, apt],
  ['deb822_repository', { name: 'f', state: 'absent' }, apt],
  ['cron', { name: 'a', state: 'absent', cron_file: 'f' }, '/etc/cron.d'],
  ['modprobe', { name: 'overlay', persistent: 'absent' }, '/etc/modprobe.d'],
  ['alternatives', { name: 'unseen', path: '/bin/true', state: 'absent' }, '/var/lib/dpkg/alternatives'],
  ['hostname', { name: 'unseen' }, '/etc/hostname'],
  ['timezone', { name: 'Asia/Tokyo' }, '/etc/timezone'],
  ['user', { name: 'debian', password: '!' }, '/etc/shadow'],
]

/** Modules that look at no path, or at none that can be hidden from them here, and why. */
const noPath: Readonly<Record<string, string>> = {
  apk: 'reads a database: test/lab/modules/apk.test.ts breaks it',
  async_status: 'looks at a folder of its user’s own',
  dnf: 'test/lab/modules/packages.test.ts breaks the database, and hides a package file',
  firewalld: 'asks a daemon',
  group: 'asks getent',
  k8s_manifest: 'asks the cluster: test/lab/modules/k8s.test.ts has a kubectl that fails',
  k8s_node: 'as k8s_manifest',
  k8s_wait: 'as k8s_manifest',
  nftables: 'nft answers root alone, and any other with a failure',
  package: 'is one of the package managers',
  pacman: 'as dnf',
  ping: 'looks at nothing',
  reboot: 'looks at nothing but the boot id',
  rpm_key: 'as dnf',
  service: 'asks the service manager',
  setup: 'tells what the host tells: what it does not is missing, and nothing follows from that',
  systemd: 'asks systemd',
  tempfile: 'looks at nothing: what it makes is new',
  ufw: 'its files are root’s, and so is iptables',
  wait_for_connection: 'looks at nothing',
  zypper: 'as dnf',
}

test('every module is here', () => {
  const here = new Set([...hidden.map(([module]) => module), ...Object.keys(noPath)])
  expect(Object.keys(modules).filter((module) => !here.has(module))).toEqual([])
  expect([...here].filter((module) => !Object.hasOwn(modules, module))).toEqual([])
})

const asked = hidden.map(([module, args, place]) => ({ module, args, place }))

test.each(asked)('$module $args: what may not be looked at is a failure', async ({ module, args, place }) => {
  if (place) await sh(`mkdir -p ${place}; stat -c %a ${place} >/srv/unseen/mode && chmod go= ${place}`)
  try {
    const { address } = lab.hosts.find((one) => one.name === name)!
    const site = `http://${address.replace(/\.\d+$/, '.1')}:${(web.address() as AddressInfo).port}/`
    const error = await failure(module, JSON.parse(JSON.stringify(args).replace('$SITE', site)), user)
    expect(error.message.toLowerCase()).toContain('permission denied')
    expect(error.message).toContain(place ?? shut)
  } finally {
    if (place) await sh(`chmod "$(cat /srv/unseen/mode)" ${place}`)
  }
})

/** Ends the connection that the script came by, as a network that goes does, before anything is told. */
const cutOff = `p=$$
until [ "$p" -le 1 ] || [ "$(cat "/proc/$p/comm")" = sshd ]; do
  p=$(sed 's/.*) . \\([0-9]*\\) .*/\\1/' "/proc/$p/stat") || break
done
# Of two probes at a time the first has ended it.
[ "$p" -le 1 ] || kill -9 "$p"
sleep 2
`

/** Kinds of questions whose one script is cut off, too. */
const cutKinds = new Map<Together, Together>()

function cutTogether(together: Together): Together {
  const join: Together['join'] = (questions) => {
    const { script, answers } = together.join(questions)
    return { script: { ...script, body: cutOff + script.body }, answers }
  }
  const cut = cutKinds.get(together) ?? { join }
  cutKinds.set(together, cut)
  return cut
}

/** Modules whose check needs no answer of the host, and why. */
const silent: Readonly<Record<string, string>> = {
  command: 'always runs, unless creates or removes is told',
  shell: 'the same',
  script: 'the same',
  tempfile: 'always makes another one',
  wait_for_connection: 'is what waits until there is an answer',
}

test('a connection that is cut in the middle of a probe, of any module, tells no state', async () => {
  const waiting = [...new Map(validArguments().map((one) => [one.module.name, one])).values()]
  const told: Record<string, string> = {}
  const worker = async () => {
    const host = await connectLabHost(lab, name)
    const cut =
      (run: typeof host.query) =>
      ({ together, ...script }: Question) =>
        run({
          ...script,
          body: cutOff + script.body,
          ...(together ? { together: cutTogether(together) } : {}),
        })
    const cutting = { ...host, run: cut(host.run), query: cut(host.query) }
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const placed = JSON.parse(JSON.stringify(next.args).replaceAll('/controller', folder))
      told[next.module.name] = await failure(next.module.name, placed, cutting).then(
        ({ message }) => (/connection was lost/.test(message) ? 'lost' : message),
        ({ message }) => (Object.hasOwn(silent, next!.module.name) ? 'lost' : message),
      )
    }
    await host.close()
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  expect(told).toEqual(Object.fromEntries(Object.keys(modules).map((module) => [module, 'lost'])))
})
