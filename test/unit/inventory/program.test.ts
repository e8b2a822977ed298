import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Diagnostic } from '../../../runner/errors.js'
import { loadInventory } from '../../../runner/inventory/index.js'
import { diskFiles } from '../../../runner/syntax/files.js'
import { createScope } from '../../../runner/vars/scope.js'

const dir = mkdtempSync(join(tmpdir(), 'tsplay-program-'))
afterAll(() => rmSync(dir, { recursive: true }))

function run(script: string, mode = 0o755) {
  const path = join(dir, 'inventory')
  writeFileSync(path, script)
  chmodSync(path, mode)
  const found: Diagnostic[] = []
  const inventory = loadInventory({ sources: [path], files: diskFiles(), report: (one) => found.push(one) })
  const value = (host: string, name: string) =>
    createScope(inventory.layersFor(host), new Map()).lookup(name)?.value
  return { inventory, value, messages: found.map(({ message }) => message.replaceAll(path, 'PATH')) }
}

const answer = (value: unknown) => `#!/bin/sh\ncat <<'EOF'\n${JSON.stringify(value)}\nEOF\n`

describe('an inventory program', () => {
  it('answers --list with _meta', () => {
    const { inventory, value, messages } = run(
      answer({
        server: { hosts: ['s1'], vars: { role: 'server', ansible_group_priority: 2 } },
        agent: ['a1', 'a2'],
        k3s: { children: ['server', 'agent'] },
        _meta: { hostvars: { a1: { port: 1, text: '{{ 1 }} <%= 1 %>' } } },
      }),
    )
    expect(messages).toEqual([])
    expect(inventory.hostsOf('k3s')).toEqual(['s1', 'a1', 'a2'])
    expect([value('s1', 'role'), value('a1', 'port'), value('a2', 'port')]).toEqual(['server', 1, undefined])
    expect(value('a1', 'text')).toBe('{{ 1 }} <%= 1 %>')
  })

  it('is asked with --host for each host without _meta', () => {
    const script = '#!/bin/sh\nif [ "$1" = --list ]; then echo \'{"g": ["h1", "h2"]}\'\n'
    const { value } = run(`${script}elif [ "$2" = h1 ]; then echo '{"name": "one"}'; fi\n`)
    expect([value('h1', 'name'), value('h2', 'name')]).toEqual(['one', undefined])
  })

  it.each([
    ['#!/bin/sh\necho broken >&2; exit 3\n', 'PATH --list ended with 3'],
    ['#!/bin/sh\necho "[]"\n', 'PATH --list must answer with an object'],
    ['#!/no/such/interpreter\n', /^PATH --list cannot be run/],
    [answer({ 'a b': ['h'] }), 'PATH: "a b" has a character no name can have'],
    [answer({ g: ['../h'] }), 'PATH: "../h" has a character no name can have'],
    [answer({ g: { hosts: 'h' } }), 'PATH: hosts of g must be a list of names'],
    [answer({ g: { hosts: ['h'], vars: [] } }), 'PATH: vars of g must be an object'],
  ])('%j is a mistake', (script, message) => {
    expect(run(script).messages).toEqual([
      message instanceof RegExp ? expect.stringMatching(message) : message,
    ])
  })

  it('that nobody may execute is a mistake', () => {
    expect(run('#!/bin/sh\n', 0o644).messages).toEqual(['PATH is a program that nobody may execute'])
  })

  it('is a text with the permission alone read as text', () => {
    expect(run('[g]\nh\n').inventory.hostsOf('g')).toEqual(['h'])
  })
})
