import { type Change, ModuleFailure, type ProbeHost } from '../module.js'
import { attributesAfter, type WantedAttributes } from './attributes.js'
import { asksPolicy, labelAfter, wholeLabel } from './label.js'
import { modeAfter } from './mode.js'
import type { PathWork } from './path-apply.js'
import { probePath } from './path-scripts.js'
import { attributeDifference, providesOf } from './plan.js'
import { parentOf } from './probe.js'
import { type FileState, Reader, readState } from './state.js'

/** What is asked of a path. */
export interface PathOrder extends WantedAttributes {
  readonly path: string
  readonly state?: 'file' | 'directory' | 'touch' | 'link' | 'hard' | 'absent' | undefined
  readonly src?: string | undefined
  readonly recurse: boolean
  readonly force: boolean
  readonly follow: boolean
  readonly modification_time: 'now' | 'preserve'
  readonly access_time: 'now' | 'preserve'
}

/** One kind of mode, owner and context among the files below a folder. */
interface Below {
  readonly mode: string
  readonly isDirectory: boolean
  readonly isLink: boolean
  readonly owners: readonly string[]
  readonly groups: readonly string[]
  readonly context: string
}

export interface PathState {
  readonly path: string
  readonly file: FileState
  readonly followed: FileState
  readonly source?: FileState
  readonly below: readonly Below[]
}

/** One round trip, also for a whole tree. */
export async function probeFilePath(host: ProbeHost, order: PathOrder): Promise<PathState> {
  const { path, recurse } = order
  // A link that may lead to nothing may lead to what cannot be seen.
  const src = order.state === 'link' && order.force ? '' : (order.src ?? '')
  const { stdout } = await host.query(
    probePath({ path, src, recurse: yesNo(recurse), policy: yesNo(asksPolicy(order)) }),
  )
  const reader = new Reader(stdout)
  const home = reader.must('home')
  const full = path === '~' || path.startsWith('~/') ? home + path.slice(1) : path
  const file = readState(reader)
  const followed = file.kind === 'link' ? readState(reader) : file
  const source = src === '' ? {} : { source: readState(reader) }
  const below: Below[] = []
  for (let line = reader.line(); line !== undefined && line !== ''; line = reader.line())
    below.push(readBelow(line))
  return { path: full === '/' ? full : full.replace(/\/$/, ''), file, followed, ...source, below }
}

const yesNo = (value: boolean) => (value ? 'yes' : 'no')

function readBelow(line: string): Below {
  const [raw = '', uid = '', gid = '', owner = '', group = '', context = ''] = line.split(' ')
  const bits = Number.parseInt(raw, 16)
  const mode = (bits & 0o7777).toString(8).padStart(4, '0')
  return {
    mode,
    isDirectory: bits >> 12 === 4,
    isLink: bits >> 12 === 10,
    owners: [uid, owner],
    groups: [gid, group],
    context,
  }
}

/** @throws ModuleFailure where something of another kind stands there */
export function planPath(order: PathOrder, state: PathState): Change<PathWork> | undefined {
  switch (order.state) {
    case 'absent':
      if (state.file.kind === 'absent') return undefined
      return { summary: [`remove ${state.path}`], data: { kind: 'absent', path: state.path } }
    case 'directory':
      return planDirectory(order, state)
    case 'touch':
      return planTouch(order, state)
    case 'link':
    case 'hard':
      return planLink(order, order.state, state)
    default:
      return planAttributes(order, state)
  }
}

function planDirectory(order: PathOrder, state: PathState): Change<PathWork> | undefined {
  const { path } = state
  if (state.file.kind === 'absent') {
    const { set } = attributesAfter(order, state.file, true)
    return {
      summary: [`create ${path}/`],
      provides: [`file:${path}`],
      data: { kind: 'directory', path, set },
    }
  }
  if (state.followed.kind !== 'directory')
    throw new ModuleFailure(`${path} is a ${state.file.kind}, not a directory`)
  const top = planAttributes(order, state)
  const differs = order.recurse && state.below.some((below) => belowDiffers(order, below))
  if (!differs) return top
  const { owner = '', group = '' } = order
  const modes = modesBelow(order.mode, state.below)
  return {
    summary: [...(top?.summary ?? []), `owner or mode below ${path}`],
    differences: top?.differences ?? [],
    data: { kind: 'below', path, modes, owner, group, label: wholeLabel(order) },
  }
}

function belowDiffers(order: PathOrder, below: Below): boolean {
  const { mode, owner, group } = order
  if (owner !== undefined && !below.owners.includes(owner)) return true
  if (group !== undefined && !below.groups.includes(group)) return true
  if (below.context !== '' && labelAfter(order, { ...below, kind: 'file' }).label !== '') return true
  return mode !== undefined && !below.isLink && modeAfter(mode, below.mode, below.isDirectory) !== below.mode
}

function modesBelow(mode: string | undefined, all: readonly Below[]): string {
  if (mode === undefined) return ''
  const lines = all.flatMap((below) => {
    const after = modeAfter(mode, below.mode, below.isDirectory)
    return below.isLink || after === below.mode
      ? []
      : [`${below.isDirectory ? 'd' : 'f'} ${below.mode} ${after}`]
  })
  return [...new Set(lines)].join('\n')
}

function planTouch(order: PathOrder, state: PathState): Change<PathWork> | undefined {
  const { path, followed } = state
  const preserve = order.modification_time === 'preserve' && order.access_time === 'preserve'
  const { set, phrases } = attributesAfter(order, followed)
  if (followed.kind !== 'absent' && preserve && phrases.length === 0) return undefined
  const times = preserve ? 'preserve' : 'now'
  const made = followed.kind === 'absent'
  return {
    summary: [...(made ? [`create ${path}`] : preserve ? [] : [`touch ${path}`]), ...phrases],
    ...(followed.parent ? {} : { requires: [`file:${parentOf(path)}`] }),
    provides: providesOf(path),
    data: { kind: 'touch', path, set, times },
  }
}

function planLink(order: PathOrder, kind: 'link' | 'hard', state: PathState): Change<PathWork> | undefined {
  const { path, file, source } = state
  const src = order.src!
  const there = kind === 'link' ? file.kind === 'link' && file.target === src : isSame(file, source)
  const { set, phrases } = attributesAfter({ ...order, mode: undefined }, file)
  if (there && phrases.length === 0) return undefined
  if (file.kind === 'directory') throw new ModuleFailure(`${path} is a directory`)
  if (!there && file.kind !== 'absent' && file.kind !== 'link' && kind === 'link' && !order.force)
    throw new ModuleFailure(`${path} is a file`, {}, 'force: true puts the link in its place')
  const absolute = src.startsWith('/') ? src : `${parentOf(path)}/${src}`
  const missing = source?.kind === 'absent' && (!order.force || kind === 'hard') ? [`file:${absolute}`] : []
  const parent = file.parent ? [] : [`file:${parentOf(path)}`]
  const before =
    file.kind === 'absent' ? '' : file.kind === 'link' ? `link to ${file.target}\n` : `${file.kind}\n`
  const after = kind === 'link' ? `link to ${src}\n` : `hard link to ${src}\n`
  return {
    summary: there ? phrases.map((phrase) => `${phrase} of ${path}`) : [`link ${path} → ${src}`, ...phrases],
    differences: [there ? attributeDifference(path, phrases) : { subject: path, before, after }],
    requires: [...parent, ...missing],
    provides: providesOf(path),
    data: { kind: 'link', path, src, hard: kind === 'hard', force: order.force, set },
  }
}

function isSame(file: FileState, source: FileState | undefined): boolean {
  return (
    source !== undefined &&
    file.inode === source.inode &&
    file.device === source.device &&
    file.kind !== 'absent'
  )
}

function planAttributes(order: PathOrder, state: PathState): Change<PathWork> | undefined {
  const { path } = state
  const file = order.follow ? state.followed : state.file
  if (file.kind === 'absent')
    return {
      summary: [`set owner and mode of ${path}`],
      requires: [`file:${path}`],
      data: { kind: 'missing', path },
    }
  if (order.state === 'file' && file.kind === 'directory')
    throw new ModuleFailure(`${path} is a directory, not a file`)
  const { set, phrases } = attributesAfter(order, file)
  if (phrases.length === 0) return undefined
  return {
    summary: phrases.map((phrase) => `${phrase} of ${path}`),
    differences: [attributeDifference(path, phrases)],
    data: { kind: 'attributes', path, set, follow: order.follow },
  }
}
