import { z } from 'zod'
import { defineModule, type ModuleDoc } from '../module.js'
import { bool, int, nameList } from '../schema.js'
import { applyPackages } from './apply.js'
import type { PackageOrder } from './order.js'
import { planPackages } from './plan.js'
import { probePackages } from './probe.js'

const packageName = /^[A-Za-z0-9][A-Za-z0-9+._-]*(:[a-z0-9-]+)?(=[A-Za-z0-9.+:~*_^-]+)?$/
const rpmName = /^(https?:\/\/\S+\.rpm|\/[^\n%\\ ]+\.rpm|\/[A-Za-z0-9+._/-]+)$/

/** Names of packages. One that begins with a dash, or holds what a shell or a tool would read otherwise, is refused. */
export const packageList = nameList.refine(
  (names) => names.every((one) => packageName.test(one)),
  'is not the name of a package',
)

/** Names as dnf, yum and zypper take them: also a file that a package brings, the path or the URL of a package. */
export const rpmList = nameList.refine(
  (names) => names.every((one) => packageName.test(one) || rpmName.test(one)),
  'is not the name of a package (groups, @name, are not supported: name their packages)',
)

/** What every module of packages has. */
export const commonArgs = {
  state: z.enum(['present', 'installed', 'latest', 'absent', 'removed']).default('present'),
  update_cache: bool
    .default(false)
    .describe('Fetch the package lists first, where they are older than `cache_valid_time`.'),
  cache_valid_time: int.default(3600).describe('Seconds.'),
  lock_timeout: int.default(120).describe('Seconds to wait for another run of the package manager.'),
}

const plainStates = {
  present: 'present',
  installed: 'present',
  latest: 'latest',
  absent: 'absent',
  removed: 'absent',
} as const

export const plainState = (state: keyof typeof plainStates) => plainStates[state]

/** A module of packages: its own arguments become an order; the rest is the same for all. */
export function packageModuleOf<A>(module: {
  readonly name: string
  readonly doc: ModuleDoc
  readonly args: z.ZodType<A>
  readonly aliases?: Readonly<Record<string, string>>
  order(args: A): PackageOrder
}) {
  return defineModule({
    name: module.name,
    doc: module.doc,
    args: module.args,
    aliases: module.aliases ?? {},
    probe: (host, args: A) => probePackages(host, module.order(args)),
    diff: (args, state) => planPackages(module.order(args), state),
    apply: (host, args, { data }) => applyPackages(host, module.order(args), data),
    result: (_args, state) => ({ packages: Object.fromEntries(state.installed), cache_updated: false }),
  })
}
