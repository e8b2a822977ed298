import type { Change, Difference } from '../module.js'
import { ModuleFailure } from '../module.js'
import { attributesAfter, type WantedAttributes } from './attributes.js'
import { textOf } from './content.js'
import { type FileAnswer, parentOf, shownBytes } from './probe.js'
import type { WriteOrder } from './write.js'

/** What a file module wants written. */
export interface WantedFile {
  readonly attributes: WantedAttributes
  readonly content: WriteOrder['content'] & { readonly size?: number }
  readonly backup?: boolean
  readonly validate?: string
  /** Only write where nothing is yet. */
  readonly force?: boolean
  readonly follow?: boolean
  readonly edited?: boolean
  readonly finish?: string
}

/** What applying needs: the whole file, or only its attributes. */
export type FileWork =
  | { readonly kind: 'write'; readonly order: WriteOrder }
  | {
      readonly kind: 'attributes'
      readonly path: string
      readonly set: WriteOrder['attributes']
      readonly follow: boolean
    }

/**
 * What bringing a file to its wanted content and attributes would change.
 * @throws ModuleFailure where a directory or a device stands in its place
 */
export function planFile(wanted: WantedFile, answer: FileAnswer): Change<FileWork> | undefined {
  const { file, path } = answer
  if (file.kind === 'directory') throw new ModuleFailure(`${path} is a directory`)
  if (file.kind !== 'file' && file.kind !== 'link' && file.kind !== 'absent')
    throw new ModuleFailure(`${path} is a ${file.kind}, not a file`)
  if (file.kind === 'link' && file.toDirectory) throw new ModuleFailure(`${path} is a link to a directory`)
  const exists = file.kind !== 'absent'
  if (exists && wanted.force === false) return undefined
  const { set, phrases } = attributesAfter(wanted.attributes, file, false)
  const same = file.kind === 'file' && file.sha256 === wanted.content.sha256
  if (same && phrases.length === 0) return undefined
  const base = { provides: providesOf(path) }
  if (same)
    return {
      ...base,
      summary: phrases.map((phrase) => `${phrase} of ${path}`),
      differences: [attributeDifference(path, phrases)],
      data: { kind: 'attributes', path, set, follow: wanted.follow ?? false },
    }
  const verb = file.kind === 'absent' ? 'create' : file.kind === 'link' ? 'replace the link' : 'change'
  return {
    ...base,
    summary: [`${verb} ${path}`, ...phrases],
    differences: [
      contentDifference(wanted.content, answer),
      ...(phrases.length ? [attributeDifference(path, phrases)] : []),
    ],
    ...(file.parent ? {} : { requires: [`file:${parentOf(path)}`] }),
    data: { kind: 'write', order: orderOf(wanted, answer, set) },
  }
}

function orderOf(wanted: WantedFile, answer: FileAnswer, attributes: WriteOrder['attributes']): WriteOrder {
  const { content, backup = false, validate = '', follow = false, edited = false, finish = '' } = wanted
  const sure = edited && answer.file.kind === 'file'
  return {
    finish,
    path: answer.path,
    content,
    attributes,
    before: answer.file,
    backup,
    validate,
    follow,
    edited: sure,
  }
}

/** The before and after of owner, group and mode, from phrases such as `mode 0644 → 0600`. */
export function attributeDifference(path: string, phrases: readonly string[]): Difference {
  const side = (at: 0 | 1) =>
    phrases
      .map((phrase) => {
        const [name = '', ...rest] = phrase.split(' ')
        return `${name} ${rest.join(' ').split(' → ')[at]}\n`
      })
      .join('')
  return { subject: path, before: side(0), after: side(1) }
}

function contentDifference(content: WantedFile['content'], answer: FileAnswer): Difference {
  const { file, path } = answer
  const before = file.kind === 'absent' ? '' : answer.content && textOf(answer.content)
  const after = 'bytes' in content && content.size <= shownBytes ? textOf(content.bytes as Buffer) : undefined
  const hidden = 'secret' in content && content.secret
  if (before !== undefined && after !== undefined && !hidden) return { subject: path, before, after }
  const size = 'size' in content && content.size !== undefined ? `${content.size} bytes, ` : ''
  const old =
    file.kind === 'absent'
      ? ''
      : file.kind === 'link'
        ? `link to ${file.target}\n`
        : `${file.size} bytes, sha256 ${file.sha256}\n`
  if (hidden) return { subject: path, before: old === '' ? '' : '(secret)\n', after: '(secret, changed)\n' }
  return { subject: path, before: old, after: `${size}sha256 ${content.sha256}\n` }
}

const unitFolders =
  /^(?:\/etc|\/lib|\/usr\/lib|\/run)\/systemd\/system\/([^/]+\.(?:service|socket|timer|mount|target|path|slice))(?:\.d\/.*)?$/

/** The resources that a file brings: itself, its unit where it is one, its command where it stands on the usual PATH. */
export function providesOf(path: string): string[] {
  const unit = unitFolders.exec(path)?.[1]
  const command = /^\/(?:usr\/)?(?:local\/)?s?bin\/([^/]+)$/.exec(path)?.[1]
  return [`file:${path}`, ...(unit ? [`unit:${unit}`] : []), ...(command ? [`command:${command}`] : [])]
}
