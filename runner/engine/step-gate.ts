import { InputError } from '../errors.js'
import type { Ask } from './context.js'

/** `--step`: whether the task of this name is to run. */
export type StepGate = (title: string) => Promise<boolean>

/** Asks before each task, in Ansible's words, until the answer is to continue. @throws InputError without a terminal */
export function createStepGate(ask: Ask): StepGate {
  let isAsking = true
  return async (title) => {
    while (isAsking) {
      const answer = (await askFor(title)).trim().toLowerCase()
      if (['y', 'yes'].includes(answer)) return true
      if (['', 'n', 'no'].includes(answer)) return false
      if (['c', 'continue'].includes(answer)) isAsking = false
    }
    return true
  }

  async function askFor(title: string): Promise<string> {
    try {
      return await ask(`Perform task: ${title} (N)o/(y)es/(c)ontinue`, { private: false })
    } catch (error) {
      if (error instanceof InputError) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new InputError([{ code: 'option', message: `--step must ask before each task, and ${why}` }])
    }
  }
}
