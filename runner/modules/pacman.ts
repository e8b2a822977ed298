import { z } from 'zod'
import { commonArgs, packageList, packageModuleOf, plainState } from './packages/args.js'
import { plainOrder } from './packages/order.js'
import { bool, textList } from './schema.js'

const args = z
  .strictObject({
    name: packageList.optional().describe('Packages.'),
    pkg: packageList.optional().describe('The same as `name`.'),
    package: packageList.optional().describe('The same as `name`.'),
    ...commonArgs,
    upgrade: bool.default(false).describe('Bring everything that is installed up to date.'),
    remove_nosave: bool.default(false).describe('With `absent`: changed configuration files go too.'),
    autoremove: bool.default(false).describe('With `absent`: what nothing needs any more goes too.'),
    extra_args: textList.default([]).describe('More options of pacman, each beginning with a dash.'),
  })
  .superRefine((value, context) => {
    const names = [value.name, value.pkg, value.package].filter((v) => v !== undefined)
    if (names.length > 1 || (names.length === 0 && !value.update_cache && !value.upgrade))
      context.addIssue({ code: 'custom', message: 'give name' })
    if (names.length > 0 && value.upgrade)
      context.addIssue({ code: 'custom', message: 'excludes name', path: ['upgrade'] })
    if (!value.extra_args.every((word) => word.startsWith('-')))
      context.addIssue({ code: 'custom', message: 'must begin with a dash', path: ['extra_args'] })
  })

/** Packages of Arch and its kin. */
export const pacman = packageModuleOf({
  name: 'pacman',
  doc: {
    summary: 'Install, upgrade and remove packages with pacman',
    description:
      'Arch supports no partial upgrades: `update_cache` with a name brings the newest of that name only; `upgrade: true` brings ' +
      'everything. There is one version of each package, the repository’s.',
    examples: [
      '- name: Everything up to date\n  pacman: { upgrade: true, update_cache: true }',
      '- name: What k3s needs on Arch\n  pacman: { name: [iptables-nft, conntrack-tools] }',
    ],
  },
  args,
  order: (args) => ({
    ...plainOrder,
    ...args,
    use: 'pacman',
    names: args.name ?? args.pkg ?? args.package ?? [],
    state: plainState(args.state),
    upgrade: args.upgrade ? 'upgrade' : undefined,
    purge: args.remove_nosave,
    options: args.extra_args,
  }),
})
