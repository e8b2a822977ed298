import { mkdtempSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { bareTask } from '../../../scripts/bench/bare-scripts.js'
import { renderInventory } from '../../../scripts/bench/inventory.js'
import { mixChanges, mixTasks, renderPlaybook } from '../../../scripts/bench/mix-tasks.js'
import { runAnyway, runProcess } from '../../../scripts/bench/process.js'
import { checkRecap, readRecap } from '../../../scripts/bench/recap.js'
import { play } from '../../support/playbook.js'

describe('the mix', () => {
  it('is the fifty tasks that it is said to be', () => {
    const [play] = parse(renderPlaybook(mixTasks())) as [{ tasks: Record<string, unknown>[] }]
    const count = (name: string) => play.tasks.filter((task) => name in task).length
    const names = ['copy', 'lineinfile', 'command', 'file', 'systemd']
    expect(names.map(count)).toEqual([20, 10, 10, 5, 5])
    expect(mixChanges(mixTasks())).toBe(35)
  })

  it('is a playbook that tsplay takes', async () => {
    const hosts = [{ name: 'one', address: '192.0.2.1', port: 22 }]
    const inventory = renderInventory(hosts, { user: 'root', key: '/k', knownHosts: '/h' })
    const checked = await play(renderPlaybook(mixTasks()), {
      args: ['--syntax-check'],
      files: { 'inventory.yaml': inventory },
    })
    expect(checked).toMatchObject({ exitCode: 0, stderr: '' })
  })
})

describe('a bare task, through a real sh', () => {
  const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
    const folder = mkdtempSync('/tmp/tsb-')
    await work(folder).finally(() => rmSync(folder, { recursive: true }))
  }
  const sh = async (script: string): Promise<string> => (await runProcess(['sh', '-c', script])).stdout

  it.each(['copy', 'lineinfile', 'file'] as const)('%s changes what is not so, then nothing', (kind) =>
    inFolder(async (folder) => {
      const path = `${folder}/x`
      const content = "it's\nright\n"
      const tasks = {
        copy: { kind, path, content },
        lineinfile: { kind, path, line: "it's" },
        file: { kind, path },
      }
      const task = bareTask(tasks[kind] as Parameters<typeof bareTask>[0])
      const change = task.apply(await sh(task.probe))
      expect(change).toBeTypeOf('string')
      await sh(change!)
      expect(task.apply(await sh(task.probe))).toBeUndefined()
      await sh(kind === 'file' ? `chmod 700 ${path}` : `chmod 600 ${path}`)
      expect(task.apply(await sh(task.probe))).toBeTypeOf('string')
    }),
  )
})

describe('a recap', () => {
  const text =
    'a : ok=50   changed=35   unreachable=0    failed=0\nb : ok=50 changed=35 unreachable=0 failed=0\n'
  it('is summed', () => expect(readRecap(text)).toEqual({ hosts: 2, ok: 100, changed: 70, failed: 0 }))
  it('is refused when it is not what was to be measured', () => {
    expect(() => checkRecap(text, 2, 70)).not.toThrow()
    expect(() => checkRecap(text, 3, 70)).toThrow('expected 3 hosts')
    expect(() => checkRecap(text, 2, 0)).toThrow('0 changes')
    expect(() => checkRecap(text.replace('unreachable=0', 'unreachable=1'), 2, 'any')).toThrow()
  })
})

describe('a process that is measured', () => {
  it('fails loudly, with what it said', () =>
    expect(runProcess(['sh', '-c', 'echo why >&2; exit 3'])).rejects.toThrow(/ended with 3:\nwhy/))

  it('is killed with all that it started when it takes too long', async () => {
    const mark = '86399.25'
    await expect(
      runProcess(['sh', '-c', `sleep ${mark} & sleep ${mark}`], { timeoutMs: 200 }),
    ).rejects.toThrow('was killed after 0.2 s')
    const { stdout } = await runAnyway(['sh', '-c', `ps -e -o args= | grep '^sleep ${mark}'`])
    expect(stdout).toBe('')
  })
})
