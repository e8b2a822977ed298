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
import { dir, inEtc, writers } from './writers.js'

const name = 'agent-2'
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

test('every module that writes a file, or renames one, is here', () => {
  const modules = fileURLToPath(new URL('../../../runner/modules/', import.meta.url))
  const uses = readdirSync(modules).filter((one) => {
    const source = one.endsWith('.ts') ? readFileSync(join(modules, one), 'utf8') : ''
    return /files\/(apply|write|text-file)\.js|mv -f/.test(source)
  })
  const listed = new Set([...writers, ...inEtc].map(({ module }) => module as string))
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
    const error = await failure(module, args(site))
    expect(error.message).toContain('No space left on device')
    expect(error.message).toContain(place)
    expect(await sh(`ls -A -I full ${dir}`)).toBe(`${file}\n`)
    expect(await sumOnHost(file)).toBe(sumOf(old))
  })
})

describe('on a full disk that has /etc', () => {
  beforeAll(() =>
    sh(`mkdir -p ${dir} && mount -t tmpfs -o size=16m tmpfs ${dir} && cp -a /etc/. ${dir} && mount --bind ${dir} /etc
head -c 17000000 /dev/zero >/etc/full 2>/dev/null || :`),
  )
  afterAll(() => sh(`umount -l /etc; umount -l ${dir}`))

  test.each(inEtc)('$module leaves what was there', async ({ module, args, path, before }) => {
    const was = await sh(`${before}; ls -A /etc`)
    const error = await failure(module, args)
    expect(error.message).toContain('No space left on device')
    expect(error.message).toContain(path)
    expect(await sh(`${before}; ls -A /etc`)).toBe(was)
  })
})

test('on a full disk, accounts of a host without useradd: every file as it was', async () => {
  const box = await connectLabHost(lab, 'box-1')
  const ask = async (body: string) => (await box.query({ body })).stdout.toString()
  await ask(`mkdir -p ${dir} && mount -t tmpfs -o size=256k tmpfs ${dir} && cp -a /etc/. ${dir} && mount -o bind ${dir} /etc
head -c 300000 /dev/zero >/etc/full 2>/dev/null || :`)
  try {
    const files = 'cat /etc/passwd /etc/group /etc/shadow; ls -A /etc'
    const was = await ask(files)
    for (const module of ['user', 'group']) {
      const error = await failure(module, { name: 'faulty' }, undefined, box)
      expect(error.message).toContain('No space left on device')
      expect(await ask(files)).toBe(was)
    }
  } finally {
    await ask(`umount -l /etc; umount -l ${dir}; rmdir ${dir}`)
    await box.close()
  }
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
    const cutAtRename = `printf '%s\\n' '#!/bin/sh' 'rm ${mv}' 'sh /root/cut; sleep 0.3' 'exec /bin/mv "$@"' >${mv} && chmod 755 ${mv}`
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
        const order = args(site)
        await sh(`cd ${dir} && rm -rf ./* && yes 'old line' | head -n 4500 >${file}
${cutAtRename}`)
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

    test.each(inEtc)(
      '$module: the old one or the new one, and the next run settles it',
      async ({ module, args, path, before }) => {
        const was = await sh(`${before}; ls -A /etc`)
        const old = await sh(`cat ${path}`)
        await sh(cutAtRename)
        expect((await failure(module, args)).message).toContain('the connection was lost')
        await expect.poll(() => sh('ls -A /etc')).not.toContain('.tsplay')
        expect([old, `${args.name}\n`]).toContain(await sh(`cat ${path}`))
        await host.close()
        host = await connectLabHost(lab, name)
        await run(module, args)
        expect((await run(module, args)).change).toBeUndefined()
        expect(await sh(`cat ${path}`)).toBe(`${args.name}\n`)
        await run(module, { name: old.trim() })
        expect(await sh(`${before}; ls -A /etc`)).toBe(was)
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
