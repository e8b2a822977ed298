import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const playbook = (action: string, when: string) => `- hosts: web
  gather_facts: false
  serial: 2
  tasks:
    - { meta: ${action}, when: "${when}" }
    - debug: { msg: rest }
- hosts: web
  gather_facts: false
  tasks: [{ debug: { msg: next } }]
`

async function rest(action: string, when: string): Promise<string> {
  const { messages } = await play(playbook(action, when), { hosts: 3 })
  expect(messages.filter((line) => line.endsWith('next'))).toEqual(['h1: next', 'h2: next', 'h3: next'])
  return messages.filter((line) => line.endsWith('rest')).join(' ')
}

describe('meta', () => {
  it('ends the play for a host, a batch, or all', async () => {
    expect(await rest('end_host', 'own === 1')).toBe('h2: rest h3: rest')
    expect(await rest('end_batch', 'own === 2')).toBe('h3: rest')
    expect(await rest('end_play', 'own === 1')).toBe('')
    expect(await rest('end_play', 'false')).toBe('h1: rest h2: rest h3: rest')
  })

  it('readmits failed hosts from the next play on', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - { command: 'false', when: own === 1 }
    - meta: clear_host_errors
    - debug: { msg: same }
- hosts: web
  gather_facts: false
  tasks: [{ debug: { msg: next } }]
`,
      { hosts: 2 },
    )
    expect(ran.messages).toEqual(['h2: same', 'h1: next', 'h2: next'])
    expect(ran.exitCode).toBe(2)
  })

  it('takes only the keywords that mean something', async () => {
    const ran = await play('- hosts: web\n  tasks: [{ meta: noop, loop: [1] }]\n')
    expect(ran.stderr).toContain("unknown key 'loop' in 'meta'")
  })
})
