import { z } from 'zod'
import { Secret } from '../secrets/secret.js'
import type { Completed } from './module.js'
import { defineModule, ModuleFailure } from './module.js'
import { outputText } from './outcome.js'
import { bool, int, name, reveal, seconds, secretText, text } from './schema.js'
import { shellScript } from './script.js'

const line = secretText.refine((v) => !/[\n\r]/.test(reveal(v)), 'must be one line')

const args = z.strictObject({
  url: text
    .refine((v) => /^https?:\/\/[^\s/]\S*$/.test(v), 'must be a URL of http or https')
    .describe('The host itself asks it.'),
  method: name
    .transform((v) => v.toUpperCase())
    .refine((v) => /^[A-Z]+$/.test(v), 'is not a method')
    .default('GET'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), line).default({}),
  body: z.union([secretText, z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional(),
  body_format: z
    .enum(['raw', 'json', 'form-urlencoded'])
    .default('raw')
    .describe('How a body that is no text is written.'),
  status_code: z
    .union([z.array(int), int.transform((v) => [v])])
    .default([200])
    .describe('What counts as success.'),
  return_content: bool.default(false).describe('With the body as `content`. JSON comes as `json` anyway.'),
  url_username: line.optional(),
  url_password: line.optional(),
  validate_certs: bool.default(true),
  ca_path: text.optional().describe('A file of the host with the certificates to trust.'),
  follow_redirects: bool.default(true).describe('Only of what reads.'),
  timeout: seconds.default(30).describe('For all of it.'),
})

type Args = z.output<typeof args>

/** A body is fetched up to this many bytes. */
const limit = 2 * 1024 * 1024

// What is secret stands in curl's configuration, on its standard input: no list of processes shows it.
const body = `command -v curl >/dev/null 2>&1 || { echo 'this host has no curl' >&2; exit 1; }
printf '%s' "$config" | curl -sS -K - -w '\\n%{http_code}\\t%{content_type}\\t%{url_effective}'`
const readScript = shellScript('uri-read', 'probe', ['config'], body)
const sendScript = shellScript('uri-send', 'apply', ['config'], body)

const reads = ({ method }: Args) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/** Asks a web server. */
export const uri = defineModule({
  name: 'uri',
  doc: {
    summary: 'Let the host ask a web server (with curl)',
    description:
      'GET, HEAD and OPTIONS only read: they are asked in check mode too, and change nothing. Every other method is a ' +
      'change, and is never sent twice.',
    examples: [
      '- name: The registry answers\n  uri: { url: https://registry.example/v2/, status_code: [200, 401] }\n  register: answer\n  retries: 5\n  until: answer.status === 200',
      '- name: Say that it is done\n  uri: { url: https://hooks.example/done, method: POST, body_format: json, body: { cluster: a } }',
    ],
  },
  args,
  async probe(host, args: Args) {
    if (!reads(args)) return undefined
    return answerOf(args, await host.run(readScript({ config: configOf(args) }, timeLimit(args))))
  },
  diff(args, answer) {
    if (answer) return undefined
    return { summary: [`${args.method} ${args.url}`], data: undefined }
  },
  async apply(host, args) {
    return answerOf(args, await host.run(sendScript({ config: configOf(args) }, timeLimit(args))))
  },
  result: (args, answer) => answer ?? { url: args.url },
})

const timeLimit = ({ timeout }: Args) => ({ timeoutMs: (timeout + 10) * 1000 })

/** A configuration of curl: a line for each option, its value in quotes. */
function configOf(args: Args): string | Secret {
  const { headers, url_username: user, url_password: password } = args
  const sent = bodyOf(args)
  const type = { json: 'application/json', 'form-urlencoded': 'application/x-www-form-urlencoded', raw: '' }[
    args.body_format
  ]
  const hasType = Object.keys(headers).some((key) => key.toLowerCase() === 'content-type')
  const options: [string, string | Secret][] = [
    ['url', args.url],
    ...(args.method === 'HEAD' ? [] : ([['request', args.method]] as [string, string][])),
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
    ...(args.follow_redirects && reads(args) ? ['location'] : []),
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
  return new URLSearchParams(
    Object.entries(body).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString()
}

/** @throws ModuleFailure where no answer came, or another than wanted */
function answerOf(args: Args, completed: Completed) {
  const { url } = args
  if (completed.code !== 0) {
    const said = outputText(completed.stderr)
    throw new ModuleFailure(`could not ask ${url}: ${said || `curl exit code ${completed.code}`}`, {
      url,
      status: -1,
    })
  }
  const whole = completed.stdout.toString('utf8')
  const cut = whole.lastIndexOf('\n')
  const [status = '', type = '', effective = ''] = whole.slice(cut + 1).split('\t')
  const content = whole.slice(0, Math.max(0, cut))
  const fields = {
    url: effective,
    status: Number(status),
    content_type: type,
    ...(args.return_content ? { content } : {}),
    ...jsonOf(type, content),
  }
  if (args.status_code.includes(fields.status)) return fields
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
