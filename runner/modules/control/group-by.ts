import { z } from 'zod'
import { text, textList } from '../schema.js'
import { defineControl } from './control.js'

/** Ansible's rule: names of groups hold no blanks. */
const groupName = (name: string) => name.replaceAll(' ', '-')

export const groupByModule = defineControl({
  name: 'group_by',
  doc: {
    summary: 'Put this host into a group whose name is made in the run, for the plays that follow',
    description: 'To the end of the run. It changes no host, so it counts as ok.',
    examples: [
      '- group_by: { key: "os_<%= facts.os.id %>" }',
      '- group_by: { key: "gpu_<%= vars.gpu ?? false %>", parents: [agent] }',
    ],
  },
  args: z.strictObject({
    key: text.refine((key) => key.trim() !== '', 'is empty').describe('The group; blanks in it become `-`.'),
    parents: textList.default(['all']).describe('What the group is below, if it is new.'),
  }),
  run({ key, parents }, control) {
    const group = groupName(key)
    control.addToInventory(control.host, [group], { parents: parents.map(groupName) })
    return { fields: { add_group: group, parent_groups: parents.map(groupName) } }
  },
})
