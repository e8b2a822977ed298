import { EvaluationError, type Scope } from '../expression/index.js'
import type { HostVarsFile } from '../plan/vars-files.js'
import type { Layer } from '../vars/layers.js'
import type { HostRun } from './host.js'

/** What a host's files of variables gave, and why one of them gave nothing. */
export interface FilesOfHost {
  readonly layers: ReadonlyMap<Layer, Layer>
  readonly problem?: EvaluationError | undefined
}

interface Known {
  readonly facts: HostRun['facts']
  readonly found: FilesOfHost
}

const nothing: FilesOfHost = { layers: new Map() }
const known = new WeakMap<readonly HostVarsFile[], WeakMap<HostRun, Known>>()

/**
 * The variables of `vars_files` whose names a host gives, by the layers whose places they take. As long as the facts of
 * the host are unknown, a name that needs them is passed over (Ansible's rule); afterwards it is a mistake.
 */
export function filesOfHost(files: readonly HostVarsFile[], host: HostRun, scope: () => Scope): FilesOfHost {
  if (files.length === 0) return nothing
  const byHost = known.get(files) ?? new WeakMap<HostRun, Known>()
  known.set(files, byHost)
  const last = byHost.get(host)
  if (last && last.facts === host.facts) return last.found
  const found = readAll(files, host, scope())
  byHost.set(host, { facts: host.facts, found })
  return found
}

function readAll(files: readonly HostVarsFile[], host: HostRun, scope: Scope): FilesOfHost {
  const layers = new Map<Layer, Layer>()
  let problem: EvaluationError | undefined
  for (const file of files) {
    try {
      const names = evaluated(file, host, scope)
      if (names) layers.set(file.place, file.read(names))
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      problem ??= error
    }
  }
  return { layers, problem }
}

function evaluated(file: HostVarsFile, host: HostRun, scope: Scope): string[] | undefined {
  try {
    return file.names.map((name) => String(name.evaluate(scope)))
  } catch (error) {
    if (error instanceof EvaluationError && !host.facts) return undefined
    throw error
  }
}
