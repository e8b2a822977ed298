import { describe, expect, it } from 'vitest'
import { omit } from '../../../runner/expression/index.js'
import { Secret } from '../../../runner/secrets/secret.js'
import { failure, scopeOf, tree } from './support.js'

function jinja(text: string, values: Readonly<Record<string, unknown>> = {}): unknown {
  const { compiled, messages } = tree(`v: ${JSON.stringify(text)}\n`, { jinja: 'inventory' })
  if (messages.length > 0) throw new Error(messages.join('\n'))
  return (compiled!.evaluate(scopeOf(values)) as { v: unknown }).v
}

const lazy = (values: Record<string, unknown>): object => new Proxy(values, {})

const cluster = {
  groups: { server: ['s1', 's2'] },
  hostvars: lazy({ s1: lazy({ ansible_host: '10.0.0.1', facts: { hostname: 'one' } }), s2: lazy({}) }),
}

describe('Jinja in inventories', () => {
  it("reads k3s-ansible's endpoint", () => {
    const text = "{{ hostvars[groups['server'][0]]['ansible_host'] | default(groups['server'][0]) }}"
    expect(jinja(text, cluster)).toBe('10.0.0.1')
    expect(jinja(text.replaceAll('[0]', '[1]'), cluster)).toBe('s2')
  })

  it.each<[string, unknown]>([
    ['{{ n }}', 3],
    ['{{ n + 1 }}', 4],
    ['n={{ n }}.', 'n=3.'],
    ['{{ yes }} and {{ nothing }}', 'True and '],
    ['{{ list }}', [1, 2, 2]],
    ['{{ o.a.b }}', 'x'],
    ["{{ o['a']['b'] | upper }}", 'X'],
    ['{{ none_such | default("d") }}', 'd'],
    ['{{ none_such | d }}', ''],
    ['{{ none_such.deep.er | default(n) }}', 3],
    ['{{ "" | default("d", true) }}', 'd'],
    ['{{ none_such is defined }}', false],
    ['{{ n is not defined }}', false],
    ["{{ 'a' if n > 2 else 'b' }}", 'a'],
    ["{{ list | unique | join(',') }}", '1,2'],
    ['{{ list | length }}', 3],
    ['{{ list | first }}-{{ list | last }}', '1-2'],
    ['{{ "7" | int + 1 }}', 8],
    ['{{ "x" | int }}', 0],
    ['{{ "yes" | bool }}', true],
    ['{{ n | string }}', '3'],
    ["{{ 'a.b' | replace('.', '-') }}", 'a-b'],
    ["{{ ' a ' | trim }}", 'a'],
    ["{{ 'hé' | b64encode | b64decode }}", 'hé'],
    ['{{ o | to_json }}', '{"a":{"b":"x"}}'],
    ['{{ o | to_yaml }}', 'a:\n  b: x'],
    ["{{ o | combine({'c': 1}) }}", { a: { b: 'x' }, c: 1 }],
    ["{{ hosts | map(attribute='name') | list }}", ['h1', 'h2']],
    ["{{ ['a', 'b'] | map('upper') | join }}", 'AB'],
    ["{{ hosts | selectattr('up') | map(attribute='name') | first }}", 'h2'],
    ["{{ hosts | rejectattr('name', 'eq', 'h1') | length }}", 1],
    ['{% for i in list %}[{{ i }}]{% endfor %}', '[1][2][2]'],
    ['{% set m = n * 2 %}{{ m }}', '6'],
    ['{{ [1] == [1] }}', true],
    ["{{ '1' == 1 }}", false],
    ["{{ 'a' ~ yes }}", 'aTrue'],
    ['{{ range(3) }}', [0, 1, 2]],
    ['{{ n | ternary("a", "b") }}', 'a'],
    ["{{ 'a' in ['a'] and 'b' not in ['a'] }}", true],
  ])('%s', (text, expected) => {
    const hosts = [
      { name: 'h1', up: false },
      { name: 'h2', up: true },
    ]
    expect(
      jinja(text, { n: 3, yes: true, nothing: null, list: [1, 2, 2], o: { a: { b: 'x' } }, hosts }),
    ).toEqual(expected)
  })

  it('knows facts by their names in Ansible', () => {
    const facts = {
      hostname: 'n1',
      machine: 'x86_64',
      os: { family: 'debian', id: 'ubuntu' },
      cpu: { count: 4 },
      memory: { total_mb: 2048 },
      network: { default_ipv4: { address: '10.0.0.5' } },
    }
    expect(jinja('{{ ansible_facts.default_ipv4.address }}', { facts })).toBe('10.0.0.5')
    expect(jinja("{{ ansible_facts['os_family'] }}/{{ ansible_distribution }}", { facts })).toBe(
      'Debian/Ubuntu',
    )
    expect(jinja('{{ ansible_processor_vcpus * ansible_memtotal_mb }}', { facts })).toBe(8192)
    expect(jinja('{{ hostvars.s1.ansible_facts.hostname }}', cluster)).toBe('one')
  })

  it('knows its free names before a run', () => {
    const names = (text: string) =>
      [...tree(`v: ${JSON.stringify(text)}\n`, { jinja: 'inventory' }).compiled!.names].sort()
    expect(names('{{ a + b.c[d] }} {{ e | default(f) }} {{ g is defined }}')).toEqual(['a', 'b', 'd', 'f'])
    expect(names('{% for i in list %}{{ i }}{{ loop.index }}{% endfor %}')).toEqual(['list'])
    expect(names('{{ ansible_facts.hostname }}')).toEqual(['facts'])
  })

  it('keeps secrets in clear and marks as they are', () => {
    expect(jinja('t={{ t }}', { t: new Secret('s3cret') })).toBe('t=s3cret')
    const { compiled } = tree('a: 1\nb: "{{ none_such | default(omit) }}"\n', { jinja: 'inventory' })
    expect(compiled?.evaluate(scopeOf({ omit }))).toEqual({ a: 1 })
  })

  it('keeps what was written', () => {
    expect(tree('a: "{{ x }}"\nb: 1\n', { jinja: 'inventory' }).compiled?.written).toEqual({
      a: '{{ x }}',
      b: 1,
    })
  })
})

describe('values are data', () => {
  it.each(["{{ lookup('pipe','id') }}", '<%= process.exit(1) %>', `\${1}`])(
    '%s is printed as it is',
    (text) => {
      expect(jinja('{{ x }}', { x: text })).toBe(text)
      expect(jinja('a {{ x }}', { x: text })).toBe(`a ${text}`)
    },
  )

  it.each([
    "{{ ''.constructor }}",
    '{{ o.constructor.constructor }}',
    '{{ o.__proto__ }}',
    "{{ o['hasOwnProperty'] }}",
    '{{ l.map }}',
    '{{ o.__class__.__mro__ }}',
  ])('%s is nothing', (text) => {
    expect(failure(() => jinja(text, { o: {}, l: [] })).message).toMatch(/is undefined$/)
  })

  it('takes __proto__ as a key like any other', () => {
    const o = JSON.parse('{"__proto__": {"polluted": 1}}') as object
    expect(jinja('{{ o.__proto__.polluted }}', { o })).toBe(1)
    expect(jinja("{{ {} | combine({'__proto__': {'polluted': 1}}) | to_json }}")).toBe(
      '{"__proto__":{"polluted":1}}',
    )
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it.each([
    ['{{ range(100000000) }}', /more than 1000000 numbers/],
    [
      '{% for a in range(1000) %}{% for b in range(1000) %}{{ a }}{% endfor %}{% endfor %}',
      /takes more than 100000 steps/,
    ],
  ])('%s is bounded', (text, message) => {
    expect(() => jinja(text)).toThrow(message)
  })
})

describe('mistakes', () => {
  const at = (text: string) => tree(`v: ${text}\n`, { jinja: 'inventory' }).messages

  it.each([
    ['"{{ x | lowr }}"', '1:12 there is no filter lowr'],
    ["\"{{ lookup('env', 'A') }}\"", '1:8 there is no function lookup'],
    ['"{{ x is odder }}"', '1:13 there is no test odder'],
    ['"a {{ x y }}"', /^1:7 this is no Jinja that is understood/],
    ['"{{ x }} <%= y %>"', '1:5 Jinja and <% %> cannot stand in one text'],
    ['"{{ x"', []],
  ])('%s', (text, message) => {
    expect(at(text)).toEqual(
      Array.isArray(message)
        ? message
        : [message instanceof RegExp ? expect.stringMatching(message) : message],
    )
  })

  it.each([
    ['a {{ host_nme }}', '1:10 nothing defines the variable host_nme', 'did you mean host_name?'],
    ['{{ o.missing }}', '1:5 o.missing is undefined', 'give it a default: … | default(…)'],
    ['x {{ o }}', '1:7 an object cannot be printed', 'say how: … | join(",") or … | to_json'],
    ['{{ none_such | upper }}', '1:8 nothing defines the variable none_such', undefined],
  ])('%s is told with its place', (text, message, hint) => {
    const found = failure(() => jinja(text, { host_name: 'h', o: {} }))
    expect(found.message).toBe(message)
    if (hint) expect(found.hint).toBe(hint)
  })
})
