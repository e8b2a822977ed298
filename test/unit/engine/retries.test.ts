import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

describe('a task that is tried again', () => {
  it.each(['retries', 'delay'])('fails where %s cannot be told', async (keyword) => {
    const task = `{ command: 'true', until: true, ${keyword}: <%= facts.nope %> }`
    const ran = await play(`- hosts: web\n  gather_facts: false\n  tasks: [${task}]\n`)
    expect(ran.stdout).toContain('the facts of h1 were not gathered')
    expect(ran.exitCode).toBe(2)
  })
})
