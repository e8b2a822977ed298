import { z } from 'zod'
import { bool } from '../schema.js'
import { defineControl } from './control.js'

export const setStatsModule = defineControl({
  name: 'set_stats',
  doc: {
    summary: 'Tell something at the end of the run, under the recap',
    description: 'Machine-readable outputs have it in `run_finished.custom`.',
    examples: [
      '- set_stats: { data: { upgraded: 1 } }',
      '- set_stats: { data: { ready: true }, per_host: true }',
    ],
  },
  args: z.strictObject({
    data: z.record(z.string(), z.unknown()).describe('Values by name.'),
    per_host: bool.default(false).describe('Of this host, not of the run.'),
    aggregate: bool
      .default(true)
      .describe('Add to what was told before: numbers add up, lists and texts are joined, mappings merged.'),
  }),
  run({ data, per_host, aggregate }, control) {
    control.addStats(data, { perHost: per_host, aggregate })
    return { fields: { ansible_stats: { data, per_host, aggregate } } }
  },
})
