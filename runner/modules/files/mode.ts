/**
 * The mode that `spec` gives a file, as four octal digits.
 * @param spec octal digits, or symbolic as chmod(1) takes it
 * @param current the file's mode; undefined for one that is not there yet
 */
export function modeAfter(spec: string, current: string | undefined, isDirectory: boolean): string {
  const start = current === undefined || current === '' ? newMode(isDirectory) : current
  if (/^[0-7]+$/.test(spec)) return spec.padStart(4, '0')
  let bits = Number.parseInt(start, 8)
  for (const clause of spec.split(',')) bits = applyClause(bits, clause, isDirectory)
  return bits.toString(8).padStart(4, '0')
}

/** The mode of something new for which none was asked: as the usual umask, 022, gives it. */
export function newMode(isDirectory: boolean): string {
  return isDirectory ? '0755' : '0644'
}

const shifts = { u: 6, g: 3, o: 0 } as const
type Who = keyof typeof shifts

function applyClause(bits: number, clause: string, isDirectory: boolean): number {
  const [, whoText = '', rest = ''] = /^([ugoa]*)(.*)$/.exec(clause) ?? []
  const everyone: Who[] = ['u', 'g', 'o']
  const named =
    whoText === '' || whoText.includes('a') ? everyone : everyone.filter((w) => whoText.includes(w))
  // Without a "who", chmod leaves out what the umask holds back.
  const allowed = whoText === '' ? 0o7755 : 0o7777
  let result = bits
  for (const [, operator, permissions = ''] of rest.matchAll(/([-+=])([ugo]|[rwxXst]*)/g)) {
    const given = maskOf(result, named, permissions, isDirectory) & allowed
    if (operator === '+') result |= given
    else if (operator === '-') result &= ~given
    else result = (result & ~clearedBy(named, isDirectory)) | given
  }
  return result
}

function maskOf(bits: number, named: readonly Who[], permissions: string, isDirectory: boolean): number {
  const copied = (['u', 'g', 'o'] as const).find((who) => who === permissions)
  const letters = copied ? (bits >> shifts[copied]) & 7 : lettersToBits(permissions, bits, isDirectory)
  let mask = 0
  for (const who of named) mask |= letters << shifts[who]
  if (permissions.includes('s'))
    mask |= (named.includes('u') ? 0o4000 : 0) | (named.includes('g') ? 0o2000 : 0)
  if (permissions.includes('t')) mask |= 0o1000
  return mask
}

function lettersToBits(permissions: string, bits: number, isDirectory: boolean): number {
  const searchable = isDirectory || (bits & 0o111) !== 0
  return (
    (permissions.includes('r') ? 4 : 0) |
    (permissions.includes('w') ? 2 : 0) |
    (permissions.includes('x') || (permissions.includes('X') && searchable) ? 1 : 0)
  )
}

function clearedBy(named: readonly Who[], isDirectory: boolean): number {
  let mask = 0
  for (const who of named) mask |= 7 << shifts[who]
  // chmod keeps a directory's set-id bits unless they are named, and `=` clears them on files.
  if (!isDirectory) mask |= (named.includes('u') ? 0o4000 : 0) | (named.includes('g') ? 0o2000 : 0)
  return mask
}
