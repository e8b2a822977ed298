import { z } from 'zod'
import { commonArgs, packageList, packageModuleOf, plainState } from './packages/args.js'
import { plainOrder } from './packages/order.js'
import { bool, nameList } from './schema.js'

const urls = nameList.refine((list) => list.every((one) => /^(https?:\/\/|\/)\S+$/.test(one)), {
  message: 'must be URLs or paths of repositories',
})

const args = z
  .strictObject({
    name: packageList.optional().describe('Packages; `name=version` asks for a version.'),
    pkg: packageList.optional().describe('The same as `name`.'),
    ...commonArgs,
    upgrade: bool.default(false).describe('Bring everything that is installed up to date.'),
    available: bool
      .default(false)
      .describe('With `upgrade`: an older version too, where the repository has no newer.'),
    no_cache: bool.default(false).describe('Take the lists from the repositories, and keep none.'),
    purge: bool.default(false).describe('With `absent`: configuration files go too.'),
    repository: urls.default([]).describe('Repositories besides those of the host, for this task.'),
  })
  .superRefine((value, context) => {
    const names = [value.name, value.pkg].filter((v) => v !== undefined)
    if (names.length > 1 || (names.length === 0 && !value.update_cache && !value.upgrade))
      context.addIssue({ code: 'custom', message: 'give name' })
    if (names.length > 0 && value.upgrade)
      context.addIssue({ code: 'custom', message: 'excludes name', path: ['upgrade'] })
  })

/** Packages of Alpine. */
export const apk = packageModuleOf({
  name: 'apk',
  doc: {
    summary: 'Install, upgrade and remove packages with apk',
    description:
      'What is installed is read from the database of apk. apk 3.0 is tested itself, where the tests are run with TSPLAY_LAB_APK=1; of 2.14 only what it prints and the database that it keeps.',
    examples: [
      '- name: What k3s needs on Alpine\n  apk: { name: [iptables, cni-plugins], update_cache: true }',
    ],
  },
  args,
  order: (args) => ({
    ...plainOrder,
    ...args,
    use: 'apk',
    names: args.name ?? args.pkg ?? [],
    state: plainState(args.state),
    upgrade: args.upgrade ? 'upgrade' : undefined,
    options: [
      ...(args.no_cache ? ['--no-cache'] : []),
      ...(args.available ? ['--available'] : []),
      ...args.repository.flatMap((one) => ['--repository', one]),
    ],
  }),
})
