import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { uri } from '../../../runner/modules/uri.js'
import { Secret } from '../../../runner/secrets/secret.js'
import { localController, runModule } from '../../support/cases.js'
import { localHost } from '../../support/local-host.js'

const seen: string[] = []
let base: string

const textOf = async (request: IncomingMessage) => {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

const server = createServer(async (request, response) => {
  const { method, url, headers } = request
  seen.push(
    `${method} ${url} ${headers.authorization ?? ''} ${headers['x-a'] ?? ''} ${await textOf(request)}`,
  )
  if (url === '/moved') return response.writeHead(302, { location: '/json' }).end()
  if (url === '/json') return response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":[1]}')
  return response.writeHead(404, { 'content-type': 'text/plain' }).end('no\nsuch')
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const ask = (raw: Record<string, unknown>, apply = true) =>
  runModule(uri, raw, { host: localHost(['dash']), controller: localController('/nowhere') } as never, apply)

test('reading is no change, follows redirects, and reads JSON', async () => {
  const { change, fields } = await ask({ url: `${base}/moved`, return_content: true }, false)
  expect(change).toBeUndefined()
  expect(fields).toMatchObject({ status: 200, url: `${base}/json`, json: { a: [1] }, content: '{"a":[1]}' })
})

test('another status than wanted fails with what was answered', async () => {
  const error = await ask({ url: `${base}/x` }).catch((e) => e)
  expect(error.message).toBe(`${base}/x answered 404, not 200`)
  expect(error.fields).toMatchObject({ status: 404, content: 'no\nsuch' })
  expect((await ask({ url: `${base}/x`, status_code: [200, 404] })).fields).toMatchObject({ status: 404 })
})

test('sending is a change, not done in check mode; what is hostile is data', async () => {
  const args = {
    url: `${base}/json`,
    method: 'post',
    body_format: 'json',
    body: { a: '$(id)"\\\n\'' },
    headers: { 'X-A': '"; rm' },
    url_username: 'u',
    url_password: new Secret('p"w'),
  }
  seen.length = 0
  expect((await ask(args, false)).change?.summary).toEqual([`POST ${base}/json`])
  expect(seen).toEqual([])
  await ask(args)
  const basic = Buffer.from('u:p"w').toString('base64')
  expect(seen).toEqual([`POST /json Basic ${basic} "; rm ${JSON.stringify(args.body)}`])
})

test('nobody answers', async () => {
  const error = await ask({ url: 'http://127.0.0.1:1/', timeout: 2 }).catch((e) => e)
  expect(error.message).toContain('could not ask http://127.0.0.1:1/')
  for (const url of ['file:///etc/shadow', 'http://a b', 'gopher://x'])
    expect(uri.args.safeParse({ url }).success).toBe(false)
})

test('redirects are followed as far as it is said', async () => {
  const none = await ask({ url: `${base}/moved`, follow_redirects: 'none', status_code: [302] })
  expect(none.fields).toMatchObject({ status: 302, redirected: false, location: `${base}/json` })
  const sent = { url: `${base}/moved`, method: 'POST', body: 'x', status_code: [200, 302] }
  expect((await ask(sent)).fields).toMatchObject({ status: 302 })
  seen.length = 0
  expect((await ask({ ...sent, follow_redirects: 'all' })).fields).toMatchObject({ redirected: true })
  expect(seen).toEqual(['POST /moved   x', 'GET /json   '])
})

test('a form, and methods of all kinds', async () => {
  seen.length = 0
  const body = { a: 'b c&', list: [1, 2] }
  await ask({ url: `${base}/json`, method: 'PUT', body_format: 'form-urlencoded', body })
  await ask({ url: `${base}/json`, method: 'DELETE', user: 'u', password: 'p' })
  expect((await ask({ url: `${base}/json`, method: 'HEAD' })).change).toBeUndefined()
  const auth = `Basic ${Buffer.from('u:p').toString('base64')}`
  expect(seen).toEqual(['PUT /json   a=b+c%26&list=1&list=2', `DELETE /json ${auth}  `, 'HEAD /json   '])
  expect(uri.args.safeParse({ url: base, user: 'a', url_username: 'a' }).success).toBe(false)
})

test('what it creates or removes spares the question', async () => {
  seen.length = 0
  const args = { url: `${base}/json`, method: 'POST' }
  expect((await ask({ ...args, creates: '/etc/passwd' })).fields).toMatchObject({
    msg: 'not asked: /etc/passwd exists',
  })
  await ask({ ...args, removes: '/no/such' })
  expect(seen).toEqual([])
})

test('the body goes to a file, once, as it is', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsplay-uri-'))
  const args = { url: `${base}/json`, dest: dir, mode: '0600' }
  expect((await ask(args, false)).change?.summary).toEqual([`create ${dir}/json`])
  expect((await ask(args)).fields).toMatchObject({ status: 200, dest: `${dir}/json`, mode: '0600' })
  expect(readFileSync(join(dir, 'json'), 'utf8')).toBe('{"a":[1]}')
  expect((await ask(args)).change).toBeUndefined()
  rmSync(dir, { recursive: true })
})
