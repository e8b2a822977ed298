import { inject } from 'vitest'

/** The folder of the lab that is this worker's alone while it runs its test files: `openLab(ourLabDir())`. */
export const ourLabDir = (): string => {
  const dir = inject('labDirs')[Number(process.env.VITEST_POOL_ID) - 1]
  if (dir === undefined) throw new Error(`no lab for worker ${process.env.VITEST_POOL_ID}`)
  return dir
}
