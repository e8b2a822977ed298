import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../runner/secrets/secret.js'
import { createTransport } from '../../../runner/transport/index.js'
import type { Become, Connection, Script } from '../../../runner/transport/transport.js'
import { exited } from '../../unit/transport/shells.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { firstOf, targetOf } from './hosts.js'

const lab = openLab(ourLabDir())
const name = firstOf(lab, 'agent')
const password = "p'w $x"

/** Users with every way in which sudo answers; the host is left as it was. */
const arrange = `set -e
for user in tsp-asks tsp-no tsp-tty tsp-noise tsp-nologin tsp-lecture tsp-pty; do
  shell=/bin/bash
  [ "$user" != tsp-nologin ] || shell=/usr/sbin/nologin
  useradd -m -s "$shell" "$user"
  printf '%s:%s\\n' "$user" "$password" | chpasswd
  install -d -m 700 -o "$user" "/home/$user/.ssh"
  install -m 600 -o "$user" /home/debian/.ssh/authorized_keys "/home/$user/.ssh/authorized_keys"
done
cat >/etc/sudoers.d/tsp <<'END'
tsp-asks ALL=(ALL) ALL
Defaults:tsp-lecture lecture=always, passwd_tries=1
tsp-lecture ALL=(ALL) ALL
Defaults:tsp-pty use_pty
tsp-pty ALL=(ALL) ALL
Defaults:tsp-tty requiretty
tsp-tty ALL=(ALL) NOPASSWD: ALL
END
echo 'echo noise of a login; echo more >&2' | tee /home/tsp-noise/.bashrc >/home/tsp-noise/.profile
`
const tidy = `rm -f /etc/sudoers.d/tsp
for user in tsp-asks tsp-no tsp-tty tsp-noise tsp-nologin tsp-lecture tsp-pty; do userdel -r "$user" 2>/dev/null; done
true`

const open: Connection[] = []
async function as(user: string): Promise<Connection> {
  const connection = await createTransport().connect(targetOf(lab, name, { user }))
  open.push(connection)
  return connection
}
const root = (over: Partial<Become> = {}): { become: Become } => ({
  become: { method: 'sudo', user: 'root', ...over },
})
const failures = async (program: 'sudo' | 'su'): Promise<number> => {
  const host = await as('debian')
  const body = `journalctl -q -o cat --since -1hour _COMM=${program} | grep -c "authentication failure" || true`
  return Number((await exited(host, { body }, root())).stdout)
}

beforeAll(async () => {
  const host = await as('debian')
  const done = await exited(host, { body: `${tidy}\n${arrange}`, vars: { password } }, root())
  if (done.code !== 0) throw new Error(done.stderr)
})
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close()
})
afterAll(async () => {
  const host = await as('debian')
  await exited(host, { body: tidy }, root())
  await host.close()
})

describe('sudo', () => {
  const who: Script = { body: 'id -un; echo "$HOME"' }

  it('without a password, beside the login user', async () => {
    const host = await as('debian')
    const [plain, become, plainAgain] = await Promise.all([
      exited(host, who),
      exited(host, who, root()),
      exited(host, who),
    ])
    expect([plain.stdout, become.stdout]).toEqual(['debian\n/home/debian\n', 'root\n/root\n'])
    expect(plainAgain.stdout).toBe(plain.stdout)
  })

  it('to another user than root', async () => {
    const host = await as('debian')
    expect((await exited(host, who, root({ user: 'www-data' }))).stdout).toMatch(/^www-data\n/)
  })

  it.each(['tsp-asks', 'tsp-lecture', 'tsp-pty'])('with a password, as %s', async (user) => {
    const host = await as(user)
    const options = root({ password: new Secret(password) })
    expect((await exited(host, who, options)).stdout).toBe('root\n/root\n')
    expect((await exited(host, { body: 'cat', stdin: 'x' }, options)).stdout).toBe('x')
  })

  it('never shows the password in the process list or the environment', async () => {
    const host = await as('tsp-asks')
    const body = `all=$(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n")
      case "$all" in *"$needle"*) echo seen ;; *sudo*) echo hidden ;; esac`
    const found = await exited(
      host,
      { body, vars: { needle: password } },
      root({ password: new Secret(password) }),
    )
    expect(found.stdout).toBe('hidden\n')
  })

  it.each(['tsp-asks', 'tsp-lecture'])('with a wrong password, as %s: tried once', async (user) => {
    const before = await failures('sudo')
    const host = await as(user)
    const options = root({ password: new Secret('wrong') })
    const refused = { code: 'become', message: 'sudo refused the password to become root' }
    await expect(host.run(who, options)).rejects.toMatchObject(refused)
    await expect(host.run(who, options)).rejects.toMatchObject(refused)
    await expect(host.upload(Buffer.from('x'), '/tmp/tsp-never', options)).rejects.toMatchObject(refused)
    expect((await exited(host, who)).stdout).toMatch(user)
    expect(await failures('sudo')).toBe(before + 1)
  })

  it.each([
    ['tsp-asks', root(), /sudo wants a password to become root, and none was given/],
    ['tsp-no', root({ password: new Secret(password) }), /sudo does not let this user become root/],
    ['tsp-tty', root(), /requiretty/],
    ['debian', root({ user: 'nobody-knows' }), /there is no user nobody-knows/],
    ['debian', root({ user: "a'b" }), /not a user name/],
    ['debian', root({ method: 'doas' }), /doas is not installed/],
    ['debian', root({ method: 'su' }), /su wants a password to become root, and none was given/],
  ])('says why %s cannot', async (user, options, message) => {
    const host = await as(user)
    await expect(host.run(who, options)).rejects.toMatchObject({
      code: 'become',
      message: expect.stringMatching(message),
    })
  })

  it.each(['tsp-asks', 'tsp-pty'])('kills what root started when the time is up, as %s', async (user) => {
    const host = await as(user)
    const options = root({ password: new Secret(password) })
    const body = 'setsid sleep 4321 & sleep 4321; echo never'
    expect((await host.run({ body, timeoutMs: 500 }, options)).kind).toBe('timedOut')
    expect((await exited(host, { body: 'pgrep -fx "sleep 4321"' }, options)).stdout).toBe('')
  })

  it.each(['tsp-asks', 'tsp-pty'])('uploads as the user, as %s', async (user) => {
    const host = await as(user)
    const options = root({ password: new Secret(password) })
    const path = '/root/tsp upload'
    const content = Buffer.alloc(3_000_000, 'tsplay\0')
    expect(await host.upload(content, path, options)).toMatchObject({ kind: 'exited', code: 0 })
    const body = 'stat -c "%s %a %U" "$path"; sha256sum <"$path"; rm "$path"'
    const { stdout } = await exited(host, { body, vars: { path } }, options)
    expect(stdout).toMatch(/^3000000 600 root\n/)
  })
})

describe('su', () => {
  it('takes a password, and a wrong one once', async () => {
    const host = await as('debian')
    const su = (word: string): { become: Become } =>
      root({ method: 'su', user: 'tsp-asks', password: new Secret(word) })
    expect((await exited(host, { body: 'id -un' }, su(password))).stdout).toBe('tsp-asks\n')
    const before = await failures('su')
    const other = await as('debian')
    for (let times = 0; times < 2; times++)
      await expect(other.run({ body: 'id -un' }, su('wrong'))).rejects.toMatchObject({
        code: 'become',
        message: 'su refused the password to become tsp-asks',
      })
    expect(await failures('su')).toBe(before + 1)
  })

  it('needs no password from root, whatever the login shell of the other user', async () => {
    const host = await as('root')
    const { stdout } = await exited(host, { body: 'id -un' }, root({ method: 'su', user: 'tsp-nologin' }))
    expect(stdout).toBe('tsp-nologin\n')
  })
})

describe('the logs of the host', () => {
  it('know who became whom, and no password', async () => {
    const host = await as('debian')
    const body = `logs=$(journalctl -q -o export --since -1hour | tr "\\0" "\\n"; cat /var/log/auth.log /var/log/syslog 2>/dev/null)
      case "$logs" in *"$needle"*) echo seen ;; *tsp-asks*COMMAND=*) echo hidden ;; esac`
    const found = await exited(host, { body, vars: { needle: password } }, root())
    expect(found.stdout).toBe('hidden\n')
  })
})

describe('a login', () => {
  it('may print what it likes', async () => {
    const host = await as('tsp-noise')
    expect(await exited(host, { body: 'echo mine' })).toMatchObject({ stdout: 'mine\n', stderr: '' })
    expect(await host.upload(Buffer.from('x'), '/home/tsp-noise/new')).toMatchObject({
      kind: 'exited',
      code: 0,
    })
    expect((await exited(host, { body: 'cat ~/new' })).stdout).toBe('x')
  })

  it('without a shell is said to be one', async () => {
    const host = await as('tsp-nologin')
    await expect(host.run({ body: 'true' })).rejects.toMatchObject({
      code: 'shell',
      message: expect.stringMatching(/no shell was given.*not available/),
    })
  })
})
