import type { TestProject } from 'vitest/node'
import { labDown, labUp } from './lab.js'

declare module 'vitest' {
  /** What tests of the `lab` project ask for with `inject`. */
  export interface ProvidedContext {
    /** The folder of the lab that is up: `openLab(inject('labDir'))`. */
    labDir: string
  }
}

/** Brings one lab up for all test files; takes it down at the end unless TSPLAY_LAB_KEEP=1. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const lab = await labUp({ nodes: 5, servers: 3, busybox: 1 }, (line) => console.error(`lab: ${line}`))
  project.provide('labDir', lab.dir)
  return async () => {
    if (process.env.TSPLAY_LAB_KEEP !== '1') await labDown()
  }
}
