import { argumentsOf } from '../../runner/modules/doc.js'
import type { AnyModule } from '../../runner/modules/module.js'
import { modules } from '../../runner/modules/registry.js'
import { withPlaces } from './cases.js'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2iYxyZ7mVv8vN1y3rXk5pP0h1fY0bO7tVq9zq0bXyZ'

/** Valid arguments of modules that need more than a name; `$DIR` is the case's folder, which holds `f` and the folder `d`. */
const valid: Readonly<Record<string, readonly object[]>> = {
  alternatives: [{ name: 'x', path: '/bin/true' }],
  apt: [{ name: 'x' }, { deb: '/x.deb' }],
  assemble: [{ src: '$DIR/d', dest: '$DIR/g' }],
  async_status: [{ jid: 'x' }],
  authorized_key: [{ user: 'root', path: '$DIR/k', key }],
  blockinfile: [
    { path: '$DIR/f', block: 'x', create: true },
    { dest: '$DIR/f', block: 'x' },
  ],
  command: [{ argv: ['true', 'x'] }, { argv: ['true'], stdin: 'x' }],
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
  get_url: [{ url: 'http://127.0.0.1:1/x', dest: '$DIR/g', timeout: 1 }],
  ini_file: [{ path: '$DIR/f', section: 's', option: 'o', value: 'v' }],
  k8s_manifest: [{ definition: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } } }],
  k8s_wait: [{ api: true }],
  known_hosts: [{ name: 'x', path: '$DIR/k', key: `x ${key}` }],
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
  systemd: [{ name: 'x', state: 'started' }],
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

/** Arguments whose text is a program, by what the module is for. */
const programs: Readonly<Record<string, readonly string[]>> = {
  shell: ['cmd', 'executable'],
  reboot: ['test_command', 'reboot_command'],
  script: ['executable'],
  k8s_manifest: ['kubectl'],
  k8s_node: ['kubectl'],
  k8s_wait: ['kubectl'],
  cron: ['job'],
}

export interface HostileArguments {
  readonly module: AnyModule
  readonly argument: string
  readonly args: Readonly<Record<string, unknown>>
  /** Which of the values it is. */
  readonly value: string
}

/** Every text argument of a module, with the value in its place; where a path is asked for, in the case's folder. */
export function hostileArguments(module: AnyModule, value: string): HostileArguments[] {
  const bases = valid[module.name] ?? [{ name: 'x' }]
  const texts = argumentsOf(module).filter(({ type }) => /\btext\b/.test(type))
  return bases.flatMap((base) =>
    texts
      .filter(({ name }) => !programs[module.name]?.includes(name) && name !== 'validate')
      .flatMap(({ name, type }) => {
        // What fetch brings must stay in the case's folder of the controller.
        const places = module.name === 'fetch' && name === 'dest' ? ['$CONTROLLER/'] : ['', '$DIR/']
        const texts = places.map((place) => place + value)
        const forms = texts.map((text) => (type.startsWith('list') ? [text] : text))
        const all = forms.map((form) => ({ ...base, [name]: form }))
        const taken = all.filter((args) => isValid(module, args))
        return taken.map((args) => ({ module, argument: name, args, value }))
      }),
  )
}

function isValid(module: AnyModule, args: object): boolean {
  return module.args.safeParse(placed(args)).success
}

const placed = (args: object): object =>
  withPlaces(args, { dir: '/dir', controllerDir: '/controller', host: { name: 'host' } })

/** Every module with the arguments that others stand beside. */
export const validArguments = (): { module: AnyModule; args: object }[] =>
  Object.values(modules).flatMap((module) =>
    (valid[module.name] ?? [{ name: 'x' }]).map((args) => ({ module, args: placed(args) })),
  )
