import type { ResultFields } from '../module.js'
import type { FileState } from './state.js'

const ansibleKinds = { file: 'file', directory: 'directory', link: 'link', absent: 'absent' } as const

/** The fields that Ansible's file modules return of a path. */
export function fileFields(path: string, state: FileState): ResultFields {
  const kind = state.kind in ansibleKinds ? state.kind : 'special'
  if (kind === 'absent') return { path, dest: path, state: 'absent' }
  const { owner, group, mode, uid, gid, size, sha256, context } = state
  const sum = sha256 === undefined ? {} : { checksum: sha256 }
  const secontext = context === undefined ? {} : { secontext: context }
  return { path, dest: path, state: kind, owner, group, mode, uid, gid, size, ...sum, ...secontext }
}
