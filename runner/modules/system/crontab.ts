/** What is asked of a table of cron. */
export interface CronOrder {
  readonly name: string
  readonly job?: string | undefined
  readonly minute: string
  readonly hour: string
  readonly day: string
  readonly month: string
  readonly weekday: string
  readonly special_time?: string | undefined
  readonly state: 'present' | 'absent'
  readonly disabled: boolean
  readonly env: boolean
  /** Who runs the job, in a file of /etc/cron.d; '' in a user's own table. */
  readonly runner: string
}

/** The lines with the entry in them, or without it. An entry is known by Ansible's comment above it. */
export function editCrontab(order: CronOrder, lines: readonly string[]): readonly string[] {
  return order.env ? editVariable(order, lines) : editJob(order, lines)
}

function editJob(order: CronOrder, lines: readonly string[]): readonly string[] {
  const mark = `#Ansible: ${order.name}`
  const at = lines.indexOf(mark)
  const entry = order.state === 'absent' ? [] : [mark, jobLine(order)]
  if (at < 0) return [...lines, ...entry]
  return lines.toSpliced(at, 2, ...entry)
}

function jobLine({
  special_time,
  minute,
  hour,
  day,
  month,
  weekday,
  runner,
  job = '',
  disabled,
}: CronOrder): string {
  const when = special_time ? `@${special_time}` : [minute, hour, day, month, weekday].join(' ')
  return `${disabled ? '#' : ''}${[when, runner, job].filter((part) => part !== '').join(' ')}`
}

function editVariable({ name, job = '', state }: CronOrder, lines: readonly string[]): readonly string[] {
  const at = lines.findIndex((line) => line.replace(/\s*=.*$/s, '').trim() === name && line.includes('='))
  const line = state === 'absent' ? [] : [`${name}="${job}"`]
  // Variables hold for the jobs below them.
  return at < 0 ? [...line, ...lines] : lines.toSpliced(at, 1, ...line)
}
