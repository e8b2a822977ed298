import { codeFrame, formatPosition, type Span } from './syntax/source.js'

/** What `tsplay` exits with. If several apply, the first of 130, 70, 2, 5, 4, 3 wins (docs/exit-codes.md). */
export const exitCodes = {
  ok: 0,
  badInput: 1,
  failed: 2,
  wouldChange: 3,
  unreachable: 4,
  locked: 5,
  noHosts: 6,
  bug: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The closed list of kinds of mistake that files or options can hold. */
export type DiagnosticCode =
  | 'yaml'
  | 'yaml-trap'
  | 'structure'
  | 'unknown-key'
  | 'unsupported-key'
  | 'unknown-module'
  | 'unknown-argument'
  | 'bad-argument'
  | 'missing-file'
  | 'missing-role'
  | 'missing-handler'
  | 'expression'
  | 'template'
  | 'undefined-variable'
  | 'inventory'
  | 'pattern'
  | 'option'
  | 'cycle'
  | 'library'

/** One mistake: what, where, and what to do about it. */
export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly message: string
  readonly span?: Span | undefined
  readonly hint?: string | undefined
  /** A warning is shown and does not stop the run. */
  readonly severity?: 'error' | 'warning'
}

/** Collects mistakes, so that all of them are shown at once. */
export type Report = (diagnostic: Diagnostic) => void

/** `file:line:col: message`, a code frame, and the hint. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { message, span, hint, severity = 'error' } = diagnostic
  const head = span ? `${formatPosition(span)}: ${severity}: ${message}` : `${severity}: ${message}`
  return [head, span && codeFrame(span), hint && `  hint: ${hint}`].filter(Boolean).join('\n')
}

/** Bad input, found before any host was touched (exit 1, or 6 where no host matched). */
export class InputError extends Error {
  constructor(
    readonly diagnostics: readonly Diagnostic[],
    readonly exitCode: ExitCode = exitCodes.badInput,
  ) {
    super(diagnostics.map(formatDiagnostic).join('\n\n'))
    this.name = 'InputError'
  }
}

/** The person broke a question off with Ctrl-C. */
export class Interrupted extends InputError {
  constructor() {
    super([{ code: 'option', message: 'interrupted' }], exitCodes.interrupted)
    this.name = 'Interrupted'
    this.message = 'interrupted'
  }
}

/** The name out of `known` that `wanted` was probably meant to be (edit distance of at most a third). */
export function didYouMean(wanted: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(wanted.toLowerCase(), candidate.toLowerCase())
    const tied = distance === bestDistance && best !== undefined
    if (distance < bestDistance || (tied && ends(wanted, candidate) > ends(wanted, best!)))
      [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** How many letters two names share at their beginning and at their end. */
function ends(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let head = 0
  while (head < most && a[head] === b[head]) head++
  let tail = 0
  while (tail < most - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  return head + tail
}

/** Damerau–Levenshtein (adjacent transpositions count one): typing errors are mostly swaps. */
function editDistance(a: string, b: string): number {
  let previous: number[] = []
  let current = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = current[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(current[j]! + 1, next[j - 1]! + 1, substitution)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, previous[j - 2]! + 1)
      next.push(cost)
    }
    previous = current
    current = next
  }
  return current[b.length]!
}
