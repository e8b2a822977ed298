import { z } from 'zod'
import { defineModule } from './module.js'
import { applyPackages, type PackageOrder, planPackages, probePackages } from './packages/apt.js'
import { bool, int, nameList } from './schema.js'

const packageName = /^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?(=[A-Za-z0-9.+:~*-]+)?$/
const list = nameList.refine(
  (names) => names.every((n) => packageName.test(n)),
  'is not the name of a package',
)

const args = z
  .strictObject({
    name: list
      .optional()
      .describe('Packages; `name=version` asks for a version, in which * stands for anything.'),
    pkg: list.optional().describe('The same as `name`.'),
    package: list.optional().describe('The same as `name`.'),
    state: z.enum(['present', 'installed', 'latest', 'absent', 'removed']).default('present'),
    update_cache: bool
      .default(false)
      .describe('Fetch the package lists first, where they are older than `cache_valid_time`.'),
    cache_valid_time: int.default(3600).describe('Seconds.'),
    install_recommends: bool.optional().describe('Without it, as the host is configured.'),
    purge: bool.default(false).describe('Remove configuration files too.'),
    autoremove: bool.default(false).describe('Remove what nothing needs any more.'),
    allow_downgrade: bool.default(false),
    lock_timeout: int.default(120).describe('Seconds to wait for another run of apt or dpkg.'),
  })
  .superRefine((value, context) => {
    const names = [value.name, value.pkg, value.package].filter((v) => v !== undefined)
    if (names.length > 1 || (names.length === 0 && !value.update_cache))
      context.addIssue({ code: 'custom', message: 'give name' })
  })

type Args = z.output<typeof args>

function orderOf(args: Args): PackageOrder {
  const { state } = args
  const plain = state === 'installed' ? 'present' : state === 'removed' ? 'absent' : state
  return { ...args, names: args.name ?? args.pkg ?? args.package ?? [], state: plain }
}

/** Packages of Debian and its kin. */
export const packageModule = defineModule({
  name: 'package',
  doc: {
    summary: 'Install and remove packages (apt)',
    description:
      'Packages that are there cost one round trip, however many, and no package lists are fetched for them. A dpkg that ' +
      'was interrupted is put right first. `cache_valid_time` is an hour unless given (Ansible: 0), so that a second run ' +
      'changes nothing.',
    examples: [
      '- name: What k3s needs\n  package: { name: [iptables, curl], update_cache: true }',
      '- name: Without the web server\n  apt: { name: apache2, state: absent, purge: true }',
    ],
  },
  args,
  probe: (host, args: Args) => probePackages(host, orderOf(args)),
  diff: (args, state) => planPackages(orderOf(args), state),
  apply: (host, args, { data }) => applyPackages(host, orderOf(args), data),
  result: (_args, state) => ({ packages: Object.fromEntries(state.installed), cache_updated: false }),
})
