/**
 * The host's own facts, by the names of their files: JSON, or INI as a mapping of sections, as in Ansible. One that cannot be
 * read is text that says why: a broken file of facts does not keep a host from its other tasks.
 */
export function readLocal(lines: readonly string[]): Record<string, unknown> {
  const bodies: (readonly [string, string[]])[] = []
  for (const line of lines) {
    if (line.startsWith('fact ')) bodies.push([line.slice(5), []])
    else if (line.startsWith('|')) bodies.at(-1)?.[1].push(line.slice(1))
  }
  return Object.fromEntries(bodies.map(([name, body]) => [name, readFact(name, body)]))
}

function readFact(name: string, body: readonly string[]): unknown {
  const status = /^status (\d+)$/.exec(body.at(-1) ?? '')?.[1]
  if (status === undefined) return `error: ${name}.fact tells more than 64 KiB`
  if (status === '124') return `error: ${name}.fact had not ended after 10 s`
  if (status !== '0') return `error: ${name}.fact exits with ${status}`
  const text = body.slice(0, -1).join('\n')
  try {
    return JSON.parse(text)
  } catch {
    return readIni(body.slice(0, -1)) ?? `error: ${name}.fact is neither JSON nor INI`
  }
}

/** Sections of options, as Python's configparser reads them: names of options in lower case, `=` or `:` between. */
function readIni(lines: readonly string[]): Record<string, Record<string, string>> | undefined {
  const sections: (readonly [string, (readonly [string, string])[]])[] = []
  for (const line of lines.map((one) => one.trim())) {
    if (line === '' || /^[#;]/.test(line)) continue
    const section = /^\[([^\]]+)\]$/.exec(line)?.[1]
    if (section !== undefined) sections.push([section, []])
    else {
      const [, option, value] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? []
      if (option === undefined || sections.length === 0) return undefined
      sections.at(-1)![1].push([option.toLowerCase(), value!])
    }
  }
  return Object.fromEntries(sections.map(([name, options]) => [name, Object.fromEntries(options)]))
}
