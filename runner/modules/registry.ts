import { alternatives } from './alternatives.js'
import { apk } from './apk.js'
import { apt } from './apt.js'
import { aptRepository } from './apt-repository.js'
import { assemble } from './assemble.js'
import { asyncStatus } from './async-status.js'
import { authorizedKey } from './authorized-key.js'
import { blockinfile } from './blockinfile.js'
import { command } from './command.js'
import { copy } from './copy.js'
import { cron } from './cron.js'
import { deb822Repository } from './deb822-repository.js'
import { dnf } from './dnf.js'
import { fetch } from './fetch.js'
import { file } from './file.js'
import { find } from './find.js'
import { firewalld } from './firewalld.js'
import { getUrl } from './get-url.js'
import { group } from './group.js'
import { hostname } from './hostname.js'
import { iniFile } from './ini-file.js'
import { k8sManifest } from './k8s-manifest.js'
import { k8sNode } from './k8s-node.js'
import { k8sWait } from './k8s-wait.js'
import { knownHosts } from './known-hosts.js'
import { lineinfile } from './lineinfile.js'
import { modprobe } from './modprobe.js'
import type { AnyModule } from './module.js'
import { mount } from './mount.js'
import { nftables } from './nftables.js'
import { packageModule } from './package.js'
import { pacman } from './pacman.js'
import { ping } from './ping.js'
import { reboot } from './reboot.js'
import { replace } from './replace.js'
import { rpmKey } from './rpm-key.js'
import { runScript } from './run-script.js'
import { selinux } from './selinux.js'
import { service } from './service.js'
import { setup } from './setup.js'
import { shell } from './shell.js'
import { slurp } from './slurp.js'
import { stat } from './stat.js'
import { swap } from './swap.js'
import { synchronize } from './synchronize.js'
import { sysctl } from './sysctl.js'
import { systemd } from './systemd.js'
import { tempfile } from './tempfile.js'
import { template } from './template.js'
import { timezone } from './timezone.js'
import { ufw } from './ufw.js'
import { unarchive } from './unarchive.js'
import { uri } from './uri.js'
import { user } from './user.js'
import { waitFor } from './wait-for.js'
import { waitForConnection } from './wait-for-connection.js'
import { yumRepository } from './yum-repository.js'
import { zypper } from './zypper.js'

/** Every module that acts on a host. The control modules (debug, assert, …) are in control/. */
export const modules: Readonly<Record<string, AnyModule>> = {
  command,
  copy,
  file,
  lineinfile,
  blockinfile,
  find,
  package: packageModule,
  systemd,
  ufw,
  firewalld,
  uri,
  get_url: getUrl,
  wait_for: waitFor,
  ping,
  script: runScript,
  k8s_manifest: k8sManifest,
  k8s_node: k8sNode,
  k8s_wait: k8sWait,
  synchronize,
  sysctl,
  modprobe,
  user,
  group,
  setup,
  shell,
  slurp,
  stat,
  template,
  replace,
  ini_file: iniFile,
  assemble,
  tempfile,
  fetch,
  unarchive,
  known_hosts: knownHosts,
  alternatives,
  async_status: asyncStatus,
  authorized_key: authorizedKey,
  cron,
  hostname,
  mount,
  reboot,
  timezone,
  wait_for_connection: waitForConnection,
  apt,
  dnf,
  zypper,
  pacman,
  apk,
  service,
  nftables,
  swap,
  apt_repository: aptRepository,
  deb822_repository: deb822Repository,
  yum_repository: yumRepository,
  rpm_key: rpmKey,
  selinux,
}

/** Other names that Ansible has for them. */
export const moduleAliases: Readonly<Record<string, string>> = {
  raw: 'shell',
  gather_facts: 'setup',
  systemd_service: 'systemd',
  yum: 'dnf',
  dnf5: 'dnf',
}

let custom: ReadonlyMap<string, AnyModule> = new Map()

/** Makes known the modules of the `library/` folders, in the place of those of an earlier run. */
export function useModules(found: readonly AnyModule[]): void {
  custom = new Map(found.map((module) => [module.name, module]))
}

/** The modules of the `library/` folders. */
export const customModules = (): ReadonlyMap<string, AnyModule> => custom

const collections = /^ansible\.(builtin|legacy|posix)\.|^community\.general\./

/** The module of a name, also of its fully qualified and its other names: `ansible.builtin.copy`, `apt`. */
export function findModule(name: string): AnyModule | undefined {
  const short = name.replace(collections, '')
  const known = Object.hasOwn(moduleAliases, short) ? moduleAliases[short]! : short
  return Object.hasOwn(modules, known) ? modules[known] : undefined
}
