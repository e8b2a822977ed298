import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../runner/secrets/secret.js'
import { createTransport } from '../../../runner/transport/index.js'
import type { Become, Connection } from '../../../runner/transport/transport.js'
import { exited } from '../../unit/transport/shells.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { targetOf } from './hosts.js'
import { type OwnSshd, ownSshd } from './own-sshd.js'

const lab = openLab(ourLabDir())
const host = lab.hosts.filter(({ kind }) => kind === 'server').at(-1)!
const password = "d'oas $x"
const users = { fish: '/usr/bin/fish', tcsh: '/usr/bin/tcsh', doas: '/bin/bash' }
const noisy = 'echo noise of a login\necho more of it >/dev/stderr\n'

/** Packages of Debian, users with their shells, and what doas allows; the host is left without them. */
const arrange = `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -y install --no-install-recommends fish tcsh opendoas >/dev/null
${Object.entries(users)
  .map(([name, shell]) => `useradd -m -s ${shell} tsp-${name}`)
  .join('\n')}
for user in tsp-fish tsp-tcsh tsp-doas; do
  printf '%s:%s\\n' "$user" "$password" | chpasswd
  install -d -m 700 -o "$user" "/home/$user/.ssh"
  install -m 600 -o "$user" /home/debian/.ssh/authorized_keys "/home/$user/.ssh/authorized_keys"
done
printf %s "$noisy" >/home/tsp-tcsh/.cshrc
mkdir -p /home/tsp-fish/.config/fish
printf %s "$noisy" >/home/tsp-fish/.config/fish/config.fish
printf 'permit tsp-doas\\npermit nopass debian as tsp-fish\\n' >/etc/doas.conf
chmod 600 /etc/doas.conf
`
const tidy = `rm -f /etc/doas.conf
for user in tsp-fish tsp-tcsh tsp-doas; do userdel -r "$user" 2>/dev/null; done
DEBIAN_FRONTEND=noninteractive apt-get -qq -y purge fish fish-common tcsh opendoas >/dev/null 2>&1
true`

const open: Connection[] = []
let sshd: OwnSshd
async function as(user: string, port = 22): Promise<Connection> {
  const known = `HostKeyAlias=${host.address}`
  const connection = await createTransport().connect(
    targetOf(lab, host.name, {
      user,
      port,
      sshArgs: [{ keyword: 'hostkeyalias', words: [known.slice(13)], place: 'test' }],
    }),
  )
  open.push(connection)
  return connection
}

beforeAll(async () => {
  const root = await as('root')
  const done = await exited(root, { body: `${tidy}\n${arrange}`, vars: { password, noisy } })
  if (done.code !== 0) throw new Error(done.stderr)
  await root.close()
  sshd = await ownSshd(lab, host.name, ['Banner /etc/tsp-banner', 'MaxSessions 1'])
  await sshd.root('yes "do not enter" | head -n 2000 >/etc/tsp-banner')
})
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close()
})
afterAll(async () => {
  await sshd.root('rm -f /etc/tsp-banner')
  await sshd.stop()
  const root = await as('root')
  await exited(root, tidy)
  await root.close()
})

const root = (over: Partial<Become> = {}): { become: Become } => ({
  become: { method: 'sudo', user: 'root', ...over },
})

describe.each(['fish', 'tcsh'])('the login shell %s, with noise in its startup file', (shell) => {
  const user = `tsp-${shell}`

  it('runs scripts under /bin/sh, untouched by the noise', async () => {
    const login = await as(user)
    const value = `$(id) \`id\` !x %s 'q' "d" \\n\n~`
    expect(await exited(login, { body: 'printf %s "$v"; echo "$0" >&2', vars: { v: value } })).toMatchObject({
      stdout: value,
      stderr: '/bin/sh\n',
    })
  })

  it('takes uploads to any path, and gives files back', async () => {
    const login = await as(user)
    const path = `/home/${user}/a 'b' $c !d\n`
    const content = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256))
    expect(await login.upload(content, path)).toMatchObject({ kind: 'exited', code: 0 })
    const { bytes } = await exited(login, { body: 'cat "$path"', vars: { path } })
    expect(bytes.equals(content)).toBe(true)
    expect(await login.upload(content, path)).not.toMatchObject({ code: 0 })
  })

  it('does not stand in the way of su and doas to its user', async () => {
    const login = await as('root')
    const su = await exited(login, 'id -un', root({ method: 'su', user }))
    expect(su.stdout).toBe(`${user}\n`)
    if (shell !== 'fish') return
    const debian = await as('debian')
    expect((await exited(debian, 'id -un', root({ method: 'doas', user }))).stdout).toBe(`${user}\n`)
  })
})

describe('doas', () => {
  const by = (word?: string, user = 'root'): { become: Become } =>
    root({ method: 'doas', user, ...(word === undefined ? {} : { password: new Secret(word) }) })

  it('that is not allowed, or wants a password on a terminal, says so', async () => {
    const debian = await as('debian')
    await expect(debian.run({ body: 'id -un' }, by())).rejects.toMatchObject({ code: 'become' })
    const login = await as('tsp-doas')
    await expect(login.run({ body: 'id -un' }, by())).rejects.toMatchObject({
      code: 'become',
      message: 'doas wants a password to become root, and none was given',
    })
  })

  it('takes a password, once, and shows it to nobody', async () => {
    const login = await as('tsp-doas')
    const body = `id -un; all=$(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n")
      case "$all" in *"$needle"*) echo seen ;; *sshd*) echo hidden ;; esac`
    const found = await exited(login, { body, vars: { needle: password } }, by(password))
    expect(found.stdout).toBe('root\nhidden\n')
    const path = '/root/tsp-doas'
    expect(await login.upload(Buffer.from('x'), path, by(password))).toMatchObject({ code: 0 })
    expect((await exited(login, `cat ${path}; rm ${path}`, by(password))).stdout).toBe('x')
    const other = await as('tsp-doas')
    await expect(other.run({ body: 'id -un' }, by('wrong'))).rejects.toMatchObject({
      code: 'become',
      message: 'doas refused the password to become root',
    })
  })
})

describe('an sshd with a long banner and one session', () => {
  it('works for scripts, other users and uploads', async () => {
    const login = await as('debian', sshd.port)
    expect((await exited(login, 'id -un')).stdout).toBe('debian\n')
    expect((await exited(login, 'id -un', root())).stdout).toBe('root\n')
    expect(await login.upload(Buffer.alloc(200_000, 'x'), '/root/tsp-one', root())).toMatchObject({ code: 0 })
    expect((await exited(login, 'wc -c </root/tsp-one; rm /root/tsp-one', root())).stdout).toBe('200000\n')
  })
})

describe('an sshd that takes keyboard-interactive alone', () => {
  it('is given the password through PAM, and a wrong one once', async () => {
    const own = await ownSshd(lab, host.name, [
      'AuthenticationMethods keyboard-interactive',
      'KbdInteractiveAuthentication yes',
      'PasswordAuthentication no',
    ])
    const sshArgs = [{ keyword: 'hostkeyalias', words: [host.address], place: 'test' }]
    const enter = (word: string) =>
      createTransport().connect(
        targetOf(lab, host.name, { user: 'tsp-doas', port: own.port, sshArgs, password: new Secret(word) }),
      )
    try {
      const login = await enter(password)
      open.push(login)
      expect((await exited(login, 'id -un')).stdout).toBe('tsp-doas\n')
      await expect(enter('wrong')).rejects.toMatchObject({
        code: 'auth',
        message: expect.stringMatching(/keyboard-interactive$/),
      })
      const log = await own.log()
      expect(log).toContain('Accepted keyboard-interactive/pam for tsp-doas')
      expect(log.split('authentication failure').length - 1).toBe(1)
    } finally {
      await own.stop()
    }
  })
})

describe('an sshd that wants a key and a password', () => {
  it('is given both, each once', async () => {
    const both = await ownSshd(lab, host.name, [
      'AuthenticationMethods publickey,password',
      'PasswordAuthentication yes',
    ])
    const sshArgs = [{ keyword: 'hostkeyalias', words: [host.address], place: 'test' }]
    const enter = (word: string) =>
      createTransport().connect(
        targetOf(lab, host.name, { user: 'tsp-doas', port: both.port, sshArgs, password: new Secret(word) }),
      )
    try {
      const login = await enter(password)
      open.push(login)
      expect((await exited(login, 'id -un')).stdout).toBe('tsp-doas\n')
      await expect(enter('wrong')).rejects.toMatchObject({
        code: 'auth',
        message: expect.stringMatching(/it did not take key .*, password$/),
      })
      expect((await both.log()).split('Failed password').length - 1).toBe(1)
    } finally {
      await both.stop()
    }
  })
})
