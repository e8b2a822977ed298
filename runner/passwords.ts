import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { usage } from './arguments.js'
import type { Ask } from './engine/context.js'
import { Interrupted } from './errors.js'
import type { CliOptions } from './options.js'
import { Secret } from './secrets/secret.js'

/** The passwords that the command line gives a run; what the inventory says wins over them. */
export interface Passwords {
  readonly connection: Secret | undefined
  readonly become: Secret | undefined
}

type Wanted = Pick<CliOptions, 'askPass' | 'connectionPasswordFile' | 'askBecomePass' | 'becomePasswordFile'>

/**
 * Asks for them on the terminal or reads them from files, once and before any host is touched. Asked for both, an empty
 * answer to the second means that it is the first one again (Ansible's rule).
 * @throws InputError where nobody can be asked or a file cannot be read
 */
export async function readPasswords(options: Wanted, ask: Ask): Promise<Passwords> {
  const connection = options.askPass
    ? await asked('--ask-pass', 'SSH password', '--connection-password-file', ask)
    : await fromFile('--connection-password-file', options.connectionPasswordFile)
  if (!options.askBecomePass)
    return { connection, become: await fromFile('--become-password-file', options.becomePasswordFile) }
  const question = options.askPass ? 'BECOME password [the SSH password]' : 'BECOME password'
  const become = await asked('--ask-become-pass', question, '--become-password-file', ask)
  return { connection, become: become.reveal() === '' && connection ? connection : become }
}

async function asked(option: string, question: string, file: string, ask: Ask): Promise<Secret> {
  const answer = await ask(question, { private: true }).catch((error: Error) => {
    if (error instanceof Interrupted) throw error
    throw usage(`${option}: ${error.message}`, `without a terminal: ${file} FILE`)
  })
  return new Secret(answer)
}

/** The first line of a file, or of standard input for `-`. */
async function fromFile(option: string, path: string | undefined): Promise<Secret | undefined> {
  if (path === undefined) return undefined
  const content = await (path === '-' ? text(process.stdin) : readFile(path, 'utf8')).catch(
    ({ code }: NodeJS.ErrnoException) => {
      throw usage(`${option}: ${path} cannot be read (${code})`, 'its first line is the password')
    },
  )
  const line = content.split(/\r?\n/)[0]!
  if (line === '') throw usage(`${option}: the first line of ${path} is empty`)
  return new Secret(line)
}
