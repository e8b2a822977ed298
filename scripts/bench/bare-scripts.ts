import { createHash } from 'node:crypto'
import type { MixTask } from './mix-tasks.js'

/**
 * What a person would write by hand for a task of the mix. `probe` reads what tsplay's probe of the same module reads:
 * kind, mode, owner, times (one `stat`), the SHA-256 of a file, its content where a line is looked for, the same
 * properties of a unit. `apply` tells from what was read what to run to make it so, or undefined for nothing: a file
 * is written beside its place, verified, given its mode and renamed, as tsplay does.
 */
export interface BareTask {
  readonly probe: string
  readonly apply: (read: string) => string | undefined
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const format = quote('%f %a %u %g %s %Y %h %i %d %X %Z %U %G')

const statOr = (path: string, more: string): string =>
  `if [ -e ${path} ]; then stat -c ${format} -- ${path} && ${more}; else echo absent; fi`

const write = (path: string, content: string): string => `umask 077
temp=$(mktemp ${path}.XXXXXX) || exit 1
printf '%s' ${quote(content)} >"$temp" || exit 1
sum=$(sha256sum <"$temp") || exit 1
[ "\${sum%% *}" = ${sha256(content)} ] || exit 1
chmod 0644 "$temp" && mv -f "$temp" ${path} && stat -c ${format} -- ${path}`

const properties =
  'Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,FragmentPath,DropInPaths,MainPID,Result,' +
  'ExecMainStatus,ExecMainCode,Type,Description,NRestarts,ActiveEnterTimestamp'

const modeIs = (read: string, mode: string): boolean => read.split(' ')[1] === mode

/** The scripts of one task. */
export function bareTask(task: MixTask): BareTask {
  switch (task.kind) {
    case 'copy':
      return {
        probe: statOr(task.path, `sha256sum <${task.path}`),
        apply: (read) =>
          modeIs(read, '644') && read.includes(sha256(task.content))
            ? undefined
            : write(task.path, task.content),
      }
    case 'lineinfile':
      return {
        probe: statOr(task.path, `sha256sum <${task.path} && cat <${task.path}`),
        apply: (read) => {
          const lines = read === 'absent\n' ? [] : read.split('\n').slice(2, -1)
          if (modeIs(read, '644') && lines.includes(task.line)) return undefined
          return write(task.path, [...lines, task.line, ''].join('\n'))
        },
      }
    case 'file':
      return {
        probe: statOr(task.path, `stat -L -c ${format} -- ${task.path}`),
        apply: (read) =>
          modeIs(read, '755')
            ? undefined
            : `mkdir -p -m 0755 ${task.path} && chmod 0755 ${task.path} && stat -c ${format} -- ${task.path}`,
      }
    case 'command':
      return { probe: task.cmd, apply: () => undefined }
    case 'systemd':
      return {
        probe: `systemctl show -p ${properties} -- ${task.unit}.service`,
        apply: (read) =>
          read.includes('ActiveState=active\n') ? undefined : `systemctl start -- ${task.unit}.service`,
      }
  }
}
