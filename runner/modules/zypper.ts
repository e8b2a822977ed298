import { z } from 'zod'
import { commonArgs, packageModuleOf, plainState, rpmList } from './packages/args.js'
import { plainOrder } from './packages/order.js'
import { bool } from './schema.js'

const args = z
  .strictObject({
    name: z
      .union([z.literal('*'), rpmList])
      .optional()
      .describe(
        'Packages, or paths of rpm files; `name=version` asks for a version. `*` with `latest`: everything.',
      ),
    pkg: rpmList.optional().describe('The same as `name`.'),
    ...commonArgs,
    state: z.enum(['present', 'installed', 'latest', 'absent', 'removed', 'dist-upgrade']).default('present'),
    disable_gpg_check: bool
      .default(false)
      .describe('Take repositories and packages without a valid signature.'),
    disable_recommends: bool.default(true).describe('Leave out what packages only recommend.'),
    force_resolution: bool.default(false).describe('Remove what stands in the way.'),
    allow_vendor_change: bool.default(false),
    oldpackage: bool.default(false).describe('An older version may take the place of a newer one.'),
    clean_deps: bool.default(false).describe('With `absent`: what nothing needs any more goes too.'),
    auto_import_keys: bool.default(false).describe('Trust the keys of repositories without a question.'),
  })
  .superRefine((value, context) => {
    const names = [value.name, value.pkg].filter((v) => v !== undefined)
    const whole = value.update_cache || value.state === 'dist-upgrade'
    if (names.length > 1 || (names.length === 0 && !whole))
      context.addIssue({ code: 'custom', message: 'give name' })
    if (value.name === '*' && value.state !== 'latest')
      context.addIssue({ code: 'custom', message: '* needs state: latest', path: ['name'] })
  })

/** Packages of openSUSE and SLES. */
export const zypper = packageModuleOf({
  name: 'zypper',
  doc: {
    summary: 'Install, upgrade and remove packages with zypper',
    description:
      'Repositories are not refreshed but by `update_cache`. Exit codes that only tell of a reboot or a passed-over ' +
      'repository count as success.',
    examples: [
      '- name: What k3s needs on SUSE\n  zypper: { name: [iptables, apparmor-parser] }',
      '- name: Everything up to date\n  zypper: { name: "*", state: latest, update_cache: true }',
    ],
  },
  args,
  order: (args) => {
    const all = args.name === '*' || args.state === 'dist-upgrade'
    const { state } = args
    return {
      ...plainOrder,
      ...args,
      use: 'zypper',
      names: all ? [] : ((args.name as string[] | undefined) ?? args.pkg ?? []),
      state: state === 'dist-upgrade' ? 'latest' : plainState(state),
      upgrade: all ? (state === 'dist-upgrade' ? 'dist-upgrade' : 'update') : undefined,
      allow_downgrade: args.oldpackage,
      autoremove: args.clean_deps,
      options: [
        ...(args.disable_recommends ? ['--no-recommends'] : []),
        ...(args.force_resolution ? ['--force-resolution'] : []),
        ...(args.allow_vendor_change ? ['--allow-vendor-change'] : []),
      ],
      probeOptions: [
        ...(args.disable_gpg_check ? ['--no-gpg-checks'] : []),
        ...(args.auto_import_keys ? ['--gpg-auto-import-keys'] : []),
      ],
    }
  },
})
