import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { loadPlan } from '../../../runner/plan/load.js'
import { diskFiles } from '../../../runner/syntax/files.js'

const root = resolve(import.meta.dirname, '../../..')
const names = (folder: string) => readdirSync(resolve(root, folder))

/** A word of the command line for each type that is more than text. */
const words: Readonly<Record<string, string>> = { bool: 'yes', int: '5', float: '5.5' }

/** Every variable of the roles that is no text, as `-e name=word` gives it. */
function typedWords(): Map<string, string> {
  const given = new Map<string, string>()
  for (const role of names('roles')) {
    const spec = readFileSync(resolve(root, 'roles', role, 'meta/argument_specs.yaml'), 'utf8')
    for (const [, name, type] of spec.matchAll(/^ {6}(\w+): \{ type: (bool|int|float)\b(?!.*choices)/gm))
      given.set(name!, words[type!]!)
  }
  return given
}

it('every variable of the roles that is no text can be given as a word on the command line', () => {
  const extraVars = typedWords()
  expect([...extraVars.keys()]).toEqual(expect.arrayContaining(['k3s_scale_replicas', 'drain', 'keep']))
  const files = diskFiles()
  const load = (playbooks: readonly string[]) =>
    loadPlan({
      inventories: [resolve(root, 'inventories/ha.yaml')],
      playbooks: playbooks.map((name) => resolve(root, 'playbooks', name)),
      extraVars,
      files,
      cwd: root,
    })
  expect(() => load(names('playbooks'))).not.toThrow()
  extraVars.set('drain', 'perhaps')
  expect(() => load(['reboot.yaml'])).toThrow("variable 'drain' must be of type bool, not string")
})
