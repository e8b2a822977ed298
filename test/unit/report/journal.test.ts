import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { journalCommand } from '../../../runner/commands/journal.js'
import { InputError } from '../../../runner/errors.js'
import { createJournal } from '../../../runner/report/journal.js'
import { journalRuns, openJournal } from '../../../runner/report/journal-files.js'
import { play, temporaryFolder } from '../../support/playbook.js'
import { eventsOf, result } from './support.js'

/** What `tsplay journal` prints. */
function told(folder: string, ...argv: readonly string[]): string {
  let text = ''
  const stdout = { write: (more: string) => (text += more) }
  expect(journalCommand(argv, { stdout, stderr: stdout, cwd: '/', journal: folder, colour: false })).toBe(0)
  return text
}

const failing = `- name: Two steps
  hosts: web
  gather_facts: false
  vars_prompt: [{ name: secret, prompt: secret }]
  tasks:
    - { name: first, command: echo one }
    - { name: hidden, command: echo <%= secret %>, no_log: true }
    - { name: second, shell: 'echo <%= secret %> went wrong >&2; exit 3' }
    - { name: third, command: echo three }
`

describe('the journal', () => {
  it('tells what the last run did, on which hosts, and where it stopped; of the user alone, without secrets', async () => {
    const dir = temporaryFolder()
    const folder = join(dir, 'state/journal')
    const args = ['--journal', folder]
    await play('- { hosts: web, gather_facts: false, tasks: [{ ping: }] }\n', { dir, args })
    await play(failing, { dir, args, hosts: 2, answers: ['open sesame'] })
    expect([folder, ...readdirSync(folder).map((name) => join(folder, name))].map(modeOf)).toEqual([
      '700',
      '600',
      '600',
    ])
    const [last, first] = journalRuns(folder)
    const text = told(folder)
    expect(text).toMatch(/^\S+Z-\d+ {2}exit 2 {2}play\.yaml\n/)
    expect(text).toContain('▶ Two steps  2 hosts')
    expect(text).toContain('  first  changed=2\n')
    expect(text).toMatch(/✖ failed h. h. {2}[^\n]*\n +stderr: \*\*\* went wrong/)
    expect(text).not.toContain('third')
    expect(text).toMatch(/^h1 +: ok=2 +changed=2 .* failed=1 /m)
    expect(readFileSync(join(folder, `${last}.jsonl`), 'utf8')).not.toContain('sesame')
    expect(told(folder, first!)).toMatch(/exit 0 {2}play\.yaml\n[\s\S]*ping {2}ok=1/)
    expect(told(folder, '--list').split('\n')).toEqual([
      `${last}  exit 2  play.yaml`,
      `${first}  exit 0  play.yaml`,
      '',
    ])
  })

  it('tells where a run was that was killed', () => {
    const folder = temporaryFolder()
    const file = openJournal(folder, () => undefined)
    const journal = createJournal(file.write)
    for (const event of eventsOf([result('a'), result('b')]).slice(0, 4)) journal.handle(event)
    file.write('{"v":1,"type":"host_fin')
    file.close()
    expect(told(folder)).toMatch(/^\S+ {2}no end {2}play\.yaml\n/)
    expect(told(folder)).toMatch(
      /no end is recorded; at 2\S+Z the task was web : write a file; not heard of: b\n$/,
    )
  })

  it('holds what failed said at its end, and neither live output nor differences nor results', () => {
    const lines: string[] = []
    const journal = createJournal((line) => lines.push(line))
    const [, , started] = eventsOf([])
    if (started?.type !== 'task_started') throw new Error('the third event begins the task')
    journal.handle({ type: 'host_output', task: started.task, host: 'a', stream: 'stdout', text: 'live' })
    const long = `begin${'x'.repeat(100_000)}end`
    const differences = [{ subject: '/etc/x', before: 'old', after: 'new' }]
    const failed = result('a', { status: 'failed', message: long, result: { stdout: long, facts: long } })
    for (const each of [failed, result('b', { differences, result: { stdout: 'fine' } })])
      journal.handle({ type: 'host_finished', task: started.task, result: each })
    expect(lines.every((line) => line.length < 10_000)).toBe(true)
    expect(JSON.parse(lines[0]!).result.items).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^beginx+…$/),
        result: { stdout: expect.stringMatching(/^…x+end$/) },
      }),
    ])
    expect(lines.join('')).not.toMatch(/live|facts|old|fine/)
  })

  it('is bounded: only the end is added to one that is full', () => {
    const lines: string[] = []
    const journal = createJournal((line) => lines.push(line))
    const events = eventsOf([result('a', { message: 'x'.repeat(2000) })])
    for (let size = 0; size < 20 * 1024 * 1024; size += 2000) journal.handle(events[3]!)
    journal.handle(events.at(-1)!)
    expect(lines.join('').length).toBeLessThan(17 * 1024 * 1024)
    expect(lines.slice(-2).map((line) => JSON.parse(line).type)).toEqual(['message', 'run_finished'])
  })

  it('keeps a hundred runs, and leaves alone what is none', () => {
    const folder = temporaryFolder({ 'notes.txt': '' })
    for (let n = 100; n < 220; n++) writeFileSync(join(folder, `2026-01-01T00-00-00-000Z-${n}.jsonl`), '')
    openJournal(folder, () => undefined).close()
    expect(journalRuns(folder)).toHaveLength(100)
    expect(journalRuns(folder).at(-1)).toBe('2026-01-01T00-00-00-000Z-121')
    expect(readdirSync(folder)).toContain('notes.txt')
  })

  it('stops no run where it cannot be kept, and none is kept where none is wanted', async () => {
    const dir = temporaryFolder({ 'a-file': '' })
    const playbook = '- { hosts: web, gather_facts: false, tasks: [{ ping: }] }\n'
    const ran = await play(playbook, { dir, args: ['--journal', 'a-file/journal'] })
    expect(ran.exitCode).toBe(0)
    expect(ran.stderr).toMatch(/^warning: this run is not recorded: .*a-file/)
    expect(await play(playbook, { dir, args: ['--journal', 'none'] })).toMatchObject({ stderr: '' })
    expect(readdirSync(dir).sort()).toEqual(['a-file', 'inventory.yaml', 'play.yaml'])
  })

  it('of which there is none is a mistake of the command line', () => {
    const folder = temporaryFolder()
    expect(() => told(folder)).toThrow(InputError)
    mkdirSync(join(folder, 'x'))
    openJournal(folder, () => undefined).close()
    expect(() => told(folder, '1999')).toThrow(/no run 1999 is recorded/)
  })
})

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
