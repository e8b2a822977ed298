import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

describe('blocks', () => {
  it('rescues a failure, counts it as rescued, and goes on', async () => {
    const ran = await play(`- hosts: web
  gather_facts: false
  tasks:
    - block:
        - name: boom
          command: 'false'
        - debug: { msg: not reached }
      rescue:
        - debug: { msg: "<%= ansible_failed_task.name %> gave <%= ansible_failed_result.rc %>" }
      always:
        - debug: { msg: always }
    - debug: { msg: after }
`)
    expect(ran.messages).toEqual(['h1: boom gave 1', 'h1: always', 'h1: after'])
    expect(ran.stats.h1).toMatchObject({ rescued: 1, failed: 0 })
    expect(ran.exitCode).toBe(0)
  })

  it.each(['linear', 'free'])(
    'of an interrupted run do what they promise, and rescue nothing (%s)',
    async (strategy) => {
      const ran = await play(
        `- hosts: web
  gather_facts: false
  strategy: ${strategy}
  tasks:
    - block:
        - block:
            - debug: { msg: now }
            - debug: { msg: not reached }
          rescue:
            - debug: { msg: not rescued }
          always:
            - debug: { msg: inner }
      always:
        - debug: { msg: outer }
    - debug: { msg: not after }
`,
        { interruptAt: '"msg":"now"' },
      )
      expect(ran.messages).toEqual(['h1: now', 'h1: inner', 'h1: outer'])
      expect(ran.exitCode).toBe(130)
    },
  )

  it('fails the host when the rescue fails, after always', async () => {
    const ran = await play(`- hosts: web
  gather_facts: false
  tasks:
    - block:
        - command: 'false'
      rescue:
        - command: 'false'
      always:
        - debug: { msg: always }
    - debug: { msg: not reached }
`)
    expect(ran.messages).toEqual(['h1: always'])
    expect(ran.stats.h1).toMatchObject({ rescued: 1, failed: 1 })
    expect(ran.exitCode).toBe(2)
  })

  it('evaluates when of a block for each task in it', async () => {
    const ran = await play(`- hosts: web
  gather_facts: false
  vars: { go: true }
  tasks:
    - when: go
      block:
        - debug: { msg: first }
        - set_fact: { go: false }
        - debug: { msg: second }
`)
    expect(ran.messages).toEqual(['h1: first'])
  })

  it('goes on after ignore_errors', async () => {
    const ran = await play(`- hosts: web
  gather_facts: false
  tasks:
    - command: 'false'
      ignore_errors: true
      register: answer
    - debug: { msg: "failed is <%= answer.failed %>" }
`)
    expect(ran.messages).toEqual(['h1: failed is true'])
    expect(ran.stats.h1).toMatchObject({ ok: 2, ignored: 1, failed: 0 })
    expect(ran.exitCode).toBe(0)
  })
})

describe('handlers', () => {
  const notifying = (more: string) => `- hosts: web
  gather_facts: false
  tasks:
    - command: 'true'
      notify: [third, first]
${more}
  handlers:
    - { name: first, debug: { msg: first } }
    - { name: second, debug: { msg: second } }
    - { name: third, debug: { msg: third } }
`

  it('run once, in the order they are defined, after the tasks', async () => {
    const ran = await play(
      notifying(`    - { command: 'true', notify: first }
    - debug: { msg: task }`),
    )
    expect(ran.messages).toEqual(['h1: task', 'h1: first', 'h1: third'])
  })

  it('run where they are flushed', async () => {
    const ran = await play(
      notifying(`    - meta: flush_handlers
    - debug: { msg: task }`),
    )
    expect(ran.messages).toEqual(['h1: first', 'h1: third', 'h1: task'])
  })

  it('are lost when the host fails, unless force_handlers', async () => {
    const failing = notifying("    - command: 'false'")
    expect((await play(failing)).messages).toEqual([])
    const forced = failing.replace(
      '  gather_facts: false\n',
      '  gather_facts: false\n  force_handlers: true\n',
    )
    expect((await play(forced)).messages).toEqual(['h1: first', 'h1: third'])
  })

  it('answer to topics, and may call handlers that are defined before them', async () => {
    const ran = await play(`- hosts: web
  gather_facts: false
  tasks:
    - { command: 'true', notify: the topic }
  handlers:
    - { name: early, debug: { msg: early } }
    - { name: late, command: 'true', listen: the topic, notify: early }
    - { name: listener, debug: { msg: listener }, listen: the topic }
`)
    expect(ran.messages).toEqual(['h1: listener', 'h1: early'])
  })
})

describe('includes', () => {
  it('evaluate when once, and loop with a variable', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  vars: { go: true }
  tasks:
    - include_tasks: inner.yaml
      when: go
      loop: [a, b]
`,
      { files: { 'inner.yaml': '- debug: { msg: "<%= item %>" }\n- set_fact: { go: false }\n' } },
    )
    expect(ran.messages).toEqual(['h1: a', 'h1: b'])
  })

  it('imports hand when down to every task', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  vars: { go: true }
  tasks:
    - import_tasks: inner.yaml
      when: go
`,
      { files: { 'inner.yaml': '- set_fact: { go: false }\n- debug: { msg: not reached }\n' } },
    )
    expect(ran.messages).toEqual([])
  })
})
