import { optionTable } from './options.js'

/** The page of `tsplay --help`, made from the table of options. */
export function helpPage(): string {
  const rows = Object.entries(optionTable).map(([name, row]) => {
    const short = 'short' in row ? `-${row.short}, ` : '    '
    const value = 'value' in row ? ` ${row.value}` : ''
    return [`  ${short}--${name}${value}`, row.help] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  return `usage: tsplay -i INVENTORY [options] PLAYBOOK...
       tsplay inventory -i INVENTORY --list | --graph [GROUP] | --host HOST
       tsplay explain -i INVENTORY [-e VARS] HOST VARIABLE [PLAYBOOK [--role ROLE]]
       tsplay journal [RUN | --list]
       tsplay doc MODULE

Runs playbooks on hosts over SSH. A playbook is looked for in the current
folder, then in ./playbooks, then among those that ship with tsplay.

${rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`).join('\n')}

exit codes: 0 done, 1 bad input, 2 a task failed, 3 would change
(--check --fail-on-change), 4 a host was unreachable, 5 another run holds a
host, 6 no host matched, 70 a bug in tsplay, 130 interrupted
`
}
