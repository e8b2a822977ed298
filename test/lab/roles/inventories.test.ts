import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run } from '../run.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const tsplay = (...args: string[]) =>
  run(process.execPath, ['--import', 'tsx', 'runner/cli.ts', ...args], { cwd: root })

describe('the inventories that ship', () => {
  it.each(readdirSync(`${root}/inventories`))('%s has hosts for every playbook', async (name) => {
    for (const playbook of ['cluster', 'reset']) {
      const inventory = ['-i', `inventories/${name}`, `playbooks/${playbook}.yaml`]
      expect(await tsplay(...inventory, '--syntax-check')).toMatchObject({ code: 0, stderr: '' })
      expect((await tsplay(...inventory, '--list-hosts')).stdout).toContain('192.0.2.11')
    }
  })
})
