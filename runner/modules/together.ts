import { randomBytes } from 'node:crypto'
import type { Script } from '../transport/transport.js'
import type { ScriptBuilder } from './script.js'

/** A script that only reads. */
export interface Question extends Script {
  /** How it is asked in one script with others of its kind that are asked of a host at the same time. */
  readonly together?: Together
}

/** A kind of questions that are cheaper together: what each would start a program for, starts one for all of them. */
export interface Together {
  join(questions: readonly Script[]): Joined
}

export interface Joined {
  readonly script: Script
  /** What each one's own script would have printed, in their order; undefined where that cannot be told. */
  answers(stdout: Buffer): readonly Buffer[] | undefined
}

/** A script with the variables of all questions, those of the first as `path_1`; and a line that no answer holds. */
export function numbered(
  script: ScriptBuilder<'count' | 'mark'>,
  questions: readonly Script[],
): { script: Script; mark: string } {
  const entries = questions.flatMap(({ vars = {} }, at) =>
    Object.entries(vars).map(([name, value]) => [`${name}_${at + 1}`, value] as const),
  )
  const mark = randomBytes(16).toString('hex')
  const own = script({ count: `${questions.length}`, mark })
  return { script: { ...own, vars: { ...own.vars, ...Object.fromEntries(entries) } }, mark }
}

/** sh: `load N` sets the variables of the Nth question. */
export function loadQuestion(vars: readonly string[]): string {
  const values = vars.map((name) => `${name}=\\$${name}_$1`).join(' ')
  return `${vars.map((name) => `${name}=''\n`).join('')}load() {
  eval "${values}"
}
`
}

/** The answers, each followed by the mark on a line of its own. */
export function piecesOf(stdout: Buffer, mark: string, count: number): readonly Buffer[] | undefined {
  const end = Buffer.from(`\n${mark}\n`)
  const pieces: Buffer[] = []
  for (let from = 0; from < stdout.length; ) {
    const to = stdout.indexOf(end, from)
    if (to < 0) return undefined
    pieces.push(stdout.subarray(from, to))
    from = to + end.length
  }
  return pieces.length === count ? pieces : undefined
}
