import { matchesPathGlob } from '../files/glob.js'

/** The patterns of `--exclude=PATTERN`; undefined where another option is among them. */
export function excludesOf(options: readonly string[]): readonly string[] | undefined {
  const patterns = options.map((option) => /^--exclude=(.+)$/s.exec(option)?.[1])
  return patterns.every((pattern) => pattern !== undefined) ? patterns : undefined
}

/**
 * Whether a path is left out, itself or with a folder above it. As rsync has it: a pattern that begins with a slash is
 * anchored at the top, one that ends in a slash means folders alone, one with a slash within matches the end of a path,
 * any other the name alone.
 */
export function isExcluded(path: string, isFolder: boolean, patterns: readonly string[]): boolean {
  const parts = path.split('/')
  return parts.some((_, at) => {
    const above = parts.slice(0, at + 1).join('/')
    return patterns.some((pattern) => matches(pattern, above, isFolder || at < parts.length - 1))
  })
}

function matches(pattern: string, path: string, isFolder: boolean): boolean {
  if (pattern.endsWith('/') && !isFolder) return false
  const plain = pattern.replace(/\/+$/, '')
  if (plain.startsWith('/')) return matchesPathGlob(plain.slice(1), path)
  if (!plain.includes('/') && !plain.includes('**')) return matchesPathGlob(plain, path.split('/').at(-1)!)
  const parts = path.split('/')
  return parts.some((_, at) => matchesPathGlob(plain, parts.slice(at).join('/')))
}
