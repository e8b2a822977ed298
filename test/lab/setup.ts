import type { TestProject } from 'vitest/node'
import { labDown, labUp } from './lab.js'
import { labDir } from './paths.js'
import { buildProgram } from './program.js'

declare module 'vitest' {
  /** What `ourLabDir` picks a worker's own lab from. */
  export interface ProvidedContext {
    /** The folders of the labs that are up, one for each worker of vitest. */
    labDirs: string[]
  }
}

/** Brings up a lab for each worker, for all its test files; takes them down at the end unless TSPLAY_LAB_KEEP=1. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  await buildProgram()
  const first = labDir()
  const dirs = Array.from({ length: project.config.maxWorkers }, (_, index) =>
    index === 0 ? first : `${first}-${index + 1}`,
  )
  // One after another: the first may have to build the image.
  for (const dir of dirs)
    await labUp({ nodes: 5, servers: 3, busybox: 1 }, (line) => console.error(`lab: ${line}`), dir)
  project.provide('labDirs', dirs)
  return async () => {
    if (process.env.TSPLAY_LAB_KEEP !== '1') for (const dir of dirs) await labDown(dir)
  }
}
