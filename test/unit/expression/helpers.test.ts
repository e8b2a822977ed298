import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { helpers } from '../../../runner/expression/index.js'
import { issue } from '../../lab/k3s/src/pki/issue.js'
import { anyText } from '../../support/any-text.js'
import { evaluate, failure } from './support.js'

describe('helpers', () => {
  it.each<[string, unknown]>([
    ["b64encode('ä\\n')", 'w6QK'],
    ["b64decode('w6QK')", 'ä\n'],
    ["sha256('')", 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['toJson({ a: [1] })', '{"a":[1]}'],
    ['toJson([1], 2)', '[\n  1\n]'],
    [
      "toYaml({ a: ['1.30', 'yes', 1, 'y', '0644'] })",
      'a:\n  - "1.30"\n  - "yes"\n  - 1\n  - "y"\n  - "0644"',
    ],
    ['fromJson(\'{"a": 1}\')', { a: 1 }],
    ["fromYaml('a: yes')", { a: true }],
    ["fromYaml('a: <%= 1 %>')", { a: '<%= 1 %>' }],
    ["[true, 'yes', ' On', '1', 1, 'T'].map(toBool)", [true, true, true, true, true, true]],
    ["[false, 'no', 'OFF', '0', 0, 'f'].map(toBool)", [false, false, false, false, false, false]],
    ["basename('/a/b.c')", 'b.c'],
    ["dirname('/a/b.c')", '/a'],
    ['unique([1, 1, "1", { a: 1 }, { a: 1 }])', [1, '1', { a: 1 }]],
    ['range(3)', [0, 1, 2]],
    ['range(1, 6, 2)', [1, 3, 5]],
    ['range(3, 0, -1)', [3, 2, 1]],
    ['combine({ a: { x: 1, y: 1 }, l: [1] }, { a: { y: 2 }, l: [2] })', { a: { x: 1, y: 2 }, l: [2] }],
    ['"polluted" in combine({}, fromJson(\'{"__proto__": {"polluted": 1}}\'))', false],
    ["env('NO_SUCH_VARIABLE', 'none')", 'none'],
    ["new RegExp('^' + regexEscape('a.b[c]-/(d)') + '$', 'u').test('a.b[c]-/(d)')", true],
    ["new RegExp(regexEscape('.')).test('x')", false],
    [
      "['10.0.0.1', 'fe80::1', '10.0.0.1/8', '10.1', '010.0.0.1', null].map(ipVersion)",
      [4, 6, null, null, null, null],
    ],
    [
      "['10.42.0.0/16', 'fd00::/8', '10.42.0.0', '10.42.0.0/33', '10.42/16'].map(isCidr)",
      [true, true, false, false, false],
    ],
    ["cidrContains('10.42.0.0/16', '10.42.255.255')", true],
    ["cidrContains('10.42.0.0/16', '10.43.0.0')", false],
    ["cidrContains('10.42.0.0/16', '10.0.0.0/8')", false],
    ["cidrContains('::/0', '10.0.0.1')", false],
    ["cidrsOverlap('10.0.0.0/8', '10.43.0.0/16')", true],
    ["cidrsOverlap('10.42.0.0/16', '10.43.0.0/16')", false],
    ["cidrHost('10.43.7.9/16', 10)", '10.43.0.10'],
    ["cidrHost('10.43.0.0/16', -1)", '10.43.255.255'],
    ["cidrHost('fd00::/112', 10)", 'fd00::a'],
    ["cidrSubnet('10.42.0.0/16', 24, 2)", '10.42.2.0/24'],
    ["cidrCount('10.42.0.0/16', 24)", 256],
    ["cidrCount('10.42.0.0/25', 24)", 0],
  ])('%s', (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })

  it.each([
    ["cidrHost('10.0.0.0/30', 4)", /no address 4/],
    ["cidrContains('10.0.0', '10.0.0.1')", /"10.0.0" is no address and no network/],
    ["cidrSubnet('10.0.0.0/24', 16, 0)", /no network 0 of \/16/],
    ["readFile('x')", /relative path/],
    ["readFile('/no/such/file')", /there is no such file/],
  ])('%s is an error', (text, message) => {
    expect(failure(() => evaluate(text)).message).toMatch(message)
  })

  it('readFile: a file of the controller, as data', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tsplay-')), 'x')
    writeFileSync(file, '<%= 1 %>\n')
    expect(evaluate('readFile(file)', { file })).toBe('<%= 1 %>\n')
  })

  it('certificates: each of a chain, with text around them', () => {
    const ca = issue({ commonName: 'root', days: 10 })
    const leaf = issue({ commonName: 'leaf', organizations: ['shop'], days: 2, ca })
    const found = evaluate('certificates(pem)', { pem: `== a\n${leaf.cert}\n${ca.cert}` }) as Record<
      string,
      unknown
    >[]
    expect(found).toMatchObject([
      { subject: expect.stringContaining('CN=leaf'), issuer: expect.stringContaining('CN=root'), ca: false },
      { ca: true, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
    const days = (Date.parse(String(found[0]?.not_after)) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(1.9)
    expect(days).toBeLessThan(2.1)
    expect(evaluate("certificates('none')")).toEqual([])
  })

  it.each([
    ["b64decode('%')", /no base64/],
    ["b64decode('/w==')", /not UTF-8/],
    ['b64encode(1)', /text is wanted, not number/],
    ["fromJson('{')", /JSON/],
    ["certificates('-----BEGIN CERTIFICATE-----\\nAA\\n-----END CERTIFICATE-----')", /number 1 is damaged/],
    ["fromYaml('a: [')", /fromYaml/],
    ['range(1e9)', /more than/],
    ['combine([])', /objects are wanted/],
    ["env('NO_SUCH_VARIABLE')", /is not set/],
    ["versionCompare('latest', '1')", /is no version/],
    ["quote('a\\0b')", /NUL/],
  ])('%s fails', (text, message) => {
    expect(failure(() => evaluate(text)).message).toMatch(message)
  })

  it('are all documented by their own names', () => {
    for (const { name, signature, doc } of helpers) {
      expect(signature.startsWith(`${name}(`)).toBe(true)
      expect(doc).not.toBe('')
    }
  })
})

describe('versionCompare', () => {
  const ordered = [
    'v1.29.14+k3s2',
    '1.30.0-alpha.1+k3s1',
    '1.30.0-rc1+k3s1',
    '1.30.0-rc1+k3s2',
    'v1.30.0',
    'v1.30.0+k3s1',
    'v1.30.1+k3s1',
    'v1.30.1+k3s2',
    'v1.30.1+k3s10',
    'v1.30.10+k3s1',
    'v1.31',
  ]

  it('orders releases of k3s', () => {
    const compare = (a: string, b: string) => evaluate('versionCompare(a, b)', { a, b }) as number
    for (const [i, a] of ordered.entries())
      for (const [j, b] of ordered.entries()) expect([a, b, compare(a, b)]).toEqual([a, b, Math.sign(i - j)])
  })
})

it('quote is read back by a real shell', () => {
  const word = anyText().filter((s) => !s.includes('\0'))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
      const quoted = words.map((each) => evaluate('quote(w)', { w: each }))
      const output = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${quoted.join(' ')}`])
      expect(output.toString('utf8').split('\0').slice(0, -1)).toEqual(
        words.map((each) => Buffer.from(each).toString()),
      )
    }),
    { numRuns: 30 },
  )
})
