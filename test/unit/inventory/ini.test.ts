import { describe, expect, it } from 'vitest'
import { load } from './support.js'

const loadIni = (text: string) => load({ hosts: text }, ['hosts'])

describe('an INI inventory', () => {
  it('has hosts, children and variables', () => {
    const { inventory, messages, value } = loadIni(
      [
        'lone ansible_host=10.0.0.9  # a comment',
        '; another',
        '[server]',
        's[1:2].example ansible_port=2222',
        '',
        '[agent]',
        "a1:2200 labels=\"{'pool': 'gpu', 'n': [1, 2.5, True, None]}\"",
        '[k3s:children]',
        'server',
        'agent   # both',
        '[k3s:vars]',
        'token = top secret',
        'replicas=3',
        '[agent:vars]',
        'ansible_group_priority=5',
      ].join('\n'),
    )
    expect(messages).toEqual([])
    expect(inventory.hostsOf('k3s')).toEqual(['s1.example', 's2.example', 'a1'])
    expect(inventory.hostsOf('ungrouped')).toEqual(['lone'])
    expect(inventory.groups.get('agent')?.priority).toBe(5)
    expect(value('lone', 'ansible_host')).toBe('10.0.0.9')
    expect(value('s2.example', 'ansible_port')).toBe(2222)
    expect(value('a1', 'ansible_port')).toBe(2200)
    expect(value('a1', 'labels')).toEqual({ pool: 'gpu', n: [1, 2.5, true, null] })
    expect([value('a1', 'token'), value('a1', 'replicas')]).toEqual(['top secret', 3])
  })

  it.each([
    ['h x', '1:3 x is no key=value'],
    ['h x="a', '1:1 the quote " is not closed'],
    ['[g:varz]\nx=1', '1:1 there is no kind of section varz'],
    ['[g:vars]\nx=1', '1:1 variables of g, which is no group'],
    ['[g:children]\nother', '2:1 g has a child other, which is no group'],
    ['[g]\nh\n[g:vars]\nx', '4:1 key=value is wanted here'],
    ['[two words]\nh', '1:1 this is no section'],
    ['h:99999', '1:1 "99999" is no port (1 to 65535)'],
    ['[g]\nn[3]', '2:1 [3] is no range: write [begin:end] or [begin:end:step]'],
    ['[g]\nh groups=1', '~2:3 the variable groups is never seen'],
  ])('%j is a mistake with a place', (text, message) => {
    expect(loadIni(text).messages).toEqual([message])
  })

  it('tells all mistakes at once', () => {
    expect(
      loadIni('h x\n[g]\nh y\n[h:vars]\n').messages.filter((each) => !each.startsWith('~')),
    ).toHaveLength(3)
  })
})

describe('its values', () => {
  const value = (text: string): unknown => loadIni(`[g]\nh\n[g:vars]\nv=${text}\n`).value('h', 'v')

  it.each<[string, unknown]>([
    ['1', 1],
    ['-1.5e3', -1500],
    ['0x1F', 31],
    ['1_000', 1000],
    ['0644', '0644'],
    ['1.2.3', '1.2.3'],
    ['true', 'true'],
    ['True', true],
    ['None', null],
    ['"1"', '1'],
    ["'a' 'b'", 'ab'],
    ["r'\\n'", '\\n'],
    ["'\\x41\\u00e9'", 'Aé'],
    ['80,443', [80, 443]],
    ['(1,)', [1]],
    ['()', []],
    ['[1, [2], ]', [1, [2]]],
    ["{'__proto__': {'a': 1}}", Object.fromEntries([['__proto__', { a: 1 }]])],
    ['1 # one', 1],
    ['one # two', 'one # two'],
    ["{'a': 1", "{'a': 1"],
    ['99999999999999999999', '99999999999999999999'],
    ['', ''],
    ['[]]', '[]]'],
    ['1 2', '1 2'],
    [`${'['.repeat(5000)}`, '['.repeat(5000)],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected)
  })
})
