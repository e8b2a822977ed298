import { createHash, X509Certificate } from 'node:crypto'
import { posix } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Diagnostic } from '../errors.js'
import { toPlain } from '../syntax/read.js'
import { parseYaml, stringifyYaml } from '../syntax/yaml.js'
import { quote as quoteBytes } from '../transport/quote.js'
import { EvaluationError } from './compiled.js'
import { versionCompare } from './versions.js'

/** A function that every expression and template can call by its name. */
export interface Helper {
  readonly name: string
  readonly signature: string
  readonly doc: string
  readonly call: (...args: never[]) => unknown
}

/** All helpers: what `tsplay doc` and docs/expressions.md show. Add one here. */
export const helpers: readonly Helper[] = [
  { name: 'b64encode', signature: 'b64encode(text)', doc: 'Base64 of UTF-8 text.', call: b64encode },
  { name: 'b64decode', signature: 'b64decode(text)', doc: 'UTF-8 text out of base64.', call: b64decode },
  { name: 'sha256', signature: 'sha256(text)', doc: 'SHA-256 of UTF-8 text, in hex.', call: sha256 },
  { name: 'toJson', signature: 'toJson(value, indent = 0)', doc: 'The value as JSON.', call: toJson },
  { name: 'toYaml', signature: 'toYaml(value)', doc: 'The value as YAML, block style.', call: toYaml },
  { name: 'fromJson', signature: 'fromJson(text)', doc: 'The value that JSON text holds.', call: fromJson },
  { name: 'fromYaml', signature: 'fromYaml(text)', doc: 'The value that YAML text holds.', call: fromYaml },
  { name: 'basename', signature: 'basename(path)', doc: 'The last part of a path.', call: basename },
  { name: 'dirname', signature: 'dirname(path)', doc: 'A path without its last part.', call: dirname },
  { name: 'unique', signature: 'unique(list)', doc: 'The list without repetitions.', call: unique },
  { name: 'range', signature: 'range(start, end, step = 1)', doc: 'Numbers, the end left out.', call: range },
  {
    name: 'combine',
    signature: 'combine(...objects)',
    doc: 'Objects merged deep; later wins.',
    call: combine,
  },
  { name: 'quote', signature: 'quote(value)', doc: 'The value as one word of POSIX sh.', call: quote },
  {
    name: 'versionCompare',
    signature: 'versionCompare(a, b)',
    doc: '-1, 0 or 1: semver, then the N of +k3sN.',
    call: versionCompare,
  },
  {
    name: 'certificates',
    signature: 'certificates(text)',
    doc: 'The X.509 certificates in PEM text: subject, issuer, not_before, not_after (ISO), ca, sha256 (of the DER).',
    call: certificates,
  },
  { name: 'env', signature: 'env(name, default)', doc: "The controller's environment variable.", call: env },
]

/** The helpers by name. */
export const helperFunctions: ReadonlyMap<string, Helper['call']> = new Map(
  helpers.map(({ name, call }) => [name, call]),
)

/** The names that helpers take, so that no variable can have them. */
export const helperNames: ReadonlySet<string> = new Set(helperFunctions.keys())

function b64encode(value: unknown): string {
  return Buffer.from(text('b64encode', value), 'utf8').toString('base64')
}

function b64decode(value: unknown): string {
  const input = text('b64decode', value).replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(input)) throw new EvaluationError('b64decode: this is no base64')
  return decodeUtf8(Buffer.from(input, 'base64'))
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new EvaluationError('b64decode: the bytes are not UTF-8 text')
  }
}

function sha256(value: unknown): string {
  return createHash('sha256').update(text('sha256', value), 'utf8').digest('hex')
}

function toJson(value: unknown, indent = 0): string {
  if (value === undefined) throw new EvaluationError('toJson: the value is undefined')
  return JSON.stringify(value, undefined, indent)
}

function toYaml(value: unknown): string {
  if (value === undefined) throw new EvaluationError('toYaml: the value is undefined')
  return stringifyYaml(value).replace(/\n$/, '')
}

function fromJson(value: unknown): unknown {
  return JSON.parse(text('fromJson', value))
}

/** It is data and never compiled, whatever it holds; it may well come from a host. */
function fromYaml(value: unknown): unknown {
  const mistakes: Diagnostic[] = []
  const file = { path: '(text)', text: text('fromYaml', value) }
  const node = parseYaml(file, (diagnostic) => diagnostic.severity !== 'warning' && mistakes.push(diagnostic))
  if (mistakes[0]) throw new EvaluationError(`fromYaml: ${mistakes[0].message}`)
  return node ? toPlain(node) : null
}

function basename(path: unknown): string {
  return posix.basename(text('basename', path))
}

function dirname(path: unknown): string {
  return posix.dirname(text('dirname', path))
}

function unique(list: unknown): unknown[] {
  if (!Array.isArray(list)) throw new EvaluationError('unique: a list is wanted')
  const scalars = new Set<unknown>()
  const objects: unknown[] = []
  return list.filter((item) => {
    if (item === null || typeof item !== 'object') return !scalars.has(item) && scalars.add(item)
    return !objects.some((other) => isDeepStrictEqual(other, item)) && objects.push(item)
  })
}

/** Longer lists are a mistake, and would fill the memory. */
const maxRange = 1_000_000

function range(start: unknown, end?: unknown, step: unknown = 1): number[] {
  const [from, to] = end === undefined ? [0, start] : [start, end]
  const numbers = [from, to, step]
  if (!numbers.every((n): n is number => typeof n === 'number' && Number.isFinite(n)) || step === 0)
    throw new EvaluationError('range: numbers are wanted, and a step that is not 0')
  const [a, b, by] = numbers as [number, number, number]
  const length = Math.max(0, Math.ceil((b - a) / by))
  if (length > maxRange) throw new EvaluationError(`range: more than ${maxRange} numbers`)
  return Array.from({ length }, (_, index) => a + index * by)
}

function combine(...objects: unknown[]): unknown {
  return objects.reduce((left, right) => {
    if (!isObject(right)) throw new EvaluationError('combine: objects are wanted')
    return merge(left, right)
  }, {})
}

function merge(left: unknown, right: unknown): unknown {
  if (!isObject(left) || !isObject(right)) return right
  const merged = new Map(Object.entries(left))
  for (const [key, value] of Object.entries(right))
    merged.set(key, merged.has(key) ? merge(merged.get(key), value) : value)
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function quote(value: unknown): string {
  const word = typeof value === 'number' ? String(value) : text('quote', value)
  if (word.includes('\0')) throw new EvaluationError('quote: no word of a shell can hold NUL')
  return quoteBytes(word).toString('utf8')
}

/** Text between them is passed over; k3s writes chains, the leaf first. */
function certificates(value: unknown): unknown[] {
  const blocks = text('certificates', value).match(
    /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g,
  )
  return (blocks ?? []).map((pem, index) => {
    try {
      const found = new X509Certificate(pem)
      return {
        subject: found.subject.replaceAll('\n', ', '),
        issuer: found.issuer.replaceAll('\n', ', '),
        not_before: new Date(found.validFrom).toISOString(),
        not_after: new Date(found.validTo).toISOString(),
        ca: found.ca,
        sha256: found.fingerprint256.replaceAll(':', '').toLowerCase(),
      }
    } catch {
      throw new EvaluationError(`certificates: number ${index + 1} is damaged`)
    }
  })
}

function env(name: unknown, fallback?: unknown): unknown {
  const value = process.env[text('env', name)] ?? fallback
  if (value !== undefined) return value
  throw new EvaluationError(
    `the environment variable ${name} is not set`,
    undefined,
    `write env('${name}', default)`,
  )
}

function text(helper: string, value: unknown): string {
  if (typeof value === 'string') return value
  const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value
  throw new EvaluationError(`${helper}: text is wanted, not ${got}`)
}
