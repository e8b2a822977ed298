/** Ansible's words for the two (`BOOLEANS_TRUE`, `BOOLEANS_FALSE`), in any case. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'on', 'true', 'y', 't', '1'].map((word) => [word, true] as const),
  ...['no', 'off', 'false', 'n', 'f', '0'].map((word) => [word, false] as const),
])

/** What a value says of true or false: itself, one of Ansible's words, 1 or 0; nothing where it says neither. */
export function booleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return booleans.get(String(value).trim().toLowerCase())
}
