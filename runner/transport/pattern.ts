/** PATTERNS of ssh_config(5): `*` and `?` alone. Linear in time, whatever the pattern. */
export function matchesPattern(pattern: string, text: string): boolean {
  let [p, n, star, mark] = [0, 0, -1, 0]
  while (n < text.length) {
    if (pattern[p] === '*') [star, mark] = [p++, n]
    else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[n])) [p, n] = [p + 1, n + 1]
    else if (star >= 0) [p, n] = [star + 1, ++mark]
    else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** Whether one of the patterns matches and none that is negated (`!`) does. */
export function matchesList(patterns: readonly string[], text: string): boolean {
  let matched = false
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!')
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, text)) continue
    if (negated) return false
    matched = true
  }
  return matched
}
