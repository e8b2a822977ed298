import { z } from 'zod'
import { commonArgs, packageModuleOf, plainState, rpmList } from './packages/args.js'
import { type PackageOrder, plainOrder } from './packages/order.js'
import { bool, nameList, path } from './schema.js'

const ids = nameList.refine(
  (list) => list.every((one) => /^[A-Za-z0-9_*?.:/[\]-]+$/.test(one) && !one.startsWith('-')),
  {
    message: 'must be names of repositories or packages; * stands for anything',
  },
)

const args = z
  .strictObject({
    name: z
      .union([z.literal('*'), rpmList])
      .optional()
      .describe(
        'Packages, paths or URLs of rpm files; `name=version` or `name-version`. `*` with `latest`: everything.',
      ),
    pkg: rpmList.optional().describe('The same as `name`.'),
    ...commonArgs,
    enablerepo: ids.default([]).describe('Repositories that are on for this task.'),
    disablerepo: ids.default([]).describe('Repositories that are off for this task.'),
    exclude: ids.default([]).describe('Packages that are left as they are.'),
    disable_excludes: z
      .string()
      .regex(/^[A-Za-z0-9._-]+$/)
      .optional()
      .describe('`all`, `main` or a repository.'),
    disable_gpg_check: bool.default(false).describe('Take packages without a valid signature.'),
    disable_plugin: ids.default([]),
    enable_plugin: ids.default([]),
    install_weak_deps: bool.default(true).describe('Bring what packages recommend, too.'),
    allowerasing: bool.default(false).describe('Remove what stands in the way.'),
    allow_downgrade: bool.default(false),
    nobest: bool.default(false).describe('An older version will do, where the newest cannot be installed.'),
    skip_broken: bool.default(false).describe('Pass over what cannot be installed.'),
    security: bool.default(false).describe('With `latest`: only what mends a weakness.'),
    bugfix: bool.default(false).describe('With `latest`: only what mends a mistake.'),
    update_only: bool.default(false).describe('Leave packages alone that are not installed.'),
    autoremove: bool.default(false).describe('With `absent`: what nothing needs any more goes too.'),
    sslverify: bool.default(true).describe('Check the certificates of repositories.'),
    conf_file: path.optional().describe('A configuration of dnf in the place of the host’s.'),
    releasever: z
      .union([z.string().regex(/^[A-Za-z0-9._-]+$/, 'is not a release'), z.number().transform(String)])
      .optional()
      .describe('The release whose packages are taken.'),
    cacheonly: bool.default(false).describe('Fetch nothing: what the host has must do.'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    const names = [value.name, value.pkg].filter((v) => v !== undefined)
    if (names.length > 1 || (names.length === 0 && !value.update_cache))
      context.addIssue({ code: 'custom', message: 'give name' })
    if (value.name === '*' && value.state !== 'latest') issue('* needs state: latest', 'name')
  })

type Args = z.output<typeof args>

function orderOf(args: Args): PackageOrder {
  const each = (option: string, values: readonly string[]) => values.map((value) => `--${option}=${value}`)
  const repositories = [
    ...(args.conf_file ? [`--config=${args.conf_file}`] : []),
    ...(args.releasever ? [`--releasever=${args.releasever}`] : []),
    ...each('disablerepo', args.disablerepo),
    ...each('enablerepo', args.enablerepo),
    ...each('exclude', args.exclude),
    ...(args.disable_excludes ? [`--disableexcludes=${args.disable_excludes}`] : []),
    ...each('disableplugin', args.disable_plugin),
    ...each('enableplugin', args.enable_plugin),
    ...(args.security ? ['--security'] : []),
    ...(args.bugfix ? ['--bugfix'] : []),
  ]
  const all = args.name === '*'
  return {
    ...plainOrder,
    ...args,
    use: 'dnf',
    names: all ? [] : ((args.name as string[] | undefined) ?? args.pkg ?? []),
    state: plainState(args.state),
    upgrade: all ? 'upgrade' : undefined,
    only_upgrade: args.update_only,
    options: [
      ...repositories,
      ...(args.disable_gpg_check ? ['--nogpgcheck'] : []),
      ...(args.install_weak_deps ? [] : ['--setopt=install_weak_deps=False']),
      ...(args.allowerasing ? ['--allowerasing'] : []),
      ...(args.nobest ? ['--nobest'] : []),
      ...(args.skip_broken ? ['--skip-broken'] : []),
      ...(args.sslverify ? [] : ['--setopt=sslverify=False']),
      ...(args.cacheonly ? ['--cacheonly'] : []),
      ...(args.autoremove ? ['--setopt=clean_requirements_on_remove=True'] : []),
    ],
    probeOptions: repositories,
  }
}

/** Packages of Fedora, RHEL and their kin. */
export const dnf = packageModuleOf({
  name: 'dnf',
  doc: {
    summary: 'Install, upgrade and remove packages with dnf (yum where there is no dnf)',
    description:
      'Ansible’s `dnf`, `dnf5` and `yum`. `latest` compares with the metadata that the host has, and fetches it first where ' +
      'there is none; `update_cache` fetches it where it is older than `cache_valid_time`. Groups (`@name`) are not supported.',
    examples: [
      '- name: What k3s needs on RHEL\n  dnf: { name: [container-selinux, iptables], state: present }',
      '- name: From a repository that is off\n  dnf: { name: k3s-selinux, enablerepo: rancher-k3s-common-stable }',
      '- name: Everything up to date\n  dnf: { name: "*", state: latest, update_cache: true, exclude: [kernel*] }',
    ],
  },
  args,
  aliases: { 'expire-cache': 'update_cache', validate_certs: 'sslverify' },
  order: orderOf,
})
