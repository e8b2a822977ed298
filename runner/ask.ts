import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/** The person broke the answer off with Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/**
 * Asks the person at the terminal; what is typed for a private question is not shown.
 * @throws Error where there is no terminal; Interrupted
 */
export function askTerminal(text: string, options: { private: boolean }): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) return Promise.reject(new Error('there is no terminal to ask on'))
  return new Promise((resolve, reject) => {
    const muted = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = createInterface({ input: stdin, output: options.private ? muted : stderr, terminal: true })
    stderr.write(`${text}: `)
    lines.on('SIGINT', () => {
      lines.close()
      reject(new Interrupted('interrupted'))
    })
    lines.once('line', (answer) => {
      lines.close()
      if (options.private) stderr.write('\n')
      resolve(answer)
    })
  })
}
