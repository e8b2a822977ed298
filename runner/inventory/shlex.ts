/** A word of a host line, with the offset at which it begins. */
export interface Word {
  readonly text: string
  readonly start: number
  readonly end: number
}

/**
 * Split a line into words as Python's `shlex.split(line, comments=True)` does, which is how Ansible reads a host line:
 * quotes and backslashes as in a POSIX shell; `#` begins a comment even inside a word.
 * @returns the words, or what is wrong with the line
 */
export function splitWords(line: string): Word[] | string {
  const words: Word[] = []
  let at = 0
  while (at < line.length) {
    while (/\s/.test(line[at] ?? '')) at++
    if (at >= line.length || line[at] === '#') return words
    const start = at
    let text = ''
    while (at < line.length && !/[\s#]/.test(line[at]!)) {
      const character = line[at++]!
      if (character === "'" || character === '"') {
        const quoted = readQuoted(line, at, character)
        if (!quoted) return `the quote ${character} is not closed`
        text += quoted.text
        at = quoted.end
      } else if (character === '\\') {
        if (at >= line.length) return 'a backslash at the end escapes nothing'
        text += line[at++]
      } else text += character
    }
    words.push({ text, start, end: at })
  }
  return words
}

function readQuoted(line: string, from: number, quote: string): { text: string; end: number } | undefined {
  let text = ''
  for (let at = from; at < line.length; at++) {
    if (line[at] === quote) return { text, end: at + 1 }
    const next = line[at + 1]
    if (quote === '"' && line[at] === '\\' && (next === '"' || next === '\\')) at++
    text += line[at]
  }
  return undefined
}
