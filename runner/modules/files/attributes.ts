import { labelAfter, type WantedLabel } from './label.js'
import { modeAfter, newMode } from './mode.js'
import type { FileState } from './state.js'

/** What a person asked of a file's owner, group, mode and SELinux context. */
export interface WantedAttributes extends WantedLabel {
  readonly mode?: string | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
}

/** What a script sets: '' leaves the owner or group as it is. */
export interface SetAttributes {
  readonly mode: string
  readonly owner: string
  readonly group: string
  /** Parts of the SELinux context, as `labelAfter` gives them. */
  readonly label: string
}

/** Nothing but a mode. */
export const onlyMode = (mode: string): SetAttributes => ({ mode, owner: '', group: '', label: '' })

/** What a module's arguments ask of a file's owner, group, mode and context. */
export function attributesOf(args: WantedAttributes): WantedAttributes {
  const { mode, owner, group, seuser, serole, setype, selevel } = args
  return { mode, owner, group, seuser, serole, setype, selevel }
}

/** The attributes that a new or existing file gets, and what of them changes, as phrases. */
export function attributesAfter(
  wanted: WantedAttributes,
  state: FileState,
  isDirectory = state.kind === 'directory',
): { set: SetAttributes; phrases: string[] } {
  const current = state.kind === 'absent' || state.kind === 'link' ? undefined : state.mode
  const mode =
    wanted.mode === undefined
      ? (current ?? newMode(isDirectory))
      : modeAfter(wanted.mode, current, isDirectory)
  const phrases: string[] = []
  if (state.kind !== 'absent' && current !== undefined && current !== mode)
    phrases.push(`mode ${current} → ${mode}`)
  const owner = idAfter(wanted.owner, state.owner, state.uid)
  const group = idAfter(wanted.group, state.group, state.gid)
  if (state.kind !== 'absent') {
    if (owner !== '') phrases.push(`owner ${state.owner} → ${owner}`)
    if (group !== '') phrases.push(`group ${state.group} → ${group}`)
  }
  const { label, phrases: relabel } = labelAfter(wanted, state)
  return { set: { mode, owner, group, label }, phrases: [...phrases, ...relabel] }
}

function idAfter(wanted: string | undefined, name: string, id: number): string {
  if (wanted === undefined || wanted === name || wanted === `${id}`) return ''
  return wanted
}
