import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

interface Example {
  readonly title: string
  readonly playbook: string
  readonly files: Readonly<Record<string, string>>
  readonly args: readonly string[]
  readonly says: readonly string[]
}

const page = readFileSync(new URL('../../../docs/language.md', import.meta.url), 'utf8')

/** A section's playbook, the files beside it (their name on the first line), and what its hosts say. */
function exampleOf(section: string): Example[] {
  const title = section.split('\n', 1)[0]!
  const fences = [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
    kind,
    text: text!,
  }))
  const named = (text: string) => /^# (\S+\.yaml)\n/.exec(text)?.[1]
  const written = fences.filter(({ kind }) => kind === 'yaml').map(({ text }) => text)
  const playbook = written.find((text) => !named(text))
  if (!playbook) return []
  const files = written.flatMap((text) => (named(text) ? [[named(text)!, text] as const] : []))
  const args = /^# arguments: (.*)\n/.exec(playbook)?.[1]?.split(' ') ?? []
  const says = fences
    .find(({ kind }) => kind === '')!
    .text.trim()
    .split('\n')
  return [{ title, playbook, files: Object.fromEntries(files), args, says }]
}

const examples = page.split(/^## /m).slice(1).flatMap(exampleOf)

describe('the examples of docs/language.md say what the page says', () => {
  it('are all found', () => expect(examples.length).toBe([...page.matchAll(/^## /gm)].length))

  it.each(examples)('$title', async ({ playbook, files, args, says }) => {
    const ran = await play(playbook, { files, args, hosts: 3 })
    expect(ran.stderr).toBe('')
    expect([...ran.messages].sort()).toEqual([...says].sort())
    expect(ran.exitCode).toBe(0)
  })
})
