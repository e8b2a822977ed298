import { afterAll, describe, expect, it } from 'vitest'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { run } from '../run.js'
import { configFolder } from '../transport/files.js'

const lab = openLab(ourLabDir())
const folder = configFolder(lab)
afterAll(() => folder.remove())

/** Runs tasks on one host of the lab by the command line. */
function play(name: string, tasks: string) {
  const playbook = folder.write(
    `${name}.yaml`,
    `- hosts: ${name}\n  gather_facts: false\n  vars: { ansible_become: false }\n  tasks:\n${tasks}`,
  )
  const argv = [program, '-i', `${lab.dir}/inventory.yaml`, playbook]
  return run(process.execPath, argv)
}

const nameOf = (isSmall: boolean) => lab.hosts.find(({ kind }) => (kind === 'busybox') === isSmall)!.name

describe('a job on a real host', () => {
  it('outlives the connection that started it, and is waited for over another', async () => {
    const ran = await play(
      nameOf(false),
      `    - { shell: 'mkdir -p ~/.tsplay_async; ls ~/.tsplay_async', register: before, changed_when: false }
    - { shell: ps -o ppid= -p $PPID, register: sshd, changed_when: false }
    - shell: kill <%= sshd.stdout.trim() %>; sleep 1; echo survived
      async: 30
      poll: 1
      register: job
    - debug: { msg: "<%= job.stdout %>" }
    - { shell: 'ls ~/.tsplay_async', register: left, changed_when: false }
    - debug: { msg: "left nothing: <%= left.stdout === before.stdout %>" }
`,
    )
    expect(ran.stdout).toContain('survived')
    expect(ran.stdout).toContain('left nothing: true')
    expect(ran.code).toBe(0)
  })

  it('runs as the user that was become, and is asked for as that user', async () => {
    const ran = await play(
      nameOf(false),
      `    - { shell: id -un, async: 30, poll: 0, vars: { ansible_become: true }, register: job }
    - async_status: { jid: <%= job.ansible_job_id %> }
      vars: { ansible_become: true }
      register: late
      until: late.finished
      delay: 0.2
      retries: 50
    - debug: { msg: "ran as <%= late.stdout %> in <%= late.results_file %>" }
    - { async_status: { jid: <%= job.ansible_job_id %> }, ignore_errors: true }
    - { async_status: { jid: <%= job.ansible_job_id %>, mode: cleanup }, vars: { ansible_become: true } }
`,
    )
    expect(ran.stdout).toContain('ran as root in /root/.tsplay_async/')
    expect(ran.stdout).toContain('could not find the job')
    expect(ran.code).toBe(0)
  })

  it('is stopped at its limit, with all that it started, where there is only busybox', async () => {
    const ran = await play(
      nameOf(true),
      `    - shell: (sleep 40; true) & sleep 40
      async: 1
      poll: 1
      register: job
      ignore_errors: true
    - { shell: "ps | grep -c '[s]leep 40'", register: left, failed_when: false, changed_when: false }
    - debug: { msg: "left: <%= left.stdout %>." }
`,
    )
    expect(ran.stdout).toContain('ran longer than its limit (async: 1 s) and was stopped')
    expect(ran.stdout).toContain('left: 0.')
  })
})
