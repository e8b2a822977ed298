import type { ApplyHost, ResultFields } from '../module.js'
import { mustRun } from '../outcome.js'
import { shellScript } from '../script.js'
import { expandHome, findPath, printState } from './fragments.js'
import { setContext } from './label.js'
import type { FileWork } from './plan.js'
import { fileFields } from './result.js'
import { Reader, readState } from './state.js'
import { writeFile } from './write.js'

// chown comes first: it clears the set-id bits that chmod sets.
const script = shellScript(
  'set-attributes',
  'apply',
  ['path', 'mode', 'owner', 'group', 'label', 'follow'],
  `${expandHome}${findPath}${printState}${setContext}
fs_expand "$path"
path=$fs_path
if [ "$follow" != yes ] && [ -L "$path" ]; then
  if [ -n "$owner" ]; then chown -h -- "$owner" "$path" || exit 1; fi
  if [ -n "$group" ]; then chgrp -h -- "$group" "$path" || exit 1; fi
  fs_relabel -h -- "$path" || exit 1
else
  if [ -n "$owner" ]; then chown -- "$owner" "$path" || exit 1; fi
  if [ -n "$group" ]; then chgrp -- "$group" "$path" || exit 1; fi
  chmod -- "$mode" "$path" || exit 1
  fs_relabel -- "$path" || exit 1
fi
fs_state "$path" "$follow" no`,
)

/** Do what `planFile` found. */
export async function applyFile(host: ApplyHost, work: FileWork): Promise<ResultFields> {
  if (work.kind === 'write') return writeFile(host, work.order)
  const values = { path: work.path, ...work.set, follow: work.follow ? 'yes' : 'no' }
  const completed = await mustRun(host, script(values), `set owner or mode of ${work.path}`)
  return fileFields(work.path, readState(new Reader(completed.stdout)))
}
