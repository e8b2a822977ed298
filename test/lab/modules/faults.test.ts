import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Controller } from '../../../runner/modules/module.js'
import { findModule } from '../../../runner/modules/registry.js'
import { localController, runModule } from '../../support/cases.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

const name = 'agent-2'
const dir = '/srv/faults'
const folder = mkdtempSync(join(tmpdir(), 'tsplay-faults-'))

/** More than is left on the small disk: one that travels in a script, and one on a channel of its own. */
const text = `${'new line\n'.repeat(8000)}`
const large = randomBytes(3_000_000)
const old = `${'old line\n'.repeat(4500)}`

let lab: Lab
let host: LabModuleHost
let watcher: LabModuleHost
let web: Server
let site: string
/** What the server does between the two halves of what it sends. */
let midway: () => Promise<void> = async () => undefined

beforeAll(async () => {
  lab = openLab(ourLabDir())
  host = await connectLabHost(lab, name)
  watcher = await connectLabHost(lab, name)
  writeFileSync(join(folder, 'text'), text)
  writeFileSync(join(folder, 'large'), large)
  mkdirSync(join(folder, 'sync'))
  writeFileSync(join(folder, 'sync/f'), large)
  web = createServer((request, response) => {
    if (request.url === '/text') return response.end(text)
    const half = large.length / 2
    response.writeHead(200, { 'Content-Length': large.length })
    response.write(large.subarray(0, half))
    void midway().then(() => response.end(large.subarray(half)))
  }).listen(0, '0.0.0.0')
  await once(web, 'listening')
  const gateway = lab.hosts.find((one) => one.name === name)!.address.replace(/\.\d+$/, '.1')
  site = `http://${gateway}:${(web.address() as AddressInfo).port}`
})
afterAll(async () => {
  web.close()
  await host.close()
  await sh(`umount ${dir} 2>/dev/null; rm -rf ${dir} ${dir}-pieces; rm -f /root/cut /root/x.tar`)
  await watcher.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Not over the connection that is under test; over a new one, where its own was cut. */
async function sh(program: string): Promise<string> {
  const script = { body: 'exec sh -c "$program"', vars: { program } }
  return (await watcher.query(script)).stdout.toString()
}

const run = (module: string, args: object, controller: Controller = localController(folder), on = host) =>
  runModule(findModule(module)!, args, { host: on, controller } as never, true)
const failure = (module: string, args: object, controller?: Controller, on = host): Promise<Error> =>
  run(module, args, controller, on).then(
    () => expect.fail(`${module} did not fail`),
    (error: Error) => error,
  )

const sumOf = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')
const sumOnHost = async (file = 'f') => (await sh(`sha256sum <${dir}/${file}`)).slice(0, 64)

/** What goes on without its connection comes to an end, and leaves nothing beside the file. */
const settled = () => expect.poll(() => sh(`ls -A ${dir}`), { timeout: 10_000 }).toBe('f\n')

/** What a module writes on the small disk, and where: `f` in the folder unless told. */
interface Writer {
  readonly module: string
  /** What it is, where a module comes twice. */
  readonly title?: string
  readonly args: () => object
  /** A folder that the module itself chooses; the small disk stands there, too. */
  readonly folder?: string
  readonly file?: string
  /** What it writes is small: not a page is left. */
  readonly full?: true
}

const f = `${dir}/f`
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2iYxyZ7mVv8vN1y3rXk5pP0h1fY0bO7tVq9zq0bXyZ'
const aptLists = '/etc/apt/sources.list.d'

/** Every module that writes a file. */
const writers: readonly Writer[] = [
  { module: 'copy', args: () => ({ src: 'text', dest: f }) },
  { module: 'copy', title: 'of a large file', args: () => ({ src: 'large', dest: f }) },
  {
    module: 'copy',
    title: 'of a file of the host',
    args: () => ({ src: '/root/x.tar', dest: f, remote_src: true }),
  },
  { module: 'copy', title: 'with a backup', args: () => ({ content: 'short', dest: f, backup: true }) },
  { module: 'template', args: () => ({ src: 'text', dest: f }) },
  { module: 'lineinfile', args: () => ({ path: f, line: 'one more' }) },
  { module: 'blockinfile', args: () => ({ path: f, block: 'one more' }) },
  { module: 'replace', args: () => ({ path: f, regexp: 'old', replace: 'young' }) },
  { module: 'ini_file', args: () => ({ path: f, section: 'a', option: 'b', value: 'c' }) },
  { module: 'assemble', args: () => ({ src: '/root/pieces', dest: f }) },
  { module: 'get_url', args: () => ({ url: `${site}/large`, dest: f, force: true }) },
  { module: 'uri', args: () => ({ url: `${site}/text`, dest: f }) },
  { module: 'synchronize', args: () => ({ src: 'sync/', dest: dir, delete: true }) },
  { module: 'unarchive', args: () => ({ src: '/root/x.tar', dest: dir, remote_src: true }) },
  {
    module: 'unarchive',
    title: 'of an archive of the controller',
    args: () => ({ src: 'x.tar', dest: dir }),
  },
  { module: 'authorized_key', args: () => ({ user: 'root', key, path: f }) },
  { module: 'known_hosts', args: () => ({ name: 'a.example', key: `a.example ${key}`, path: f }) },
  {
    module: 'cron',
    args: () => ({ name: 'a', job: 'true', cron_file: 'f' }),
    folder: '/etc/cron.d',
  },
  {
    module: 'sysctl',
    args: () => ({ name: 'kernel.pid_max', value: 99999, sysctl_file: f, sysctl_set: false }),
  },
  {
    module: 'mount',
    args: () => ({ path: '/mnt/a', src: 'a', fstype: 'tmpfs', state: 'present', fstab: f }),
  },
  { module: 'swap', args: () => ({ state: 'present', path: f, size: '1M' }) },
  { module: 'selinux', args: () => ({ state: 'disabled', configfile: f }) },
  {
    module: 'nftables',
    args: () => ({ comment: 'a', rule: 'accept', chain: 'input', dest: `${f}.nft` }),
    file: 'f.nft',
    full: true,
  },
  {
    module: 'apt_repository',
    args: () => ({ repo: 'deb http://a.example/ b main', filename: 'f', update_cache: false }),
    folder: aptLists,
    file: 'f.list',
  },
  {
    module: 'deb822_repository',
    args: () => ({ name: 'f', uris: 'http://a.example/', suites: 'b', components: 'main' }),
    folder: aptLists,
    file: 'f.sources',
    full: true,
  },
  {
    module: 'yum_repository',
    args: () => ({ name: 'a', file: 'f', description: 'a', baseurl: 'http://a.example/', reposdir: dir }),
    file: 'f.repo',
  },
  {
    module: 'modprobe',
    args: () => ({ name: 'overlay', persistent: 'present' }),
    folder: '/etc/modules-load.d',
    file: 'overlay.conf',
    full: true,
  },
]

test('every module that uses the writer is here', async () => {
  const modules = fileURLToPath(new URL('../../../runner/modules/', import.meta.url))
  const uses = readdirSync(modules).filter(
    (one) =>
      one.endsWith('.ts') &&
      /files\/(apply|write)\.js|repository-file\.js/.test(readFileSync(join(modules, one), 'utf8')),
  )
  const listed = new Set(writers.map(({ module }) => module))
  expect(
    uses.map((one) => one.replace(/\.ts$/, '').replaceAll('-', '_')).filter((one) => !listed.has(one)),
  ).toEqual([])
})

const named = writers.map((one) => [[one.module, one.title].join(' ').trim(), one] as const)

/** Where the small disk stands, too, for modules that choose the folder themselves. */
const folders = [...new Set(writers.flatMap(({ folder }) => folder ?? []))]

describe('on a full disk', () => {
  beforeAll(async () => {
    await sh(`umount ${dir} 2>/dev/null; mkdir -p ${dir} && mount -t tmpfs -o size=64k tmpfs ${dir}
for folder in ${folders.join(' ')}; do mkdir -p "$folder" && mount --bind ${dir} "$folder"; done
mkdir -p /root/pieces && cd /root && yes 'new line' | head -n 20000 >f && tar -cf x.tar f && mv f pieces`)
    const merged = lab.hosts.find((one) => one.name === name)!.root
    writeFileSync(join(folder, 'x.tar'), readFileSync(join(merged, 'root/x.tar')))
  })
  afterAll(() => sh(`umount ${folders.join(' ')} ${dir}; rm -rf /root/pieces`))

  test.each(named)('%s leaves the old file, and nothing beside it', async (_name, writer) => {
    const { module, args, folder: place = dir, file = 'f', full } = writer
    await sh(`cd ${dir} && rm -rf ./* ./.[!.]* && yes 'old line' | head -n 4500 >${file}
${full ? 'head -c 65536 /dev/zero >full 2>/dev/null || :' : ''}`)
    const error = await failure(module, args())
    expect(error.message).toContain('No space left on device')
    expect(error.message).toContain(place)
    expect(await sh(`ls -A -I full ${dir}`)).toBe(`${file}\n`)
    expect(await sumOnHost(file)).toBe(sumOf(old))
  })
})

/** Kills the sshd of every session, as a network that goes does: not the one that listens. */
const cut = `for p in $(pgrep -x sshd); do
  [ "$(ps -o ppid= -p "$p" | tr -d ' ')" = 1 ] || echo "$p"
done | xargs -r kill -9 2>/dev/null || :`

/** The connection that says so goes, too. */
const cutNow = () =>
  watcher.run({ body: cut }).then(
    () => undefined,
    () => undefined,
  )

describe('a connection that is cut in the middle of a write', () => {
  beforeEach(async () => {
    await sh(`mkdir -p ${dir} ${dir}-pieces && echo new >${dir}-pieces/1
cd ${dir} && rm -rf ./* ./.[!.]* && yes 'old line' | head -n 4500 >f
printf '%s\\n' '${cut.replaceAll("'", "'\\''")}' >/root/cut`)
    await host.close()
    host = await connectLabHost(lab, name)
  })

  /** The validator stands between the new content and its name. */
  const validate = "sh -c 'sh /root/cut; sleep 0.3; test -s %s'"
  test.each([
    ['copy', { src: 'text', dest: `${dir}/f`, validate }],
    ['template', { src: 'text', dest: `${dir}/f`, validate }],
    ['lineinfile', { path: `${dir}/f`, line: 'one more', validate }],
    ['blockinfile', { path: `${dir}/f`, block: 'one more', validate }],
    ['replace', { path: `${dir}/f`, regexp: 'old', replace: 'young', validate }],
    ['assemble', { src: `${dir}-pieces`, dest: `${dir}/f`, validate }],
  ])('%s: the old file or the new one, and the next run settles it', async (module, args) => {
    const error = await failure(module, args)
    expect(error.message).toContain('the connection was lost while a script ran')
    await settled()
    const { validate: _, ...again } = args
    await run(module, again)
    expect(await sh(`ls -A ${dir}`)).toBe('f\n')
    expect(await sumOnHost()).not.toBe(sumOf(old))
    expect((await run(module, again)).change).toBeUndefined()
  })

  describe('before the new file takes its name', () => {
    const mv = '/usr/local/bin/mv'
    beforeAll(async () => {
      await sh(`mkdir -p ${dir} ${folders.join(' ')} /root/pieces
for folder in ${folders.join(' ')}; do mount --bind ${dir} "$folder"; done
cd /root && yes 'new line' | head -n 20000 >f && tar -cf x.tar f && mv f pieces`)
      const merged = lab.hosts.find((one) => one.name === name)!.root
      writeFileSync(join(folder, 'x.tar'), readFileSync(join(merged, 'root/x.tar')))
    })
    afterAll(() => sh(`rm -f ${mv}; umount ${folders.join(' ')}; rm -rf /root/pieces`))

    // Where the new swap file is in its place, a host of the lab may not swap to it.
    const settling = named.filter(([, { module }]) => module !== 'swap')
    test.each(settling)(
      '%s: the old one or the new one, and the next run settles it',
      async (_name, writer) => {
        const { module, args, file = 'f' } = writer
        const order = args()
        await sh(`cd ${dir} && rm -rf ./* && yes 'old line' | head -n 4500 >${file}
printf '%s\\n' '#!/bin/sh' 'rm ${mv}' 'sh /root/cut; sleep 0.3' 'exec /bin/mv "$@"' >${mv} && chmod 755 ${mv}`)
        const error = await failure(module, order)
        expect(error.message).toContain('the connection was lost')
        const files = () => sh(`ls -A -I '*~' ${dir}`)
        await expect.poll(files, { timeout: 10_000 }).toBe(`${file}\n`)
        const after = await sumOnHost(file)
        await host.close()
        host = await connectLabHost(lab, name)
        await run(module, order)
        expect([sumOf(old), await sumOnHost(file)]).toContain(after)
        expect(await files()).toBe(`${file}\n`)
      },
    )
  })

  test.each([
    ['copy', { src: 'large', dest: `${dir}/f` }],
    ['synchronize', { src: 'sync/', dest: dir }],
  ])('%s of a large file: the old one, and no part of the new one', async (module, args) => {
    const halves = async function* () {
      yield large.subarray(0, 1_000_000)
      await cutNow()
      yield large.subarray(1_000_000)
    }
    const controller = {
      ...localController(folder),
      stream: () => Readable.from(halves(), { objectMode: false }),
    }
    const error = await failure(module, args, controller)
    expect(error.message).toContain('the connection was lost')
    await settled()
    expect(await sumOnHost()).toBe(sumOf(old))
    await run(module, args)
    expect(await sumOnHost()).toBe(sumOf(large))
  })

  test('get_url: the old file or the new one', async () => {
    midway = cutNow
    const args = { url: `${site}/large`, dest: `${dir}/f`, checksum: `sha256:${sumOf(large)}` }
    await failure('get_url', args)
    midway = async () => undefined
    await settled()
    expect([sumOf(old), sumOf(large)]).toContain(await sumOnHost())
    await run('get_url', args)
    expect(await sumOnHost()).toBe(sumOf(large))
  })

  test('fetch goes on where it was; a host that stays away leaves the old file', async () => {
    await sh(`cp /dev/null ${dir}/f && head -c 3000000 /dev/urandom >${dir}/f`)
    const to = join(folder, 'fetched')
    mkdirSync(to)
    writeFileSync(join(to, 'f'), 'old')
    let pieces = 0
    const run3 = (then: () => Promise<void>) => ({
      ...host,
      run: async (script: Parameters<typeof host.run>[0]) => {
        if (++pieces === 3) await then()
        return host.run(script)
      },
    })
    const args = { src: `${dir}/f`, dest: `${to}/`, flat: true }
    const away = run3(() => Promise.reject(new Error('away')))
    expect((await failure('fetch', args, undefined, away)).message).toBe('away')
    expect(readdirSync(to)).toEqual(['f'])
    expect(readFileSync(join(to, 'f'), 'utf8')).toBe('old')
    pieces = 0
    await run('fetch', args, undefined, run3(cutNow))
    expect(sumOf(readFileSync(join(to, 'f')))).toBe(await sumOnHost())
  })
})

describe('what may not be looked at is not absent', () => {
  let user: LabModuleHost
  beforeAll(async () => {
    user = await connectLabHost(lab, name, false)
    await sh(`rm -rf ${dir}; mkdir -p ${dir}/shut && cp /root/x.tar ${dir}/shut && chmod 700 ${dir}/shut`)
  })
  afterAll(() => user?.close())

  test.each([
    ['copy', { src: 'text', dest: `${dir}/shut/f` }],
    ['template', { src: 'text', dest: `${dir}/shut/f` }],
    ['lineinfile', { path: `${dir}/shut/f`, line: 'a', create: true }],
    ['get_url', { url: 'http://127.0.0.1:1/', dest: `${dir}/shut/f` }],
    ['synchronize', { src: 'sync', dest: `${dir}/shut/d` }],
    ['unarchive', { src: 'x.tar', dest: `${dir}/shut` }],
    ['unarchive', { src: `${dir}/shut/x.tar`, dest: '/tmp', remote_src: true }],
    ['fetch', { src: `${dir}/shut/f`, dest: folder, fail_on_missing: false }],
    ['file', { path: `${dir}/shut/f`, state: 'absent' }],
    ['stat', { path: `${dir}/shut/f` }],
    ['slurp', { src: `${dir}/shut/f` }],
    ['wait_for', { path: `${dir}/shut/f`, state: 'absent' }],
    ['find', { paths: [`${dir}/shut/d`] }],
    ['command', { cmd: 'true', creates: `${dir}/shut/f` }],
  ])('%s', async (module, args) => {
    const error = await failure(module, args, undefined, user)
    expect(error.message.toLowerCase()).toContain('permission denied')
    expect(error.message).toContain(`${dir}/shut`)
  })
})
