/** The middle of the numbers; of an even count, the lower of the two. @throws Error when there is none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) throw new Error('there is no median of nothing')
  return middle
}

/** A point of a line: what was counted, what was measured. */
export type Point = readonly [x: number, y: number]

/** The slope of the line that lies nearest to the points (least squares). @throws Error with fewer than two x */
export function slope(points: readonly Point[]): number {
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (!(under > 0)) throw new Error('a slope needs two different x')
  return over / under
}

/** A measured value against its bar, as a cell of a table: `1.02 (bar ≤ 1.05: reached)`; what is judged is what is shown. */
export function against(value: number, rule: '≤' | '≥', bar: number, digits = 2): string {
  const shown = value.toFixed(digits)
  const reached = rule === '≤' ? Number(shown) <= bar : Number(shown) >= bar
  return `${shown} (bar ${rule} ${bar}: ${reached ? 'reached' : '**missed**'})`
}
