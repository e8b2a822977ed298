import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

/** Runs tasks on one host whose home, where jobs are kept, is a folder of the test. */
async function withHome(tasks: string, options: { args?: readonly string[]; hosts?: number } = {}) {
  const home = temporaryFolder()
  const ran = await play(
    `- hosts: web\n  gather_facts: false\n  environment: { HOME: "${home}" }\n  tasks:\n${tasks}`,
    options,
  )
  const folder = join(home, '.tsplay_async')
  return { ...ran, home, jobs: existsSync(folder) ? readdirSync(folder) : [] }
}

const answer = (ran: { messages: readonly string[] }) => ran.messages.map((line) => line.replace(/^h1: /, ''))

describe('async with poll', () => {
  it('waits for the end, gives the result of the module, and leaves nothing behind', async () => {
    const ran = await withHome(`    - shell: cat; echo out; echo err >&2; pwd
      args: { chdir: /tmp, stdin: from stdin }
      async: 20
      poll: 5
      register: ran
    - debug: { msg: "<%= [ran.rc, ran.stdout, ran.stderr, ran.changed].join('|') %>" }
`)
    expect(ran.stderr).toBe('')
    expect(answer(ran)).toEqual(['0|from stdin\nout\n/tmp|err|true'])
    expect(ran.jobs).toEqual([])
  })

  it('fails as the command does, and gives failed_when what it said', async () => {
    const ran =
      await withHome(`    - { shell: 'echo no; exit 3', async: 20, register: ran, failed_when: ran.rc !== 3 }
    - { command: 'false', async: 20 }
`)
    expect(ran.trace.map((line) => line.endsWith('failed'))).toEqual([false, true])
    expect(ran.stdout).toContain('non-zero return code')
  })

  it('stops the whole group of processes at the limit', async () => {
    const ran = await withHome(`    - shell: (sleep 30; touch $HOME/late) & echo $! >$HOME/pid; sleep 30
      async: 1
      poll: 0.2
      ignore_errors: true
    - shell: kill -0 "$(cat $HOME/pid)"
      register: left
      failed_when: left.rc === 0
`)
    expect(ran.stdout).toContain('ran longer than its limit (async: 1 s) and was stopped')
    expect(ran.trace.at(-1)).not.toContain('failed')
  })

  it('stops one at its limit whose folder has gone', async () => {
    const ran = await withHome(`    - shell: echo $$ >$HOME/pid; exec sleep 30
      async: 1
      poll: 0
    - shell: until [ -s $HOME/pid ]; do sleep 0.05; done; rm -r $HOME/.tsplay_async
    - shell: |
        for round in $(seq 100); do kill -0 "$(cat $HOME/pid)" || exit 0; sleep 0.1; done
        exit 1
`)
    expect(ran.trace.at(-1)).not.toContain('failed')
  })

  it('is tried again by until, and does nothing in check mode', async () => {
    const tasks = `    - shell: echo x >>$HOME/tries; wc -l <$HOME/tries
      async: 20
      register: tries
      until: tries.stdout === '2'
      delay: 0
    - { debug: { msg: "<%= tries.attempts %>" } }
`
    expect(answer(await withHome(tasks))).toEqual(['2'])
    const checked = await withHome(tasks, { args: ['--check'] })
    expect(checked.trace).toEqual(['shell h1: changed', 'debug h1: unknown'])
    expect(readdirSync(checked.home)).toEqual([])
  })
})

describe('async with poll: 0', () => {
  it('goes on by itself, and async_status tells when it has ended', async () => {
    const ran = await withHome(`    - shell: while [ ! -e $HOME/go ]; do sleep 0.05; done; echo done
      async: 20
      poll: 0
      register: job
    - debug: { msg: "<%= [job.started, job.finished, job.changed, String(job.rc)].join() %>" }
    - { async_status: { jid: <%= job.ansible_job_id %> }, register: early }
    - debug: { msg: "<%= early.finished %> <%= early.results_file === job.results_file %>" }
    - shell: touch $HOME/go
    - async_status: { jid: <%= job.ansible_job_id %> }
      register: late
      until: late.finished
      delay: 0.05
      retries: 100
    - debug: { msg: "<%= [late.rc, late.stdout, late.cmd.slice(0, 5), late.changed].join() %>" }
    - { async_status: { jid: <%= job.ansible_job_id %>, mode: cleanup } }
`)
    expect(ran.stderr).toBe('')
    expect(answer(ran)).toEqual(['true,false,true,undefined', 'false true', '0,done,while,false'])
    expect(ran.jobs).toEqual([])
  })

  it('starts a loop of jobs, which a loop of async_status awaits', async () => {
    const ran =
      await withHome(`    - { shell: 'echo <%= item %>', async: 20, poll: 0, loop: [a, b, c], register: started }
    - async_status: { jid: <%= item.ansible_job_id %> }
      loop: <%= started.results %>
      loop_control: { label: <%= item.item %> }
      register: ended
      until: ended.finished
      delay: 0.05
      retries: 100
    - debug: { msg: "<%= ended.results.map(each => each.stdout).join() %>" }
`)
    expect(ran.stderr).toBe('')
    expect(answer(ran)).toEqual(['a,b,c'])
    expect(ran.jobs).toHaveLength(3)
  })

  it('fails where the job failed, where it is unknown, and refuses to forget one that runs', async () => {
    const status = (jid: string, more = '') =>
      `    - { async_status: { jid: ${jid}${more} }, register: late, until: late.finished, delay: 0.05, retries: 100, ignore_errors: true }\n`
    const ran = await withHome(`    - { shell: 'echo no >&2; exit 7', async: 20, poll: 0, register: bad }
    - { shell: 'while [ ! -e $HOME/go ]; do sleep 0.05; done', async: 20, poll: 0, register: slow }
${status('<%= bad.ansible_job_id %>')}    - debug: { msg: "<%= [late.failed, late.rc, late.stderr].join() %>" }
${status('j1')}    - { async_status: { jid: <%= slow.ansible_job_id %>, mode: cleanup }, ignore_errors: true }
    - shell: touch $HOME/go
${status('<%= slow.ansible_job_id %>')}`)
    expect(answer(ran)).toEqual(['true,7,no'])
    expect(ran.stdout).toContain('could not find the job j1')
    expect(ran.stdout).toMatch(/the job j[0-9a-f]{16} still runs/)
  })

  it('keeps what a job is told from other users, and forgets it at the end', async () => {
    const ran = await withHome(`    - shell: while [ ! -e $HOME/go ]; do sleep 0.05; done # word
      async: 20
      poll: 0
      register: job
    - shell: stat -c %a "$(dirname "$DIR")" "$DIR" "$DIR"/*; touch $HOME/go
      environment: { DIR: <%= job.results_file %> }
      register: modes
    - debug: { msg: "<%= [...new Set(modes.stdout_lines)].join() %>" }
    - async_status: { jid: <%= job.ansible_job_id %> }
      register: late
      until: late.finished
      delay: 0.05
      retries: 100
`)
    expect(answer(ran)).toEqual(['700,600'])
    expect(readdirSync(join(ran.home, '.tsplay_async', ran.jobs[0]!)).sort()).toEqual([
      'about',
      'boot',
      'code',
      'ended',
      'keeper',
      'started',
      'stderr',
      'stdout',
    ])
  })
})

describe('async is refused', () => {
  it.each([
    ['{ debug: { msg: x }, async: 5 }', "'debug' cannot be 'async'"],
    ['{ copy: { content: x, dest: /tmp/x }, async: 5 }', "'copy' cannot be 'async'"],
    ["{ command: 'true', poll: 5 }", "'poll' without 'async'"],
    ["{ command: 'true', async: soon }", "'async' must be a number of seconds"],
    ['{ include_tasks: x.yaml, async: 5 }', "'async' has no meaning on 'include_tasks'"],
    ["{ command: 'true', async: <%= nowhere %> }", "nothing defines the variable 'nowhere'"],
  ])('%s', async (task, message) => {
    const ran = await play(`- hosts: web\n  gather_facts: false\n  tasks: [${task}]\n`)
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toContain(message)
  })
})
