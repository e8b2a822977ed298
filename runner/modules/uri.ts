import { basename } from 'node:path'
import { z } from 'zod'
import { Secret } from '../secrets/secret.js'
import { applyFile } from './files/apply.js'
import { attributesOf } from './files/attributes.js'
import { contentOf } from './files/content.js'
import { useProxy } from './files/download.js'
import { asksPolicy } from './files/label.js'
import { type FileWork, planFile } from './files/plan.js'
import { probeFile, shownBytes } from './files/probe.js'
import { webProxy } from './files/web-get.js'
import { type GuardState, guardArgs, probeGuards } from './guarded.js'
import type { Change, Completed, ProbeHost, ResultFields } from './module.js'
import { defineModule, ModuleFailure } from './module.js'
import { outputText } from './outcome.js'
import {
  attributes,
  bool,
  int,
  name,
  path,
  reveal,
  seconds,
  secretLine,
  secretText,
  text,
  withoutNul,
} from './schema.js'
import { shellScript } from './script.js'

const args = z
  .strictObject({
    url: text
      .refine((v) => /^https?:\/\/[^\s/]\S*$/.test(v) && URL.canParse(v), 'must be a URL of http or https')
      .describe('The host itself asks it.'),
    method: name
      .transform((v) => v.toUpperCase())
      .refine((v) => /^[A-Z]+$/.test(v), 'is not a method')
      .default('GET'),
    headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), secretLine).default({}),
    body: withoutNul(
      z.union([secretText, z.record(z.string(), z.unknown()), z.array(z.unknown())]),
    ).optional(),
    body_format: z
      .enum(['raw', 'json', 'form-urlencoded'])
      .default('raw')
      .describe('How a body that is no text is written.'),
    status_code: z
      .union([z.array(int), int.transform((v) => [v])])
      .default([200])
      .describe('What counts as success.'),
    return_content: bool.default(false).describe('With the body as `content`. JSON comes as `json` anyway.'),
    url_username: secretLine.optional(),
    url_password: secretLine.optional(),
    user: secretLine.optional().describe('The same as `url_username`.'),
    password: secretLine.optional().describe('The same as `url_password`.'),
    force_basic_auth: bool.default(true).describe('Accepted: a user is told with the first request.'),
    creates: guardArgs.creates,
    removes: guardArgs.removes,
    dest: path
      .optional()
      .describe('A file or folder of the host that gets the body (at most 2 MiB; get_url fetches more).'),
    ...attributes,
    use_proxy: useProxy,
    validate_certs: bool.default(true),
    ca_path: text.optional().describe('A file of the host with the certificates to trust.'),
    follow_redirects: z
      .union([z.enum(['all', 'safe', 'none', 'urllib2']), bool])
      .transform((v) => (v === 'all' ? 'all' : v === 'none' || v === false ? 'none' : 'safe'))
      .default('safe')
      .describe(
        '`safe` (and yes): only of what reads. `all`: what is sent is sent again, as the redirect says.',
      ),
    timeout: seconds.default(30).describe('For all of it.'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    for (const [name, other] of [
      ['url_username', 'user'],
      ['url_password', 'password'],
    ] as const)
      if (value[name] !== undefined && value[other] !== undefined)
        issue(`is the same as ${name}: give one`, other)
    if (Array.isArray(value.body) && value.body_format === 'form-urlencoded' && !value.body.every(isPair))
      issue('as form-urlencoded a list holds pairs', 'body')
  })

const isPair = (part: unknown) => Array.isArray(part) && part.length === 2

type Args = z.output<typeof args>

/** A body is fetched up to this many bytes. */
const limit = 2 * 1024 * 1024

// What is secret stands in curl's configuration, on its standard input: no list of processes shows it.
const body = `${webProxy}command -v curl >/dev/null 2>&1 || { echo 'this host has no curl' >&2; exit 1; }
web_proxy
printf '%s' "$config" | curl -sS -K - -w '\\n%{http_code}\\t%{content_type}\\t%{url_effective}\\t%{num_redirects}\\t%{redirect_url}'`
const readScript = shellScript('uri-read', 'probe', ['config', 'use_proxy'], body)
const sendScript = shellScript('uri-send', 'apply', ['config', 'use_proxy'], body)

const reads = ({ method }: Args) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/** Asks a web server. */
export const uri = defineModule({
  name: 'uri',
  doc: {
    summary: 'Let the host ask a web server (with curl)',
    description:
      'GET, HEAD and OPTIONS only read: they are asked in check mode too, and change nothing. Every other method is a ' +
      'change, and is never sent twice. With `dest`, what reads is a change where the file is another than the body.',
    examples: [
      '- name: The registry answers\n  uri: { url: https://registry.example/v2/, status_code: [200, 401] }\n  register: answer\n  retries: 5\n  until: answer.status === 200',
      '- name: Say that it is done\n  uri: { url: https://hooks.example/done, method: POST, body_format: json, body: { cluster: a } }',
    ],
  },
  args,
  async probe(host, args: Args): Promise<State> {
    const { skip } = await probeGuards(host, args)
    if (skip !== undefined) return { skip }
    if (!reads(args)) return {}
    const answer = answerOf(args, await host.run(readScript(valuesOf(args), timeLimit(args))))
    return args.dest === undefined ? { answer } : { answer, work: await planBody(host, args, answer) }
  },
  diff(args, { skip, answer, work }): Change<FileWork | undefined> | undefined {
    if (skip !== undefined || (answer && !work)) return undefined
    if (work) return work
    return { summary: [`${args.method} ${args.url}`], data: undefined }
  },
  async apply(host, args, { data }) {
    if (data) return { ...(await applyFile(host, data)) }
    const answer = answerOf(args, await host.run(sendScript(valuesOf(args), timeLimit(args))))
    const work = args.dest === undefined ? undefined : await planBody(host, args, answer)
    return { ...answer.fields, ...(work ? await applyFile(host, work.data) : {}) }
  },
  result: (args, { skip, answer }) => ({
    url: args.url,
    ...answer?.fields,
    ...(skip === undefined ? {} : { msg: `not asked: ${skip}` }),
  }),
})

interface Answer {
  readonly fields: ResultFields
  readonly body: Buffer
}

interface State extends GuardState {
  /** Of what reads. */
  readonly answer?: Answer
  /** What writing its body to `dest` would change. */
  readonly work?: Change<FileWork> | undefined
}

async function planBody(
  host: ProbeHost,
  args: Args,
  { body }: Answer,
): Promise<Change<FileWork> | undefined> {
  const { dest, url } = args
  const content = contentOf(body)
  const base = basename(new URL(url).pathname) || 'index.html'
  const question = {
    path: dest!,
    base,
    wantedSha: content.sha256,
    contentLimit: shownBytes,
    policy: asksPolicy(args),
  }
  return planFile({ attributes: attributesOf(args), content }, await probeFile(host, question))
}

const timeLimit = ({ timeout }: Args) => ({ timeoutMs: (timeout + 10) * 1000 })

const valuesOf = (args: Args) => ({ config: configOf(args), use_proxy: args.use_proxy ? 'yes' : 'no' })

/** A configuration of curl: a line for each option, its value in quotes. */
function configOf(args: Args): string | Secret {
  const { headers, url_username: user = args.user, url_password: password = args.password } = args
  const sent = bodyOf(args)
  const type = { json: 'application/json', 'form-urlencoded': 'application/x-www-form-urlencoded', raw: '' }[
    args.body_format
  ]
  const hasType = Object.keys(headers).some((key) => key.toLowerCase() === 'content-type')
  const options: [string, string | Secret][] = [
    ['url', args.url],
    // curl makes POST and GET of what it sends by itself, and then follows a redirect as browsers do.
    ...(args.method === (sent === undefined ? 'GET' : 'POST') || args.method === 'HEAD'
      ? []
      : ([['request', args.method]] as [string, string][])),
    ['max-time', `${args.timeout}`],
    ['max-filesize', `${limit}`],
    ['proto', '=http,https'],
    ...Object.entries(headers).map(([key, value]): [string, string] => [
      'header',
      `${key}: ${reveal(value)}`,
    ]),
    ...(type !== '' && !hasType && sent !== undefined
      ? [['header', `Content-Type: ${type}`] as [string, string]]
      : []),
    ...(user === undefined
      ? []
      : [['user', `${reveal(user)}:${reveal(password ?? '')}`] as [string, string]]),
    ...(sent === undefined ? [] : [['data-raw', reveal(sent)] as [string, string]]),
    ...(args.ca_path === undefined ? [] : [['cacert', args.ca_path] as [string, string]]),
  ]
  const flags = [
    ...(args.method === 'HEAD' ? ['head'] : []),
    ...(args.follow_redirects === 'all' || (args.follow_redirects === 'safe' && reads(args))
      ? ['location']
      : []),
    ...(args.validate_certs ? [] : ['insecure']),
  ]
  const written = [...options.map(([key, value]) => `${key} = ${quoted(reveal(value))}`), ...flags].join('\n')
  const values = [...Object.values(headers), user, password, sent]
  return values.some((value) => value instanceof Secret) ? new Secret(`${written}\n`) : `${written}\n`
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' }
const quoted = (value: string) =>
  `"${value.replace(/["\\]/g, '\\$&').replace(/[\n\r\t\v]/g, (char) => escapes[char]!)}"`

function bodyOf({ body, body_format }: Args): string | Secret | undefined {
  if (body === undefined || typeof body === 'string' || body instanceof Secret) return body
  if (body_format !== 'form-urlencoded') return JSON.stringify(body)
  const pairs = Array.isArray(body) ? (body as [unknown, unknown][]) : Object.entries(body)
  // A list is a field that comes more than once.
  const flat = pairs.flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [String(key), String(one)]),
  )
  return new URLSearchParams(flat).toString()
}

/** @throws ModuleFailure where no answer came, or another than wanted */
function answerOf(args: Args, completed: Completed): Answer {
  const { url } = args
  if (completed.code !== 0) {
    const said = outputText(completed.stderr)
    throw new ModuleFailure(`could not ask ${url}: ${said || `curl exit code ${completed.code}`}`, {
      url,
      status: -1,
    })
  }
  const cut = completed.stdout.lastIndexOf(10)
  const [status = '', type = '', effective = '', redirects = '', location = ''] = completed.stdout
    .toString('utf8', cut + 1)
    .split('\t')
  const body = completed.stdout.subarray(0, Math.max(0, cut))
  const content = body.toString('utf8')
  const fields = {
    url: effective,
    status: Number(status),
    content_type: type,
    redirected: Number(redirects) > 0,
    ...(location === '' ? {} : { location }),
    ...(args.return_content ? { content } : {}),
    ...jsonOf(type, content),
  }
  if (args.status_code.includes(fields.status)) return { fields, body }
  throw new ModuleFailure(`${url} answered ${fields.status}, not ${args.status_code.join(' or ')}`, {
    ...fields,
    content,
  })
}

function jsonOf(type: string, content: string): { json?: unknown } {
  if (!/[/+]json\b/.test(type)) return {}
  try {
    return { json: JSON.parse(content) as unknown }
  } catch {
    return {}
  }
}
