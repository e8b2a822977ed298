import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { getUrl } from '../../../runner/modules/get-url.js'
import { uri } from '../../../runner/modules/uri.js'
import { Secret } from '../../../runner/secrets/secret.js'
import { issue } from '../../lab/k3s/src/pki/issue.js'
import { localController, runModule, shells } from '../../support/cases.js'
import { localHost } from '../../support/local-host.js'

const dir = mkdtempSync(join(tmpdir(), 'tsplay-web-'))
const bytes = Buffer.from('a\0b\nc')
const sum = createHash('sha256').update(bytes).digest('hex')
let seen: string[] = []
let base: string
/** What is only to be had through a proxy. */
const elsewhere = 'http://no.such.invalid/file'
let secure: string

const answer: RequestListener = ({ url, headers }, response) => {
  seen.push(`${url} ${headers.authorization ?? '-'} ${headers['x-a'] ?? '-'}`)
  if (url === '/sums') return response.end(`${'0'.repeat(64)}  other\n${sum}  ./file\n`)
  if (url === '/late') return response.write('a')
  if (url === '/file' || url === elsewhere) return response.end(bytes)
  return response.writeHead(404).end()
}

const listen = async (server: Server) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
const servers: Server[] = []

beforeAll(async () => {
  const pair = issue({ commonName: '127.0.0.1', hosts: ['127.0.0.1'], days: 2 })
  writeFileSync(join(dir, 'cert'), pair.cert)
  const plain = createServer(answer)
  const tls = createSecureServer(pair, answer)
  servers.push(plain, tls)
  base = `http://127.0.0.1:${await listen(plain)}`
  secure = `https://127.0.0.1:${await listen(tls)}`
})
beforeEach(() => {
  seen = []
  rmSync(join(dir, 'to'), { recursive: true, force: true })
  mkdirSync(join(dir, 'to'))
})
afterAll(() => {
  for (const server of servers) server.close()
  rmSync(dir, { recursive: true, force: true })
})

const get = (raw: object, apply = true, host = localHost(['dash'])) => {
  const on = { host, controller: localController('/nowhere') }
  return runModule(getUrl, { dest: join(dir, 'to/f'), timeout: 2, ...raw }, on as never, apply)
}
const basic = `Basic ${Buffer.from('u:p"\\w').toString('base64')}`
const login = { url_username: 'u', url_password: new Secret('p"\\w'), headers: { 'X-A': "it's $(id)" } }

test.each(['md5', 'sha1', 'sha224', 'sha384', 'sha512'])('by %s, on both ways', async (algorithm) => {
  const right = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
  const wrong = right.replace(/[0-9a-f]/g, (digit, at) => (at > algorithm.length ? '0' : digit))
  for (const via of ['host', 'controller']) {
    const order = { via, url: `${base}/file`, dest: join(dir, 'to', via) }
    await expect(get({ ...order, checksum: wrong })).rejects.toThrow(`is wrong: ${algorithm} `)
    expect((await get({ ...order, checksum: right })).change).toBeDefined()
    expect((await get({ ...order, checksum: right })).change).toBeUndefined()
  }
  expect(readdirSync(join(dir, 'to'))).toEqual(['controller', 'host'])
})

test.each(['md4:00', 'sha1:00', 'sha256', 'constructor:00'])('%s is no checksum', (checksum) =>
  expect(getUrl.args.safeParse({ url: base, dest: '/f', checksum }).success).toBe(false),
)

test.each(['host', 'controller'])(
  'via the %s: user, headers, a checksum from a file, into a folder',
  async (via) => {
    expect((await get({ via, dest: join(dir, 'to'), url: `${base}/file`, ...login })).fields).toMatchObject({
      dest: join(dir, 'to/file'),
    })
    expect(readFileSync(join(dir, 'to/file'))).toEqual(bytes)
    expect(seen).toEqual([`/file ${basic} it's $(id)`])
    const checked = { url: `${base}/file`, via, checksum: `sha256:${base}/sums`, mode: '0640' }
    const other = checked.checksum.replace('127.0.0.1', 'localhost')
    seen = []
    expect((await get({ ...checked, ...login }, false)).change?.summary).toEqual([
      `create ${join(dir, 'to/f')}`,
    ])
    expect(seen).toEqual([`/sums ${basic} it's $(id)`])
    await get(checked)
    expect(statSync(join(dir, 'to/f')).mode & 0o777).toBe(0o640)
    expect((await get(checked)).change).toBeUndefined()
    seen = []
    await get({ ...checked, ...login, checksum: other })
    expect(seen[0]).toBe('/sums - -')
  },
)

test.each(['host', 'controller'])('via the %s: what cannot be had leaves the old file', async (via) => {
  writeFileSync(join(dir, 'to/f'), 'old')
  const none = await get({ url: `${base}/none`, via, force: true }).catch((e) => e)
  expect(none.message).toContain(`could not fetch ${base}/none`)
  expect(none.message).toContain('404')
  const wrong = await get({ url: `${base}/file`, via, checksum: `sha256:${'1'.repeat(64)}` }).catch((e) => e)
  expect(wrong.message).toContain(`sha256 ${sum}, not 1111`)
  if (via === 'controller') {
    const late = await get({ url: `${base}/late`, via, force: true, timeout: 0.2 }).catch((e) => e)
    expect(late.message).toBe(`could not fetch ${base}/late on the controller: nothing came for 0.2 s`)
  }
  expect(readdirSync(join(dir, 'to'))).toEqual(['f'])
  expect(readFileSync(join(dir, 'to/f'), 'utf8')).toBe('old')
})

describe('without curl', () => {
  const tools = join(dir, 'tools')
  const [busybox] = shells().filter(({ name }) => name === 'busybox')
  const env = { ...process.env, PATH: tools }
  const gnu = () => localHost(['/bin/sh'], env)
  const small = () => localHost(busybox!.argv, busybox!.env)
  beforeAll(() => {
    mkdirSync(tools)
    for (const name of readdirSync('/usr/bin'))
      if (name !== 'curl') symlinkSync(`/usr/bin/${name}`, join(tools, name))
  })
  afterAll(() => busybox!.close())

  test.each([
    ['wget', gnu],
    ['busybox', small],
  ])('%s: user, headers, a checksum from a file, and why it could not', async (_name, host) => {
    const file = { url: `${base}/file`, checksum: `sha256:${base}/sums` }
    await get({ ...file, ...login }, true, host())
    expect(readFileSync(join(dir, 'to/f'))).toEqual(bytes)
    expect(seen).toEqual([`/sums ${basic} it's $(id)`, `/file ${basic} it's $(id)`])
    const none = await get({ url: `${base}/none`, force: true }, true, host()).catch((e) => e)
    expect(none.message).toMatch(/could not fetch \S+\/none: .*404/)
    expect(readFileSync(join(dir, 'to/f'))).toEqual(bytes)
    expect(readdirSync(join(dir, 'to'))).toEqual(['f'])
  })

  test('a wget that verifies no certificate is not asked where nothing else vouches for the file', async () => {
    const refused = await get({ url: `${secure}/file` }, true, small()).catch((e) => e)
    expect(refused.message).toContain('verifies no certificate')
    const sums = { url: `${base}/file`, checksum: `sha256:${secure}/sums` }
    expect((await get(sums, true, small()).catch((e) => e)).message).toContain('verifies no certificate')
    const told = { url: `${secure}/file`, checksum: `sha256:${sum}`, ...login }
    expect((await get(told, true, small()).catch((e) => e)).message).toContain('verifies no certificate')
    expect(seen).toEqual([])
    expect((await get({ url: `${secure}/file` }, true, gnu()).catch((e) => e)).message).toMatch(/certificate/)
    await get({ url: `${secure}/file`, ca_path: join(dir, 'cert') }, true, gnu())
  })

  test.each(['HTTP_PROXY', 'http_proxy'])('%s is heeded by curl and every wget', async (variable) => {
    const proxy = { [variable]: base, NO_PROXY: '', no_proxy: '' }
    const hosts = [
      localHost(['dash'], { ...process.env, ...proxy }),
      localHost(['/bin/sh'], { ...env, ...proxy }),
      localHost(busybox!.argv, { ...busybox!.env, ...proxy }),
    ]
    for (const host of hosts) await get({ url: elsewhere, force: true }, true, host)
    expect(seen).toEqual(hosts.map(() => `${elsewhere} - -`))
    for (const host of hosts)
      await expect(get({ url: elsewhere, force: true, use_proxy: false }, true, host)).rejects.toThrow()
    const ask = (more: object) =>
      runModule(uri, { url: elsewhere, ...more }, { host: hosts[0] } as never, true)
    expect((await ask({})).fields.status).toBe(200)
    await expect(ask({ use_proxy: false })).rejects.toThrow()
    expect(seen).toHaveLength(hosts.length + 1)
  })
})

test('the controller fetches once for all hosts, and not where the host has it', async () => {
  const file = {
    url: `${base}/file`,
    via: 'controller',
    checksum: `sha256:${sum}`,
    headers: { 'X-A': 'once' },
  }
  for (const name of ['a', 'b', 'c']) await get({ ...file, dest: join(dir, 'to', name) })
  await get({ ...file, dest: join(dir, 'to/a') })
  expect(seen).toEqual(['/file - once'])
})

test('forced, with the old one kept', async () => {
  writeFileSync(join(dir, 'to/f'), 'old')
  expect((await get({ url: `${base}/file` })).change).toBeUndefined()
  const { fields } = await get({ url: `${base}/file`, force: true, backup: true })
  expect(readFileSync(fields.backup_file as string, 'utf8')).toBe('old')
})

test('certificates are verified, by ours where it is said', async () => {
  const refused = await get({ url: `${secure}/file` }).catch((e) => e)
  expect(refused.message).toMatch(/certificate/)
  await get({ url: `${secure}/file`, ca_path: join(dir, 'cert') })
  await get({ url: `${secure}/file`, validate_certs: false, force: true })
  const ask = (more: object) =>
    runModule(uri, { url: `${secure}/file`, ...more }, { host: localHost(['dash']) } as never, true)
  expect((await ask({}).catch((e) => e)).message).toMatch(/certificate/)
  expect((await ask({ ca_path: join(dir, 'cert') })).fields).toMatchObject({ status: 200 })
  expect((await ask({ validate_certs: false })).fields).toMatchObject({ status: 200 })
  expect((await ask({ url: `${base}/late`, timeout: 1 }).catch((e) => e)).message).toContain('timed out')
})

test.each([
  [{ url: 'http://a/b', url_password: 'x' }, 'url_username'],
  [{ url: 'file:///a', via: 'controller' }, 'via'],
  [{ url: 'https://a/b', via: 'controller', ca_path: '/a' }, 'via'],
  [{ url: 'http://a/b', headers: { A: 'b\nC: d' } }, 'headers'],
  [{ url: 'http://[', via: 'host' }, 'url'],
])('%j is refused at %s', (args, at) => {
  const { error } = getUrl.args.safeParse({ dest: '/f', ...args })
  expect(error?.issues.map(({ path }) => path[0])).toContain(at)
})
