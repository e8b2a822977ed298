import { randomBytes } from 'node:crypto'
import type { Channel, ChannelEnd } from './channel.js'
import { lastLine } from './signals.js'
import { type Become, ConnectError } from './transport.js'

/** A program started as another user: its command line, and what to wait for before anything else is written to it. */
export interface BecomeCommand {
  readonly command: string
  readonly handshake: Handshake | undefined
}

interface Handshake {
  readonly become: Become
  /** Printed on stdout as soon as the right was given. */
  readonly granted: string
  /** What the asking program prints on stderr when it wants the password. */
  readonly prompt: RegExp
}

/**
 * The command that starts `/bin/sh -c program` (without a program: a /bin/sh that reads its standard input), as
 * another user if asked. `program` must not hold single quotes: so
 * the text means the same in sh, csh and fish, whichever the login shell is. Passwords never stand in it.
 * `sudo -n` neither asks nor reads its input, so what follows can be written without waiting; the others wait for the
 * word that proves that the right was given, as a program that asks would take our scripts for the password.
 * @throws ConnectError 'become' for a user name that cannot stand in a command line
 */
export function becomeCommand(become: Become | undefined, program?: string): BecomeCommand {
  const plain = program === undefined ? '/bin/sh' : `/bin/sh -c '${program}'`
  if (!become) return { command: `exec ${plain}`, handshake: undefined }
  const user = `'${checkedUser(become.user)}'`
  if (become.method === 'sudo' && !become.password)
    return { command: `exec sudo -n -H -u ${user} -- ${plain}`, handshake: undefined }
  const word = randomBytes(8).toString('hex')
  const granted = `granted-${word}`
  const words = `'echo ${granted}; ${program ?? 'exec /bin/sh'}'`
  const shell = `/bin/sh -c ${words}`
  if (become.method === 'sudo') {
    const prompt = `password-${word}:`
    const command = `exec sudo -S -p '${prompt}' -H -u ${user} -- ${shell}`
    return { command, handshake: { become, granted, prompt: new RegExp(prompt, 'g') } }
  }
  const handshake: Handshake = { become, granted, prompt: /[^\n]*[Pp]assword[^\n]*: ?$/g }
  // PAM asks in the host's language otherwise.
  if (become.method === 'su')
    return { command: `exec env LC_ALL=C su -s /bin/sh -c ${words} ${user}`, handshake }
  if (!become.password) return { command: `exec doas -n -u ${user} ${shell}`, handshake }
  return { command: `exec /bin/sh -c '${doasProgram}' sh ${user} ${words}`, handshake }
}

/**
 * doas reads a password from its terminal alone. `script` (of every util-linux) gives it one; its input and outputs
 * are the channel's all the same, and only the line with the password goes through that terminal. The program reaches
 * the inner shell as a variable, so that nothing has to be quoted twice.
 */
const doasProgram = [
  'tsplay_user=$1; tsplay_program=$2; export tsplay_user tsplay_program; exec 3<&0 4>&1 5>&2;',
  'command -v script >&2 || { echo doas with a password needs the program script >&2; exit 126; };',
  '{ IFS= read -r word <&3; printf "%s\\n" "$word"; } | SHELL=/bin/sh script -qec',
  '"doas -u \\"\\$tsplay_user\\" /bin/sh -c \\"\\$tsplay_program\\" <&3 >&4 2>&5" /dev/null >&5 2>&5',
].join(' ')

function checkedUser(user: string): string {
  if (/^[^-'!\\\u0000-\u001f\u007f][^'!\u0000-\u001f\u007f]*$/.test(user) && !user.includes('\\\\'))
    return user
  throw new ConnectError('become', `not a user name that can be become: ${JSON.stringify(user)}`)
}

/**
 * Carries a started program through its password prompt: the password is sent once, and only after the prompt was
 * seen. Resolves when the right was given; then the streams are untouched from there on.
 * @throws ConnectError 'become'
 */
export function awaitGranted(channel: Channel, handshake: Handshake, timeoutMs: number): Promise<void> {
  const { become, granted, prompt } = handshake
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    let answered = 0
    let settled = false
    const finish = (error?: ConnectError): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      channel.stdout.off('data', onStdout)
      channel.stderr.off('data', onStderr)
      channel.stdout.pause()
      channel.stderr.pause()
      if (error) {
        channel.close()
        reject(error)
      } else resolve()
    }
    const onStdout = (chunk: Buffer): void => {
      stdout = (stdout + chunk.toString('latin1')).slice(-4096)
      if (stdout.includes(`${granted}\n`)) finish()
    }
    const onStderr = (chunk: Buffer): void => {
      stderr = (stderr + chunk.toString('latin1')).slice(-4096)
      const asked = [...stderr.matchAll(prompt)].length
      if (asked <= answered) return
      answered = asked
      if (!become.password) finish(wantsPassword(become))
      else if (asked > 1) finish(wrongPassword(become))
      else channel.stdin.write(`${become.password.reveal()}\n`)
    }
    const timer = setTimeout(() => finish(tooSlow(become, timeoutMs)), timeoutMs)
    channel.stdin.on('error', () => {})
    channel.stdout.on('data', onStdout)
    channel.stderr.on('data', onStderr)
    void channel.ended.then((end) => finish(refusal(become, end, `${stdout}\n${stderr}`, answered > 0)))
  })
}

/** Why a program that was to become another user ended before it ran anything, from what it said. */
export function refusal(become: Become, end: ChannelEnd, said: string, answered = false): ConnectError {
  const { method, user } = become
  if (end.code === null && end.signal === null) return new ConnectError('closed', 'the connection was lost')
  if (/a password is required|no password was provided|Authentication required/.test(said) && !answered)
    return wantsPassword(become)
  if (
    /Sorry, try again|incorrect password|Authentication fail(?:ure|ed)|su: incorrect/i.test(said) &&
    answered
  )
    return wrongPassword(become)
  if (/must have a tty/.test(said))
    return new ConnectError(
      'become',
      'sudo refuses to run without a terminal (requiretty)',
      'remove `Defaults requiretty` from sudoers for this user',
    )
  if (/not in the sudoers|not allowed to|may not run/.test(said))
    return new ConnectError(
      'become',
      `${method} does not let this user become ${user}`,
      `it said: ${lastLine(said)}`,
    )
  if (/unknown user|does not exist|unknown id/.test(said))
    return new ConnectError('become', `there is no user ${user} to become on the host`)
  if (end.code === 127 || /not found/.test(said))
    return new ConnectError(
      'become',
      `${method} is not installed on the host`,
      'install it, or use another become_method',
    )
  return new ConnectError(
    'become',
    `${method} could not become ${user}: ${lastLine(said) || `status ${end.code}`}`,
  )
}

function wantsPassword({ method, user }: Become): ConnectError {
  return new ConnectError(
    'become',
    `${method} wants a password to become ${user}, and none was given`,
    'give one with --ask-become-pass or ansible_become_password, or allow it without (NOPASSWD)',
  )
}

function wrongPassword({ method, user }: Become): ConnectError {
  return new ConnectError(
    'become',
    `${method} refused the password to become ${user}`,
    'it was tried once: more tries could lock the account',
  )
}

function tooSlow({ method, user }: Become, ms: number): ConnectError {
  return new ConnectError('become', `${method} gave no answer within ${ms / 1000} s while becoming ${user}`)
}
