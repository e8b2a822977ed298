/** A word of `key=value`: what stands in quotes or in `{{ … }}` is kept together. */
const word =
  /(?:\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|"(?:\\"|[^"\\]|\\(?!"))*"|'(?:\\'|[^'\\]|\\(?!'))*'|\\["']|[^\s"'])+/g

const escaped = /\\(?:U([\da-fA-F]{8})|u([\da-fA-F]{4})|x([\da-fA-F]{2})|([0-7]{1,3})|([\\'"abfnrtv]))/g

const letters: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/**
 * `a=1 b="two words"`, as Ansible reads it (`parse_kv`): backslashes escape as in Python, then quotes around a whole value
 * go. Values are text.
 * @returns pairs, or nothing where a word is no pair or a quote is not closed
 */
export function readKeyValues(text: string): [string, string][] | undefined {
  if (text.replaceAll(word, '').trim() !== '') return undefined
  const pairs: [string, string][] = []
  for (const each of text.match(word) ?? []) {
    const said = unescaped(each)
    const at = said.indexOf('=', 1)
    if (at < 0) return undefined
    pairs.push([said.slice(0, at).trim(), unquoted(said.slice(at + 1).trim())])
  }
  return pairs.length > 0 ? pairs : undefined
}

function unescaped(text: string): string {
  return text.replaceAll(escaped, (_, long, short, byte, octal, letter) => {
    if (letter !== undefined) return letters[letter] ?? letter
    const hexadecimal = long ?? short ?? byte
    return String.fromCodePoint(hexadecimal ? Number.parseInt(hexadecimal, 16) : Number.parseInt(octal, 8))
  })
}

function unquoted(text: string): string {
  return /^(["'])([\s\S]*)(?<!\\)\1$/.exec(text)?.[2] ?? text
}
