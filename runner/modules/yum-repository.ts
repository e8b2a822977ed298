import { z } from 'zod'
import type { Secret } from '../secrets/secret.js'
import { attributesOf } from './files/attributes.js'
import { linesOfAnswer } from './files/edit.js'
import { asksPolicy } from './files/label.js'
import { type FileAnswer, probeFile } from './files/probe.js'
import { applyTextFile, planTextFile, type TextFileWork } from './files/text-file.js'
import { type Change, defineModule } from './module.js'
import { withSection } from './packages/yum-section.js'
import { attributes, bool, int, name, nameList, path, reveal, secretLine } from './schema.js'

const id = name.refine(
  (v) => /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/.test(v),
  'must be letters, digits, _ . : and -',
)
const cost = int.optional()
const rate = name.optional()

const args = z
  .strictObject({
    name: id.describe('The id of the repository.'),
    description: name.optional().describe('What people read; needed with `present`.'),
    state: z.enum(['present', 'absent']).default('present'),
    file: id.optional().describe('The file in `reposdir`, without `.repo`; without it, `name`.'),
    reposdir: path.default('/etc/yum.repos.d'),
    baseurl: nameList.optional(),
    mirrorlist: name.optional(),
    metalink: name.optional(),
    enabled: bool.default(true),
    gpgcheck: bool.optional().describe('Packages must be signed.'),
    repo_gpgcheck: bool.optional().describe('The metadata must be signed.'),
    gpgkey: nameList.optional().describe('URLs of keys.'),
    gpgcakey: name.optional(),
    exclude: nameList.optional(),
    include: name.optional(),
    includepkgs: nameList.optional(),
    bandwidth: rate,
    throttle: rate.describe('Bytes a second, or a share of `bandwidth`.'),
    deltarpm_percentage: rate,
    deltarpm_metadata_percentage: rate,
    enablegroups: bool.optional(),
    failovermethod: z.enum(['roundrobin', 'priority']).optional(),
    http_caching: z.enum(['all', 'packages', 'none']).optional(),
    ip_resolve: z
      .union([
        z.enum(['4', '6', 'IPv4', 'IPv6', 'whatever']),
        z.union([z.literal(4), z.literal(6)]).transform(String),
      ])
      .optional(),
    keepalive: bool.optional(),
    keepcache: z
      .union([z.enum(['0', '1']), z.union([z.literal(0), z.literal(1)]).transform(String)])
      .optional(),
    metadata_expire_filter: z
      .enum(['never', 'read-only:past', 'read-only:present', 'read-only:future'])
      .optional(),
    mirrorlist_expire: rate,
    protect: bool.optional(),
    username: secretLine.optional(),
    password: secretLine.optional(),
    proxy_username: secretLine.optional(),
    proxy_password: secretLine.optional(),
    s3_enabled: bool.optional(),
    ssl_check_cert_permissions: bool.optional(),
    ui_repoid_vars: name.optional(),
    priority: cost.describe('Lower comes first.'),
    cost,
    metadata_expire: name.optional(),
    module_hotfixes: bool.optional(),
    proxy: name.optional(),
    skip_if_unavailable: bool.optional(),
    sslverify: bool.optional(),
    sslcacert: path.optional(),
    sslclientcert: path.optional(),
    sslclientkey: path.optional(),
    timeout: cost,
    retries: cost,
    ...attributes,
  })
  .superRefine((value, context) => {
    if (value.state === 'absent') return
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    if (value.description === undefined) issue('is needed', 'description')
    if (!value.baseurl && !value.mirrorlist && !value.metalink)
      issue('is needed, or mirrorlist or metalink', 'baseurl')
  })

type Args = z.output<typeof args>

const own = new Set(['name', 'description', 'state', 'file', 'reposdir', ...Object.keys(attributes)])

/** The options of the section, in the order of their names. Lists that are addresses take a line each. */
function optionsOf(args: Args): readonly (readonly [string, string])[] {
  const given = Object.entries(args).filter(([key, value]) => !own.has(key) && value !== undefined)
  return [
    ['name', args.description ?? ''] as const,
    ...given.map(([key, value]) => [key, textOf(key, value)] as const),
  ]
    .map(([key, value]) => [key, value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function textOf(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(key === 'baseurl' || key === 'gpgkey' ? '\n' : ' ')
  return typeof value === 'boolean' ? (value ? '1' : '0') : `${reveal(value as string | Secret)}`
}

/** A repository of dnf and yum. */
export const yumRepository = defineModule({
  name: 'yum_repository',
  doc: {
    summary: 'Add or remove a repository of dnf and yum',
    description:
      'The section of the repository is written as a whole, with its options in the order of their names; other sections of ' +
      'the file stay. A file without any left goes.',
    examples: [
      '- name: Rancher’s packages\n  yum_repository:\n    name: rancher-k3s-common\n    description: k3s and SELinux\n' +
        '    baseurl: https://rpm.rancher.io/k3s/stable/common/centos/9/noarch\n    gpgcheck: true\n' +
        '    gpgkey: https://rpm.rancher.io/public.key',
    ],
  },
  args,
  aliases: {
    ca_cert: 'sslcacert',
    client_cert: 'sslclientcert',
    client_key: 'sslclientkey',
    validate_certs: 'sslverify',
  },
  probe(host, args: Args): Promise<FileAnswer> {
    const file = `${args.reposdir.replace(/\/+$/, '')}/${args.file ?? args.name}.repo`
    return probeFile(host, { path: file, follow: true, contentLimit: 1024 * 1024, policy: asksPolicy(args) })
  },
  diff(args, answer): Change<TextFileWork> | undefined {
    const { lines } = linesOfAnswer(answer)
    const after = withSection(lines, args.name, args.state === 'present' ? optionsOf(args) : undefined)
    if (args.state === 'absent' && after === lines) return undefined
    const body = after.some((line) => /^\s*\[/.test(line))
      ? after.map((line) => `${line}\n`).join('')
      : undefined
    return planTextFile(attributesOf(args), answer, body)
  },
  async apply(host, _args, { data }) {
    await applyTextFile(host, data)
    return {}
  },
  result: (args, answer) => ({ repo: args.name, state: args.state, dest: answer.path }),
})
