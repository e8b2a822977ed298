import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { matchesGlob } from '../../../runner/modules/files/glob.js'
import { modeAfter } from '../../../runner/modules/files/mode.js'
import { findSum } from '../../../runner/modules/get-url.js'
import { problemsOf } from '../../../runner/modules/problems.js'
import { findModule, moduleAliases, modules } from '../../../runner/modules/registry.js'
import { bool, mode, path, seconds, text, textList } from '../../../runner/modules/schema.js'
import { joinWords, splitWords } from '../../../runner/modules/words.js'
import { anyText } from '../../support/any-text.js'

describe('modes', () => {
  test.each([
    [0o644, '0644'],
    ['0644', '0644'],
    ['644', '0644'],
    ['0o755', '0755'],
    ['4755', '4755'],
    [0o1777, '1777'],
    ['u=rwX,g=rX', 'u=rwX,g=rX'],
  ])('%s is %s', (given, kept) => expect(mode.parse(given)).toBe(kept))
  test.each([644, 755, 600, '888', 'rw', '', 'u=q', -1])('%s is refused', (given) =>
    expect(mode.safeParse(given).success).toBe(false),
  )
  test.each([
    ['u+x', '0644', false, '0744'],
    ['a+rX', '0600', false, '0644'],
    ['a+rX', '0700', false, '0755'],
    ['a+rX', '0700', true, '0755'],
    ['go=', '0755', false, '0700'],
    ['u=rw,g=u,o-r', '0754', false, '0660'],
    ['g+s', '0755', true, '2755'],
    ['+t', '0777', true, '1777'],
    ['+w', '0444', false, '0644'],
    ['u=rwx', '4755', false, '0755'],
  ])('%s of %s', (spec, current, isDirectory, after) =>
    expect(modeAfter(spec, current, isDirectory)).toBe(after),
  )
})

test.each([
  [{ a: 'soon' }, 'must be a number of seconds'],
  [{ b: '0888' }, "must be octal ('0644') or symbolic ('u=rw,g=r')"],
  [{ c: [{}] }, 'Invalid input: expected string, received object'],
  [{ d: 'x' }, 'Invalid input: expected number, received string'],
])('of %j is told what its own type says', (given, message) => {
  const fields = { a: seconds, b: mode, c: textList, d: z.number() }
  const { error } = z.strictObject(fields).partial().safeParse(given)
  expect(problemsOf(error!).map((one) => one.message)).toEqual([message])
})

test('booleans in Ansible’s words, paths, lists', () => {
  for (const yes of [true, 'yes', 'True', 'on', 1]) expect(bool.parse(yes)).toBe(true)
  for (const no of [false, 'no', 'FALSE', 'off', 0]) expect(bool.parse(no)).toBe(false)
  expect(bool.safeParse('maybe').success).toBe(false)
  expect(path.safeParse('relative/x').success).toBe(false)
  expect(path.safeParse('/x\0y').success).toBe(false)
  expect(text.safeParse('a\0b').success).toBe(false)
  expect(textList.parse('a, b')).toEqual(['a', 'b'])
})

test('words that are joined split into the same words', () => {
  const isText = (w: string) => !w.includes('\0') && Buffer.from(w, 'utf8').toString('utf8') === w
  const word = anyText().filter(isText)
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(splitWords(joinWords(words))).toEqual(words)
    }),
  )
})

test.each([
  ['a \'b c\' "d\\"e\\n" f\\ g', ['a', 'b c', 'd"e\\n', 'f g']],
  ["'' x''y", ['', 'xy']],
  ['a\n\tb', ['a', 'b']],
])('%j is split as shlex does', (line, words) => expect(splitWords(line)).toEqual(words))

test.each(["'a", '"a', 'a\\'])('%s is refused', (line) => expect(() => splitWords(line)).toThrow())

test.each([
  ['*.tar', 'a.tar', true],
  ['*.tar', 'atar', false],
  ['a?[0-9]', 'ab7', true],
  ['[!a]*', 'abc', false],
  ['a+(b)', 'a+(b)', true],
  ['ü*', 'über', true],
])('%s and %s: %s', (pattern, name, matches) => expect(matchesGlob(pattern, name)).toBe(matches))

test('a checksum is found by name, or alone', () => {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
  expect(findSum(`${a}  other\n${b} *dir/k3s\n`, 'k3s')).toBe(b)
  expect(findSum(`${a}\n`, 'k3s')).toBe(a)
  expect(findSum(`${a}  other\n`, 'k3s')).toBeUndefined()
  expect(findSum('<html>', 'k3s')).toBeUndefined()
})

describe('the registry', () => {
  test('names, full names and aliases', () => {
    expect(findModule('ansible.builtin.copy')).toBe(modules.copy)
    expect(findModule('ansible.builtin.yum')).toBe(modules.dnf)
    expect(findModule('community.general.ufw')).toBe(modules.ufw)
    expect(findModule('constructor')).toBeUndefined()
    expect(findModule('ansible.builtin.nothing')).toBeUndefined()
    for (const target of Object.values(moduleAliases)) expect(modules).toHaveProperty(target)
  })
  test.each(Object.entries(modules))('%s is what it says', (key, module) => {
    expect(module.name).toBe(key)
    expect(module.doc.examples.length).toBeGreaterThan(0)
    const schema = z.toJSONSchema(module.args, { io: 'input', unrepresentable: 'any' })
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
    expect(module.args.safeParse({ 'no such argument': 1 }).success).toBe(false)
  })
})
