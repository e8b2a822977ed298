import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { planFile } from './files/plan.js'
import { probeFile } from './files/probe.js'
import { fileFields } from './files/result.js'
import { validateArg, validatorOf } from './files/validate.js'
import { defineModule, ModuleFailure, type ProbeHost } from './module.js'
import { attributes, bool, path, seconds, secretText, text } from './schema.js'
import { shellScript } from './script.js'

const web = text.refine((v) => /^(https?|ftp|file):\/\/\S+$/.test(v), 'must be a URL')

const args = z.strictObject({
  url: web.describe('What to fetch; the host fetches it, with curl or wget.'),
  dest: path.describe('Where it goes; into a folder under the URL’s last name.'),
  checksum: text
    .refine(
      (v) => /^sha256:([0-9a-fA-F]{64}|(https?|ftp|file):\/\/\S+)$/.test(v),
      'must be sha256:HEX or sha256:URL',
    )
    .optional()
    .describe('`sha256:HEX`, or `sha256:URL` of a file of checksums.'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), secretText).default({}),
  timeout: seconds.default(10).describe('To connect, and between two bytes.'),
  force: bool.default(false).describe('Without a checksum: fetch it every time, which counts as a change.'),
  backup: bool.default(false).describe('Keep the old file beside it, with a time in its name.'),
  validate: validateArg,
  ...attributes,
})

type Args = z.output<typeof args>

const sumsScript = shellScript(
  'fetch-checksums',
  'probe',
  ['url', 'timeout'],
  `if command -v curl >/dev/null 2>&1; then
  curl -fsSL --connect-timeout "$timeout" --max-time 60 --max-filesize 1000000 -- "$url"
elif command -v wget >/dev/null 2>&1; then
  wget -q -T "$timeout" -O - -- "$url"
else
  echo 'neither curl nor wget is on this host' >&2
  exit 1
fi`,
)

/** Fetches a file. */
export const getUrl = defineModule({
  name: 'get_url',
  doc: {
    summary: 'Let the host fetch a file, verified by its SHA-256',
    description:
      'With a checksum, a file that already has it costs one round trip and no download; one that is fetched and has ' +
      'another leaves what was there. Give a checksum for every program.',
    examples: [
      '- name: k3s\n  get_url:\n    url: https://github.com/k3s-io/k3s/releases/download/v1.34.2%2Bk3s1/k3s\n    checksum: sha256:https://github.com/k3s-io/k3s/releases/download/v1.34.2%2Bk3s1/sha256sum-amd64.txt\n    dest: /usr/local/bin/k3s\n    mode: "0755"',
    ],
  },
  args,
  async probe(host, args: Args) {
    const [answer, sha256] = [
      await probeFile(host, { path: args.dest, base: lastName(args.url) }),
      await wantedSum(host, args),
    ]
    return { answer, sha256 }
  },
  diff(args, { answer, sha256 }) {
    const { url, headers, timeout, mode, owner, group, backup, force } = args
    // Without a checksum what is there is right, unless it shall be fetched every time.
    const kept = sha256 === '' && !force && answer.file.kind === 'file' ? (answer.file.sha256 ?? '') : sha256
    const content = { url, headers, timeout, sha256: kept }
    const validate = validatorOf(args.validate)
    return planFile({ attributes: { mode, owner, group }, content, backup, validate }, answer)
  },
  async apply(host, args, { data }) {
    return { url: args.url, ...(await applyFile(host, data)) }
  },
  result: (args, { answer }) => ({ url: args.url, ...fileFields(answer.path, answer.file) }),
})

const lastName = (url: string) =>
  decodeURIComponent(url.replace(/[?#].*$/, '').replace(/^.*\//s, '')) || 'index.html'

/** The wanted SHA-256, '' for none. Its file of checksums names the file, or holds one sum alone. */
async function wantedSum(host: ProbeHost, { checksum, url, timeout }: Args): Promise<string> {
  const sum = checksum?.slice('sha256:'.length) ?? ''
  if (!sum.includes('://')) return sum.toLowerCase()
  const { stdout } = await host.query(sumsScript({ url: sum, timeout: `${Math.ceil(timeout)}` }))
  const found = findSum(stdout.toString('utf8'), lastName(url))
  if (found === undefined) throw new ModuleFailure(`${sum} has no SHA-256 of ${lastName(url)}`)
  return found
}

/** The sum of a file in the text that `sha256sum` prints; the only sum, where there is but one without a name. */
export function findSum(body: string, name: string): string | undefined {
  const lines = body.split('\n').flatMap((line) => {
    const [, sum, file = ''] = /^([0-9a-fA-F]{64})(?:\s+\*?(.*))?$/.exec(line.trim()) ?? []
    return sum === undefined ? [] : [{ sum: sum.toLowerCase(), file: file.replace(/^.*\//, '') }]
  })
  return (
    lines.find(({ file }) => file === name) ??
    (lines.length === 1 && lines[0]!.file === '' ? lines[0] : undefined)
  )?.sum
}
