import { z } from 'zod'
import { commonArgs, packageList, packageModuleOf, plainState } from './packages/args.js'
import { managers, plainOrder } from './packages/order.js'
import { bool } from './schema.js'

const args = z
  .strictObject({
    name: packageList
      .optional()
      .describe('Packages; `name=version` asks for a version, in which * stands for anything.'),
    pkg: packageList.optional().describe('The same as `name`.'),
    package: packageList.optional().describe('The same as `name`.'),
    ...commonArgs,
    use: z
      .enum(['auto', ...managers])
      .default('auto')
      .describe('The package manager; `auto` takes the first of these that the host has.'),
    install_recommends: bool.optional().describe('Of apt. Without it, as the host is configured.'),
    purge: bool.default(false).describe('Remove configuration files too (apt, pacman, apk).'),
    autoremove: bool.default(false).describe('Remove what nothing needs any more.'),
    allow_downgrade: bool.default(false),
  })
  .superRefine((value, context) => {
    const names = [value.name, value.pkg, value.package].filter((v) => v !== undefined)
    if (names.length > 1 || (names.length === 0 && !value.update_cache))
      context.addIssue({ code: 'custom', message: 'give name' })
  })

/** Packages, whatever tool the host has for them. */
export const packageModule = packageModuleOf({
  name: 'package',
  doc: {
    summary: 'Install and remove packages with the package manager that the host has',
    description:
      'apt, zypper, dnf, yum, pacman or apk. Packages that are there cost one round trip, however many, and no package lists ' +
      'are fetched for them. A dpkg that was interrupted is put right first. `cache_valid_time` is an hour unless given ' +
      '(Ansible: 0), so that a second run changes nothing. `latest` compares with the lists that the host has. Another run ' +
      'of the package manager is waited for. All are tested on the real tools, apk where the tests are run with TSPLAY_LAB_APK=1.',
    examples: [
      '- name: What k3s needs\n  package: { name: [iptables, curl], update_cache: true }',
      '- name: Without the web server\n  package: { name: apache2, state: absent, purge: true }',
    ],
  },
  args,
  order: (args) => ({
    ...plainOrder,
    ...args,
    names: args.name ?? args.pkg ?? args.package ?? [],
    state: plainState(args.state),
  }),
})
