import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { ConnectionOptions } from '../../../runner/engine/context.js'
import { connectionOf } from '../../../runner/engine/keywords.js'
import { constant } from '../../../runner/expression/index.js'
import { noKeywords } from '../../../runner/plan/inherit.js'
import { type Place, refused, supported } from '../../../runner/plan/keywords.js'
import type { Keywords } from '../../../runner/plan/plan.js'
import { createScope } from '../../../runner/vars/scope.js'
import { play } from '../../support/playbook.js'
import { effects } from './keyword-effects.js'

/** The playbook as an engine would see it that ignores the keyword, wherever it stands. */
function without(word: string, playbook: string): string {
  const stripped = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(stripped)
    if (typeof value !== 'object' || value === null) return value
    const kept = Object.entries(value).filter(([key]) => key !== word)
    return Object.fromEntries(kept.map(([key, inner]) => [key, stripped(inner)]))
  }
  return stringify(stripped(parse(playbook)))
}

const words = [...new Set((Object.keys(supported) as Place[]).flatMap((place) => [...supported[place]]))]

describe('every keyword has an effect', () => {
  it('that is tested', () => {
    const others = ['become_method', 'become_user', 'port', 'remote_user']
    expect(words.filter((word) => !effects[word] && !others.includes(word))).toEqual([])
    expect(Object.keys(effects).filter((word) => !words.includes(word))).toEqual([])
  })

  it('port and remote_user: where, and as whom, a host is entered', () => {
    const keywords = { ...noKeywords, port: constant(2222), remote_user: constant('u') }
    const scope = createScope([], new Map())
    const { target } = connectionOf('h1', scope, keywords, {} as ConnectionOptions)
    expect([target.port, target.user]).toEqual([2222, 'u'])
  })

  it('become, become_method and become_user: as whom, and how', () => {
    const scope = createScope([], new Map())
    const become = (keywords: Partial<Keywords>) =>
      connectionOf('h1', scope, { ...noKeywords, ...keywords }, {} as ConnectionOptions).become
    const user = { become_user: constant('u'), become_method: constant('doas') }
    expect(become({ ...user, become: constant(true) })).toMatchObject({ user: 'u', method: 'doas' })
    expect(become({ become: constant(true) })).toMatchObject({ user: 'root', method: 'sudo' })
    expect(become(user)).toBeUndefined()
  })

  it.each(Object.entries(effects))('%s', async (_, { playbook, seen, want, ...options }) => {
    const ran = await play(playbook, options)
    expect(ran.stderr).toBe('')
    expect(seen(ran)).toEqual(want)
  })

  it.each(Object.entries(effects))('%s: its test fails if it is ignored', async (word, effect) => {
    const { playbook, seen, want, ...options } = effect
    const ran = await play(without(word, playbook), options)
    expect(seen(ran)).not.toEqual(want)
  })
})

describe('keywords that are refused', () => {
  it.each([...refused])('%s, with what to do instead: %s', async (word, reason) => {
    expect(words).not.toContain(word)
    // `user` is a module, too.
    const inPlay = `- { hosts: web, ${word}: x }\n`
    const inTask = `- hosts: web\n  tasks: [{ debug: { msg: a }, ${word}: x }]\n`
    const ran = await play(word === 'user' ? inPlay : inTask)
    expect(ran.stderr).toMatch(/play\.yaml:(?:2:32|1:17): error: /)
    expect(ran.stderr).toContain(reason)
    expect(ran.exitCode).toBe(1)
  })
})
