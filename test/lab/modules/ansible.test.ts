import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { controlModules } from '../../../runner/modules/control/index.js'
import { argumentsOf } from '../../../runner/modules/doc.js'
import type { AnyModule } from '../../../runner/modules/module.js'
import { refusalOf } from '../../../runner/modules/refused.js'
import { findModule, moduleAliases, modules } from '../../../runner/modules/registry.js'
import { findAnsible } from '../../support/ansible/ansible.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

interface TwinCase {
  readonly name: string
  readonly setup?: string
  readonly task: Readonly<Record<string, unknown>>
  readonly state?: string
  readonly returns?: readonly string[]
  /** What is not the same, and why. docs/differences.md tells people. */
  readonly differs?: Readonly<Record<string, string>>
}

/** What a tool said of a task, the first time and the second, and what it left. */
interface Outcome {
  readonly first: Result
  /** undefined where a second run tells nothing. */
  readonly again: Result | undefined
  readonly state: string
}
type Result = Readonly<Record<string, unknown>> & { readonly changed?: boolean; readonly failed?: boolean }

const missing = findAnsible()
if (missing) console.error(`skipped: ${missing}`)

const cases: TwinCase[] = parse(readFileSync(join(import.meta.dirname, 'ansible-cases.yaml'), 'utf8'))
const twins = { ansible: 'server-1', tsplay: 'server-2' } as const
type Tool = keyof typeof twins

const home = '/srv/twin'
const root = mkdtempSync(join(tmpdir(), 'tsplay-twins-'))
const outcomes: Record<Tool, Outcome[]> = { ansible: [], tsplay: [] }
let lab: Lab
let web: Server
const hosts = {} as Record<Tool, LabModuleHost>

const sh = async (tool: Tool, program: string) => {
  const script = { body: 'exec sh -c "$program" 2>&1', vars: { program }, timeoutMs: 200_000 }
  return (await hosts[tool].run(script)).stdout.toString()
}

function startWeb(): Server {
  const pages: Record<string, [string, string]> = {
    '/one': ['text/plain', 'foo'],
    '/json': ['application/json', '{"a":[1]}'],
  }
  return createServer((request, response) => {
    const [type, body] = pages[request.url ?? ''] ?? ['text/plain', 'nothing here']
    response.writeHead(request.url! in pages ? 200 : 404, { 'Content-Type': type }).end(body)
  }).listen(0, '0.0.0.0')
}

const setups = cases.map(({ setup = ':' }, at) => {
  const dir = `${home}/${at}`
  return `mkdir -p ${dir} && cd ${dir} && (\n${setup}\n) || echo "setup ${at} failed"`
})

/** Of every case's folder: names, kinds, modes, owners, content and where links lead; then what `state` prints. */
const fingerprint = ({ state = ':' }: TwinCase, at: number) => `cd ${home}/${at} || exit
(
${state}
) 2>&1
find . -exec stat -c '%n %F %a %U %G' {} + | sort
find . -type f -exec sha256sum {} + | sort
find . -type l -exec readlink {} + | sort
echo "=== end"
`

beforeAll(async () => {
  if (missing) return
  lab = openLab(ourLabDir())
  web = startWeb()
  await Promise.all([prepare('ansible', ['python3', 'python3-apt']), prepare('tsplay', [])])
  writeController()
})
afterAll(async () => {
  web?.close()
  for (const host of Object.values(hosts)) await host.close()
  rmSync(root, { recursive: true, force: true })
})

async function prepare(tool: Tool, packages: readonly string[]) {
  await lab.fresh(twins[tool])
  hosts[tool] = await connectLabHost(lab, twins[tool])
  const wanted = ['unzip', 'xz-utils', 'cron', ...packages].join(' ')
  const said = await sh(
    tool,
    `export DEBIAN_FRONTEND=noninteractive
apt-get -qq update && apt-get -qq install -y --no-install-recommends ${wanted} >/dev/null && echo ready`,
  )
  expect(said).toContain('ready')
  expect(await sh(tool, `umask 022\n${setups.join('\n')}`)).toBe('')
}

function writeController() {
  for (const tool of ['ansible', 'tsplay'] as const) {
    mkdirSync(join(root, tool, 'files/tree/sub'), { recursive: true })
    mkdirSync(join(root, tool, 'templates'))
    mkdirSync(join(root, tool, 'vars'))
    writeFileSync(join(root, tool, 'vars/twin.yaml'), 'twin_v: [1]\n')
    writeFileSync(join(root, tool, 'files/run.sh'), '#!/bin/sh\nprintf "%s\\n" "$@"\n')
    writeFileSync(join(root, tool, 'files/one.txt'), 'one\n')
    writeFileSync(join(root, tool, 'files/tree/a'), 'a')
    writeFileSync(join(root, tool, "files/tree/sub/it's"), 'b')
    writeFileSync(join(root, tool, 'templates/plain.txt'), 'plain\ntext\n')
    writeFileSync(join(root, tool, 'files/tree.tgz'), archive)
    chmodSync(join(root, tool), 0o755)
  }
}

/** Two entries, a folder and a file in it, both of root. */
const archive = Buffer.from(
  'H4sIAAAAAAACA+3RTQqEMAxA4RwlN7CV1p5HBgfdqNTq+ZXZOfizsiC8b5NAsntjIY8zm+D9b27+58EegneiXjKYp1RHVYnDkK7+7u4vNRbfLP0r587722rf3xpbWlFD/8d1vaa20Tp+2m5pBAAAAAAAAAAAAAAAAMCLrJJaPrMAKAAA',
  'base64',
)

function playOf(tool: Tool, wanted: readonly number[]): unknown {
  const { port } = web.address() as AddressInfo
  const { address } = lab.hosts.find(({ name }) => name === twins[tool])!
  const gateway = address.replace(/\.\d+$/, '.1')
  const places = (text: string, at: number) =>
    text
      .replaceAll('$DIR', `${home}/${at}`)
      .replaceAll('$URL', `http://${gateway}:${port}`)
      .replaceAll('$ADDRESS', address)
      .replaceAll('$FETCH', join(root, tool, 'fetched', `${at}`))
  const tasks = wanted.map((at) => ({
    name: cases[at]!.name,
    ...(JSON.parse(places(JSON.stringify(cases[at]!.task), at)) as object),
    register: `r${at}`,
    ignore_errors: true,
  }))
  const all = wanted.map((at) => `r${at}`).join(', ')
  const keep = {
    name: 'keep the results',
    copy: {
      content: tool === 'ansible' ? `{{ [${all}] | to_json }}` : `<%= JSON.stringify([${all}]) %>`,
      dest: join(root, tool, 'results.json'),
    },
    delegate_to: 'localhost',
    become: false,
    vars: { ansible_connection: 'local' },
  }
  return [{ name: 'twins', hosts: twins[tool], gather_facts: false, become: true, tasks: [...tasks, keep] }]
}

/** Once for all, then once more for those whose second run could find nothing to do. */
async function run(tool: Tool): Promise<Outcome[]> {
  const first = await play(
    tool,
    cases.map((_, at) => at),
  )
  const program = cases.map((one, at) => `(${fingerprint(one, at)})`).join('\n')
  const states = (await sh(tool, program)).split('=== end\n')
  const settling = [...first].flatMap(([at, { changed, failed }]) => {
    const runs = Object.keys(cases[at]!.task).some((key) =>
      ['command', 'shell', 'raw', 'script'].includes(key),
    )
    return changed && !failed && !runs ? [at] : []
  })
  const again = await play(tool, settling)
  return cases.map((_, at) => ({ first: first.get(at)!, again: again.get(at), state: states[at]! }))
}

async function play(tool: Tool, wanted: readonly number[]): Promise<ReadonlyMap<number, Result>> {
  writeFileSync(join(root, tool, 'play.yaml'), stringify(playOf(tool, wanted)))
  const [command, ...args] =
    tool === 'ansible' ? ['ansible-playbook'] : [process.execPath, program, '--output', 'plain']
  const env = {
    ...process.env,
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  }
  const child = spawn(command!, [...args, '-i', lab.inventoryPath, join(root, tool, 'play.yaml')], {
    env,
    cwd: join(root, tool),
  })
  let said = ''
  child.stdout.on('data', (chunk) => (said += chunk))
  child.stderr.on('data', (chunk) => (said += chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${tool} ended with ${code}\n${said.slice(-4000)}`)
  const results: Result[] = JSON.parse(readFileSync(join(root, tool, 'results.json'), 'utf8'))
  return new Map(wanted.map((at, place) => [at, results[place]!]))
}

/** Modules that ansible-core has, too, and that no case here compares: why, and what tests them. */
const alone: Readonly<Record<string, string>> = {
  async_status: 'it asks for a job that another task started: test/lab/engine/async.test.ts',
  dnf: 'Ansible’s needs Python’s dnf, which Debian’s has no repository for: packages.test.ts',
  yum: 'another name of dnf',
  gather_facts: 'another name of setup',
  systemd_service: 'another name of systemd',
  reboot: 'the twins share what comes after: system.test.ts',
  rpm_key: 'rpm of Debian trusts no key that Ansible’s would read: packages.test.ts',
  setup: 'facts have other names on purpose: docs/differences.md',
}

/** Ansible’s own arguments of each module that both have. */
function ansibleArguments(): ReadonlyMap<string, readonly string[]> {
  const own = [
    ...Object.keys(modules),
    ...Object.keys(moduleAliases),
    ...controlModules.map(({ name }) => name),
  ]
  const names = own.map((name) => `ansible.builtin.${name}`)
  const { stdout } = spawnSync('ansible-doc', ['-j', ...names], {
    encoding: 'utf8',
    env: { ...process.env, ANSIBLE_NOCOLOR: '1' },
  })
  interface Options {
    readonly [name: string]: { readonly aliases?: readonly string[] }
  }
  const told: Record<string, { readonly doc: { readonly options?: Options } }> = JSON.parse(
    stdout.slice(stdout.indexOf('{')),
  )
  return new Map(
    Object.entries(told).map(([name, { doc }]) => [
      name.replace(/^ansible\.builtin\./, ''),
      Object.entries(doc.options ?? {}).flatMap(([option, { aliases = [] }]) => [option, ...aliases]),
    ]),
  )
}

/** What its documentation calls that which has no name. */
const nameless = new Set(['free_form', 'free-form', 'key_value'])

describe.skipIf(missing)('what both have', () => {
  const theirs = missing ? new Map<string, readonly string[]>() : ansibleArguments()

  test('every module is compared, or tested elsewhere for a reason', () => {
    expect(theirs.size).toBeGreaterThan(45)
    const compared = new Set(cases.flatMap(({ task }) => Object.keys(task)))
    expect([...theirs.keys()].filter((name) => compared.has(name) === name in alone)).toEqual([])
  })

  test('every argument is taken, or refused by name with what to do instead', () => {
    const unknown = [...theirs].flatMap(([name, options]) => {
      const module = findModule(name) ?? controlModules.find((one) => one.name === name)!
      const taken = new Set(argumentsOf(module as AnyModule).map((row) => row.name))
      for (const alias of Object.keys(('aliases' in module && module.aliases) || {})) taken.add(alias)
      return options
        .filter((option) => !taken.has(option) && !nameless.has(option))
        .filter((option) => refusalOf(module.name, option) === undefined)
        .map((option) => `${name}: ${option}`)
    })
    expect(unknown).toEqual([])
  })
})

test.skipIf(missing)('both run them all, twice', { timeout: 900_000 }, async () => {
  ;[outcomes.ansible, outcomes.tsplay] = await Promise.all([run('ansible'), run('tsplay')])
})

const at = (value: unknown, key: string): unknown =>
  key.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], value)

describe.skipIf(missing).each(cases.map((one, index) => ({ ...one, index })))(
  '$name',
  ({ index, returns = [], differs = {} }) => {
    const facts = (tool: Tool): Record<string, unknown> => {
      const { first, again, state } = outcomes[tool][index]!
      return {
        changed: first.changed ?? false,
        failed: first.failed ?? false,
        again: again?.changed ?? false,
        state,
        ...Object.fromEntries(returns.map((key) => [key, at(first, key)])),
      }
    }
    test('is the same', () => {
      const [mine, theirs] = [facts('tsplay'), facts('ansible')]
      for (const key of Object.keys(differs)) {
        expect(mine[key], `${key} is said to differ: ${differs[key]}`).not.toEqual(theirs[key])
        delete mine[key]
        delete theirs[key]
      }
      expect(mine).toEqual(theirs)
    })
  },
)
