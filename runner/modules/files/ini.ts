/** What is asked of an INI file. */
export interface IniOrder {
  readonly section?: string | undefined
  readonly option?: string | undefined
  /** None: the option stands alone on its line; with absent, whatever its value. */
  readonly values: readonly string[]
  readonly exclusive: boolean
  readonly state: 'present' | 'absent'
  readonly modify_inactive_option: boolean
  readonly no_extra_spaces: boolean
  readonly ignore_spaces: boolean
}

const header = /^\s*\[([^\]]*)\]/

/** The lines with the option or section set or removed, by the rules of community.general.ini_file. */
export function editIni(order: IniOrder, lines: readonly string[]): readonly string[] {
  const { section, option, state } = order
  const start =
    section === undefined ? 0 : lines.findIndex((line) => header.exec(line)?.[1]?.trim() === section)
  if (start < 0) return state === 'absent' ? lines : [...lines, `[${section}]`, ...newLines(order)]
  const first = section === undefined ? 0 : start + 1
  const next = lines.findIndex((line, at) => at >= first && header.test(line))
  const stop = next < 0 ? lines.length : next
  if (option === undefined) return state === 'absent' ? lines.toSpliced(start, stop - start) : lines
  const body = lines.slice(first, stop)
  const after = state === 'absent' ? without(order, option, body) : withOption(order, option, body)
  return [...lines.slice(0, first), ...after, ...lines.slice(stop)]
}

/** The value of a line that sets the option; undefined for any other line, null for one without a value. */
function settingOf(line: string, option: string): string | null | undefined {
  const at = line.indexOf('=')
  const name = (at < 0 ? line : line.slice(0, at)).trim()
  if (name !== option) return undefined
  return at < 0 ? null : line.slice(at + 1).trim()
}

const commented = (line: string) => /^\s*[#;]/.test(line)
const bare = (line: string) => line.replace(/^\s*[#;]\s*/, '')

function lineOf({ no_extra_spaces }: IniOrder, option: string, value: string | null): string {
  return value === null ? option : `${option}${no_extra_spaces ? '=' : ' = '}${value}`
}

function newLines(order: IniOrder): string[] {
  const { option, values } = order
  if (option === undefined) return []
  return (values.length > 0 ? values : [null]).map((value) => lineOf(order, option, value))
}

function without({ exclusive, values }: IniOrder, option: string, body: readonly string[]): string[] {
  return body.filter((line) => {
    const value = commented(line) ? undefined : settingOf(line, option)
    return value === undefined || !(exclusive || values.length === 0 || values.includes(value ?? ''))
  })
}

/** Lines that are right stay; others of the option become what lacks, or go; the rest comes at the section's end. */
function withOption(order: IniOrder, option: string, body: readonly string[]): string[] {
  const missing: (string | null)[] = order.values.length > 0 ? [...order.values] : [null]
  const result: (string | undefined)[] = [...body]
  const settle = (at: number, value: string | null) => {
    missing.splice(missing.indexOf(value), 1)
    if (!order.ignore_spaces || commented(body[at]!)) result[at] = lineOf(order, option, value)
  }
  const active = body.flatMap((line, at) => {
    const value = commented(line) ? undefined : settingOf(line, option)
    return value === undefined ? [] : [{ at, value }]
  })
  const wrong = active.filter(({ at, value }) => {
    if (!missing.includes(value)) return true
    settle(at, value)
    return false
  })
  const inactive = order.modify_inactive_option
    ? body.flatMap((line, at) => (commented(line) && settingOf(bare(line), option) !== undefined ? [at] : []))
    : []
  for (const at of inactive) {
    const value = settingOf(bare(body[at]!), option)!
    if (missing.includes(value)) settle(at, value)
  }
  if (order.exclusive)
    for (const { at } of wrong) {
      const value = missing.shift()
      result[at] = value === undefined ? undefined : lineOf(order, option, value)
    }
  for (const at of inactive) {
    const value = commented(result[at] ?? '') ? missing.shift() : undefined
    if (value !== undefined) result[at] = lineOf(order, option, value)
  }
  const kept = result.filter((line) => line !== undefined)
  const end = kept.findLastIndex((line) => line.trim() !== '') + 1
  return kept.toSpliced(end, 0, ...missing.map((value) => lineOf(order, option, value)))
}
