/** What a task of the mix wants; the playbook and the bare loop are both made from it. */
export type MixTask =
  | { readonly kind: 'copy'; readonly path: string; readonly content: string }
  | { readonly kind: 'lineinfile'; readonly path: string; readonly line: string }
  | { readonly kind: 'command'; readonly cmd: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'systemd'; readonly unit: string }

/** All that the mix writes on a host is below this folder. */
export const mixFolder = '/opt/tsplay-bench'

const units = ['ssh', 'dbus', 'systemd-journald', 'systemd-networkd', 'systemd-logind']
const numbers = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${index + 1}`.padStart(2, '0'))

/** 50 tasks: 5 file (first, since they make the folders), 20 copy, 10 lineinfile, 10 command, 5 systemd. */
export function mixTasks(): readonly MixTask[] {
  const settings = Array.from({ length: 20 }, (_, index) => `setting_${index} = ${index * 7919}\n`).join('')
  return [
    ...numbers(5).map((n) => ({ kind: 'file' as const, path: `${mixFolder}/folder-${n}` })),
    ...numbers(20).map((n) => ({
      kind: 'copy' as const,
      path: `${mixFolder}/file-${n}`,
      content: `# file ${n}\n${settings}`,
    })),
    ...numbers(10).map((n) => ({
      kind: 'lineinfile' as const,
      path: `${mixFolder}/settings-${n.slice(0, 1)}.conf`,
      line: `limit_${n} = ${n}`,
    })),
    ...numbers(10).map(() => ({ kind: 'command' as const, cmd: 'cat /etc/hostname' })),
    ...units.map((unit) => ({ kind: 'systemd' as const, unit })),
  ]
}

/** How many of the tasks change a host that has nothing of them yet: those that write. */
export function mixChanges(tasks: readonly MixTask[]): number {
  return tasks.filter(({ kind }) => kind === 'file' || kind === 'copy' || kind === 'lineinfile').length
}

/** A playbook that tsplay and Ansible both read. */
export function renderPlaybook(tasks: readonly MixTask[], hosts = 'all'): string {
  const lines = tasks.map((task, index) => `    - { name: task ${index + 1}, ${renderTask(task)} }`)
  return [`- hosts: ${hosts}`, '  gather_facts: false', '  tasks:', ...lines, ''].join('\n')
}

function renderTask(task: MixTask): string {
  switch (task.kind) {
    case 'copy':
      return `copy: { dest: ${task.path}, mode: "0644", content: ${JSON.stringify(task.content)} }`
    case 'lineinfile':
      return `lineinfile: { path: ${task.path}, create: true, mode: "0644", line: ${JSON.stringify(task.line)} }`
    case 'command':
      return `command: ${JSON.stringify(task.cmd)}, changed_when: false`
    case 'file':
      return `file: { path: ${task.path}, state: directory, mode: "0755" }`
    case 'systemd':
      return `systemd: { name: ${task.unit}, state: started }`
  }
}
