import { text as readText } from 'node:stream/consumers'
import { z } from 'zod'
import { Secret } from '../secrets/secret.js'
import { applyFile } from './files/apply.js'
import { attributesOf } from './files/attributes.js'
import { type Algorithm, type Checksum, probeChecksum, sumLengths } from './files/checksum.js'
import { type Download, useProxy, webOptions, webVars } from './files/download.js'
import { downloadHere } from './files/download-here.js'
import { asksPolicy } from './files/label.js'
import { type FileWork, planFile } from './files/plan.js'
import { probeFile } from './files/probe.js'
import { fileFields } from './files/result.js'
import { validateArg, validatorOf } from './files/validate.js'
import { webGet } from './files/web-get.js'
import { defineModule, ModuleFailure, type ProbeHost } from './module.js'
import { attributes, bool, path, reveal, seconds, secretLine, text } from './schema.js'
import { shellScript } from './script.js'

const web = text.refine((v) => /^(https?|ftp|file):\/\/\S+$/.test(v) && URL.canParse(v), 'must be a URL')

function isChecksum(checksum: string): boolean {
  const { algorithm, value } = parted(checksum)
  if (!Object.hasOwn(sumLengths, algorithm)) return false
  return (
    /^(https?|ftp|file):\/\/\S+$/.test(value) ||
    (/^[0-9a-fA-F]+$/.test(value) && value.length === sumLengths[algorithm])
  )
}

/** `sha256:…`: the algorithm, and the sum or where it is found. */
function parted(checksum: string): { readonly algorithm: Algorithm; readonly value: string } {
  const at = checksum.indexOf(':')
  return { algorithm: checksum.slice(0, at) as Algorithm, value: checksum.slice(at + 1) }
}

const args = z
  .strictObject({
    url: web.describe('What to fetch; the host fetches it, with curl or wget.'),
    via: z
      .enum(['host', 'controller'])
      .default('host')
      .describe(
        '`controller`: it fetches the file, once for all hosts, and sends it; for hosts without a way out. ' +
          'It uses no proxy.',
      ),
    dest: path.describe('Where it goes; into a folder under the URL’s last name.'),
    checksum: text
      .refine(isChecksum, 'must be sha256:HEX or sha256:URL (md5, sha1, sha224, sha384 and sha512, too)')
      .optional()
      .describe(
        '`sha256:HEX`, or `sha256:URL` of a file of checksums; also md5, sha1, sha224, sha384 and sha512.',
      ),
    headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), secretLine).default({}),
    url_username: secretLine.optional(),
    url_password: secretLine.optional(),
    force_basic_auth: bool.default(true).describe('Accepted: a user is told with the first request.'),
    use_proxy: useProxy,
    validate_certs: bool.default(true),
    ca_path: path.optional().describe('A file of the host with the certificates to trust.'),
    timeout: seconds.default(10).describe('To connect, and between two bytes.'),
    force: bool.default(false).describe('Without a checksum: fetch it every time, which counts as a change.'),
    backup: bool.default(false).describe('Keep the old file beside it, with a time in its name.'),
    validate: validateArg,
    ...attributes,
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    if (value.url_password !== undefined && value.url_username === undefined)
      issue('is needed with url_password', 'url_username')
    if (value.via === 'host') return
    for (const url of [value.url, sumUrl(value.checksum)])
      if (url !== undefined && !/^https?:/.test(url))
        issue('the controller fetches from http and https', 'via')
    if (!value.validate_certs || value.ca_path !== undefined)
      issue('the controller trusts what Node.js does: NODE_EXTRA_CA_CERTS names more certificates', 'via')
  })

type Args = z.output<typeof args>

/** Of a file of checksums, where it is one. */
function sumUrl(checksum: string | undefined): string | undefined {
  return checksum?.includes('://') ? parted(checksum).value : undefined
}

const sumsScript = shellScript(
  'fetch-checksums',
  'probe',
  ['url', 'timeout', ...webVars],
  `${webGet}web_get - || { printf '%s\\n' "could not fetch $url" >&2; exit 1; }`,
)

/** Fetches a file. */
export const getUrl = defineModule({
  name: 'get_url',
  doc: {
    summary: 'Let the host fetch a file, verified by its checksum',
    description:
      'With a checksum, a file that already has it costs one round trip and no download; one that is fetched and has ' +
      'another leaves what was there. Give a checksum for every program. What `headers` and `url_username` say is for the ' +
      'server of `url` alone, not for that of the checksum.',
    examples: [
      '- name: k3s\n  get_url:\n    url: https://github.com/k3s-io/k3s/releases/download/v1.34.2%2Bk3s1/k3s\n    checksum: sha256:https://github.com/k3s-io/k3s/releases/download/v1.34.2%2Bk3s1/sha256sum-amd64.txt\n    dest: /usr/local/bin/k3s\n    mode: "0755"',
      '- name: For hosts without a way out\n  get_url: { url: https://example.org/agent.tgz, dest: /opt/agent.tgz, via: controller }',
    ],
  },
  args,
  aliases: { username: 'url_username', password: 'url_password' },
  async probe(host, args: Args) {
    const place = { path: args.dest, base: lastName(args.url) }
    const { algorithm } = parted(args.checksum ?? 'sha256:')
    const [answer, here, sum] = await Promise.all([
      probeFile(host, { ...place, policy: asksPolicy(args), large: true }),
      algorithm === 'sha256' ? '' : probeChecksum(host, place, algorithm),
      wantedSum(host, args),
    ])
    return { answer, here: here || answer.file.sha256, sum }
  },
  diff(args, { answer, here, sum }) {
    const { backup, force } = args
    // Without a checksum what is there is right, unless it shall be fetched every time.
    const isRight = answer.file.kind === 'file' && (sum ? sum.hex === here : !force)
    const content = downloadOf(args, args.url, sum, isRight ? (answer.file.sha256 ?? '') : undefined)
    const validate = validatorOf(args.validate)
    return planFile({ attributes: attributesOf(args), content, backup, validate }, answer)
  },
  async apply(host, args, { data }) {
    return { url: args.url, ...(await applyFile(host, await atHand(args, data))) }
  },
  result: (args, { answer }) => ({ url: args.url, ...fileFields(answer.path, answer.file) }),
})

const lastName = (url: string) =>
  decodeURIComponent(url.replace(/[?#].*$/, '').replace(/^.*\//s, '')) || 'index.html'

function downloadOf(args: Args, url: string, sum: Checksum | undefined, kept?: string): Download {
  const { timeout, url_username: user, url_password: password } = args
  // Who asks, and with which headers, is for the server of `url` alone.
  const own = new URL(url).host === new URL(args.url).host
  const pair = user === undefined ? undefined : `${reveal(user)}:${reveal(password ?? '')}`
  const hidden = [user, password].some((one) => one instanceof Secret)
  return {
    ...{ url, timeout, sum, sha256: kept ?? (sum?.algorithm === 'sha256' ? sum.hex : '') },
    headers: own ? args.headers : {},
    user: own && pair !== undefined && hidden ? new Secret(pair) : own ? pair : undefined,
    validateCerts: args.validate_certs,
    useProxy: args.use_proxy,
    caPath: args.ca_path,
  }
}

/** What the controller shall fetch is fetched now, when it is known that the host wants it. */
async function atHand({ via }: Args, work: FileWork): Promise<FileWork> {
  if (via === 'host' || work.kind !== 'write' || !('url' in work.order.content)) return work
  return { ...work, order: { ...work.order, content: await downloadHere(work.order.content) } }
}

/** The wanted sum, undefined for none. Its file of checksums names the file, or holds one sum alone. */
async function wantedSum(host: ProbeHost, args: Args): Promise<Checksum | undefined> {
  if (args.checksum === undefined) return undefined
  const { algorithm, value } = parted(args.checksum)
  const url = sumUrl(args.checksum)
  if (url === undefined) return { algorithm, hex: value.toLowerCase() }
  const body = await sumsOf(host, args, downloadOf(args, url, undefined))
  const hex = findSum(body, lastName(args.url), algorithm)
  if (hex === undefined) throw new ModuleFailure(`${url} has no ${algorithm} of ${lastName(args.url)}`)
  return { algorithm, hex }
}

async function sumsOf(host: ProbeHost, { via }: Args, order: Download): Promise<string> {
  if (via === 'controller') return readText((await downloadHere(order)).stream())
  const { url, timeout } = order
  const script = sumsScript({ url, timeout: `${Math.ceil(timeout)}`, ...webOptions(order) })
  return (await host.query(script)).stdout.toString('utf8')
}

/** The sum of a file in the text that `sha256sum` and its kin print; the only sum, where there is but one without a name. */
export function findSum(body: string, name: string, algorithm: Algorithm = 'sha256'): string | undefined {
  const rule = new RegExp(`^([0-9a-fA-F]{${sumLengths[algorithm]}})(?:\\s+\\*?(.*))?$`)
  const lines = body.split('\n').flatMap((line) => {
    const [, sum, file = ''] = rule.exec(line.trim()) ?? []
    return sum === undefined ? [] : [{ sum: sum.toLowerCase(), file: file.replace(/^.*\//, '') }]
  })
  return (
    lines.find(({ file }) => file === name) ??
    (lines.length === 1 && lines[0]!.file === '' ? lines[0] : undefined)
  )?.sum
}
