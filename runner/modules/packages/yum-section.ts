/** The lines of a .repo file with one section as it shall be, or without it; the same array where it is not there. */
export function withSection(
  lines: readonly string[],
  id: string,
  options: readonly (readonly [string, string])[] | undefined,
): readonly string[] {
  const at = lines.findIndex((line) => line.trim() === `[${id}]`)
  const next = lines.findIndex((line, place) => place > at && /^\s*\[/.test(line))
  const end = next < 0 ? lines.length : next
  if (options === undefined) return at < 0 ? lines : lines.toSpliced(at, end - at)
  const section = [
    `[${id}]`,
    ...options.map(([key, value]) => `${key} = ${value.replaceAll('\n', '\n    ')}`),
  ]
    .join('\n')
    .split('\n')
  if (at < 0) return [...lines, ...(lines.length > 0 && lines.at(-1) !== '' ? [''] : []), ...section]
  // The empty lines before the next section are kept.
  const body = lines.slice(at, end)
  const empty = body.length - (body.findLastIndex((line) => line.trim() !== '') + 1)
  return lines.toSpliced(at, end - at - empty, ...section)
}
