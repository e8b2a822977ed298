import { type ArgumentDoc, argumentsOf } from '../../runner/modules/doc.js'
import type { AnyModule } from '../../runner/modules/module.js'
import { modules } from '../../runner/modules/registry.js'
import { withPlaces } from './cases.js'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2iYxyZ7mVv8vN1y3rXk5pP0h1fY0bO7tVq9zq0bXyZ'

/** Valid arguments of modules that need more than a name; `$DIR` is the case's folder, which holds `f` and the folder `d`. */
const valid: Readonly<Record<string, readonly object[]>> = {
  apt_repository: [{ repo: 'deb http://127.0.0.1:1/ x main', filename: 'x' }],
  deb822_repository: [{ name: 'x', uris: 'http://127.0.0.1:1/', suites: 'x', components: 'main' }],
  selinux: [{ state: 'disabled', configfile: '$DIR/f' }],
  yum_repository: [{ name: 'x', description: 'x', baseurl: 'http://127.0.0.1:1/', reposdir: '$DIR/d' }],
  alternatives: [{ name: 'x', path: '/bin/true' }],
  apt: [{ name: 'x' }, { deb: '/x.deb' }],
  assemble: [{ src: '$DIR/d', dest: '$DIR/g' }],
  async_status: [{ jid: 'x' }],
  authorized_key: [{ user: 'root', path: '$DIR/k', key }],
  blockinfile: [
    { path: '$DIR/f', block: 'x', create: true },
    { dest: '$DIR/f', block: 'x' },
  ],
  command: [{ argv: ['true', 'x'] }, { argv: ['true'], stdin: 'x' }, { cmd: 'true x' }],
  copy: [
    { content: 'x', dest: '$DIR/g' },
    { src: '$DIR/f', dest: '$DIR/g', remote_src: true },
    { src: 'one', dest: '$DIR/g' },
  ],
  cron: [{ name: 'x', job: 'true', user: 'root', cron_file: 'x' }],
  fetch: [{ src: '$DIR/f', dest: '$CONTROLLER/to', flat: true }],
  file: [
    { path: '$DIR/g', state: 'touch' },
    { path: '$DIR/g', state: 'directory', recurse: true },
    { path: '$DIR/g', state: 'absent' },
    { path: '$DIR/g', src: 'f', state: 'link', force: true },
    { name: '$DIR/g', state: 'touch' },
    { dest: '$DIR/g', state: 'touch' },
  ],
  find: [
    { paths: ['$DIR'], patterns: ['*'], excludes: ['x'], contains: 'x' },
    { path: '$DIR', recurse: true },
  ],
  firewalld: [{ zone: 'x', service: 'x', state: 'enabled', permanent: true }],
  get_url: [{ url: 'http://127.0.0.1:1/x', dest: '$DIR/g', timeout: 1, url_username: 'x' }],
  ini_file: [{ path: '$DIR/f', section: 's', option: 'o', value: 'v' }],
  k8s_manifest: [{ definition: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } } }],
  k8s_wait: [{ api: true }, { node: 'x', version: 'x' }],
  known_hosts: [
    { name: 'x', path: '$DIR/k', key: `x ${key}` },
    { name: 'x', path: '$DIR/k', state: 'absent' },
  ],
  lineinfile: [
    { path: '$DIR/f', line: 'x', regexp: 'a' },
    { path: '$DIR/f', line: 'x', search_string: 'a' },
    { path: '$DIR/f', line: 'x', insertafter: 'a', create: true },
  ],
  mount: [{ path: '/mnt/x', src: 'x', fstype: 'tmpfs', state: 'present', fstab: '$DIR/f' }],
  nftables: [{ comment: 'x', rule: 'tcp dport 1 accept' }],
  ping: [{ data: 'x' }],
  reboot: [{}],
  replace: [{ path: '$DIR/f', regexp: 'a', replace: 'b' }],
  rpm_key: [{ key: '/x.asc' }, { key: 'http://127.0.0.1:1/x', fingerprint: 'A'.repeat(40) }],
  script: [{ cmd: 'run.sh x' }],
  setup: [{}],
  shell: [{ cmd: 'true' }],
  slurp: [{ src: '$DIR/f' }, { path: '$DIR/f' }],
  stat: [{ path: '$DIR/f' }],
  synchronize: [{ src: './', dest: '$DIR/g', rsync_opts: ['--exclude=x'] }],
  swap: [{ state: 'present', size: '1M' }],
  sysctl: [{ name: 'kernel.ostype', value: 'x' }],
  systemd: [
    { name: 'x', state: 'started' },
    { unit: 'x', state: 'started' },
    { service: 'x', state: 'started' },
  ],
  tempfile: [{ path: '$DIR', prefix: 'a', suffix: 'b' }],
  template: [{ src: 'one', dest: '$DIR/g' }],
  ufw: [{ rule: 'allow', port: '22' }],
  unarchive: [{ src: '$DIR/x.tar', dest: '$DIR/d', remote_src: true }],
  uri: [{ url: 'http://127.0.0.1:1/x', timeout: 1 }],
  wait_for: [
    { path: '$DIR/f', timeout: 0 },
    { host: '127.0.0.1', port: 1, timeout: 0 },
    { port: 1, state: 'drained', exclude_hosts: ['::1'], timeout: 0 },
  ],
  wait_for_connection: [{}],
}

/** What a program would have to run to be caught: it makes a file in the folder it stands in, and in / and the home. */
const caught = 'touch pwned; touch /pwned; touch ~/pwned'

/** Values that mean something to some shell, program or format; each of them together with others of its kind. */
export const hostileValues = [
  `-rf ' " $(${caught}) \`${caught}\` ; ${caught} # ')`,
  `a\n${caught}\n$(${caught})\n'${caught}'\n`,
  `* ?[a-z]* %s%n%d \\ \\n \\0 ü✓\u{1f512} ~ {a,b} !x &x |x <x >x $IFS \${x:=y} \t\r`,
  '--help',
]

/** Arguments whose text is a program by what the module is for, so that no value of theirs is mere data. */
export const programs: Readonly<Record<string, string>> = {
  'shell.cmd': 'the program itself',
  'shell.executable': 'what runs it',
  'script.executable': 'what runs the script',
  'reboot.test_command': 'a program',
  'reboot.reboot_command': 'a program',
  'k8s_manifest.kubectl': 'a program and its arguments',
  'k8s_node.kubectl': 'the same',
  'k8s_wait.kubectl': 'the same',
  'cron.job': 'a line that cron gives to a shell',
}

/** A program with %s for a file, in every module that has it. */
export const isProgram = (module: AnyModule, name: string) =>
  name === 'validate' || Object.hasOwn(programs, `${module.name}.${name}`)

export interface HostileArguments {
  readonly module: AnyModule
  readonly argument: string
  readonly args: Readonly<Record<string, unknown>>
  /** Which of the values it is. */
  readonly value: string
}

/** The shapes in which an argument may take a text: as it is, in a list, in a mapping, in one field of it. */
function formsOf({ type, fields }: ArgumentDoc, text: string, beside: unknown): unknown[] {
  const isList = type.startsWith('list of')
  const wrapped = (forms: unknown[]) => (isList ? forms.map((form) => [form]) : forms)
  if (type.endsWith('anything')) return [text, [text], { x: text, [text]: text }]
  if (!type.endsWith('mapping')) return wrapped([text])
  const others = (Array.isArray(beside) ? beside[0] : beside) as Record<string, unknown> | undefined
  const inFields = (fields ?? []).flatMap((field) =>
    formsOf(field, text, others?.[field.name]).map((form) => ({ ...others, [field.name]: form })),
  )
  return wrapped([
    ...inFields,
    { ...others, x: text },
    { ...others, x: { [text]: text } },
    { ...others, [text]: text },
  ])
}

/** What a module may be asked with a text in the place of one argument: every argument there is, those that take no text, too. */
export function argumentsWith(
  module: AnyModule,
  place: (argument: string) => readonly string[],
): { readonly argument: string; readonly args: Readonly<Record<string, unknown>> }[] {
  const bases = (valid[module.name] ?? [{ name: 'x' }]) as readonly Readonly<Record<string, unknown>>[]
  return argumentsOf(module).flatMap((row) =>
    bases.flatMap((base) =>
      place(row.name).flatMap((text) =>
        formsOf(row, text, base[row.name]).map((form) => ({
          argument: row.name,
          args: { ...base, [row.name]: form },
        })),
      ),
    ),
  )
}

/** Every argument of a module that takes the value, with it in its place; where a path is asked for, in the case's folder. */
export function hostileArguments(module: AnyModule, value: string): HostileArguments[] {
  // What fetch brings must stay in the case's folder of the controller.
  const places = (name: string) =>
    module.name === 'fetch' && name === 'dest' ? ['$CONTROLLER/'] : ['', '$DIR/']
  return argumentsWith(module, (name) => places(name).map((place) => place + value))
    .filter(({ argument, args }) => !isProgram(module, argument) && refusedFor(module, args) === undefined)
    .map(({ argument, args }) => ({ module, argument, args, value }))
}

/** The arguments that are said to be wrong; undefined where none is. */
export function refusedFor(module: AnyModule, args: object): readonly unknown[] | undefined {
  return module.args.safeParse(placed(args)).error?.issues.map(({ path }) => path[0])
}

const placed = (args: object): object =>
  withPlaces(args, { dir: '/dir', controllerDir: '/controller', host: { name: 'host' } })

/** Every module with the arguments that others stand beside. */
export const validArguments = (): { module: AnyModule; args: object }[] =>
  Object.values(modules).flatMap((module) =>
    (valid[module.name] ?? [{ name: 'x' }]).map((args) => ({ module, args: placed(args) })),
  )
