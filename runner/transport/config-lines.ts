import { canonical, honoured } from './config-keywords.js'
import { type ConfigLine, ConnectError } from './transport.js'

/**
 * The lines of a file, cut as OpenSSH cuts them: a keyword, blanks or one `=`, then words with quotes and backslashes.
 * @throws ConnectError 'config' for a quote that is not closed
 */
export function parseConfig(text: string, file: string): ConfigLine[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const line = configLine(raw, `${file}:${index + 1}`)
    return line ? [line] : []
  })
}

/** One line, also of `-o`; undefined for a blank one and a comment. @throws ConnectError 'config' */
export function configLine(raw: string, place: string): ConfigLine | undefined {
  const match = /^\s*"?([^\s="#]+)"?(?:\s*=\s*|\s+|$)(.*?)\s*$/s.exec(raw)
  if (!match) return undefined
  const keyword = canonical(match[1]!)
  const rest = match[2]!
  if (honoured[keyword] === 'command') return { keyword, words: rest === '' ? [] : [rest], place }
  const words = cutWords(rest)
  if (!words) throw new ConnectError('config', `${place}: a quote is not closed`)
  return { keyword, words, place }
}

/** undefined where a quote is not closed. `#` at the start of a word begins a comment. */
function cutWords(text: string): string[] | undefined {
  const words: string[] = []
  const pattern = /\s*(#.*$|(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\["'\\ ]|[^\s"'])+)/gsy
  let at = 0
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    at = pattern.lastIndex
    if (match[1]!.startsWith('#')) return words
    words.push(match[1]!.replace(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\(["'\\ ])/gs, unquoted))
  }
  return text.slice(at).trim() === '' ? words : undefined
}

function unquoted(_: string, double?: string, single?: string, escaped?: string): string {
  return escaped ?? (double ?? single ?? '').replace(/\\(["'\\])/g, '$1')
}
