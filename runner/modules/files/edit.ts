import type { z } from 'zod'
import type { Change, ProbeHost } from '../module.js'
import { ModuleFailure } from '../module.js'
import { attributes, bool, path, text } from '../schema.js'
import { attributesOf, onlyMode, type WantedAttributes } from './attributes.js'
import { contentOf, textOf } from './content.js'
import { asksPolicy } from './label.js'
import { type FileWork, planFile } from './plan.js'
import { type FileAnswer, probeFile } from './probe.js'
import { validateArg, validatorOf } from './validate.js'

/** Files that are edited line by line are fetched whole, up to this size. */
const editBytes = 1024 * 1024

/** The arguments of every module that edits a file that is there. */
export const textArgs = {
  path: path.optional().describe('The file.'),
  dest: path.optional().describe('The same as `path`.'),
  name: path.optional().describe('The same as `path`.'),
  backup: bool.default(false).describe('Keep the old file beside it, with a time in its name.'),
  validate: validateArg,
  ...attributes,
}

/** The arguments of a module that puts lines at a place. */
export const editArgs = {
  ...textArgs,
  insertafter: text
    .optional()
    .describe('`EOF`, or a JavaScript regular expression: after the last line that matches.'),
  insertbefore: text
    .optional()
    .describe('`BOF`, or a JavaScript regular expression: before the last line that matches.'),
  create: bool.default(false).describe('Make the file where there is none.'),
}

interface TextArgs extends WantedAttributes {
  readonly path?: string | undefined
  readonly dest?: string | undefined
  readonly name?: string | undefined
  readonly backup: boolean
  readonly validate?: string | undefined
}

interface EditArgs extends TextArgs {
  readonly insertafter?: string | undefined
  readonly insertbefore?: string | undefined
  readonly create: boolean
}

/** The rules that hold for every editing module. */
export function checkEdit(value: Partial<EditArgs>, context: z.RefinementCtx): void {
  const issue = (message: string) => context.addIssue({ code: 'custom', message })
  if ([value.path, value.dest, value.name].filter((v) => v !== undefined).length !== 1) issue('give path')
  if (value.insertafter !== undefined && value.insertbefore !== undefined)
    issue('insertafter and insertbefore exclude one another')
  for (const key of ['insertafter', 'insertbefore'] as const) checkRegExp(value[key], key, context)
}

/** Reports text that is no JavaScript regular expression; Python's `(?P<x>)` and `(?i)` are not. */
export function checkRegExp(source: string | undefined, key: string, context: z.RefinementCtx): void {
  if (source === undefined) return
  try {
    new RegExp(source)
  } catch (error) {
    const message = `not a JavaScript regular expression: ${(error as Error).message.replace(/^.*\/: /s, '')}`
    context.addIssue({ code: 'custom', message, path: [key] })
  }
}

export const editedPath = (args: TextArgs) => (args.path ?? args.dest ?? args.name)!

/** One round trip; the file's content comes with it. A link is followed, as in Ansible. */
export function probeEdit(host: ProbeHost, args: TextArgs): Promise<FileAnswer> {
  return probeFile(host, {
    path: editedPath(args),
    follow: true,
    contentLimit: editBytes,
    policy: asksPolicy(args),
  })
}

/** A file's text in lines. */
export interface Lines {
  readonly lines: readonly string[]
  /** What ends its lines. */
  readonly end: '\n' | '\r\n'
  /** Whether its last line is ended. */
  readonly ended: boolean
}

/** The lines of the file that was probed; none where there is none. */
export function linesOfAnswer({ file, content, path }: FileAnswer): Lines {
  if (file.kind === 'absent' || file.size === 0) return { lines: [], end: '\n', ended: true }
  if (file.kind !== 'file') throw new ModuleFailure(`${path} is a ${file.kind}, not a file`)
  if (content === undefined)
    throw new ModuleFailure(`${path} has ${file.size} bytes: more than can be edited (${editBytes})`)
  const body = textOf(content)
  if (body === undefined) throw new ModuleFailure(`${path} is not UTF-8 text`)
  const end = /^[^\n]*\r\n/.test(body) ? '\r\n' : '\n'
  const ended = body.endsWith('\n')
  const lines = body.split('\n').map((line) => (end === '\r\n' ? line.replace(/\r$/, '') : line))
  return { lines: ended ? lines.slice(0, -1) : lines, end, ended }
}

/** What writing the edited lines would change. `undefined` lines: nothing is edited, only owner and mode. */
export function planEdit(
  args: TextArgs,
  answer: FileAnswer,
  before: Lines,
  after: readonly string[],
): Change<FileWork> | undefined {
  const untouched =
    after.length === before.lines.length && after.every((line, at) => line === before.lines[at])
  if (answer.file.kind === 'absent' && untouched) return undefined
  const body = untouched ? answer.content : after.map((line) => line + before.end).join('')
  return planText(args, answer, body ?? Buffer.alloc(0))
}

/** The whole text of the file that was probed. @throws ModuleFailure for what is no text, or too much of it */
export function textOfAnswer(answer: FileAnswer): string {
  linesOfAnswer(answer)
  return answer.content?.toString('utf8') ?? ''
}

/** What writing a new text in the place of the one that was probed would change. */
export function planText(
  args: TextArgs,
  answer: FileAnswer,
  body: string | Buffer,
): Change<FileWork> | undefined {
  const { backup } = args
  const content = contentOf(body)
  const validate = validatorOf(args.validate)
  return planFile(
    { attributes: attributesOf(args), content, backup, validate, follow: true, edited: true },
    answer,
  )
}

/** The file is not there, and `create` does not say to make it: an earlier task may bring it. */
export function missingFile(path: string, doing: string): Change<FileWork> {
  return {
    summary: [doing],
    requires: [`file:${path}`],
    data: { kind: 'attributes', path, set: onlyMode('0644'), follow: true },
  }
}

/** Applying is only reached when the file was missing at the probe. @throws ModuleFailure */
export function failMissing(path: string): never {
  throw new ModuleFailure(`${path} does not exist`, { path }, 'create: true makes it')
}

/** Where new lines go: an index, or undefined for the end of the file. */
export function placeFor(args: EditArgs, lines: readonly string[], firstMatch = false): number | undefined {
  const { insertafter, insertbefore } = args
  if (insertbefore === 'BOF' || insertafter === 'BOF') return 0
  const source = insertafter ?? insertbefore
  if (source === undefined || source === 'EOF') return undefined
  const pattern = new RegExp(source)
  const at = firstMatch
    ? lines.findIndex((l) => pattern.test(l))
    : lines.findLastIndex((l) => pattern.test(l))
  if (at < 0) return undefined
  return insertafter === undefined ? at : at + 1
}

/** Python's `Match.expand`: `\\1`, `\\g<1>`, `\\g<name>`; with `escapes`, `\\n` and `\\t` too. */
export function expandMatch(template: string, match: RegExpMatchArray, escapes = false): string {
  return template.replace(
    /\\(?:(\d{1,2})|g<(\w+)>|([nt\\]))/g,
    (all, digits?: string, name?: string, char?: string) => {
      if (char !== undefined) return escapes ? ({ n: '\n', t: '\t' }[char] ?? '\\') : all
      const key = digits ?? name!
      return (/^\d+$/.test(key) ? match[Number(key)] : match.groups?.[key]) ?? ''
    },
  )
}
