import { z } from 'zod'
import { commonArgs, packageList, packageModuleOf } from './packages/args.js'
import { type PackageOrder, plainOrder } from './packages/order.js'
import { bool, int, name, path } from './schema.js'

const verbs = {
  no: undefined,
  yes: 'upgrade',
  safe: 'upgrade',
  full: 'dist-upgrade',
  dist: 'dist-upgrade',
} as const

const args = z
  .strictObject({
    name: packageList
      .optional()
      .describe('Packages; `name=version` asks for a version, in which * stands for anything.'),
    pkg: packageList.optional().describe('The same as `name`.'),
    package: packageList.optional().describe('The same as `name`.'),
    ...commonArgs,
    state: z
      .enum(['present', 'installed', 'latest', 'absent', 'removed', 'build-dep', 'fixed'])
      .default('present')
      .describe(
        '`build-dep`: what building the package needs. `fixed`: what is broken is put right, too; also without a name.',
      ),
    cache_valid_time: int
      .optional()
      .describe('Seconds (3600). Where it is given, `update_cache` is meant, as in Ansible.'),
    update_cache_retries: int.default(5).describe('How often fetching the lists is tried again.'),
    update_cache_retry_max_delay: int.default(12).describe('Seconds: the longest wait between two tries.'),
    upgrade: z
      .union([z.enum(['no', 'yes', 'safe', 'full', 'dist']), bool.transform((v) => (v ? 'yes' : 'no'))])
      .default('no')
      .describe(
        'Everything that is installed: `yes` and `safe` remove nothing for it, `full` and `dist` may.',
      ),
    deb: path.optional().describe('A package file of the host; `get_url` fetches one.'),
    default_release: name
      .refine((v) => /^[A-Za-z0-9][A-Za-z0-9=*./_-]*$/.test(v), 'is not the name of a release')
      .optional()
      .describe('Prefer versions of this release (`bookworm-backports`).'),
    install_recommends: bool.optional().describe('Without it, as the host is configured.'),
    purge: bool.default(false).describe('Remove configuration files too.'),
    autoremove: bool.default(false).describe('Remove what nothing needs any more; also without a name.'),
    only_upgrade: bool.default(false).describe('Leave packages alone that are not installed.'),
    allow_downgrade: bool.default(false),
    allow_change_held_packages: bool.default(false),
    allow_unauthenticated: bool.default(false).describe('Take packages without a valid signature.'),
    force: bool
      .default(false)
      .describe('`allow_unauthenticated`, `allow_downgrade` and `allow_change_held_packages` together.'),
    dpkg_options: name
      .refine((v) => /^[a-z][a-z-]*(,[a-z][a-z-]*)*$/.test(v), 'must be options of dpkg without their dashes')
      .default('force-confdef,force-confold')
      .describe('What dpkg does with configuration files that were changed.'),
    clean: bool.default(false).describe('Remove the package files that apt has fetched.'),
    autoclean: bool
      .default(false)
      .describe('Remove the package files that apt has fetched and can fetch no more.'),
    fail_on_autoremove: bool.default(false).describe('Fail where something would be removed on the way.'),
    force_apt_get: bool.default(true).describe('Accepted: it is always apt-get.'),
  })
  .superRefine((value, context) => {
    const names = [value.name, value.pkg, value.package].filter((v) => v !== undefined)
    const { update_cache, cache_valid_time, upgrade, autoremove, clean, autoclean, state } = value
    const lists = update_cache || cache_valid_time !== undefined
    const whole = lists || upgrade !== 'no' || autoremove || clean || autoclean || state === 'fixed'
    if (names.length > 1 || (names.length === 0 && !whole && value.deb === undefined))
      context.addIssue({ code: 'custom', message: 'give name' })
    if (names.length > 0 && value.deb !== undefined)
      context.addIssue({ code: 'custom', message: 'excludes name', path: ['deb'] })
    if (names.length > 0 && value.upgrade !== 'no')
      context.addIssue({ code: 'custom', message: 'excludes name', path: ['upgrade'] })
  })

type Args = z.output<typeof args>

function orderOf(args: Args): PackageOrder {
  const release = args.default_release ? ['-o', `APT::Default-Release=${args.default_release}`] : []
  const { state, force } = args
  const names = args.name ?? args.pkg ?? args.package ?? []
  const mends = state === 'fixed' && names.length === 0 && args.deb === undefined
  const plain =
    state === 'absent' || state === 'removed' ? 'absent' : state === 'latest' ? 'latest' : 'present'
  return {
    ...plainOrder,
    ...args,
    use: 'apt',
    names,
    state: plain,
    buildDep: state === 'build-dep',
    upgrade: mends ? 'install' : verbs[args.upgrade],
    update_cache: args.update_cache || args.cache_valid_time !== undefined,
    cache_valid_time: args.cache_valid_time ?? plainOrder.cache_valid_time,
    allow_downgrade: args.allow_downgrade || force,
    clean: args.clean ? 'clean' : args.autoclean ? 'autoclean' : undefined,
    options: [
      ...release,
      ...(state === 'fixed' ? ['--fix-broken'] : []),
      ...(args.allow_change_held_packages || force ? ['--allow-change-held-packages'] : []),
      ...(args.allow_unauthenticated || force ? ['--allow-unauthenticated'] : []),
      ...(args.fail_on_autoremove ? ['--no-remove'] : []),
    ],
    probeOptions: release,
  }
}

/** Packages of Debian and its kin. */
export const apt = packageModuleOf({
  name: 'apt',
  doc: {
    summary: 'Install, upgrade and remove packages with apt',
    description:
      'What `package` does, and what only apt can. `upgrade`, `autoremove` without a name and `state: build-dep` are foretold ' +
      'by apt-get itself (`-s`), and nothing is changed where it has nothing to do.',
    examples: [
      '- name: Everything up to date\n  apt: { upgrade: dist, update_cache: true }',
      '- name: From backports\n  apt: { name: golang-go, default_release: bookworm-backports }',
      '- name: A package of our own\n  apt: { deb: /opt/agent_1.2_amd64.deb }',
    ],
  },
  args,
  aliases: {
    'update-cache': 'update_cache',
    'default-release': 'default_release',
    'install-recommends': 'install_recommends',
    'allow-unauthenticated': 'allow_unauthenticated',
    'allow-downgrade': 'allow_downgrade',
    allow_downgrades: 'allow_downgrade',
    'allow-downgrades': 'allow_downgrade',
  },
  order: orderOf,
})
