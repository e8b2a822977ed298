import { z } from 'zod'
import { defineControl } from './control.js'

export const setFactModule = defineControl({
  name: 'set_fact',
  doc: {
    summary: 'Set variables of this host, to the end of the run',
    examples: ['- set_fact:\n    k3s_url: https://<%= api_endpoint %>:6443'],
  },
  args: z
    .looseObject({ cacheable: z.boolean().optional().describe('Accepted; nothing outlives a run') })
    .describe('Each argument is a variable'),
  run({ cacheable: _, ...facts }) {
    return { facts, fields: { ansible_facts: facts } }
  },
})
