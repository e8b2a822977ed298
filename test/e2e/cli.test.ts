import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readProgram } from '../../scripts/bundle/built-program.js'
import { openLab } from '../lab/lab.js'
import { ourLabDir } from '../lab/ours.js'

const root = resolve(import.meta.dirname, '../..')
const lab = openLab(ourLabDir())
const dir = mkdtempSync(join(tmpdir(), 'tsplay-e2e-'))
const known = `-o UserKnownHostsFile=${lab.dir}/known_hosts`
const key = join(lab.dir, 'id_ed25519')
const { address } = lab.hosts.find((host) => host.name === 'server-1')!

/** The command as it is installed: from the package, not from the source tree. */
const tsplay = join(dir, 'prefix', 'bin', 'tsplay')

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(tsplay, args, { cwd: dir, encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr, text: stdout + stderr }
}

function inventory(name: string, host: Record<string, unknown>): string {
  const path = join(dir, `${name}.yaml`)
  const vars = { ansible_host: address, ansible_user: 'debian', ansible_ssh_common_args: known, ...host }
  writeFileSync(path, JSON.stringify({ all: { hosts: { [name]: vars } } }))
  return path
}

beforeAll(() => {
  const npm = (...args: string[]) => {
    const done = spawnSync('npm', args, { cwd: root, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`npm ${args.join(' ')}: ${done.stderr}`)
    return done.stdout
  }
  npm('run', 'build')
  const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', dir))
  npm('install', '--global', '--ignore-scripts', '--prefix', join(dir, 'prefix'), join(dir, filename))
  writeFileSync(
    join(dir, 'play.yaml'),
    '- hosts: all\n  gather_facts: false\n  tasks:\n    - { name: work, command: "true", changed_when: false }\n',
  )
})

afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('the installed command', () => {
  it('tells its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(run('--version').stdout).toBe(`tsplay ${version}\n`)
  })

  it('starts with the code that was kept when it was built', () => {
    const path = join(dir, 'prefix/lib/node_modules/tsplay/dist/runner/program.cjs')
    expect(readProgram(path).script.cachedDataRejected).toBe(false)
  })

  it('carries the roles and playbooks', () => {
    expect(run('-i', lab.inventoryPath, 'cluster.yaml', '--syntax-check')).toMatchObject({
      status: 0,
      text: '',
    })
    expect(run('-i', lab.inventoryPath, 'reset.yaml', '--syntax-check')).toMatchObject({
      status: 0,
      text: '',
    })
  })

  it('runs a playbook of the current folder over SSH', () => {
    const ran = run('-i', inventory('good', { ansible_ssh_private_key_file: key }), 'play.yaml')
    expect(ran.text).toContain('work  ok=1')
    expect(ran.status).toBe(0)
  })

  it('does not mind a closed pipe', () => {
    const path = inventory('good', { ansible_ssh_private_key_file: key })
    const piped = spawnSync('bash', ['-c', `set -o pipefail; "${tsplay}" -i "${path}" play.yaml | head -1`], {
      cwd: dir,
      encoding: 'utf8',
    })
    expect(piped.status).toBe(0)
    expect(piped.stderr).toBe('')
  })

  it('finishes what runs at the first interrupt, and exits 130', async () => {
    const began = 'touch /tmp/began; timeout 60 sh -c "until [ -e /tmp/go ]; do sleep 0.1; done"'
    const command = start([{ shell: began }, { name: 'not reached', command: 'true' }])
    await onHost('ls /tmp/began')
    command.child.kill('SIGINT')
    await expect.poll(command.text).toContain('interrupted: what runs is finished')
    await lab.exec('server-1', 'touch /tmp/go')
    expect(await command.code).toBe(130)
    expect(command.text()).not.toContain('not reached')
    expect(command.text()).toContain('RECAP')
    await lab.exec('server-1', 'rm /tmp/began /tmp/go')
  })

  it('kills what runs at the second interrupt', async () => {
    const command = start([{ command: 'sleep 4321' }])
    await onHost('pgrep -fx "sleep 4321"')
    command.child.kill('SIGINT')
    await expect.poll(command.text).toContain('interrupted: what runs is finished')
    command.child.kill('SIGINT')
    expect(await command.code).toBe(130)
    const left = await lab.exec('server-1', 'pgrep -fx "sleep 4321" | wc -l', 'root')
    expect(left.stdout.trim()).toBe('0')
  })

  /** The command with a playbook that runs on after this. */
  function start(tasks: readonly object[]) {
    const playbook = join(dir, 'started.yaml')
    writeFileSync(playbook, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }]))
    const path = inventory('good', { ansible_ssh_private_key_file: key })
    const child = spawn(tsplay, ['-i', path, playbook], { cwd: dir })
    const said: Buffer[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => void said.push(chunk))
    const code = new Promise((done) => child.once('close', done))
    return { child, code, text: () => Buffer.concat(said).toString() }
  }

  const onHost = (command: string) =>
    expect
      .poll(async () => (await lab.exec('server-1', command)).code, { timeout: 60_000, interval: 200 })
      .toBe(0)
})

describe('a question at the terminal', () => {
  /** Runs the command on a pseudo-terminal and types an answer. */
  function answer(text: string | undefined, playbook = 'reset.yaml --check') {
    const command = `${tsplay} -i ${lab.inventoryPath} ${playbook} --output plain`
    return spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: dir,
      encoding: 'utf8',
      input: text === undefined ? '' : `${text}\n`,
    })
  }

  it('takes the name of the cluster, and nothing else', () => {
    expect(answer('tsplay-lab').status).toBe(0)
    const refused = answer('yes')
    expect(refused.stdout).toContain('that is not the name of the cluster; nothing was touched')
    expect(refused.status).toBe(2)
  })

  it.each([
    ['by Enter', 'minutes: 9', ''],
    ['by itself', 'seconds: 0.3', undefined],
  ])('a pause shows what it waits for, and ends %s', (_how, time, typed) => {
    const task = `pause: { prompt: the balancer, ${time} }`
    writeFileSync(
      join(dir, 'pause.yaml'),
      `- hosts: server-1\n  gather_facts: false\n  tasks: [{ ${task} }]\n`,
    )
    const ran = answer(typed, 'pause.yaml')
    expect(ran.stdout).toContain('the balancer: ')
    expect(ran.status).toBe(0)
  })

  it('is an error before any host is touched where there is no terminal', () => {
    const ran = run('-i', lab.inventoryPath, 'reset.yaml')
    expect(ran.stderr).toMatch(
      /reset\.yaml:\d+:\d+: error: 'typed_name' must be asked for, and there is no terminal/,
    )
    expect(ran.status).toBe(1)
  })
})

describe('bad input ends with one clear message', () => {
  const cases: readonly (readonly [string, () => string[], number, RegExp])[] = [
    [
      'a broken inventory',
      () => {
        writeFileSync(join(dir, 'broken.yaml'), 'all:\n  hosts:\n    a: { port: [\n')
        return ['-i', 'broken.yaml', 'play.yaml']
      },
      1,
      /broken\.yaml:\d+:\d+: error: /,
    ],
    ['a missing inventory', () => ['-i', 'none.yaml', 'play.yaml'], 1, /there is no inventory none\.yaml/],
    ['a missing playbook', () => ['-i', `${address},`, 'none.yaml'], 1, /no playbook 'none\.yaml'/],
    [
      'an unknown module',
      () => {
        writeFileSync(join(dir, 'typo.yaml'), '- hosts: all\n  tasks: [{ comand: "true" }]\n')
        return ['-i', `${address},`, 'typo.yaml']
      },
      1,
      /typo\.yaml:2:13: error: 'comand' is neither a keyword nor a module[\s\S]*did you mean 'command'/,
    ],
    [
      'a missing role',
      () => {
        writeFileSync(join(dir, 'role.yaml'), '- hosts: all\n  roles: [nosuchrole]\n')
        return ['-i', `${address},`, 'role.yaml']
      },
      1,
      /role\.yaml:2:11: error: no role 'nosuchrole'/,
    ],
    [
      'an unreachable host',
      () => [
        '-i',
        inventory('refused', { ansible_port: 2222, ansible_ssh_private_key_file: key }),
        'play.yaml',
      ],
      4,
      /unreachable refused .*port 2222 refused the connection/,
    ],
    [
      'a wrong key',
      () => {
        spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'wrong')])
        return [
          '-i',
          inventory('wrongkey', { ansible_ssh_private_key_file: join(dir, 'wrong') }),
          'play.yaml',
        ]
      },
      4,
      /unreachable wrongkey .*does not let debian in/,
    ],
    [
      'an unknown host key',
      () => [
        '-i',
        inventory('stranger', {
          ansible_ssh_private_key_file: key,
          ansible_ssh_common_args: '-o UserKnownHostsFile=/dev/null',
        }),
        'play.yaml',
      ],
      4,
      /unreachable stranger .*SHA256:/,
    ],
    [
      'a limit that names nothing',
      () => ['-i', `${address},`, 'play.yaml', '-l', 'nosuch'],
      6,
      /no host or group is called nosuch/,
    ],
  ]

  it.each(cases)('%s', (_name, args, status, message) => {
    const ran = run(...args())
    expect(ran.text).toMatch(message)
    expect(ran.text).not.toMatch(/^\s+at .*\.js:\d+/m)
    expect(ran.status).toBe(status)
  })
})
