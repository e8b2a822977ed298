import { type Place, refused, supported } from '../../runner/plan/keywords.js'
import { metaActions } from '../../runner/plan/plan.js'

const places: readonly Place[] = [
  'play',
  'import_playbook',
  'block',
  'apply',
  'task',
  'handler',
  'role',
  'loop_control',
]

/** docs/keywords.md: every keyword of Ansible's, where it is understood, and which are refused by name. */
export function keywordsPage(): string {
  const names = [...new Set(places.flatMap((place) => [...supported[place]]))].sort()
  const rows = names.map((name) => {
    const cells = places.map((place) => (supported[place].has(name) ? 'yes' : ''))
    return `| \`${name}\` | ${cells.join(' | ')} |`
  })
  return `# Keywords

A keyword means what it means in Ansible (differences.md lists the exceptions). A key that is not listed here is an error
with its place. \`npm run docs\` writes this page from \`runner/plan/keywords.ts\`.

| keyword | ${places.join(' | ')} |
|---|${places.map(() => '---').join('|')}|
${rows.join('\n')}

In a task's place of a module: \`import_tasks\`, \`include_tasks\`, \`import_role\`, \`include_role\`, \`meta\`
(${metaActions.map((action) => `\`${action}\``).join(', ')}); in a play's place:
\`import_playbook\`.

## Refused by name
Keywords of ansible-core that are errors here, wherever they stand, with what to do instead.

| keyword | why, and what instead |
|---|---|
${[...refused].map(([name, reason]) => `| \`${name}\` | ${reason} |`).join('\n')}

With \`strategy: free\` and \`host_pinned\`, \`run_once\` and \`max_fail_percentage\` are errors: hosts do not wait for each other.

On \`import_playbook\`, \`import_…\` and \`include_…\`, a keyword that would be ignored there is refused too; what an include
hands down stands in its \`apply\`, which takes the keywords of the column of that name.
`
}
