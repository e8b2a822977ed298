import { resolve } from 'node:path'
import { type Compiled, EvaluationError } from '../expression/compiled.js'
import type { Files } from '../syntax/files.js'

/** The items that a `with_…` stands for. `folders` are where files are looked for. */
type Lookup = (value: unknown, at: At) => unknown[]

interface At {
  readonly name: string
  readonly value: Compiled
  readonly files: Files
  readonly folders: readonly string[]
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function listOf(value: unknown, at: At): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new EvaluationError(`'${at.name}' must be a list`, at.value.span)
}

/** One level of lists within the list is opened (Ansible's rule for most of them). */
const flat = (value: unknown): unknown[] => (Array.isArray(value) ? value.flat(1) : [value])

/** Ansible's lookups that loops are written with. Others are refused by name (docs/keywords.md). */
export const lookups: Readonly<Record<string, Lookup>> = {
  with_items: flat,
  with_list: (value, at) => [...listOf(value, at)],
  with_dict: (value, at) => {
    if (!isMapping(value)) throw new EvaluationError("'with_dict' must be a mapping", at.value.span)
    return Object.entries(value).map(([key, inner]) => ({ key, value: inner }))
  },
  with_indexed_items: (value) => flat(value).map((item, index) => [index, item]),
  with_nested: (value, at) =>
    listOf(value, at).reduce<unknown[][]>(
      (rows, list) => rows.flatMap((row) => flat(list).map((item) => [...row, item])),
      [[]],
    ),
  with_together: (value, at) => {
    const lists = listOf(value, at).map(flat)
    const length = Math.max(0, ...lists.map((list) => list.length))
    return Array.from({ length }, (_, index) => lists.map((list) => list[index] ?? null))
  },
  with_subelements: subelements,
  with_sequence: sequence,
  with_fileglob: (value, at) => flat(value).flatMap((pattern) => globFiles(String(pattern), at)),
  with_first_found: firstFound,
}

function subelements(value: unknown, at: At): unknown[] {
  const [list, path, options] = listOf(value, at)
  const isSkipping = isMapping(options) && options.skip_missing === true
  return flat(isMapping(list) ? Object.values(list) : list).flatMap((item) => {
    const inner = String(path)
      .split('.')
      .reduce<unknown>((found, key) => (isMapping(found) ? found[key] : undefined), item)
    if (Array.isArray(inner)) return inner.map((element: unknown) => [item, element])
    if (isSkipping) return []
    throw new EvaluationError(`'with_subelements': an item has no list '${String(path)}'`, at.value.span)
  })
}

/** `start=1 end=9 stride=2 format=host%02d`, `count=4`, `1-9/2:host%02d`, or a mapping; the items are texts. */
function sequence(value: unknown, at: At): unknown[] {
  return flat(value).flatMap((one) => {
    const words = isMapping(one) ? one : sequenceWords(String(one).trim())
    const unknown = Object.keys(words).find(
      (key) => !['start', 'end', 'count', 'stride', 'format'].includes(key),
    )
    const number = (key: string, fallback: number): number => Number(words[key] ?? fallback)
    const stride = number('stride', 1)
    const start = number('start', 1)
    const end =
      words.count === undefined ? number('end', Number.NaN) : start + (number('count', 0) - 1) * stride
    if (unknown || ![start, end, stride].every(Number.isInteger) || stride === 0)
      throw new EvaluationError(
        "'with_sequence' wants start=, end= or count=, stride= and format=",
        at.value.span,
        'for example: start=1 end=5 format=node%02d',
      )
    if (words.count === undefined && (end - start) / stride < 0)
      throw new EvaluationError(
        `'with_sequence' does not come from ${start} to ${end} in steps of ${stride}`,
        at.value.span,
      )
    const length = Math.max(0, Math.floor((end - start) / stride) + 1)
    const format = String(words.format ?? '%d')
    return Array.from({ length }, (_, index) => printed(format, start + index * stride))
  })
}

const shortSequence = /^(?:(\w+)-)?(\w+)(?:\/(\w+))?(?::(.+))?$/

function sequenceWords(text: string): Record<string, unknown> {
  const [short, start, end, stride, format] = shortSequence.exec(text) ?? []
  if (short !== undefined) return { start, end, stride, format }
  return Object.fromEntries(text.split(/\s+/).map((word) => word.split(/=(.*)/s)))
}

/** `%d`, `%02d`, `%x` within a text, as C prints them. */
function printed(format: string, value: number): string {
  return format.replace(/%(0?)(\d*)([dxo])/, (_, zero: string, width: string, kind: string) =>
    value.toString({ d: 10, x: 16, o: 8 }[kind]).padStart(Number(width), zero || ' '),
  )
}

/** Files of one folder whose names match, sorted. */
function globFiles(pattern: string, { files, folders }: At): string[] {
  const cut = pattern.lastIndexOf('/')
  const name = pattern.slice(cut + 1)
  const source = name
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]')
  const rule = new RegExp(`^${source}$`)
  for (const folder of folders) {
    const dir = resolve(folder, pattern.slice(0, cut + 1))
    const found = (files.list(dir) ?? []).filter((entry) => !entry.isDirectory && rule.test(entry.name))
    if (found.length > 0) return found.map((entry) => resolve(dir, entry.name))
  }
  return []
}

/** The first file that is there: names, or `{ files, paths, skip }`. */
function firstFound(value: unknown, at: At): unknown[] {
  const terms = flat(value)
  const options = terms.find(isMapping)
  const names = options ? flat(options.files ?? []) : terms
  const paths = options?.paths === undefined ? [''] : flat(options.paths)
  const candidates = paths.flatMap((path) =>
    names.flatMap((name) => at.folders.map((folder) => resolve(folder, String(path), String(name)))),
  )
  const found = candidates.find((candidate) => at.files.isFile(candidate))
  if (found) return [found]
  if (options?.skip === true) return []
  throw new EvaluationError(`'with_first_found': none of ${names.join(', ')} is there`, at.value.span)
}
