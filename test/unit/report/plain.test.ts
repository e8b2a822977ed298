import { describe, expect, it } from 'vitest'
import type { HostTaskResult, RunEvent } from '../../../runner/events.js'
import { createJsonlReporter } from '../../../runner/report/jsonl.js'
import { createPlainReporter } from '../../../runner/report/plain.js'
import { eventsOf, result } from './support.js'

const shown = (results: readonly HostTaskResult[], verbosity?: number): string =>
  textOf(eventsOf(results), verbosity)

function textOf(events: readonly RunEvent[], verbosity = 0): string {
  let text = ''
  const reporter = createPlainReporter({
    colour: false,
    verbosity,
    write: (more) => {
      text += more
    },
  })
  for (const event of events) reporter.handle(event)
  return text
}

describe('the plain reporter', () => {
  it('shares a line between hosts that say the same', () => {
    const text = shown([result('a'), result('b'), result('c', { summary: ['mode 0644 → 0600'] })])
    expect(text).toContain('  web : write a file  changed=3\n')
    expect(text).toContain('    ~ changed a b  create /etc/x\n')
    expect(text).toContain('    ~ changed c  mode 0644 → 0600\n')
  })

  it('says nothing of hosts that were ok, but counts them', () => {
    const text = shown([result('a', { status: 'ok', summary: [] })])
    expect(text).toContain('web : write a file  ok=1\n')
    expect(text).not.toContain('✔')
  })

  it('shows why a task failed, with what it said and the hint', () => {
    const text = shown([
      result('a', {
        status: 'failed',
        summary: [],
        message: 'non-zero return code',
        hint: 'look at the journal',
        result: { stderr: 'no such unit', rc: 1 },
      }),
    ])
    expect(text).toMatch(
      /✖ failed a {2}non-zero return code\n +stderr: no such unit\n +hint: look at the journal/,
    )
  })

  it('has a column for hosts that another run holds where there are some', () => {
    const events = eventsOf([result('a', { status: 'locked', summary: [] }), result('b')])
    const last = events.at(-1)
    if (last?.type !== 'run_finished') throw new Error('the last event ends the run')
    const stats = { ...last.stats, a: { ...last.stats.a!, ok: 0, changed: 0, locked: 1 } }
    const text = textOf([...events.slice(0, -1), { ...last, stats }])
    expect(text).toContain('✖ locked a')
    expect(text).toMatch(/^a : ok=0 .*locked=1$/m)
    expect(text).toMatch(/^b : ok=1 .*locked=0$/m)
    expect(shown([result('b')])).not.toContain('locked')
  })

  it('shows differences that the events carry', () => {
    const differences = [{ subject: '/etc/x', before: 'one\ntwo\n', after: 'one\n2\n' }]
    expect(shown([result('a', { differences })])).toMatch(/-two\n +\+2/)
  })

  it('lets nothing from a host move the cursor, ring, forge a line or open a clipboard', () => {
    const evil = '\u001b[2J\u001b]52;c;aGk=\u0007\rRECAP\u0008\u0085ok : ok=9'
    const text = shown(
      [result('a', { status: 'failed', summary: [evil], message: evil, result: { stdout: evil } })],
      2,
    )
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    expect(text.split('\n').filter((line) => line.startsWith('RECAP'))).toEqual(['RECAP'])
  })

  it('ends with a recap of every host, sorted', () => {
    expect(shown([result('b'), result('a')])).toMatch(/RECAP\na : ok=1 +changed=1 [\s\S]*\nb : ok=1/)
  })
})

it('writes one JSON object a line', () => {
  const lines: string[] = []
  const reporter = createJsonlReporter((text) => lines.push(text))
  for (const event of eventsOf([result('a', { message: 'two\nlines' })])) reporter.handle(event)
  expect(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true)
  expect(lines.map((line) => JSON.parse(line).v)).toEqual(lines.map(() => 1))
})
