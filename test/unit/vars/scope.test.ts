import { describe, expect, it } from 'vitest'
import { type Compiled, compileNode, constant } from '../../../runner/expression/index.js'
import { type Layer, type LayerName, layerDocs, rankOf, type Variable } from '../../../runner/vars/layers.js'
import { createScope } from '../../../runner/vars/scope.js'
import { failure } from '../expression/support.js'
import { read } from '../syntax/support.js'

/** A layer of YAML values, with templates. */
function layer(name: LayerName, values: Readonly<Record<string, string>>, note?: string): Layer {
  const compile = (text: string): Compiled => compileNode(read(text).node!, () => expect.unreachable())
  const vars = Object.entries(values).map(
    ([key, text]) => [key, { value: compile(text), origin: { layer: name, note } }] as const,
  )
  return { name, vars: new Map(vars) }
}

const none = new Map<string, () => unknown>()

describe('precedence', () => {
  const order = Object.keys(layerDocs) as LayerName[]

  it("has Ansible's 22 levels, and the loop on top", () => {
    expect(order).toHaveLength(23)
    expect(order.map(rankOf)).toEqual(order.map((_, index) => index))
  })

  it('lets each level win over all below, however the layers are given', () => {
    for (let top = 0; top < order.length; top++) {
      const layers = order.slice(0, top + 1).map((name) => layer(name, { v: name }))
      expect(createScope(layers, none).lookup('v')?.value).toBe(order[top])
      expect(createScope([...layers].reverse(), none).lookup('v')?.value).toBe(order[top])
    }
  })

  it('lets the later of two layers of one level win', () => {
    const layers = [layer('block-vars', { v: 'outer' }), layer('block-vars', { v: 'inner' })]
    expect(createScope(layers, none).lookup('v')?.value).toBe('inner')
  })

  it('puts magic variables above all', () => {
    const scope = createScope(
      [layer('extra-vars', { inventory_hostname: 'x' })],
      new Map([['inventory_hostname', () => 'h']]),
    )
    expect(scope.lookup('inventory_hostname')?.value).toBe('h')
    expect(scope.explain('inventory_hostname')).toBeUndefined()
  })

  it('explains what won and what it hid', () => {
    const layers = [
      layer('role-defaults', { v: '1' }),
      layer('extra-vars', { v: '3' }),
      layer('play-vars', { v: '2' }),
    ]
    const found = createScope(layers, none)
      .extend([layer('task-vars', { v: '4' })])
      .explain('v')
    expect(found?.winner.origin.layer).toBe('extra-vars')
    expect(found?.hidden.map(({ origin }) => origin.layer)).toEqual([
      'task-vars',
      'play-vars',
      'role-defaults',
    ])
  })
})

describe('evaluation', () => {
  it('is late: a variable sees the whole scope', () => {
    const scope = createScope(
      [layer('role-defaults', { url: 'http://<%= host %>:<%= port %>', port: '80' })],
      none,
    )
    const task = scope.extend([layer('task-vars', { host: 'a', port: '81' })])
    expect(task.lookup('url')?.value).toBe('http://a:81')
    expect(failure(() => scope.lookup('url')).message).toMatch(/nothing defines the variable host/)
  })

  it('happens once, and only if needed', () => {
    let count = 0
    const value: Compiled = { names: new Set(), evaluate: () => ++count }
    const vars = new Map([['n', { value, origin: { layer: 'play-vars' as const } }]])
    const scope = createScope([{ name: 'play-vars', vars }], none)
    expect([...scope.names()]).toEqual(['n'])
    expect(count).toBe(0)
    expect([scope.lookup('n')?.value, scope.lookup('n')?.value]).toEqual([1, 1])
  })

  it('tells cycles by their chain', () => {
    const layers = [
      layer('play-vars', { a: '<%= b %>', b: 'x<%= vars.c %>', c: '<%= a + 1 %>', s: '<%= s %>' }),
    ]
    const scope = createScope(layers, none)
    expect(failure(() => scope.lookup('a')).message).toMatch(/variables need each other: a → b → c → a$/)
    expect(failure(() => scope.lookup('s')).message).toMatch(/s → s$/)
    expect(failure(() => scope.lookup('c')).message).toMatch(/c → a → b → c$/)
  })

  it('never compiles a value, through however many variables it goes', () => {
    const evil = '<%= 6 * 7 %>'
    const variable: Variable = { value: constant(evil), origin: { layer: 'set-fact' } }
    const fact: Layer = { name: 'set-fact', vars: new Map([['fact', variable]]) }
    const scope = createScope(
      [
        fact,
        layer('play-vars', {
          a: '<%= fact %>',
          b: '<%= a %>',
          c: '"[<%= b %>]"',
          d: '[<%= c %>, "<%= a %>"]',
        }),
      ],
      none,
    )
    expect(scope.lookup('b')?.value).toBe(evil)
    expect(scope.lookup('d')?.value).toEqual([`[${evil}]`, evil])
  })

  it('gives values that nobody can change', () => {
    const scope = createScope([layer('play-vars', { l: '[1, {x: 2}]', m: '<%= l.map(x => x) %>' })], none)
    for (const name of ['l', 'm']) {
      const value = scope.lookup(name)?.value as unknown[]
      expect(Object.isFrozen(value) && Object.isFrozen(value[1])).toBe(true)
    }
  })
})

describe('extending', () => {
  it('keeps the order: extra vars win over a task, loop variables over all', () => {
    const scope = createScope([layer('extra-vars', { v: 'extra', item: 'extra' })], none)
    const task = scope.extend([layer('task-vars', { v: 'task' })])
    expect(task.lookup('v')?.value).toBe('extra')
    expect(task.extend([layer('loop-vars', { item: 'loop' })]).lookup('item')?.value).toBe('loop')
    expect(new Set(task.names())).toEqual(new Set(['v', 'item']))
  })

  it('computes magic variables once for all', () => {
    let count = 0
    const scope = createScope([], new Map([['groups', () => ++count]]))
    scope.extend([]).lookup('groups')
    expect(scope.lookup('groups')?.value).toBe(1)
    expect([...scope.extend([]).names()]).toEqual(['groups'])
  })

  it('is cheap: 10,000 items over 1,000 variables', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`v${n}`, `${n}`]))
    const scope = createScope(
      [layer('inventory-group-vars', many), layer('play-vars', { sum: '<%= item + v7 %>' })],
      none,
    )
    for (let n = 0; n < 10_000; n++) {
      const vars = new Map([['item', { value: constant(n), origin: { layer: 'loop-vars' as const } }]])
      expect(scope.extend([{ name: 'loop-vars', vars }]).lookup('sum')?.value).toBe(n + 7)
    }
  })
})
