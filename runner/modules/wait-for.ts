import { z } from 'zod'
import { expandHome, findPath } from './files/fragments.js'
import { defineModule, ModuleFailure } from './module.js'
import { outputText } from './outcome.js'
import { path, port, seconds, text } from './schema.js'
import { shellScript } from './script.js'

const args = z
  .strictObject({
    host: text
      .refine((v) => /^[A-Za-z0-9][A-Za-z0-9._:%-]*$|^::/.test(v), 'must be a name or an address')
      .default('127.0.0.1'),
    port: port.optional(),
    path: path.optional(),
    state: z.enum(['started', 'stopped', 'present', 'absent']).default('started'),
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
  })

type Args = z.output<typeof args>

// bash's /dev/tcp needs no program; busybox's nc ends at once with -e, every other nc with -z.
const script = shellScript(
  'wait-for',
  'probe',
  ['host', 'port', 'path', 'gone', 'pattern', 'limit', 'delay', 'pause', 'connect'],
  `${expandHome}${findPath}
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
  if [ -n "$port" ]; then open
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

function scriptFor(args: Args, limit: number, delay: number) {
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
  }
  return script(values, { timeoutMs: (limit + delay + args.connect_timeout + args.sleep + 30) * 1000 })
}

/** Waits for a port or a path. */
export const waitFor = defineModule({
  name: 'wait_for',
  doc: {
    summary: 'Wait on the host for a port to open or close, or a path to come or go',
    description:
      'What is there already costs one round trip. The waiting itself is one more, on the host, and no change.',
    examples: ['- name: The API answers\n  wait_for: { port: 6443, timeout: 120 }'],
  },
  args,
  async probe(host, args: Args) {
    if (args.delay > 0 || (args.port === undefined && args.path === undefined)) return { met: false }
    const { stdout } = await host.query(scriptFor(args, 0, 0))
    return { met: stdout.toString().trim() === 'met' }
  },
  diff(args, { met }) {
    if (met) return undefined
    return { summary: [`wait for ${subjectOf(args)} (${args.state})`], waits: true, data: undefined }
  },
  async apply(host, args) {
    const start = Date.now()
    const completed = await host.run(scriptFor(args, args.timeout, args.delay))
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
