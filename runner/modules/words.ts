import { quote } from '../transport/quote.js'

/** Text that cannot be split into words: a quote that is not closed. */
export class WordsError extends Error {}

/**
 * Split text into words as Python's `shlex.split` does (POSIX mode, no comments): quotes and backslashes as in sh, and
 * nothing is expanded.
 * @throws WordsError
 */
export function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
      at += 1
      continue
    }
    const piece = readPiece(text, at)
    word = (word ?? '') + piece.value
    at = piece.next
  }
  if (word !== undefined) words.push(word)
  return words
}

/** Text that has a word, and no quote that is not closed. */
export function isCommand(text: string): boolean {
  try {
    return splitWords(text).length > 0
  } catch (error) {
    if (error instanceof WordsError) return false
    throw error
  }
}

function readPiece(text: string, at: number): { value: string; next: number } {
  const char = text[at]!
  if (char === "'") {
    const end = text.indexOf("'", at + 1)
    if (end < 0) throw new WordsError('a single quote is not closed')
    return { value: text.slice(at + 1, end), next: end + 1 }
  }
  if (char === '"') return readDoubleQuoted(text, at + 1)
  if (char !== '\\') return { value: char, next: at + 1 }
  if (at + 1 >= text.length) throw new WordsError('a backslash escapes nothing')
  return { value: text[at + 1]!, next: at + 2 }
}

function readDoubleQuoted(text: string, from: number): { value: string; next: number } {
  let value = ''
  for (let at = from; at < text.length; at += 1) {
    const char = text[at]!
    if (char === '"') return { value, next: at + 1 }
    const escaped = char === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')
    value += escaped ? text[at + 1] : char
    if (escaped) at += 1
  }
  throw new WordsError('a double quote is not closed')
}

/** Words as one line of sh that `eval` turns into the same words again. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => quote(word).toString('utf8')).join(' ')
}
