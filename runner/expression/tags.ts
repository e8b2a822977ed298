import ejs from 'ejs'

/** One piece of a template: text, a tag's bracket, or the code between. */
interface Token {
  readonly text: string
  readonly start: number
}

/** A tag, with the offsets of its code in the template. */
export interface Tag {
  readonly kind: 'print' | 'run' | 'comment'
  readonly open: string
  readonly code: string
  readonly start: number
  readonly codeStart: number
  readonly end: number
}

export interface TagProblem {
  readonly message: string
  readonly hint?: string
  readonly start: number
  readonly end: number
}

/** What EJS's own scanner makes of a template. The types of `ejs` leave these members out; 7.0.2 has them. */
interface EjsTemplate {
  parseTemplateText(): string[]
  generateSource(): void
  source: string
}

const Template = ejs.Template as unknown as new (text: string, options: object) => EjsTemplate

const closers = new Set(['%>', '-%>', '_%>'])
const kinds: Readonly<Record<string, Tag['kind']>> = {
  '<%=': 'print',
  '<%': 'run',
  '<%_': 'run',
  '<%#': 'comment',
}

/** The tags of a template as EJS cuts them, and what is wrong with them. */
export function findTags(text: string): { tags: Tag[]; problems: TagProblem[] } {
  const tags: Tag[] = []
  const problems: TagProblem[] = []
  const tokens = scan(text)
  for (let index = 0; index < tokens.length; index++) {
    const { text: open, start } = tokens[index]!
    const at = { start, end: start + open.length }
    if (closers.has(open)) problems.push({ ...at, message: `${open} closes nothing`, hint: 'literally: %%>' })
    if (!/^<%[=\-_#]?$/.test(open)) continue
    if (open === '<%-') problems.push({ ...at, message: '<%- is not used', hint: '<%= prints text as it is' })
    const code = tokens[index + 1]
    const close = tokens[index + 2]
    if (!code || !close || !closers.has(close.text)) {
      problems.push({ ...at, message: `${open} is not closed`, hint: 'a tag ends with %>; literally: <%%' })
      break
    }
    const end = close.start + close.text.length
    tags.push({ kind: kinds[open] ?? 'print', open, code: code.text, start, codeStart: code.start, end })
    index += 2
  }
  return { tags, problems }
}

function scan(text: string): Token[] {
  let start = 0
  return new Template(text, {}).parseTemplateText().map((piece) => {
    const token = { text: piece, start }
    start += piece.length
    return token
  })
}

/** Code that EJS generates, and where the tags' code stands in it. */
export interface Generated {
  readonly source: string
  /** The offset in the template of an offset in the source. */
  toTemplate(offset: number): number
}

/** What EJS writes before a tag's code. No text can forge it: in the source, text stands in strings on one line. */
const prefixes: Readonly<Record<Tag['kind'], string>> = {
  print: '    ; __append(escapeFn(',
  run: '    ; ',
  comment: '',
}

/** Let EJS turn a template into JavaScript statements that call `__append`, `escapeFn` and set `__line`. */
export function generate(text: string, tags: readonly Tag[]): Generated {
  const template = new Template(text, { strict: true, compileDebug: true, rmWhitespace: false })
  template.generateSource()
  const { source } = template
  const pieces: { from: number; to: number; length: number }[] = []
  let after = 0
  for (const tag of tags) {
    if (tag.kind === 'comment') continue
    const code = tag.code.replace(/;(\s*)$/, '$1')
    const needle = prefixes[tag.kind] + code.trimEnd()
    const found = source.indexOf(needle, after)
    if (found < 0) continue
    const from = found + prefixes[tag.kind].length
    pieces.push({ from, to: tag.codeStart, length: tag.code.length })
    after = from + code.trimEnd().length
  }
  const toTemplate = (offset: number): number => {
    const piece = pieces.findLast(({ from }) => from <= offset)
    return piece ? piece.to + Math.min(offset - piece.from, piece.length) : 0
  }
  return { source, toTemplate }
}
