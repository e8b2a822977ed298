import { z } from 'zod'
import { webOptions, webVars } from './files/download.js'
import { type FileAnswer, probeFile } from './files/probe.js'
import { applyTextFile, planTextFile, type TextFileWork } from './files/text-file.js'
import { webGet } from './files/web-get.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun } from './outcome.js'
import { renderDeb822, slugOf } from './packages/deb822.js'
import { bool, mode, name, nameList, text } from './schema.js'
import { shellScript } from './script.js'

const armored = '-----BEGIN PGP PUBLIC KEY BLOCK-----'
const isUrl = (value: string) => /^https?:\/\/\S+$/.test(value)
const words = nameList.refine((list) => list.every((one) => !/\s/.test(one)), 'every one must be one word')

const args = z
  .strictObject({
    name: name
      .refine((v) => slugOf(v) !== '', 'must have a letter or a digit')
      .describe('Names the file in sources.list.d.'),
    state: z.enum(['present', 'absent']).default('present'),
    enabled: bool.optional(),
    types: words.default(['deb']).describe('`deb`, `deb-src`.'),
    uris: words.optional(),
    suites: words.optional().describe('A path that ends in / needs no components.'),
    components: words.optional(),
    architectures: words.optional(),
    languages: words.optional(),
    targets: words.optional(),
    signed_by: text
      .refine(
        (v) => v.startsWith(armored) || isUrl(v) || /^\/[^\n]+$/.test(v) || /^[0-9A-Fa-f ,!]+$/.test(v),
        {
          message: 'must be an armored key, a URL, the absolute path of a keyring, or fingerprints',
        },
      )
      .optional()
      .describe(
        'The key, where it is, or its fingerprint. One at a URL is fetched once, to /etc/apt/keyrings.',
      ),
    trusted: bool.optional().describe('Take it without a valid signature.'),
    allow_insecure: bool.optional(),
    allow_weak: bool.optional(),
    allow_downgrade_to_insecure: bool.optional(),
    by_hash: bool.optional(),
    check_date: bool.optional(),
    check_valid_until: bool.optional(),
    pdiffs: bool.optional(),
    mode: mode.default('0644'),
  })
  .superRefine((value, context) => {
    if (value.state === 'absent') return
    for (const key of ['uris', 'suites'] as const)
      if (value[key] === undefined || value[key].length === 0)
        context.addIssue({ code: 'custom', message: 'is needed', path: [key] })
  })

type Args = z.output<typeof args>

const keyringOf = (args: Args) => `/etc/apt/keyrings/${slugOf(args.name)}.gpg`
const fetched = (args: Args) =>
  args.state === 'present' && args.signed_by !== undefined && isUrl(args.signed_by)

function sourcesOf(args: Args): string {
  const fields = {
    Enabled: args.enabled,
    Types: args.types,
    URIs: args.uris,
    Suites: args.suites,
    Components: args.components,
    Architectures: args.architectures,
    Languages: args.languages,
    Targets: args.targets,
    Trusted: args.trusted,
    'Allow-Insecure': args.allow_insecure,
    'Allow-Weak': args.allow_weak,
    'Allow-Downgrade-To-Insecure': args.allow_downgrade_to_insecure,
    'By-Hash': args.by_hash,
    'Check-Date': args.check_date,
    'Check-Valid-Until': args.check_valid_until,
    PDiffs: args.pdiffs,
    'Signed-By': fetched(args) ? keyringOf(args) : args.signed_by,
  }
  return renderDeb822({ name: args.name, fields })
}

// apt reads a keyring by its suffix: an armored key is brought into the binary form first.
const keyScript = shellScript(
  'fetch-apt-key',
  'apply',
  ['url', 'keyring', 'timeout', ...webVars],
  `${webGet}umask 022
mkdir -p -- "\${keyring%/*}" || exit 1
temp=$(mktemp "\${keyring%/*}/.tsplay.XXXXXX") || exit 1
trap 'rm -f -- "$temp" "$temp.bin"' EXIT
trap 'exit 143' HUP INT TERM
said=$(web_get "$temp" 2>&1) || {
  printf '%s\\n' "could not fetch $url: $(web_why "$said")" >&2
  exit 1
}
if grep -q 'BEGIN PGP PUBLIC KEY BLOCK' "$temp"; then
  awk '/^-----END/ { exit } body && /^[^=]/ { print } /^[ \\t\\r]*$/ { body = 1 }' "$temp" | tr -d '\\r' | base64 -d >"$temp.bin" || exit 1
  mv -f -- "$temp.bin" "$temp" || exit 1
fi
# The first byte of a public key: its packet's tag.
case $(od -A n -t x1 -N 1 "$temp" | tr -d ' ') in
  98 | 99 | 9a | c6) ;;
  *)
    printf '%s\\n' "$url is not an OpenPGP key" >&2
    exit 1
    ;;
esac
chmod 644 "$temp" || exit 1
mv -f -- "$temp" "$keyring"`,
)

interface State {
  readonly sources: FileAnswer
  readonly keyring: FileAnswer
}

/** A repository of apt, with its key. */
export const deb822Repository = defineModule({
  name: 'deb822_repository',
  doc: {
    summary: 'Add or remove a repository of apt, with the key that it is signed by',
    description:
      'The package lists are not fetched: `apt` with `update_cache` does. A key that is given as text stands in the file ' +
      'itself; one at a URL is fetched where the keyring is not there yet. With `absent` the fetched key goes too.',
    examples: [
      '- name: Docker’s own packages\n  deb822_repository:\n    name: docker\n    uris: https://download.docker.com/linux/debian\n' +
        '    suites: bookworm\n    components: stable\n    signed_by: https://download.docker.com/linux/debian/gpg',
    ],
  },
  args,
  async probe(host, args: Args): Promise<State> {
    const path = `/etc/apt/sources.list.d/${slugOf(args.name)}.sources`
    const [sources, keyring] = await Promise.all([
      probeFile(host, { path, follow: true, contentLimit: 1024 * 1024 }),
      probeFile(host, { path: keyringOf(args), follow: true }),
    ])
    return { sources, keyring }
  },
  diff(
    args,
    { sources, keyring },
  ): Change<{ file?: TextFileWork; key: 'fetch' | 'remove' | '' }> | undefined {
    const body = args.state === 'present' ? sourcesOf(args) : undefined
    const change = planTextFile({ mode: args.mode }, sources, body)
    const there = keyring.file.kind !== 'absent'
    const key = fetched(args) && !there ? 'fetch' : args.state === 'absent' && there ? 'remove' : ''
    if (!change && key === '') return undefined
    return {
      summary: [
        ...(key === ''
          ? []
          : [key === 'fetch' ? `fetch ${args.signed_by} to ${keyring.path}` : `remove ${keyring.path}`]),
        ...(change?.summary ?? []),
      ],
      differences: change?.differences ?? [],
      provides: change?.provides ?? [],
      data: { key, ...(change ? { file: change.data } : {}) },
    }
  },
  async apply(host, args, { data }) {
    if (data.key === 'fetch') {
      if (args.signed_by === undefined) throw new ModuleFailure('there is no key to fetch')
      const url = args.signed_by
      const values = {
        url,
        keyring: keyringOf(args),
        timeout: '20',
        ...webOptions({ url, sha256: '', headers: {} }),
      }
      const script = keyScript(values, { timeoutMs: 300_000 })
      await mustRun(host, script, `fetch the key ${args.signed_by}`)
    }
    if (data.file) await applyTextFile(host, data.file)
    if (data.key === 'remove') await applyTextFile(host, { remove: keyringOf(args) })
    return {}
  },
  result: (args, { sources }) => ({
    repo: args.state === 'present' ? sourcesOf(args) : null,
    dest: sources.path,
  }),
})
