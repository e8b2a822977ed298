import { Secret } from '../../secrets/secret.js'

/** An object as the text of a JSON file; a secret one when it holds a secret. */
export function jsonText(value: object): string | Secret {
  let secret = false
  const plain = (part: unknown): unknown => {
    if (part instanceof Secret) {
      secret = true
      return part.reveal()
    }
    if (Array.isArray(part)) return part.map(plain)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, plain(inner)]))
  }
  const text = `${JSON.stringify(plain(value), null, 2)}\n`
  return secret ? new Secret(text) : text
}
