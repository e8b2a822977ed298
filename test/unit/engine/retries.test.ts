import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

describe('a task that is tried again', () => {
  it.each(['retries', 'delay'])('fails where %s cannot be told', async (keyword) => {
    const task = `{ command: 'true', until: true, ${keyword}: <%= facts.nope %> }`
    const ran = await play(`- hosts: web\n  gather_facts: false\n  tasks: [${task}]\n`)
    expect(ran.stdout).toContain('the facts of h1 were not gathered')
    expect(ran.exitCode).toBe(2)
  })

  it.each([
    ["retries: <%= 'x' %>", `'retries' must be a number, 0 or more, not \\"x\\"`],
    ['delay: <%= 0 - 1 %>', "'delay' must be a number, 0 or more, not -1"],
  ])('fails with %s, rather than to guess', async (keyword, says) => {
    const ran = await play(
      `- hosts: web\n  gather_facts: false\n  tasks: [{ command: 'true', until: true, ${keyword} }]\n`,
    )
    expect(ran.stdout).toContain(says)
    expect(ran.exitCode).toBe(2)
  })

  it('is tried three times more where until alone is said, five seconds apart', async () => {
    const ran = await play(
      "- hosts: web\n  gather_facts: false\n  tasks: [{ command: 'true', until: false }]\n",
      { interruptAt: '"retrying"' },
    )
    expect(ran.events).toContainEqual(expect.objectContaining({ type: 'retrying', left: 3, delayMs: 5000 }))
  })

  it('is tried again after a failure where retries alone is said', async () => {
    const ran = await play(`- hosts: web
  gather_facts: false
  tasks:
    - shell: 'echo >> n; test "$(wc -l < n)" -gt 2'
      args: { chdir: <%= playbook_dir %> }
      retries: 3
      delay: 0
      register: r
    - debug: { msg: <%= r.attempts %> }
`)
    expect(ran.messages).toEqual(['h1: 3'])
  })
})
