import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quote } from '../../../runner/transport/quote.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { type Ended, run } from '../run.js'
import { configFolder } from './files.js'
import { type OwnSshd, ownSshd } from './own-sshd.js'

const lab = openLab(ourLabDir())
const host = lab.hosts.find(({ kind }) => kind === 'server')!
const folder = configFolder(lab)
const password = "p'w $x-41"
const user = 'tsp-options'
const key = `${lab.dir}/id_ed25519`

/** Two names of one host: what is asked is asked once for both. */
const inventory = folder.write('hosts.yaml', `all: { hosts: { one: {}, two: {} } }\n`)
const playbook = folder.write(
  'play.yaml',
  `- hosts: all
  gather_facts: false
  tasks:
    - { name: who, command: id -un, changed_when: false, register: who }
    - { name: root, command: id -un, become: <%= vars.becoming ?? false %>, changed_when: false, register: root }
    - debug: { msg: "I am <%= who.stdout %> and <%= root.stdout %>" }
`,
)

let sshd: OwnSshd
beforeAll(async () => {
  sshd = await ownSshd(lab, host.name, ['PasswordAuthentication yes'])
  await sshd.root(
    `useradd -m -s /bin/bash ${user} && printf '%s:%s\\n' ${user} ${quote(password)} | chpasswd
     printf '%s\\n' '${user} ALL=(ALL) ALL' >/etc/sudoers.d/${user}
     install -d -m 700 -o ${user} /home/${user}/.ssh
     install -m 600 -o ${user} /home/debian/.ssh/authorized_keys /home/${user}/.ssh/authorized_keys`,
  )
})
afterAll(async () => {
  await sshd.root(`rm -f /etc/sudoers.d/${user}; userdel -r ${user} 2>/dev/null; true`)
  await sshd.stop()
  folder.remove()
})

/** What reaches the sshd by options alone, as one would reach a host that no inventory knows more of. */
const way = (knownHosts = folder.knownHosts): string[] => [
  '--ssh-common-args',
  `-F none -o UserKnownHostsFile=${knownHosts} -o HostKeyAlias=${host.address} -o HostName=${host.address}`,
  `--ssh-extra-args=-p ${sshd.port}`,
]

const words = (args: readonly string[], hosts = inventory): string[] => [
  program,
  '-i',
  hosts,
  playbook,
  '-c',
  'ssh',
  ...way(),
  ...args,
]

const tsplay = (...args: string[]): Promise<Ended> =>
  run(process.execPath, words(args), { timeoutMs: 100_000 })

/** On a terminal of its own, answering each prompt; tells the prompts, and whether a process showed the password. */
function onTerminal(args: readonly string[], answers: Readonly<Record<string, string>>) {
  const command = [process.execPath, ...words(args)].map((word) => quote(word).toString()).join(' ')
  const child = spawn('script', ['-qfec', `stty cols 200 rows 50; ${command}`, '/dev/null'], {
    env: { ...process.env, SSH_AUTH_SOCK: '', NO_COLOR: '1', TERM: 'xterm', CI: '' },
  })
  let text = ''
  let seen = false
  const asked: string[] = []
  return new Promise<{ code: number | null; text: string; asked: string[]; seen: boolean }>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const prompt = Object.keys(answers).find(
        (each) => text.split(each).length - 1 > asked.filter((one) => one === each).length,
      )
      seen ||= shownByAProcess()
      if (prompt === undefined) return
      asked.push(prompt)
      child.stdin.write(`${answers[prompt]}\n`)
    })
    child.on('close', (code) => resolve({ code, text, asked, seen }))
  })
}

function shownByAProcess(): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) =>
      ['cmdline', 'environ'].some((file) => {
        try {
          return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(password)
        } catch {
          return false
        }
      }),
    )
}

describe('the options of a connection', () => {
  it('-u, --key-file, -T and the ssh arguments reach a host that the inventory only names', async () => {
    const ran = await tsplay('-u', 'debian', '--key-file', key, '-T', '9', '--output', 'jsonl')
    expect(ran.stdout).toContain('I am debian and debian')
    expect(ran.code).toBe(0)
  })

  it.each([
    ['debian', 'sudo', 'daemon'],
    ['root', 'su', 'debian'],
  ])(
    '-b, --become-method and --become-user: %s becomes by %s the user %s',
    async (login, method, becomes) => {
      const ran = await tsplay(
        ...[
          '-u',
          login,
          '--private-key',
          key,
          '-b',
          '--become-method',
          method,
          '--become-user',
          becomes,
          '-vv',
        ],
      )
      expect(ran.stdout).toContain(`I am ${becomes} and ${login}`)
      expect(ran.code).toBe(0)
    },
  )

  it('--host-key-checking decides about a host that nobody knows', async () => {
    const unknown = (policy: string) =>
      tsplay(
        ...['-u', 'debian', '--private-key', key, ...way(`${folder.home}/unknown`)],
        '--host-key-checking',
        policy,
        '--output',
        'plain',
      )
    const strict = await unknown('strict')
    expect([strict.code, strict.stdout]).toEqual([4, expect.stringContaining('is not known: ')])
    const off = await unknown('off')
    expect([off.code, off.stderr]).toEqual([0, expect.stringContaining('host keys are not checked')])
    expect((await unknown('strict')).code).toBe(4)
    expect((await unknown('accept-new')).code).toBe(0)
    expect((await unknown('strict')).code).toBe(0)
  })

  it('-k and -K ask once for all hosts, and show the password to nobody', async () => {
    const ran = await onTerminal(
      ['-u', user, '-k', '-K', '-e', '{"becoming": true}', '-vv', '--output', 'plain'],
      {
        'SSH password: ': password,
        'BECOME password [the SSH password]: ': '',
      },
    )
    expect(ran.text).toContain(`I am ${user} and root`)
    expect(ran).toMatchObject({
      code: 0,
      seen: false,
      asked: ['SSH password: ', 'BECOME password [the SSH password]: '],
    })
    expect(ran.text).not.toContain(password)
  })

  it('a passphrase is asked for beside what the terminal shows of the run, which goes on below', async () => {
    const locked = folder.write('locked', readFileSync(key, 'utf8'))
    const lock = spawnSync('ssh-keygen', ['-q', '-p', '-f', locked, '-N', password])
    expect(String(lock.stderr)).toBe('')
    const question = `Passphrase of ${locked}: `
    const ran = await onTerminal(['-u', 'debian', '--private-key', locked], { [question]: password })
    expect(ran).toMatchObject({ code: 0, asked: [question] })
    const [, after = ''] = ran.text.split(question)
    expect(after).toContain('I am debian and debian')
    expect(ran.text).not.toContain(password)
  })

  it('files give the passwords where there is no terminal', async () => {
    const file = folder.write('password', `${password}\nand more\n`)
    const becoming = ['-u', user, '--connection-password-file', file, '-e', '{"becoming": true}', '-vv']
    const ran = await tsplay(...becoming, '--become-password-file', file)
    expect(ran.stdout).toContain(`I am ${user} and root`)
    expect(ran.stdout + ran.stderr).not.toContain(password)
    const wrong = folder.write('wrong', 'not it\n')
    const refused = await tsplay(...becoming, '--become-pass-file', wrong, '-l', 'one')
    expect(refused.stdout).toContain('sudo refused the password to become root')
    expect(refused.stdout + refused.stderr).not.toContain('not it')
    expect(refused.code).toBe(4)
  })
  it('a variable gives the password of become: a file that nobody else may read, or the environment', async () => {
    const hosts = folder.write('own/hosts.yaml', 'all: { hosts: { one: {} } }\n')
    const login = ['-u', user, '--key-file', key, '-e', '{"becoming": true}', '-vv']
    const given = async (value: string): Promise<Ended> => {
      folder.write('own/group_vars/all/secret.yaml', `ansible_become_password: ${value}\n`)
      const ran = await run(process.execPath, words(login, hosts), { timeoutMs: 100_000 })
      expect(ran.stdout + ran.stderr).not.toContain(password)
      return ran
    }
    process.env.TSPLAY_TEST_WORD = password
    try {
      for (const value of [JSON.stringify(password), "<%= env('TSPLAY_TEST_WORD') %>"])
        expect((await given(value)).stdout).toContain(`I am ${user} and root`)
      const refused = await given("<%= env('TSPLAY_TEST_NONE', 'no') %>")
      expect(refused.stdout).toContain('sudo refused the password to become root')
      expect(refused.code).toBe(4)
    } finally {
      delete process.env.TSPLAY_TEST_WORD
    }
  }, 300_000)
})
