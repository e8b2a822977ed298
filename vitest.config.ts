import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/lab/sequence.js'

/** What tests run leaves no journal behind. */
const env = { TSPLAY_JOURNAL: 'none' }

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          environment: 'node',
          env,
          // Reading the program anew for every file would take longer than most of them.
          isolate: false,
          // The default leaves a core idle: of two, half. Much of a unit test is waiting for shells.
          maxWorkers: '100%',
          // A bound against hanging, not a measure: a busy machine may take long.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          environment: 'node',
          env,
          globalSetup: ['test/lab/setup.ts'],
          // Each has a lab of its own (test/lab/ours.ts). Most of a lab test is waiting for hosts.
          maxWorkers: Number(process.env.TSPLAY_LABS) || 2,
          sequence: { groupOrder: 1 },
          // Bounds against hanging, not measures: a run of a playbook has one of its own, 280 s, and a busy machine may take long.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
