import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

/** h1 and h3 are shells on this machine, nobody answers at h2's port. */
const inventory = `web:
  hosts:
    h1: { ansible_connection: local }
    h2: { ansible_host: 127.0.0.1, ansible_port: 1, ansible_connection: ssh }
    h3: { ansible_connection: local }
`

describe('hosts of a play', () => {
  it.each([
    ['inventory', 'h3 h1 h2'],
    ['reverse_inventory', 'h2 h1 h3'],
    ['sorted', 'h1 h2 h3'],
    ['reverse_sorted', 'h3 h2 h1'],
  ])('come in the order %s', async (order, expected) => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  order: ${order}
  serial: 1
  tasks: [{ debug: { msg: x } }]
`,
      { files: { 'inventory.yaml': 'web: { hosts: { h3: , h1: , h2:  } }\n' } },
    )
    expect(ran.messages.map((line) => line.slice(0, 2)).join(' ')).toBe(expected)
  })

  it('are none where the list that they are computed from is empty', async () => {
    const text = (hosts: string) =>
      `- { hosts: ${hosts}, gather_facts: false, tasks: [{ debug: { msg: x } }] }\n`
    const ran = await play(text("'<%= [] %>'") + text("'<%= groups.web.slice(1) %>'"), { hosts: 2 })
    expect(ran.messages).toEqual(['h2: x'])
  })

  it('come in any order with shuffle, each once', async () => {
    const ran = await play(
      '- hosts: web\n  gather_facts: false\n  order: shuffle\n  serial: 1\n  tasks: [{ debug: { msg: x } }]\n',
      { hosts: 40 },
    )
    const order = ran.messages.map((line) => line.split(':')[0])
    const inventoryOrder = Array.from({ length: 40 }, (_, i) => `h${i + 1}`)
    expect(order).not.toEqual(inventoryOrder)
    expect(order.toSorted()).toEqual(inventoryOrder.toSorted())
  })

  it('enter a throttled task a few at a time', async () => {
    const dir = temporaryFolder()
    const playbook = (throttle: string) => `- hosts: web
  gather_facts: false
  tasks:
    - shell: echo in >> ${dir}/log; sleep 0.1; echo out >> ${dir}/log
      throttle: ${throttle}
`
    expect((await play(playbook('<%= 1 %>'), { hosts: 4, dir })).exitCode).toBe(0)
    expect(readFileSync(join(dir, 'log'), 'utf8')).toBe('in\nout\n'.repeat(4))
    const refused = await play(playbook('<%= vars.many ?? "many" %>'), { dir })
    expect(refused.stdout).toContain("'throttle' must be a number")
  })

  it('keep their place among the forks with host_pinned, and take turns with free', async () => {
    const run = async (strategy: string) =>
      (
        await play(
          `- hosts: web
  gather_facts: false
  strategy: ${strategy}
  tasks: [{ name: a, debug: { msg: a } }, { name: b, debug: { msg: b } }]
`,
          { hosts: 3, args: ['-f', '1'] },
        )
      ).messages.join(' ')
    expect(await run('host_pinned')).toBe('h1: a h1: b h2: a h2: b h3: a h3: b')
    expect(await run('free')).toBe('h1: a h2: a h3: a h1: b h2: b h3: b')
  })
})

describe('a host that cannot be reached', () => {
  const files = { 'inventory.yaml': inventory }

  it('drops out, without rescue', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - block: [{ ping: }]
      rescue: [{ debug: { msg: rescued } }]
    - debug: { msg: going }
`,
      { files },
    )
    expect(ran.messages).toEqual(['h1: going', 'h3: going'])
    expect(ran.stats.h2).toMatchObject({ unreachable: 1, failed: 0 })
    expect(ran.exitCode).toBe(4)
  })

  it('is told why also of a task whose results are hidden', async () => {
    const ran = await play('- hosts: h2\n  gather_facts: false\n  tasks: [{ ping: , no_log: true }]\n', {
      files,
    })
    expect(ran.stdout).toContain('there is nothing to log in to h2 with')
  })

  it('goes on with ignore_unreachable', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - { ping: , register: answer, ignore_unreachable: true }
    - debug: { msg: "<%= answer.unreachable %>" }
`,
      { files },
    )
    expect(ran.messages).toEqual(['h1: false', 'h2: true', 'h3: false'])
    expect(ran.stats.h2).toMatchObject({ ok: 2, ignored: 1, unreachable: 0 })
    expect(ran.exitCode).toBe(0)
  })

  it('is charged to the host that delegated to it', async () => {
    const ran = await play(
      `- hosts: h1
  gather_facts: false
  tasks:
    - { ping: , delegate_to: h2 }
    - debug: { msg: not reached }
- hosts: h2
  gather_facts: false
  tasks: [{ debug: { msg: still in }  }]
`,
      { files },
    )
    expect(ran.stats.h1).toMatchObject({ unreachable: 1 })
    expect(ran.stats.h2).toMatchObject({ unreachable: 0 })
    expect(ran.exitCode).toBe(4)
  })

  it('counts for max_fail_percentage and any_errors_fatal', async () => {
    for (const keyword of ['max_fail_percentage: 20', 'any_errors_fatal: true']) {
      const ran = await play(
        `- hosts: web\n  gather_facts: false\n  ${keyword}\n  tasks: [{ ping:  }, { debug: { msg: going } }]\n`,
        { files },
      )
      expect(ran.messages).toEqual([])
    }
  })

  it('fails everybody where the task is run_once', async () => {
    const ran = await play(
      `- hosts: h2,h1
  gather_facts: false
  tasks:
    - { ping: , run_once: true }
    - debug: { msg: not reached }
`,
      { files },
    )
    expect(ran.messages).toEqual([])
    expect(ran.exitCode).toBe(4)
  })
})

describe('delegation', () => {
  it('leaves facts with the host, or gives them to the delegate', async () => {
    const ran = await play(
      `- hosts: h1
  gather_facts: false
  tasks:
    - { set_fact: { mine: 1 }, delegate_to: h2 }
    - { set_fact: { yours: 2 }, delegate_to: h2, delegate_facts: true }
    - { setup: , delegate_to: h2, delegate_facts: true }
    - debug: { msg: "<%= [vars.mine, vars.yours, hostvars.h2.mine, hostvars.h2.yours].map(String).join() %>" }
    - debug: { msg: "<%= typeof hostvars.h2.facts.hostname %>" }
    - debug: { msg: "<%= facts.hostname %>" }
`,
      { hosts: 2 },
    )
    expect(ran.messages).toEqual(['h1: 1,undefined,undefined,2', 'h1: string'])
    expect(ran.stdout).toContain('the facts of h1 were not gathered')
  })
})

describe('timeouts', () => {
  it.each(['command: sleep 20', 'pause: { seconds: 20 }', 'setup:', 'shell: sleep 20; true'])(
    'fail %s',
    async (action) => {
      const isQuick = action === 'setup:'
      const ran = await play(
        `- hosts: web
  gather_facts: false
  tasks:
    - ${action}
      timeout: ${isQuick ? '0.001' : '<%= 0.2 %>'}
`,
      )
      expect(ran.stdout).toContain('timed out after')
      expect(ran.stats.h1).toMatchObject({ failed: 1, unreachable: 0 })
    },
  )

  it('are of all scripts of a task together', async () => {
    const module = `import { defineModule, z } from 'tsplay'
export const twice = defineModule({
  name: 'twice', doc: { summary: 'x', examples: [] }, args: z.strictObject({ each: z.string() }),
  probe: (host, { each }) => host.query({ body: 'sleep "$each"', vars: { each } }),
  diff: () => ({ summary: ['sleep again'] }),
  async apply(host, { each }) {
    await host.run({ body: 'sleep "$each"', vars: { each } })
    return {}
  },
})`
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - twice: { each: '0' }
      timeout: 20
    - twice: { each: '1' }
      timeout: 1.8
`,
      { files: { 'library/twice.ts': module } },
    )
    expect(ran.trace).toEqual(['twice h1: changed', 'twice h1: failed'])
    expect(ran.stdout).toContain('timed out after 1.8 s')
  })

  it('of the gathering are gather_timeout', async () => {
    const ran = await play('- hosts: web\n  gather_timeout: 0.001\n')
    expect(ran.stdout).toContain('timed out after 0.001 s')
  })
})

describe('limits of a play', () => {
  it('may be templates', async () => {
    const playbook = (keyword: string) => `- hosts: web
  gather_facts: false
  vars: { strict: false, limit: 40 }
  ${keyword}
  tasks:
    - { command: 'false', when: own === 1 }
    - debug: { msg: going }
`
    const on = async (keyword: string) => (await play(playbook(keyword), { hosts: 2 })).messages
    expect(await on('any_errors_fatal: <%= strict %>')).toEqual(['h2: going'])
    expect(await on('any_errors_fatal: <%= !strict %>')).toEqual([])
    expect(await on('max_fail_percentage: <%= limit %>')).toEqual([])
    expect(await on('max_fail_percentage: <%= limit + 10 %>')).toEqual(['h2: going'])
  })

  it('stop the run after a batch in which every host failed, and only then', async () => {
    const playbook = (failing: string) => `- hosts: web
  gather_facts: false
  serial: 2
  tasks: [{ command: 'false', when: "[${failing}].includes(own)" }, { debug: { msg: going } }]
- hosts: web
  gather_facts: false
  tasks: [{ debug: { msg: later } }]
`
    expect((await play(playbook('1, 2'), { hosts: 4 })).messages).toEqual([])
    expect((await play(playbook('1'), { hosts: 4 })).messages.join(' ')).toBe(
      'h2: going h3: going h4: going h2: later h3: later h4: later',
    )
  })

  it('run_once runs once in each batch', async () => {
    const ran = await play(
      '- hosts: web\n  gather_facts: false\n  serial: 2\n  tasks: [{ debug: { msg: once }, run_once: true }]\n',
      { hosts: 4 },
    )
    expect(ran.messages).toEqual(['h1: once', 'h3: once'])
  })

  it('--force-handlers runs handlers on hosts that failed or were stopped', async () => {
    const playbook = `- hosts: web
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - { command: 'true', notify: h }
    - { command: 'false', when: own === 1 }
  handlers: [{ name: h, debug: { msg: handled } }]
`
    expect((await play(playbook, { hosts: 2 })).messages).toEqual([])
    const forced = await play(playbook, { hosts: 2, args: ['--force-handlers'] })
    expect(forced.messages).toEqual(['h1: handled', 'h2: handled'])
  })
})
