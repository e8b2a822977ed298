import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Five tasks as people write them, each with something to parse and to check; `n` makes them different. */
function fiveTasks(n: number): string {
  return `    - name: make the folder ${n}
      file: { path: <%= base %>/d${n}, state: directory, mode: '0755' }
      tags: [folders]
    - name: write the file ${n} of <%= inventory_hostname %>
      copy:
        content: |
          a = <%= base %>
          b = ${n}
        dest: <%= base %>/d${n}/file
        mode: '0644'
      register: written_${n}
      notify: reload
    - name: run ${n}
      command: echo <%= item %> ${n}
      loop: <%= numbers %>
      when: written_${n}.changed && facts.os.family === 'debian'
      changed_when: false
    - name: line ${n}
      lineinfile: { path: /etc/x${n}, line: "k${n}=<%= base %>", regexp: "^k${n}=" }
      become: true
    - name: say ${n}
      debug: { msg: number ${n} }
      when: numbers.length > ${n % 5}
`
}

/** A playbook of that many tasks (a multiple of five), and an inventory of one host that is never connected to. */
function largePlaybook(tasks: number): string {
  return `- name: ${tasks} tasks
  hosts: all
  vars: { base: /srv, numbers: [1, 2, 3] }
  tasks:
${Array.from({ length: tasks / 5 }, (_, index) => fiveTasks(index)).join('')}  handlers:
    - name: reload
      command: 'true'
`
}

/** Runs something with such a playbook in a folder that is gone afterwards. */
export async function withLargePlaybook<T>(
  tasks: number,
  run: (playbook: string, inventory: string) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'tsplay-bench-'))
  try {
    writeFileSync(join(dir, 'large.yaml'), largePlaybook(tasks))
    writeFileSync(join(dir, 'inventory.yaml'), 'all: { hosts: { h1: } }\n')
    return await run(join(dir, 'large.yaml'), join(dir, 'inventory.yaml'))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
