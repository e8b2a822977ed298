import { z } from 'zod'
import { ModuleFailure } from '../module.js'
import { name, textList } from '../schema.js'
import { defineControl } from './control.js'

export const addHostModule = defineControl({
  name: 'add_host',
  doc: {
    summary: 'Add a host to the inventory, for the plays that follow',
    description:
      'To the end of the run. It may be known already: then it gets the groups and variables too. It is run once, for the ' +
      'first host of the batch, and changes no host, so it counts as ok. A group whose variables stand in group_vars must be in ' +
      'the inventory, empty if need be: so its variables are known before the run.',
    examples: [
      '- add_host: { name: <%= created.stdout %>, groups: [agent], ansible_user: debian }',
      '- add_host: { name: <%= item.name %>, groups: agent, ansible_host: <%= item.address %> }\n  loop: <%= machines %>',
    ],
  },
  args: z
    .looseObject({
      name: name.optional().describe('The host, as inventory files name it; `host:port` sets its port.'),
      hostname: name.optional().describe('The same as `name`.'),
      host: name.optional().describe('The same as `name`.'),
      groups: textList.optional().describe('Groups that it is in; they may be new.'),
      group: textList.optional().describe('The same as `groups`.'),
      groupname: textList.optional().describe('The same as `groups`.'),
    })
    .describe('Each other argument is a variable of the host'),
  once: true,
  run({ name, hostname, host, groups, group, groupname, ...vars }, control) {
    const added = name ?? hostname ?? host
    if (added === undefined) throw new ModuleFailure("add_host needs the argument 'name'")
    const within = groups ?? group ?? groupname ?? []
    control.addToInventory(added, within, { vars: new Map(Object.entries(vars)) })
    return { fields: { add_host: { host_name: added, groups: within, host_vars: vars } } }
  },
})
