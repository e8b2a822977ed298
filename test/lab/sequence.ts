import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take minutes, the longest first; a clean clone knows no durations, and sizes do not tell. */
const long = [
  'operations.test.ts',
  'life.test.ts',
  'faults.test.ts',
  'cases.test.ts',
  'standin.test.ts',
  'cluster.test.ts',
  'ansible.test.ts',
  'remove.test.ts',
  'upgrade.test.ts',
  'runtimes.test.ts',
  'packages.test.ts',
]

/** Begins with what takes longest, so that no worker is left alone with it at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = long.indexOf(basename(moduleId))
      return place < 0 ? long.length : place
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
