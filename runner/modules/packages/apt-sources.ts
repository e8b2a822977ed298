/** A line of sources.list(5), in parts. */
interface SourceLine {
  readonly type: string
  readonly options: string
  readonly rest: string
}

const pattern = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+\s+\S.*|\S+\s+\S+)$/

/** Reads a line; undefined for any other. What follows a # is a comment. */
export function readSource(line: string): SourceLine | undefined {
  const [, type, options = '', rest] = pattern.exec(line.replace(/#.*$/, '').trim()) ?? []
  if (type === undefined) return undefined
  return {
    type,
    options: options.trim().split(/\s+/).filter(Boolean).sort().join(' '),
    rest: rest!.trim().split(/\s+/).join(' '),
  }
}

/** Whether two lines mean the same repository with the same options. */
export function sameSource(left: string, right: string): boolean {
  const [a, b] = [readSource(left), readSource(right)]
  return (
    a !== undefined && b !== undefined && a.type === b.type && a.options === b.options && a.rest === b.rest
  )
}

const switchedOff = (line: string) => /^\s*#+\s*(deb(-src)?\s.*)$/.exec(line)?.[1]

/** Lines with a repository in them, on; the same array where it is. One that was switched off is switched on in its place. */
export function withSource(lines: readonly string[], repo: string): readonly string[] {
  if (lines.some((line) => sameSource(line, repo))) return lines
  const at = lines.findIndex((line) => sameSource(switchedOff(line) ?? '', repo))
  return at < 0 ? [...lines, repo] : lines.with(at, repo)
}

/** Lines without it; the same array where it is not. */
export function withoutSource(lines: readonly string[], repo: string): readonly string[] {
  return lines.some((line) => sameSource(line, repo))
    ? lines.filter((line) => !sameSource(line, repo))
    : lines
}

/** The name that Ansible gives the file of a repository: made of its address, without what logs in there. */
export function sourceFileName(repo: string): string {
  const address = repo
    .replace(/\[[^\]]+\]/, '')
    .replace(/\w+:\/\//g, '')
    .trim()
    .split(/\s+/)
    .filter((word) => word !== 'deb' && word !== 'deb-src')[0]!
  return address
    .replace(/^[^@]*@/, '')
    .replace(/[^a-zA-Z0-9]/g, ' ')
    .trim()
    .split(/\s+/)
    .join('_')
}
