/** Where modules write: a small disk, or a folder. */
export const dir = '/srv/faults'

/** What a module writes on the small disk, and where: `f` in the folder unless told. */
export interface Writer {
  readonly module: string
  /** What it is, where a module comes twice. */
  readonly title?: string
  /** @param site the address of a web server with `large` and `text` */
  readonly args: (site: string) => object
  /** A folder that the module itself chooses; the small disk stands there, too. */
  readonly folder?: string
  readonly file?: string
  /** What it writes is small: not a page is left. */
  readonly full?: true
}

const f = `${dir}/f`
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2iYxyZ7mVv8vN1y3rXk5pP0h1fY0bO7tVq9zq0bXyZ'
const aptLists = '/etc/apt/sources.list.d'

/** Every module that writes a file. */
export const writers: readonly Writer[] = [
  { module: 'copy', args: () => ({ src: 'text', dest: f }) },
  { module: 'copy', title: 'of a large file', args: () => ({ src: 'large', dest: f }) },
  {
    module: 'copy',
    title: 'of a file of the host',
    args: () => ({ src: '/root/x.tar', dest: f, remote_src: true }),
  },
  { module: 'copy', title: 'with a backup', args: () => ({ content: 'short', dest: f, backup: true }) },
  { module: 'template', args: () => ({ src: 'text', dest: f }) },
  { module: 'lineinfile', args: () => ({ path: f, line: 'one more' }) },
  { module: 'blockinfile', args: () => ({ path: f, block: 'one more' }) },
  { module: 'replace', args: () => ({ path: f, regexp: 'old', replace: 'young' }) },
  { module: 'ini_file', args: () => ({ path: f, section: 'a', option: 'b', value: 'c' }) },
  { module: 'assemble', args: () => ({ src: '/root/pieces', dest: f }) },
  { module: 'get_url', args: (site) => ({ url: `${site}/large`, dest: f, force: true }) },
  { module: 'uri', args: (site) => ({ url: `${site}/text`, dest: f }) },
  { module: 'synchronize', args: () => ({ src: 'sync/', dest: dir, delete: true }) },
  { module: 'unarchive', args: () => ({ src: '/root/x.tar', dest: dir, remote_src: true }) },
  {
    module: 'unarchive',
    title: 'of an archive of the controller',
    args: () => ({ src: 'x.tar', dest: dir }),
  },
  { module: 'authorized_key', args: () => ({ user: 'root', key, path: f }) },
  { module: 'known_hosts', args: () => ({ name: 'a.example', key: `a.example ${key}`, path: f }) },
  {
    module: 'cron',
    args: () => ({ name: 'a', job: 'true', cron_file: 'f' }),
    folder: '/etc/cron.d',
  },
  {
    module: 'sysctl',
    args: () => ({ name: 'kernel.pid_max', value: 99999, sysctl_file: f, sysctl_set: false }),
  },
  {
    module: 'mount',
    args: () => ({ path: '/mnt/a', src: 'a', fstype: 'tmpfs', state: 'present', fstab: f }),
  },
  { module: 'swap', args: () => ({ state: 'present', path: f, size: '1M' }) },
  { module: 'selinux', args: () => ({ state: 'disabled', configfile: f }) },
  {
    module: 'nftables',
    args: () => ({ comment: 'a', rule: 'accept', chain: 'input', dest: `${f}.nft` }),
    file: 'f.nft',
    full: true,
  },
  {
    module: 'apt_repository',
    args: () => ({ repo: 'deb http://a.example/ b main', filename: 'f', update_cache: false }),
    folder: aptLists,
    file: 'f.list',
  },
  {
    module: 'deb822_repository',
    args: () => ({ name: 'f', uris: 'http://a.example/', suites: 'b', components: 'main' }),
    folder: aptLists,
    file: 'f.sources',
    full: true,
  },
  {
    module: 'yum_repository',
    args: () => ({ name: 'a', file: 'f', description: 'a', baseurl: 'http://a.example/', reposdir: dir }),
    file: 'f.repo',
  },
  {
    module: 'modprobe',
    args: () => ({ name: 'overlay', persistent: 'present' }),
    folder: '/etc/modules-load.d',
    file: 'overlay.conf',
    full: true,
  },
]

/** Modules that write in /etc itself, which no other disk can stand in for: what they set there, and what it was. */
export const inEtc = [
  {
    module: 'hostname',
    path: '/etc/hostname',
    args: { name: 'lab-renamed' },
    before: 'uname -n; cat /etc/hostname',
  },
  {
    module: 'timezone',
    path: '/etc/timezone',
    args: { name: 'Asia/Tokyo' },
    before: 'readlink /etc/localtime; cat /etc/timezone',
  },
] as const
