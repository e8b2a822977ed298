import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'

const here = new URL('../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, here), 'utf8')
const playbooks = readdirSync(new URL('playbooks/', here)).filter((name) => name.endsWith('.yaml'))
const roles = readdirSync(new URL('roles/', here))
const page = read('docs/playbooks.md')
const k3s = read('docs/k3s.md')

interface Option {
  options?: Record<string, Option>
}
/** Names of variables that argument specs of roles have, those inside of mappings included. */
const variables = new Set(
  roles.flatMap((role) => {
    const path = `roles/${role}/meta/argument_specs.yaml`
    if (!existsSync(new URL(path, here))) return []
    const { argument_specs } = parse(read(path)) as { argument_specs: { main: Option } }
    const names = ({ options = {} }: Option): string[] =>
      Object.entries(options).flatMap(([name, option]) => [name, ...names(option)])
    return names(argument_specs.main)
  }),
)

it('the page of playbooks has each one once, with a command, and no other', () => {
  const named = [...page.matchAll(/^### (.+)$/gm)].map(([, name]) => name)
  expect(named.toSorted()).toEqual(playbooks.toSorted())
  for (const section of page.split(/^### /m).slice(1))
    expect(section, section.split('\n')[0]).toMatch(/```\ntsplay -i inventory\.yaml [a-z-]+\.yaml/)
  for (const [, name] of page.matchAll(/^tsplay -i inventory\.yaml (\S+)/gm))
    expect(playbooks).toContain(name)
})

it('every role is named in the page of playbooks or of k3s', () => {
  expect(roles.filter((role) => !`${page}${k3s}`.includes(`\`${role}\``))).toEqual([])
})

it('roles that the page of playbooks names are there', () => {
  const named = [...page.matchAll(/`([a-z0-9]+(?:_[a-z0-9]+)+|firewall)`/g)].map(([, name]) => name)
  expect(named.filter((name) => !roles.includes(`${name}`))).toEqual([])
})

it('what the page of k3s names is a playbook, a role or a variable of one', () => {
  const names = [...k3s.matchAll(/`([a-z0-9]+(?:_[a-z0-9]+)+|[a-z-]+\.yaml)`/g)].map(([, name]) => `${name}`)
  const files = ['config.yaml', 'registries.yaml', 'psa.yaml']
  const known = (name: string): boolean =>
    [...playbooks, ...files, ...roles].includes(name) || variables.has(name)
  expect(names.filter((name) => !known(name))).toEqual([])
})
