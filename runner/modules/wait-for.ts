import { z } from 'zod'
import { expandHome, findPath } from './files/fragments.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { outputText } from './outcome.js'
import { path, port, seconds, text, textList } from './schema.js'
import { shellScript } from './script.js'
import { connectionStates, type Drain, drainedFunction, drainOf } from './waiting/drained.js'

const isHost = (v: string) => /^[A-Za-z0-9][A-Za-z0-9._:%-]*$|^::/.test(v)
const state = z.enum(connectionStates as [(typeof connectionStates)[number]])

const args = z
  .strictObject({
    host: text
      .refine(isHost, 'must be a name or an address')
      .default('127.0.0.1')
      .describe(
        'Of the port. With `drained` the address that connections are made to; `0.0.0.0` and `::` are all.',
      ),
    port: port.optional(),
    path: path.optional(),
    state: z
      .enum(['started', 'stopped', 'present', 'absent', 'drained'])
      .default('started')
      .describe('`drained`: the port has no active connections.'),
    active_connection_states: z
      .union([z.array(state).min(1), state.transform((one) => [one])])
      .default(connectionStates)
      .describe('For `drained`: connections in these states count.'),
    exclude_hosts: textList
      .refine((list) => list.every(isHost), 'must be names or addresses')
      .default([])
      .describe('For `drained`: connections from these do not count.'),
    search_regex: text
      .optional()
      .describe('An extended regular expression (grep -E) that a line of `path` matches.'),
    timeout: seconds.default(300).describe('How long to wait; with neither port nor path, simply so long.'),
    delay: seconds.default(0).describe('Before the first look.'),
    sleep: seconds.default(1).describe('Between two looks.'),
    connect_timeout: seconds.default(5),
    msg: text.optional().describe('What to say when it does not come.'),
  })
  .superRefine((value, context) => {
    if (value.port !== undefined && value.path !== undefined)
      context.addIssue({ code: 'custom', message: 'port and path exclude one another' })
    if (value.search_regex !== undefined && value.path === undefined)
      context.addIssue({ code: 'custom', message: 'needs path', path: ['search_regex'] })
    if (value.state === 'drained' && value.port === undefined)
      context.addIssue({ code: 'custom', message: 'is needed with state: drained', path: ['port'] })
    if (value.state !== 'drained' && value.exclude_hosts.length > 0)
      context.addIssue({ code: 'custom', message: 'needs state: drained', path: ['exclude_hosts'] })
  })

type Args = z.output<typeof args>

// bash's /dev/tcp needs no program; busybox's nc ends at once with -e, every other nc with -z.
const script = shellScript(
  'wait-for',
  'probe',
  [
    ...['host', 'port', 'path', 'gone', 'pattern', 'limit', 'delay', 'pause', 'connect'],
    ...['states', 'local_little', 'local_big', 'remote_little', 'remote_big'],
  ],
  `${expandHome}${findPath}${drainedFunction}
open() {
  if command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # bash expands it
    timeout "$connect" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>/dev/null
  elif command -v nc >/dev/null 2>&1; then
    case $(nc 2>&1 </dev/null) in
      *BusyBox*) nc -w "$connect" "$host" "$port" -e true </dev/null >/dev/null 2>&1 ;;
      *) nc -z -w "$connect" "$host" "$port" </dev/null >/dev/null 2>&1 ;;
    esac
  elif command -v curl >/dev/null 2>&1; then
    curl -s --connect-timeout "$connect" --max-time "$connect" "telnet://$host:$port" </dev/null >/dev/null 2>&1
    case $? in 6 | 7 | 28) return 1 ;; esac
  else
    echo 'this host has neither bash, nc nor curl to try a port with' >&2
    exit 1
  fi
}
met() {
  if [ -n "$states" ]; then drained
  elif [ -n "$port" ]; then open
  elif [ -n "$pattern" ]; then fs_find "$path" && grep -Eq -- "$pattern" "$path"
  elif [ -n "$path" ]; then fs_find "$path"
  else false
  fi
}
fs_expand "$path"
path=$fs_path
sleep "$delay" || exit 1
end=$(($(date +%s) + limit))
while :; do
  if met; then now=yes; else now=no; fi
  if [ "$now" != "$gone" ]; then
    echo met
    exit 0
  fi
  [ "$(date +%s)" -lt "$end" ] || break
  sleep "$pause" || exit 1
done
echo unmet`,
)

const subjectOf = ({ port, host, path, search_regex }: Args) =>
  port !== undefined
    ? `${host}:${port}`
    : path === undefined
      ? 'time'
      : search_regex
        ? `${search_regex} in ${path}`
        : path

function scriptFor(args: Args, limit: number, delay: number, drain: Drain | undefined) {
  const values = {
    host: args.host,
    port: args.port === undefined ? '' : `${args.port}`,
    path: args.path ?? '',
    gone: args.state === 'stopped' || args.state === 'absent' ? 'yes' : 'no',
    pattern: args.search_regex ?? '',
    limit: `${Math.ceil(limit)}`,
    delay: `${delay}`,
    pause: `${Math.max(args.sleep, 0.1)}`,
    connect: `${Math.max(1, Math.ceil(args.connect_timeout))}`,
    states: drain?.states ?? '',
    local_little: drain?.localLittle ?? '',
    local_big: drain?.localBig ?? '',
    remote_little: drain?.remoteLittle ?? '',
    remote_big: drain?.remoteBig ?? '',
  }
  return script(values, { timeoutMs: (limit + delay + args.connect_timeout + args.sleep + 30) * 1000 })
}

/** Waits for a port, its connections, or a path. */
export const waitFor = defineModule({
  name: 'wait_for',
  doc: {
    summary: 'Wait on the host for a port to open, close or drain, or a path to come or go',
    description:
      'What is there already costs one round trip. The waiting itself is one more, on the host, and no change.',
    examples: [
      '- name: The API answers\n  wait_for: { port: 6443, timeout: 120 }',
      '- name: Nobody is connected any more\n  wait_for: { host: 0.0.0.0, port: 80, state: drained, exclude_hosts: [10.0.0.5] }',
    ],
  },
  args,
  async probe(host, args: Args) {
    const drain = args.state === 'drained' ? await drainOf(host, args) : undefined
    if (args.delay > 0 || (args.port === undefined && args.path === undefined)) return { met: false, drain }
    const { stdout } = await host.query(scriptFor(args, 0, 0, drain))
    return { met: stdout.toString().trim() === 'met', drain }
  },
  diff(args, { met, drain }): Change<Drain | undefined> | undefined {
    if (met) return undefined
    return { summary: [`wait for ${subjectOf(args)} (${args.state})`], waits: true, data: drain }
  },
  async apply(host, args, { data: drain }) {
    const start = Date.now()
    const completed = await host.run(scriptFor(args, args.timeout, args.delay, drain))
    const elapsed = Math.round((Date.now() - start) / 1000)
    const fields = { elapsed, ...resultOf(args) }
    if (completed.code !== 0) throw new ModuleFailure(outputText(completed.stderr), fields)
    if (completed.stdout.toString().trim() === 'met' || (args.port === undefined && args.path === undefined))
      return fields
    throw new ModuleFailure(
      args.msg ?? `${subjectOf(args)} is not ${args.state} after ${args.timeout} s`,
      fields,
    )
  },
  result: (args) => ({ elapsed: 0, ...resultOf(args) }),
})

const resultOf = ({ state, port, path }: Args) => ({ state, port: port ?? null, path: path ?? null })
