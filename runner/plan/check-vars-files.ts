import type { Report } from '../errors.js'
import { type Compiled, EvaluationError } from '../expression/compiled.js'
import type { HostScope } from '../vars/scope.js'
import type { HostVarsFile } from './vars-files.js'

/** Files of variables that are not there, for hosts whose names of them are known before the run. */
export function checkVarsFiles(
  files: readonly HostVarsFile[],
  hosts: readonly string[],
  scopeOf: (host: string) => HostScope,
  report: Report,
): void {
  if (files.length === 0) return
  for (const host of hosts) {
    const scope = scopeOf(host)
    for (const { names, read } of files) {
      const texts = names.map((name) => textOf(name, scope))
      if (texts.some((text) => text === undefined)) continue
      try {
        read(texts as string[])
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error
        report({ code: 'missing-file', message: `${error.message} (for ${host})`, span: error.span })
      }
    }
  }
}

/** Nothing where only a run can tell. */
function textOf(name: Compiled, scope: HostScope): string | undefined {
  try {
    return String(name.evaluate(scope))
  } catch (error) {
    if (error instanceof EvaluationError) return undefined
    throw error
  }
}
