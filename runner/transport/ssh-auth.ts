import { readFile } from 'node:fs/promises'
import { ConnectError, type Target } from './transport.js'

/** A key that ssh2 has parsed. */
export interface LoadedKey {
  isPrivateKey(): boolean
  getPublicSSH(): Buffer
}

/** What can be offered to a host, and notes on what cannot, for the message when nothing else helps. */
export interface Credentials {
  readonly keys: readonly { readonly file: string; readonly key: LoadedKey }[]
  readonly agent: object | undefined
  readonly password: string | undefined
  readonly problems: readonly string[]
}

/** The parts of ssh2 that are needed here; ssh.ts alone imports it. */
export interface KeyTools {
  readonly parseKey: (data: Buffer) => LoadedKey | LoadedKey[] | Error
  /** The agent behind SSH_AUTH_SOCK without the keys that are offered from files: each key is offered once. */
  readonly agentWithout: (socket: string, publicKeys: readonly Buffer[]) => object
}

/** @throws ConnectError 'key-file' when a key cannot be used and nothing else can be offered either */
export async function loadCredentials(target: Target, tools: KeyTools): Promise<Credentials> {
  const problems: string[] = []
  const keys: { file: string; key: LoadedKey }[] = []
  for (const file of target.identityFiles) {
    const key = await loadKey(file, tools.parseKey)
    if (typeof key === 'string') problems.push(key)
    else if (!keys.some((known) => known.key.getPublicSSH().equals(key.getPublicSSH())))
      keys.push({ file, key })
  }
  const socket = process.env.SSH_AUTH_SOCK
  const offered = keys.map(({ key }) => key.getPublicSSH())
  const agent = socket ? tools.agentWithout(socket, offered) : undefined
  const password = target.password?.reveal()
  if (keys.length > 0 || agent || password !== undefined) return { keys, agent, password, problems }
  if (problems.length > 0) throw new ConnectError('key-file', problems.join('; '), keyHint(problems))
  throw new ConnectError(
    'auth',
    `there is nothing to log in to ${target.name} with`,
    'give a key (ansible_ssh_private_key_file), an agent (SSH_AUTH_SOCK) or a password (--ask-pass)',
  )
}

/** The key, or one line about why it cannot be used. */
async function loadKey(file: string, parseKey: KeyTools['parseKey']): Promise<LoadedKey | string> {
  let data: Buffer
  try {
    data = await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT'
      ? `there is no key file ${file}`
      : `the key file ${file} cannot be read (${code})`
  }
  const parsed = parseKey(data)
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (key instanceof Error && /passphrase|encrypted/i.test(key.message))
    return `the key file ${file} is encrypted: add it to an agent with ssh-add`
  if (!key || key instanceof Error) return `the key file ${file} is not a private key that can be read`
  return key.isPrivateKey() ? key : `the key file ${file} holds a public key; the private one is needed`
}

function keyHint(problems: readonly string[]): string {
  return problems.some((problem) => problem.includes('encrypted'))
    ? 'eval "$(ssh-agent)"; ssh-add FILE'
    : 'check ansible_ssh_private_key_file'
}

/** One way to log in, as ssh2's authHandler takes it. */
type AuthMethod = { readonly type: string; readonly username: string } & Readonly<Record<string, unknown>>

/** ssh2's authHandler: the methods that the server still takes (null at first), and `false` for "nothing is left". */
type AuthHandler = (
  left: readonly string[] | null,
  partial: boolean | null,
  next: (method: AuthMethod | false) => void,
) => void

/** Offers each credential once, in ssh's order: identity files, agent, password. */
export interface Authentication {
  readonly handler: AuthHandler
  /** What was offered so far, for the message. Not empty: host keys were verified and authentication has begun. */
  readonly tried: readonly string[]
}

/**
 * There is no `none` probe (it would cost a round trip). keyboard-interactive takes the password only where the
 * server does not take it by `password`: a wrong one must not count twice towards a lock-out.
 */
export function authentication(username: string, credentials: Credentials): Authentication {
  const tried: string[] = []
  const { keys, agent, password } = credentials
  const waiting: { name: string; method: AuthMethod }[] = [
    ...keys.map(({ file, key }) => ({
      name: `key ${file}`,
      method: { type: 'publickey', username, key },
    })),
    ...(agent ? [{ name: 'agent', method: { type: 'agent', username, agent } }] : []),
  ]
  if (password !== undefined) {
    waiting.push({ name: 'password', method: { type: 'password', username, password } })
    const prompt = (...[, , , prompts, finish]: PromptArguments): void => finish(prompts.map(() => password))
    waiting.push({ name: 'keyboard-interactive', method: { type: 'keyboard-interactive', username, prompt } })
  }
  const handler: AuthHandler = (left, partial, next) => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const type = one.method.type === 'agent' ? 'publickey' : one.method.type
      if (left && !left.includes(type)) continue
      const passwordTaken = tried.includes('password') && (!left || left.includes('password'))
      if (type === 'keyboard-interactive' && passwordTaken && !partial) continue
      tried.push(one.name)
      next(one.method)
      return
    }
    next(false)
  }
  return { handler, tried }
}

type PromptArguments = [
  name: string,
  instructions: string,
  language: string,
  prompts: readonly unknown[],
  finish: (answers: string[]) => void,
]
