import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '../../../runner/errors.js'
import type { MappingNode } from '../../../runner/syntax/node.js'
import { formatPosition } from '../../../runner/syntax/source.js'
import { variableProblem, variablesFromNode } from '../../../runner/vars/variables.js'
import { brief, read } from '../syntax/support.js'

function variables(text: string) {
  const found: Diagnostic[] = []
  const node = read(text).node as MappingNode
  const vars = variablesFromNode(node, 'play-vars', (diagnostic) => found.push(diagnostic), { note: 'here' })
  return { vars, messages: found.map(brief) }
}

describe('variables of a mapping', () => {
  it('know where they were written', () => {
    const { vars, messages } = variables('a: 1\nb: [<%= a %>]\n')
    expect(messages).toEqual([])
    expect(vars.get('a')?.value.constant?.value).toBe(1)
    expect([...vars.get('b')!.value.names]).toEqual(['a'])
    const { layer, note, span } = vars.get('b')!.origin
    expect([layer, note, formatPosition(span!)]).toEqual(['play-vars', 'here', 'file.yaml:2:1'])
  })

  it.each([
    ...['a-b', '1a', 'a b', 'a.b', 'ä', ''],
    ...['default', 'class', 'package', 'vars', 'locals', 'escapeFn', '__append', 'include'],
    ...['env', 'toJson', 'JSON', 'process', 'undefined', 'inventory_hostname', 'facts', 'omit'],
  ])('cannot be called %j', (name) => {
    const { vars, messages } = variables(`${JSON.stringify(name)}: 1\nok: 2\n`)
    expect(messages).toEqual([`1:1 no variable can be named ${JSON.stringify(name)}`])
    expect([...vars.keys()]).toEqual(['ok'])
  })

  it.each(['k3s_version', 'token', '_x', 'ansible_host', 'name', 'type', 'of'])(
    'can be called %s',
    (name) => {
      expect(variableProblem(name)).toBeUndefined()
    },
  )

  it('report mistakes in values', () => {
    expect(variables('a: <%= 1 + %>\nb: "{{ x }}"\n').messages).toEqual([
      expect.stringMatching(/^1:\d+ Unexpected token/),
      '2:5 Jinja is not interpreted in playbooks and roles',
    ])
  })
})
