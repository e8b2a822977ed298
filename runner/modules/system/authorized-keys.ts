/** What is asked of a file of authorized keys. */
export interface KeyOrder {
  /** A key a line. */
  readonly key: string
  readonly state: 'present' | 'absent'
  readonly exclusive: boolean
  readonly key_options?: string | undefined
  readonly comment?: string | undefined
}

interface KeyLine {
  readonly options: string
  /** Type and key. */
  readonly id: string
  readonly comment: string
}

const keyRule =
  /(?:^|\s)((?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(?:-cert-v01@openssh\.com)?)\s+([A-Za-z0-9+/]+=*)(?:\s+(.*))?$/

/** The parts of a line of authorized_keys; undefined for comments and what is no key. */
function readKey(line: string): KeyLine | undefined {
  if (/^\s*(#|$)/.test(line)) return undefined
  // Options may hold spaces and even the name of a key type in quotes: those are hidden while the key is looked for.
  const hidden = line.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => '"'.repeat(quoted.length))
  const match = keyRule.exec(hidden)
  if (!match) return undefined
  const start = match.index + (match[0].length - match[0].trimStart().length)
  const options = line.slice(0, start).trim()
  const [type, blob, ...comment] = line.slice(start).trim().split(/\s+/)
  return { options, id: `${type} ${blob}`, comment: comment.join(' ') }
}

/** What makes two keys the same. */
export const keyId = (line: string): string | undefined => readKey(line)?.id

const lineOf = ({ options, id, comment }: KeyLine) =>
  [options, id, comment].filter((part) => part !== '').join(' ')

/** The lines of the file with the keys in it, or without them. Comments and lines that are no keys stay. */
export function mergeKeys(order: KeyOrder, lines: readonly string[]): string[] {
  const wanted = order.key.split('\n').flatMap((line) => {
    const key = readKey(line)
    return key
      ? [{ ...key, options: order.key_options ?? key.options, comment: order.comment ?? key.comment }]
      : []
  })
  const ids = new Set(wanted.map(({ id }) => id))
  if (order.state === 'absent') return lines.filter((line) => !ids.has(keyId(line) ?? ''))
  const seen = new Set<string>()
  const kept = lines.flatMap((line) => {
    const now = readKey(line)
    if (!now) return [line]
    const want = wanted.find(({ id }) => id === now.id)
    if (!want) return order.exclusive ? [] : [line]
    if (seen.has(now.id)) return []
    seen.add(now.id)
    const options = order.key_options ?? (want.options || now.options)
    const comment = order.comment ?? (want.comment || now.comment)
    return options === now.options && comment === now.comment
      ? [line]
      : [lineOf({ ...now, options, comment })]
  })
  const added = wanted.filter(({ id }, at) => !seen.has(id) && wanted.findIndex((w) => w.id === id) === at)
  return [...kept, ...added.map(lineOf)]
}
