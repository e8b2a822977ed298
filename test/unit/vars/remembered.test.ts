import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileNode, constant } from '../../../runner/expression/index.js'
import type { Memory } from '../../../runner/expression/remembered.js'
import type { Layer } from '../../../runner/vars/layers.js'
import { createScope } from '../../../runner/vars/scope.js'
import { play } from '../../support/playbook.js'
import { read } from '../syntax/support.js'

/** Scopes of one host, one after another: what is computed stands in all, what is set is of each alone. */
function scopes(computed: Readonly<Record<string, string>>) {
  const vars = Object.entries(computed).map(([name, text]) => {
    const value = compileNode(read(JSON.stringify(text)).node!, () => expect.unreachable())
    return [name, { value, origin: { layer: 'play-vars' } }] as const
  })
  const memory: Memory = new WeakMap()
  return (set: Readonly<Record<string, unknown>> = {}) => {
    const facts = Object.entries(set).map(
      ([name, value]) => [name, { value: constant(value), origin: { layer: 'set-fact' } }] as const,
    )
    const layers = [
      { name: 'play-vars', vars: new Map(vars) },
      { name: 'set-fact', vars: new Map(facts) },
    ] satisfies Layer[]
    const magic = new Map([['play_hosts', () => ['h1', 'h2'].slice(0, Number(set.hosts ?? 2))]])
    return createScope(layers, magic, memory)
  }
}

describe('a value of an earlier scope', () => {
  it('is taken while what it was computed from is the same, however far away', () => {
    const scope = scopes({ l: '<%= [text] %>', text: '<%= a + 1 %>' })
    const first = scope({ a: 1, b: 1 }).lookup('l')?.value
    expect(first).toEqual([2])
    expect(scope({ a: 1, b: 2 }).lookup('l')?.value).toBe(first)
    expect(scope({ a: 2 }).lookup('l')?.value).toEqual([3])
    expect(scope({ a: 1 }).lookup('l')?.value).toEqual([2])
  })

  it('is computed again for what the condition leads to now', () => {
    const scope = scopes({ v: '<%= [on ? a : b] %>' })
    expect(scope({ on: true, a: 1, b: 2 }).lookup('v')?.value).toEqual([1])
    expect(scope({ on: false, a: 1, b: 2 }).lookup('v')?.value).toEqual([2])
  })

  it('is computed again where a name is defined that was absent, or is so no more', () => {
    const scope = scopes({ v: "<%= [vars.a ?? 'none'] %>" })
    expect(scope().lookup('v')?.value).toEqual(['none'])
    expect(scope({ a: 1 }).lookup('v')?.value).toEqual([1])
    expect(scope().lookup('v')?.value).toEqual(['none'])
  })

  it('is taken where a list is made anew with the same in it', () => {
    const scope = scopes({ v: '<%= play_hosts.map(host => host + 1) %>' })
    const first = scope().lookup('v')?.value
    expect(scope().lookup('v')?.value).toBe(first)
    expect(scope({ hosts: 1 }).lookup('v')?.value).toEqual(['h11'])
  })

  it('is computed again where it may be another each time', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tsplay-')), 'f')
    writeFileSync(file, 'one')
    const scope = scopes({
      file: `<%= readFile('${file}') %>`,
      environment: "<%= [env('HOME')] %>",
      time: '<%= [Date.now() > 0] %>',
      chance: '<%= [Math.random() < 1] %>',
      names: '<%= Object.getOwnPropertyNames(vars).length %>',
      absent: "<%= 'a' in vars %>",
    })
    const before = scope()
    for (const name of ['file', 'environment', 'time', 'chance', 'names', 'absent']) before.lookup(name)
    writeFileSync(file, 'two')
    expect(scope().lookup('file')?.value).toBe('two')
    for (const name of ['environment', 'time', 'chance'])
      expect(scope().lookup(name)?.value).not.toBe(before.lookup(name)?.value)
    const now = scope({ a: 1 })
    expect(now.lookup('names')?.value).toBe(Number(before.lookup('names')?.value) + 1)
    expect(now.lookup('absent')?.value).toBe(true)
  })

  it('is computed again where an expression got over an error', () => {
    const scope = scopes({
      bad: '<%= a.b.c %>',
      v: "<%= (() => { try { return [vars.bad] } catch { return ['none'] } })() %>",
    })
    expect(scope({ a: {} }).lookup('v')?.value).toEqual(['none'])
    expect(scope({ a: { b: { c: 1 } } }).lookup('v')?.value).toEqual([1])
  })

  it('gives way to the error of today, through a chain of any length', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`v${n}`, `<%= ${n === 39 ? 'a.b.c' : `[v${n + 1}]`} %>`]),
    )
    const scope = scopes(chain)
    expect(scope({ a: { b: { c: 1 } } }).lookup('v0')).toBeDefined()
    expect(() => scope({ a: {} }).lookup('v0')).toThrow(/Cannot read properties of undefined/)
    expect(() => scope({ a: { b: {} } }).lookup('v0')).toThrow(/v39|undefined/)
  })

  it('tells of variables that need each other by now', () => {
    const scope = scopes({ a: '<%= [vars.to] %>', to: "<%= vars.on ? vars.a : 'b' %>" })
    expect(scope().lookup('a')?.value).toEqual(['b'])
    expect(() => scope({ on: true }).lookup('a')).toThrow('variables need each other: a → to → a')
  })
})

describe('a value that is computed from other hosts', () => {
  it('follows what these set, gather and lose', async () => {
    const { messages } = await play(
      `- hosts: web
  gather_facts: false
  vars:
    sizes: "<%= Object.fromEntries(groups.web.map(host => [host, hostvars[host].size ?? 'none'])) %>"
    shown: "<%= JSON.stringify(sizes) + ' ' + ansible_play_hosts.join() + ' ' + typeof hostvars.new?.size %>"
  tasks:
    - debug: { msg: <%= shown %> }
    - set_fact: { size: 1 }
      when: inventory_hostname === 'h2'
    - debug: { msg: <%= shown %> }
    - set_fact: { size: <%= (vars.size ?? 5) + 1 %> }
    - debug: { msg: <%= shown %> }
    - add_host: { name: new, size: 7 }
    - debug: { msg: <%= shown %> }
    - assert: { that: inventory_hostname !== 'h2' }
    - debug: { msg: <%= shown %> }
`,
      { hosts: 2 },
    )
    expect(messages.filter((line) => line.startsWith('h1: '))).toEqual([
      'h1: {"h1":"none","h2":"none"} h1,h2 undefined',
      'h1: {"h1":"none","h2":1} h1,h2 undefined',
      'h1: {"h1":6,"h2":2} h1,h2 undefined',
      'h1: {"h1":6,"h2":2} h1,h2 number',
      'h1: {"h1":6,"h2":2} h1 number',
    ])
  })
})
