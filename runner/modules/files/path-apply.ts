import { type ApplyHost, ModuleFailure, type ResultFields } from '../module.js'
import { mustRun } from '../outcome.js'
import { applyFile } from './apply.js'
import type { SetAttributes } from './attributes.js'
import { makeDirectory, makeLink, removePath, setBelow, touchPath } from './path-scripts.js'
import { fileFields } from './result.js'
import { Reader, readState } from './state.js'

/** What `planPath` found to do. */
export type PathWork = { readonly path: string } & (
  | { readonly kind: 'absent' | 'missing' }
  | { readonly kind: 'directory'; readonly set: SetAttributes }
  | {
      readonly kind: 'below'
      readonly modes: string
      readonly owner: string
      readonly group: string
      readonly label: string
    }
  | { readonly kind: 'touch'; readonly set: SetAttributes; readonly times: 'now' | 'preserve' }
  | {
      readonly kind: 'link'
      readonly src: string
      readonly hard: boolean
      readonly force: boolean
      readonly set: SetAttributes
    }
  | { readonly kind: 'attributes'; readonly set: SetAttributes; readonly follow: boolean }
)

/** Do what `planPath` found. One round trip. */
export async function applyPath(host: ApplyHost, work: PathWork): Promise<ResultFields> {
  const { path } = work
  switch (work.kind) {
    case 'missing':
      throw new ModuleFailure(
        `${path} is absent`,
        { path },
        'state: touch, directory or link makes it; copy writes a file',
      )
    case 'absent':
      await mustRun(host, removePath({ path }), `remove ${path}`)
      return { path, state: 'absent' }
    case 'attributes':
      return applyFile(host, work)
    case 'link': {
      const { src, set } = work
      const kind = work.hard ? 'hard' : 'symbolic'
      const script = makeLink({
        path,
        src,
        kind,
        force: work.force ? 'yes' : 'no',
        owner: set.owner,
        group: set.group,
        label: set.label,
      })
      return { ...(await stateAfter(host, path, script, `link ${path} to ${src}`)), src }
    }
    case 'touch':
      return stateAfter(host, path, touchPath({ path, ...work.set, times: work.times }), `touch ${path}`)
    case 'directory':
      return stateAfter(host, path, makeDirectory({ path, ...work.set }), `create ${path}`)
    case 'below':
      return stateAfter(host, path, setBelow(belowValues(work)), `set owner or mode below ${path}`)
  }
}

const belowValues = ({ path, modes, owner, group, label }: Extract<PathWork, { kind: 'below' }>) => ({
  path,
  modes,
  owner,
  group,
  label,
})

async function stateAfter(
  host: ApplyHost,
  path: string,
  script: Parameters<typeof mustRun>[1],
  doing: string,
) {
  const { stdout } = await mustRun(host, script, doing)
  return fileFields(path, readState(new Reader(stdout)))
}
