import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Diagnostic, InputError } from '../../../runner/errors.js'
import { diskFiles } from '../../../runner/syntax/files.js'
import type { MappingNode } from '../../../runner/syntax/node.js'
import {
  asBoolean,
  asMapping,
  asNumber,
  asSequence,
  asString,
  unknownKeys,
} from '../../../runner/syntax/read.js'
import { codeFrame } from '../../../runner/syntax/source.js'
import { brief, read, source } from './support.js'

describe('schema readers', () => {
  const mapping = read('t: text\nn: 1.5\nb: yes\nl: [1]\nm: {}\nz:\n').node as MappingNode
  const entry = (key: string) => mapping.entries.find((each) => each.key === key)!.value
  const collect = () => {
    const found: Diagnostic[] = []
    return { found, report: (diagnostic: Diagnostic) => void found.push(diagnostic) }
  }

  it('give values of the wanted type', () => {
    const { found, report } = collect()
    expect(asString(entry('t'), 'x', report)).toBe('text')
    expect(asNumber(entry('n'), 'x', report)).toBe(1.5)
    expect(asBoolean(entry('b'), 'x', report)).toBe(true)
    expect(asSequence(entry('l'), 'x', report)?.items).toHaveLength(1)
    expect(asMapping(entry('m'), 'x', report)?.entries).toEqual([])
    expect(found).toEqual([])
  })

  it('report anything else', () => {
    const { found, report } = collect()
    asString(entry('b'), 'name', report)
    asMapping(entry('l'), 'args', report)
    asBoolean(entry('z'), 'become', report)
    expect(found.map(brief)).toEqual([
      '3:4 name must be text, not true or false',
      '4:4 args must be a mapping, not a list',
      '6:3 become must be true or false, not nothing',
    ])
    expect(found[0]!.hint).toBe('quote it: "yes"')
  })

  it('report unknown keys with what was meant', () => {
    const { found, report } = collect()
    unknownKeys(read('hots: all\n').node as MappingNode, ['hosts', 'tasks'], 'a play', report)
    expect(found[0]).toMatchObject({ message: 'a play has no key "hots"', hint: 'did you mean hosts?' })
  })
})

it('cuts long lines in code frames around what is meant', () => {
  const file = source(`${'x'.repeat(5000)}HERE${'y'.repeat(5000)}`)
  const [line = '', carets = ''] = codeFrame({ file, start: 5000, end: 5004 }).split('\n')
  expect(line.length).toBeLessThan(200)
  expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('HERE')
})

describe('the disk', () => {
  const dir = mkdtempSync(join(tmpdir(), 'files-'))
  afterAll(() => rmSync(dir, { recursive: true }))
  const files = diskFiles()
  const at = (name: string) => join(dir, name)
  writeFileSync(at('bom.yaml'), '\ufeffa: 1\n')
  writeFileSync(at('latin1'), Buffer.from([0x61, 0xe9]))
  symlinkSync('bom.yaml', at('link'))

  it('strips a byte order mark', () => {
    expect(files.read(at('bom.yaml'))).toEqual({ path: at('bom.yaml'), text: 'a: 1\n' })
  })

  it('tells what is not there', () => {
    expect(files.read(at('none'))).toBeUndefined()
    expect(files.read(at('bom.yaml/none'))).toBeUndefined()
    expect(files.list(at('none'))).toBeUndefined()
    expect(files.isFile(at('none'))).toBe(false)
  })

  it.each(['latin1', '.'])('refuses %s', (name) => {
    expect(() => files.read(at(name))).toThrow(InputError)
  })

  it('lists by name and follows links', () => {
    expect(files.list(dir)?.map(({ name }) => name)).toEqual(['bom.yaml', 'latin1', 'link'])
    expect(files.realPath?.(at('link'))).toBe(files.realPath?.(at('bom.yaml')))
    expect(files.isDirectory(dir)).toBe(true)
  })
})
