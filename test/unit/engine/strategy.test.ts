import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

describe('linear strategy', () => {
  it('keeps hosts in step', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - name: one
      command: 'true'
      changed_when: false
    - name: two
      command: 'true'
      changed_when: false
`,
      { hosts: 3 },
    )
    expect(ran.trace.map((line) => line.split(' ')[0])).toEqual(['one', 'one', 'one', 'two', 'two', 'two'])
    expect(ran.exitCode).toBe(0)
  })

  it('goes on without a host that failed, and exits 2', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - name: break one
      command: 'false'
      when: own === 2
    - name: after
      debug: { msg: still here }
`,
      { hosts: 3 },
    )
    expect(ran.exitCode).toBe(2)
    expect(ran.messages).toEqual(['h1: still here', 'h3: still here'])
    expect(ran.stats.h2).toMatchObject({ failed: 1, ok: 0 })
  })

  it('stops everybody after any_errors_fatal, and counts only the one that failed', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - block:
        - name: break one
          command: 'false'
          when: own === 2
        - debug: { msg: not reached }
      always:
        - debug: { msg: always }
- hosts: web
  gather_facts: false
  tasks: [{ debug: { msg: not reached either } }]
`,
      { hosts: 3 },
    )
    expect(ran.messages.toSorted()).toEqual(['h1: always', 'h2: always', 'h3: always'])
    expect(ran.stats.h1).toMatchObject({ failed: 0 })
    expect(ran.exitCode).toBe(2)
  })

  it('stops when more than max_fail_percentage of the batch failed', async () => {
    const playbook = (limit: number) => `- hosts: web
  gather_facts: false
  max_fail_percentage: ${limit}
  tasks:
    - command: 'false'
      when: own === 1
    - debug: { msg: going on }
`
    expect((await play(playbook(49), { hosts: 2 })).messages).toEqual([])
    expect((await play(playbook(50), { hosts: 2 })).messages).toEqual(['h2: going on'])
  })

  it('runs batches of serial one after another', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  serial: [1, 2]
  tasks:
    - debug: { msg: "<%= ansible_play_batch.join('+') %>" }
    - debug: { msg: second }
`,
      { hosts: 5 },
    )
    expect(ran.messages.filter((line) => !line.includes('second'))).toEqual([
      'h1: h1',
      'h2: h2+h3',
      'h3: h2+h3',
      'h4: h4+h5',
      'h5: h4+h5',
    ])
    expect(ran.messages.slice(0, 2)).toEqual(['h1: h1', 'h1: second'])
  })

  it('lets serial look at the hosts of the play', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  serial: "<%= ansible_play_hosts.map((host, index) => index < 2 ? 2 : 1).slice(1) %>"
  tasks:
    - debug: { msg: "<%= ansible_play_batch.join('+') %>" }
`,
      { hosts: 4 },
    )
    expect(ran.messages).toEqual(['h1: h1+h2', 'h2: h1+h2', 'h3: h3', 'h4: h4'])
  })

  it('evaluates run_once and any_errors_fatal with the variables of the include around', async () => {
    const files = {
      'a.yaml': `- { debug: { msg: a<%= item %> }, run_once: <%= item === 1 %> }
- { command: 'false', when: own === item, any_errors_fatal: <%= item === 2 && nope %>, vars: { nope: true } }
`,
    }
    const ran = await play(
      '- hosts: web\n  gather_facts: false\n  tasks: [{ include_tasks: a.yaml, loop: [1, 2] }]\n',
      { files, hosts: 3 },
    )
    expect(ran.messages).toEqual(['h1: a1', 'h2: a2', 'h3: a2'])
    expect(ran.exitCode).toBe(2)
  })

  it('fails a task whose run_once comes to no boolean', async () => {
    const ran = await play(
      `- hosts: web\n  gather_facts: false\n  tasks: [{ debug: { msg: a }, run_once: <%= 'may' + 'be' %> }]\n`,
      { hosts: 2 },
    )
    expect(ran.stdout).toContain(`'run_once' must be true or false, not \\"maybe\\"`)
    expect(ran.trace).toEqual(['debug h1: failed', 'debug h2: failed'])
    expect(ran.exitCode).toBe(2)
  })

  it('runs run_once on the first host and gives its result to all', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - command: echo once
      register: answer
      run_once: true
    - debug: { msg: <%= answer.stdout %> }
`,
      { hosts: 2 },
    )
    expect(ran.messages).toEqual(['h1: once', 'h2: once'])
    expect(ran.trace.filter((line) => line.startsWith('command'))).toHaveLength(1)
  })
})

describe('free strategy', () => {
  it.each(['free', 'host_pinned'])('%s takes nothing that hosts do together', async (strategy) => {
    const free = (rest: string) =>
      play(`- hosts: web\n  gather_facts: false\n  strategy: ${strategy}\n${rest}`, {
        hosts: 2,
        files: { 'a.yaml': '- { debug: { msg: a }, run_once: true }\n' },
      })
    const ran = await free(`  max_fail_percentage: 30
  tasks: [{ debug: { msg: a }, run_once: true }, { debug: { msg: b }, run_once: false }]
`)
    expect(ran.stderr).toMatch(
      /play\.yaml:4:24: error: 'max_fail_percentage' has no meaning with 'strategy: \w+'/,
    )
    expect(ran.stderr).toMatch(/play\.yaml:5:42: error: 'run_once' has no meaning[\s\S]*strategy: linear/)
    expect(ran.stderr.match(/: error:/g)).toHaveLength(2)
    expect(ran.exitCode).toBe(1)
    const late = await free("  tasks: [{ include_tasks: <%= 'a' %>.yaml }]\n")
    expect(late.stdout).toContain("a.yaml:1:34: 'run_once' has no meaning")
    expect(late.exitCode).toBe(2)
  })

  it('lets every host finish', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  strategy: free
  tasks:
    - debug: { msg: a }
    - debug: { msg: b }
`,
      { hosts: 3 },
    )
    expect(ran.messages.toSorted()).toEqual(['h1: a', 'h1: b', 'h2: a', 'h2: b', 'h3: a', 'h3: b'])
  })
})

describe('an interrupt', () => {
  it.each(['linear', 'free', 'host_pinned'])(
    'begins no host that waits for a place (%s)',
    async (strategy) => {
      const dir = temporaryFolder()
      const ran = await play(
        `- hosts: web
  strategy: ${strategy}
  gather_facts: false
  tasks: [{ shell: "echo <%= own %> >>'${dir}/began'" }, { debug: { msg: rest } }]
`,
        { dir, hosts: 4, args: ['--forks', '1'], interruptAt: '"host_finished"' },
      )
      expect(readFileSync(join(dir, 'began'), 'utf8')).toBe('1\n')
      expect(ran.messages).toEqual([])
      expect(ran.exitCode).toBe(130)
    },
  )
})
