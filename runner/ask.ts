import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Interrupted } from './errors.js'
import type { Reporter } from './events.js'

/**
 * Asks as a run does: nothing is drawn meanwhile. Ctrl-C at a question interrupts the run, which gets no signal while the
 * terminal reads a line, and nobody is asked after it.
 * @throws Error where there is no terminal; Interrupted
 */
export function askWithin(
  { stop, interrupt }: { readonly stop: AbortSignal; readonly interrupt: () => void },
  { suspend }: Pick<Reporter, 'suspend'>,
  ask: typeof askTerminal,
): typeof askTerminal {
  return async (text, options) => {
    const resume = await suspend?.()
    try {
      if (stop.aborted) throw new Interrupted()
      return await ask(text, options)
    } catch (error) {
      if (error instanceof Interrupted && !stop.aborted) interrupt()
      throw error
    } finally {
      resume?.()
    }
  }
}

/**
 * Asks the person at the terminal; what is typed for a private question is not shown. Where the signal comes first, the
 * answer is empty.
 * @throws Error where there is no terminal; Interrupted
 */
export function askTerminal(
  text: string,
  options: { private: boolean; until?: AbortSignal },
): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) return Promise.reject(new Error('there is no terminal to ask on'))
  return new Promise((resolve, reject) => {
    const muted = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = createInterface({ input: stdin, output: options.private ? muted : stderr, terminal: true })
    stderr.write(`${text}: `)
    lines.on('SIGINT', () => {
      lines.close()
      reject(new Interrupted())
    })
    const end = (answer: string) => {
      lines.close()
      resolve(answer)
    }
    options.until?.addEventListener('abort', () => {
      stderr.write('\n')
      end('')
    })
    lines.once('line', (answer) => {
      if (options.private) stderr.write('\n')
      end(answer)
    })
  })
}
