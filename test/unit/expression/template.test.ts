import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compileTemplate } from '../../../runner/expression/index.js'
import { diskFiles } from '../../../runner/syntax/files.js'
import { memoryFiles } from '../syntax/support.js'
import { failure, print, scopeOf, template } from './support.js'

describe('template files', () => {
  it('print as they stand: no escaping, line ends kept', () => {
    expect(print('# "q" & <x>\nname=<%= name %>\r\n', { name: `<"'&>` })).toBe('# "q" & <x>\nname=<"\'&>\r\n')
    expect(print('')).toBe('')
    expect(print('{{ .Values.x }} {% if %}')).toBe('{{ .Values.x }} {% if %}')
  })

  it('control whitespace as EJS does', () => {
    const text =
      '<% if (a) { -%>\nx=<%= a %>\n<% } -%>\n  <%_ for (const i of [1, 2]) { _%>\n<%= i %>\n  <%_ } _%>\nlast\n'
    expect(print(text, { a: 1 })).toBe('x=1\n1\n2\nlast\n')
  })

  it('know their free names', () => {
    const text = '<% for (const n of nodes) { const k = n.x %><%= k %><%= vars.q ?? other %><% } %>'
    expect([...template(text).compiled!.names]).toEqual(['nodes', 'other'])
  })

  it('tell where they fail', () => {
    const run = () => print('a\nb <%= x.y.z %>\nc <%= x %>\n', { x: {} })
    expect(failure(run).message).toMatch(
      /^2:3 Cannot read properties of undefined \(reading 'z'\) in x\.y\.z$/,
    )
    expect(failure(() => print('a\n\n<%= none %>\n')).message).toBe('3:5 nothing defines the variable none')
    expect(failure(() => print('<% for (const x of [1]) {\n%>\n  <%= x.y %>\n<% } %>')).message).toBe(
      '3:3 undefined cannot be printed',
    )
  })

  it('collect all mistakes', () => {
    const { messages } = template('<%= process %>\n<%= require("fs") %>\n<% this %>\n')
    expect(messages).toEqual([
      '3:4 this has no meaning here',
      expect.stringMatching(/^1:5 process cannot be used/),
      expect.stringMatching(/^2:5 require cannot be used/),
    ])
  })
})

describe('include', () => {
  const files = memoryFiles({
    'templates/part.ejs': '[<%= x %>:<%= y %>]',
    'templates/loop.ejs': "<%= include('loop') %>",
    'templates/bad.ejs': 'ok\n<%= 1 + %>',
    'secret.ejs': 'no',
  })

  it('prints another template with the same variables and more', () => {
    const text = "<%= include('part', { x: 1 }) %><%= include('part.ejs', { x: z }) %>"
    expect(print(text, { y: 2, z: 3 }, { files })).toBe('[1:2][3:2]')
    expect([...template(text, { files }).compiled!.names]).toEqual(['z', 'y'])
  })

  it.each([
    ["<%= include('../secret') %>", /outside/],
    ["<%= include('/etc/passwd') %>", /outside/],
    ["<%= include('none') %>", /there is no template templates\/none\.ejs/],
    ["<%= include('loop') %>", /include each other: .*loop\.ejs → .*loop\.ejs/],
    ['<%= include(name) %>', /plain text/],
  ])('%s is refused', (text, message) => {
    expect(template(text, { files }).messages[0]).toMatch(message)
  })

  it("reports an included file's mistakes in that file", () => {
    const { found } = template("<%= include('bad') %>", { files })
    expect(found[0]!.span?.file.path).toBe('templates/bad.ejs')
  })

  it('does not follow links out of the folder', () => {
    const dir = mkdtempSync(join(tmpdir(), 'templates-'))
    afterAll(() => rmSync(dir, { recursive: true }))
    mkdirSync(join(dir, 't'))
    writeFileSync(join(dir, 'secret.ejs'), 'no')
    symlinkSync('../secret.ejs', join(dir, 't', 'link.ejs'))
    const messages: string[] = []
    const file = { path: join(dir, 't', 'main.ejs'), text: "<%= include('link') %>" }
    const compiled = compileTemplate(file, ({ message }) => messages.push(message), { files: diskFiles() })
    expect(compiled).toBeUndefined()
    expect(messages[0]).toMatch(/outside/)
  })
})

it('compiles once and renders often', () => {
  const { compiled } = template('<% for (const i of list) { %><%= i %>,<% } %>')
  const scope = scopeOf({ list: [1, 2, 3] })
  for (let n = 0; n < 10_000; n++) compiled!.evaluate(scope)
})
