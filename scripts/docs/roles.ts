import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { ArgumentOption } from '../../runner/modules/control/validate-argument-spec.js'
import { toPlain } from '../../runner/syntax/read.js'
import { parseYaml } from '../../runner/syntax/yaml.js'

const start = '<!-- variables -->'
const end = '<!-- /variables -->'
const here = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, here), 'utf8')

/** READMEs of roles that have a place for the table of their variables, each with that table from its argument spec. */
export function rolePages(): Record<string, () => string> {
  const readmes = readdirSync(new URL('roles/', here)).map(
    (role) => [role, `roles/${role}/README.md`] as const,
  )
  const marked = readmes.filter(([, path]) => existsSync(new URL(path, here)) && read(path).includes(start))
  return Object.fromEntries(marked.map(([role, path]) => [path, () => withTable(role, read(path))]))
}

function withTable(role: string, text: string): string {
  const [before = '', rest = ''] = text.split(start)
  const after = rest.split(end)[1] ?? '\n'
  return `${before}${start}\n${table(optionsOf(role))}${end}${after}`
}

function optionsOf(role: string): Record<string, ArgumentOption> {
  const path = `roles/${role}/meta/argument_specs.yaml`
  const node = parseYaml({ path, text: read(path) }, ({ message }) => {
    throw new Error(`${path}: ${message}`)
  })
  const { argument_specs } = toPlain(node!) as {
    argument_specs: { main: { options?: Record<string, ArgumentOption> } }
  }
  return argument_specs.main.options ?? {}
}

function table(options: Record<string, ArgumentOption>): string {
  const rows = Object.entries(options).map(
    ([name, option]) => `| \`${name}\` | ${typeOf(option)} | ${defaultOf(option)} | ${textOf(option)} |\n`,
  )
  return rows.length === 0
    ? ''
    : `| variable | type | default | meaning |\n|---|---|---|---|\n${rows.join('')}`
}

const typeOf = ({ type = 'str', elements, choices }: ArgumentOption): string =>
  choices ? choices.map((choice) => `\`${choice}\``).join(', ') : elements ? `${type} of ${elements}` : type

const defaultOf = ({ required, default: value }: ArgumentOption): string =>
  required ? 'required' : value === undefined ? '' : `\`${JSON.stringify(value).replace(/^"(.+)"$/, '$1')}\``

const textOf = ({ description = '', no_log }: ArgumentOption): string =>
  [
    [description].flat().join(' ').replaceAll('|', '\\|').replaceAll('<', '&lt;'),
    ...(no_log ? ['Never shown.'] : []),
  ].join(' ')
