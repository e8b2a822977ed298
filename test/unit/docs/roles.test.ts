import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rolePages } from '../../../scripts/docs/roles.js'

const here = new URL('../../../', import.meta.url)
const roles = readdirSync(new URL('roles/', here))

/** What is between fences, each with its language: '' for commands. */
const blocksOf = (text: string) =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, lines]) => ({
    language,
    lines: `${lines}`,
  }))

describe.each(roles)('the README of %s', (role) => {
  const path = `roles/${role}/README.md`
  const text = readFileSync(new URL(path, here), 'utf8')

  it('has the table of its variables, which is made of its argument spec', () => {
    expect(Object.keys(rolePages())).toContain(path)
  })

  it('has an example: YAML that has a role or variables, or a command', () => {
    const examples = blocksOf(text).filter(({ language, lines }) =>
      language === 'yaml' ? /\w+: *\S/.test(lines) : /^tsplay -i \S+ [a-z-]+\.yaml/m.test(lines),
    )
    expect(examples).not.toEqual([])
  })

  it('says what it leaves on a host, once, and in words', () => {
    const [, section = '', ...others] = text.split(/^## What it leaves on a host$/m)
    expect(section.split(/^## /m)[0]!.trim()).toMatch(/\w{3}/)
    expect(others).toEqual([])
  })
})
