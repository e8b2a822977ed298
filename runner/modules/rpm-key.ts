import { z } from 'zod'
import { webOptions, webVars } from './files/download.js'
import { expandHome, findPath } from './files/fragments.js'
import { webGet } from './files/web-get.js'
import { type Change, defineModule, ModuleFailure, type ProbeHost } from './module.js'
import { mustRun } from './outcome.js'
import { type OpenPgpKey, readKeys } from './packages/openpgp.js'
import { bool, text, textList } from './schema.js'
import { shellScript } from './script.js'

const isId = (key: string) =>
  /^(0x)?([0-9a-fA-F]{8}|[0-9a-fA-F]{16}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/.test(key)
const isUrl = (key: string) => /^(https?|ftp):\/\/\S+$/.test(key) && URL.canParse(key)
const isPath = (key: string) => /^(\/|~\/)/.test(key) && !/[\n\r]/.test(key)
const plainId = (id: string) => id.replace(/^0x/i, '').replace(/\s+/g, '').toUpperCase()

const args = z
  .strictObject({
    key: text
      .refine((v) => isId(v) || isUrl(v) || isPath(v), 'must be a file of the host, a URL or a key’s id')
      .describe('A file of the host, a URL that the host fetches, or the id of a key.'),
    state: z.enum(['present', 'absent']).default('present'),
    fingerprint: textList
      .refine((list) => list.every((v) => /^([0-9A-F]{40}|[0-9A-F]{64})$/.test(plainId(v))), {
        message: 'must be whole fingerprints: 40 or 64 hexadecimal digits',
      })
      .optional()
      .describe('The keys must have these fingerprints. Where they are all there, no URL is asked.'),
    validate_certs: bool.default(true).describe('Of the server of a URL.'),
  })
  .superRefine((value, context) => {
    if (value.fingerprint && isId(value.key))
      context.addIssue({ code: 'custom', message: 'needs a file or a URL', path: ['fingerprint'] })
  })

type Args = z.output<typeof args>

/** A key that rpm has: the package that stands for it. */
interface Imported {
  readonly package: string
  readonly fingerprint: string
}

interface State {
  readonly imported: readonly Imported[]
  /** Of the file or URL, and what it said; undefined where it was not asked, or the file is not there. */
  readonly wanted?: { readonly keys: readonly OpenPgpKey[]; readonly text: string }
  readonly missing?: boolean
}

// Without any key rpm -q ends with 1 and says so; a database that cannot be read says something else.
const probeScript = shellScript(
  'probe-rpm-key',
  'probe',
  ['file', 'url', 'timeout', ...webVars],
  `${expandHome}${findPath}${webGet}PATH=$PATH:/usr/sbin:/sbin
command -v rpm >/dev/null 2>&1 || { echo 'this host has no rpm' >&2; exit 1; }
if ! said=$(rpm -q gpg-pubkey --qf 'package %{NAME}-%{VERSION}-%{RELEASE}\\n%{DESCRIPTION}\\n' 2>&1); then
  case $said in
    *error:*) printf '%s\\n' "$said" >&2; exit 1 ;;
    *'is not installed'*) said='' ;;
    *) printf '%s\\n' "$said" >&2; exit 1 ;;
  esac
fi
printf '%s\\n' "$said"
if [ -n "$url" ]; then
  echo '=== key'
  web_get - || { printf '%s\\n' "could not fetch $url" >&2; exit 1; }
elif [ -n "$file" ]; then
  fs_expand "$file"
  fs_find "$fs_path" || { echo '=== missing'; exit 0; }
  echo '=== key'
  cat <"$fs_path" || exit 1
fi`,
)

const applyScript = shellScript(
  'apply-rpm-key',
  'apply',
  ['key', 'remove'],
  `PATH=$PATH:/usr/sbin:/sbin
if [ -n "$key" ]; then
  file=$(mktemp) || exit 1
  trap 'rm -f -- "$file"' EXIT
  trap 'exit 143' HUP INT TERM
  printf '%s\\n' "$key" >"$file" && rpm --import "$file" || exit 1
fi
printf '%s\\n' "$remove" | while IFS= read -r name; do
  [ -z "$name" ] || rpm -e --allmatches -- "$name" || exit 1
done`,
)

/** Keys of rpm. */
export const rpmKey = defineModule({
  name: 'rpm_key',
  doc: {
    summary: 'Add a key to those that rpm trusts, or remove one',
    description:
      'Keys are compared by their whole fingerprints. What is imported is the text that was looked at, and not fetched again. ' +
      'The host needs no gpg.',
    examples: [
      '- name: Rancher’s key\n  rpm_key:\n    key: https://rpm.rancher.io/public.key\n    fingerprint: C8CF F216 4551 26E9 B9C9  18BE 925E A29A E257 814A',
      '- name: A key that is trusted no more\n  rpm_key: { key: E257814A, state: absent }',
    ],
  },
  args,
  probe: (host, args: Args) => probe(host, args),
  diff: (args, state) => plan(args, state),
  async apply(host, args, { data, requires }) {
    if (requires?.length) throw new ModuleFailure(`${args.key} does not exist`)
    const doing = args.state === 'present' ? `import ${args.key}` : `remove ${args.key}`
    await mustRun(host, applyScript({ key: data.key, remove: data.remove.join('\n') }), doing)
    return {}
  },
  result: (args) => ({ key: args.key }),
})

async function probe(host: ProbeHost, args: Args): Promise<State> {
  const fingerprints = args.fingerprint?.map(plainId)
  // Where the fingerprints tell all, no server is asked.
  if (isUrl(args.key) && fingerprints && fingerprints.length > 0) {
    const state = await ask(host, args, false)
    const there = state.imported.map(({ fingerprint }) => fingerprint)
    if (args.state === 'present' && fingerprints.every((one) => there.includes(one))) return state
  }
  return ask(host, args, true)
}

async function ask(host: ProbeHost, { key, validate_certs }: Args, wanted: boolean): Promise<State> {
  const url = wanted && isUrl(key) ? key : ''
  const file = wanted && isPath(key) ? key : ''
  const web = webOptions({ url, sha256: '', headers: {}, validateCerts: validate_certs })
  const { stdout } = await host.query(probeScript({ file, url, timeout: '10', ...web }))
  const said = stdout.toString('utf8')
  const [known = '', text] = said.split(/^=== key\n/m, 2)
  const imported = known.split(/^package /m).flatMap((part) => {
    const [name = ''] = part.split('\n')
    if (!name.startsWith('gpg-pubkey-')) return []
    return [{ package: name, fingerprint: readKeys(part, `rpm’s ${name}`)[0]!.fingerprint }]
  })
  if (/^=== missing$/m.test(known)) return { imported, missing: true }
  return { imported, ...(text === undefined ? {} : { wanted: { text, keys: readKeys(text, key) } }) }
}

/** The text to be imported, or '', and the packages to be removed. */
interface Work {
  readonly key: string
  readonly remove: readonly string[]
}

function plan(args: Args, state: State): Change<Work> | undefined {
  const { imported, wanted } = state
  const subject = `rpm key ${args.key}`
  if (state.missing) {
    const summary = [`${args.state === 'present' ? 'import' : 'remove'} ${args.key}`]
    return { summary, requires: [`file:${args.key}`], data: { key: '', remove: [] } }
  }
  checkFingerprints(args, wanted?.keys ?? [])
  if (args.state === 'absent') {
    const gone = imported.filter(({ fingerprint }) =>
      wanted
        ? wanted.keys.some((key) => key.fingerprint === fingerprint)
        : fingerprint.endsWith(plainId(args.key)),
    )
    if (gone.length === 0) return undefined
    return {
      summary: gone.map(({ fingerprint }) => `remove the key ${fingerprint}`),
      differences: [{ subject, before: lines(gone), after: '' }],
      data: { key: '', remove: gone.map((one) => one.package) },
    }
  }
  if (!wanted) {
    const there =
      isUrl(args.key) || imported.some(({ fingerprint }) => fingerprint.endsWith(plainId(args.key)))
    if (there) return undefined
    throw new ModuleFailure(`rpm does not have the key ${args.key}`, {}, 'a file or a URL brings one')
  }
  const lacking = wanted.keys.filter(
    (key) => !imported.some(({ fingerprint }) => fingerprint === key.fingerprint),
  )
  if (lacking.length === 0) return undefined
  return {
    summary: lacking.map(({ fingerprint }) => `import the key ${fingerprint}`),
    differences: [{ subject, before: '', after: lines(lacking) }],
    data: { key: wanted.text, remove: [] },
  }
}

const lines = (keys: readonly { readonly fingerprint: string }[]) =>
  keys.map(({ fingerprint }) => `${fingerprint}\n`).join('')

function checkFingerprints({ fingerprint = [], key }: Args, keys: readonly OpenPgpKey[]): void {
  if (keys.length === 0) return
  const all = keys.flatMap((one) => [one.fingerprint, ...one.subkeys])
  const wrong = fingerprint.map(plainId).find((one) => !all.includes(one))
  if (wrong !== undefined)
    throw new ModuleFailure(
      `${key} has the fingerprint ${all.join(', ')}, not ${wrong}: nothing was imported`,
    )
}
