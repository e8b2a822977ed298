/** The sums of a recap, tsplay's and Ansible's alike. */
export interface Recap {
  readonly hosts: number
  readonly ok: number
  readonly changed: number
  readonly failed: number
}

/** Reads the lines `HOST : ok=1 changed=0 unreachable=0 failed=0` of what a run printed. */
export function readRecap(text: string): Recap {
  const lines = text.split('\n').filter((line) => /^\S+\s+: ok=\d+/.test(line))
  const sum = (name: string): number =>
    lines.reduce((total, line) => total + Number(new RegExp(`\\b${name}=(\\d+)`).exec(line)?.[1] ?? 0), 0)
  return {
    hosts: lines.length,
    ok: sum('ok'),
    changed: sum('changed'),
    failed: sum('failed') + sum('unreachable'),
  }
}

/** What must hold of a run, or what it took means nothing. @throws Error when it does not */
export function checkRecap(text: string, hosts: number, changed: number | 'any'): void {
  const recap = readRecap(text)
  const wrong = recap.hosts !== hosts || recap.failed > 0 || (changed !== 'any' && recap.changed !== changed)
  if (wrong)
    throw new Error(
      `expected ${hosts} hosts and ${changed} changes, got ${JSON.stringify(recap)}:\n${text.slice(-3000)}`,
    )
}
