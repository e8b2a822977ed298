/** Two versions as rpm orders them: runs of digits as numbers, runs of letters as text, `~` before everything, `^` after. */
export function compareRpmVersions(left: string, right: string): number {
  const a = segments(left)
  const b = segments(right)
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const order = compareSegments(a[at] ?? '', b[at] ?? '')
    if (order !== 0) return order
  }
  return 0
}

const segments = (version: string) => version.match(/\d+|[A-Za-z]+|[~^]/g) ?? []

/** What is missing is older than any segment but `~`. */
function compareSegments(a: string, b: string): number {
  const rank = (segment: string) =>
    segment === '~' ? 0 : segment === '' ? 1 : segment === '^' ? 2 : /^\d/.test(segment) ? 4 : 3
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  if (!/^\d/.test(a)) return a < b ? -1 : a > b ? 1 : 0
  const difference = BigInt(a) - BigInt(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
