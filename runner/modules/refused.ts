/** Arguments of a module that are refused by name: why, and what to do instead. */
type Refused = Readonly<Record<string, string>>

const chattr = 'attributes of a file system are set with command: chattr'
const atomic = 'every file is written beside its place and renamed: leave it out'
const writes: Refused = { attributes: chattr, attr: chattr, unsafe_writes: atomic }
const vault: Refused = { decrypt: 'there is no vault that would be opened: leave it out' }
const asClient = 'a certificate of one’s own is shown by command: curl --cert'
const kerberos = { use_gssapi: 'Kerberos is not spoken: fetch it with command: curl --negotiate' }
const fetching: Refused = {
  ...kerberos,
  ciphers: 'the ciphers are those that the host’s curl or wget takes',
  decompress: 'what comes is kept as it comes: unarchive unpacks it',
  unredirected_headers: 'headers go to the server of url alone: leave it out',
  client_cert: asClient,
  client_key: asClient,
  http_agent: 'write it as headers: { User-Agent: … }',
  use_netrc: 'a .netrc is not read: give url_username and url_password',
}
const jinja = 'templates are EJS (docs/expressions.md)'
const above = 'variables stand above the jobs, where they hold for all of them: leave it out'
const chroot = 'packages come to the host itself: for another root use command'
const wholeFolder = 'a folder goes whole, with its links and times: leave it out'
const noRsync = 'there is no rsync: leave it out'
const ownSession = 'files go over the session of the task: leave it out'
const sysv = 'services are those of systemd and of OpenRC, which know their own processes'
const solaris = 'accounts are those of Linux'
const sshKey = 'use command: ssh-keygen, with creates'
const ids = 'give the id itself'
const libuser = 'the host’s own files are meant anyway: leave it out'

/**
 * What modules of ansible-core take and ours do not, by module. Without an entry here an argument is unknown: a typing
 * mistake. test/lab/modules/ansible.test.ts compares with ansible-core itself.
 */
export const refusedArguments: Readonly<Record<string, Refused>> = {
  apt: {
    policy_rc_d: 'mask the service before, with systemd: { masked: true }',
    auto_install_module_deps: 'no Python is needed on the host: leave it out',
  },
  apt_repository: {
    codename: 'only a PPA needs it: write the line out, as in sources.list',
    install_python_apt: 'no Python is needed on the host: leave it out',
    validate_certs: 'only a PPA needs it: apt itself checks the certificates of repositories',
    update_cache_retries: 'a task of apt with update_cache tries again',
    update_cache_retry_max_delay: 'a task of apt with update_cache tries again',
  },
  assemble: { ...writes, ...vault },
  blockinfile: { ...writes, encoding: 'files are UTF-8, and other bytes stay as they are' },
  command: {
    strip_empty_ends: 'stdout has no line ends at its end: stdout_lines has every line',
    expand_argument_vars: 'words reach the program as they are: use shell for $HOME',
  },
  copy: {
    ...writes,
    ...vault,
    local_follow: 'a link of the controller stands for what it leads to: leave it out',
    checksum: 'what was sent is verified by its SHA-256 anyway: leave it out',
  },
  cron: { insertafter: above, insertbefore: above },
  dnf: {
    list: 'register what command: dnf list prints',
    installroot: chroot,
    install_repoquery: 'nothing needs repoquery: leave it out',
    download_only: 'packages are installed or not: use command: dnf download',
    download_dir: 'packages are installed or not: use command: dnf download',
    use_backend: 'it is dnf, and yum where there is no dnf: leave it out',
  },
  file: {
    ...writes,
    modification_time_format: 'a time is now or preserve: for another use command: touch',
    access_time_format: 'a time is now or preserve: for another use command: touch',
  },
  find: {
    follow: 'links are not followed: name the folders that they lead to',
    get_checksum: 'stat tells the checksum of each',
    read_whole_file: 'contains looks at lines: command: grep -z looks at the whole',
    encoding: 'contents are searched as bytes: leave it out',
  },
  get_url: {
    ...writes,
    ...fetching,
    tmp_dest: 'it is fetched beside dest, so that it takes its name at once: leave it out',
  },
  group: { local: libuser, gid_min: ids, gid_max: ids },
  hostname: { use: 'the name is set as the host itself keeps it: leave it out' },
  lineinfile: {
    ...writes,
    others: 'there are no others',
    encoding: 'files are UTF-8, and other bytes stay as they are',
  },
  reboot: {
    boot_time_command: 'the boot id tells that the host has booted: leave it out',
    search_paths: 'give reboot_command with its path',
  },
  replace: {
    ...writes,
    others: 'there are no others',
    encoding: 'files are UTF-8, and other bytes stay as they are',
  },
  script: vault,
  service: { pattern: sysv, arguments: sysv, args: sysv },
  setup: { parallel: 'facts come in one round trip: leave it out' },
  synchronize: {
    ...Object.fromEntries(
      ['archive', 'recursive', 'dirs', 'links', 'times'].map((name) => [name, wholeFolder] as const),
    ),
    ...Object.fromEntries(
      [
        'compress',
        'partial',
        'delay_updates',
        'existing_only',
        'link_dest',
        'rsync_path',
        'rsync_timeout',
      ].map((name) => [name, noRsync] as const),
    ),
    ...Object.fromEntries(
      ['private_key', 'dest_port', 'set_remote_user', 'use_ssh_args', 'verify_host'].map(
        (name) => [name, ownSession] as const,
      ),
    ),
    ssh_connection_multiplexing: ownSession,
    owner: 'files are the user’s that the task runs as: become that user',
    group: 'files are the user’s that the task runs as: become that user',
  },
  template: {
    ...writes,
    block_start_string: jinja,
    block_end_string: jinja,
    variable_start_string: jinja,
    variable_end_string: jinja,
    comment_start_string: jinja,
    comment_end_string: jinja,
    trim_blocks: jinja,
    lstrip_blocks: jinja,
    newline_sequence: 'lines end as they end in the template',
    output_encoding: 'files are UTF-8',
  },
  unarchive: {
    ...writes,
    ...vault,
    copy: 'it is the old form: remote_src: true is what copy: no was',
    io_buffer_size: 'memory is bounded anyway: leave it out',
    keep_newer: 'contents are compared, not times: leave it out',
    seuser: 'a task of file with recurse sets contexts',
    serole: 'a task of file with recurse sets contexts',
    setype: 'a task of file with recurse sets contexts',
    selevel: 'a task of file with recurse sets contexts',
    validate_certs: 'fetch it with get_url, and unpack it with remote_src: true',
  },
  uri: {
    ...writes,
    ...fetching,
    src: 'the body stands in the task, or comes from slurp; a large file is sent with command: curl -T',
    remote_src:
      'the body stands in the task, or comes from slurp; a large file is sent with command: curl -T',
    unix_socket: 'use command: curl --unix-socket',
    force: 'nothing is kept between two calls: leave it out',
  },
  user: {
    seuser: 'use command: semanage login',
    generate_ssh_key: sshKey,
    ssh_key_bits: sshKey,
    ssh_key_type: sshKey,
    ssh_key_file: sshKey,
    ssh_key_comment: sshKey,
    ssh_key_passphrase: sshKey,
    password_expire_account_disable: 'use command: chage -I',
    uid_min: ids,
    uid_max: ids,
    hidden: 'only macOS has it',
    login_class: 'only BSD has it',
    profile: solaris,
    authorization: solaris,
    role: solaris,
    local: libuser,
  },
  yum_repository: { ...writes, async: 'dnf knows it no more: leave it out' },
}

/** Why a module does not take an argument that Ansible's has, and what to do instead; undefined for any other word. */
export function refusalOf(module: string, argument: string): string | undefined {
  const own = Object.hasOwn(refusedArguments, module) ? refusedArguments[module]! : {}
  return Object.hasOwn(own, argument) ? own[argument] : undefined
}
