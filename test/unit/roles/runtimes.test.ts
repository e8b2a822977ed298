import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { shells } from '../../support/cases.js'
import { play, temporaryFolder } from '../../support/playbook.js'

const roles = fileURLToPath(new URL('../../../roles/', import.meta.url))

/** What the role cgroup_driver asks hosts and its defaults. */
const asked = {
  cgroup_docker_file: {},
  cgroup_containerd_file: {},
  container_runtime: 'containerd',
  k3s_binary_path: '/usr/local/bin/k3s',
  k3s_unit: 'k3s',
  k3s_args: '',
  k3s_node_config: {},
  systemd_dir: '/etc/systemd/system',
  k3s_cgroup_driver: 'systemd',
  containerd_cni_bin_dir: '/k3s/cni',
  containerd_cni_conf_dir: '/k3s/net.d',
}

/** A variable of roles, as JSON, where others are given. */
async function value(
  folders: readonly string[],
  name: string,
  given: Record<string, unknown>,
): Promise<unknown> {
  const files = folders.map((folder) => `${roles}${folder}/main.yaml`)
  const ran = await play(
    `- hosts: web\n  gather_facts: false\n  vars_files: [${files.join(', ')}]\n  tasks:\n    - debug: { msg: "<%= toJson(${name}) %>" }\n`,
    { args: ['-e', JSON.stringify({ ...asked, ...given })] },
  )
  expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0)
  return JSON.parse(ran.messages[0]!.replace(/^h1: /, ''))
}

describe('the settings of a containerd', () => {
  const settings = (text: string, more: Record<string, unknown> = {}) =>
    value(['cgroup_driver/vars'], 'cgroup_containerd_wanted', {
      cgroup_containerd_file: { text },
      ...more,
    })

  it('are made where there are none', async () => {
    const made = (await settings('')) as string
    expect(made).toBe(`version = 2

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true

[plugins."io.containerd.grpc.v1.cri".cni]
  conf_dir = "/k3s/net.d"
  bin_dir = "/k3s/cni"
`)
    expect(await settings(made)).toBe(made)
  })

  it('switch the plugin on and keep every other line', async () => {
    const before = `# mine
version = 2
disabled_plugins = ["cri", "aufs"]
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "old/pause:1"
    [plugins."io.containerd.grpc.v1.cri".containerd]
      default_runtime_name = "runc"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        runtime_type = "io.containerd.runc.v1"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
          BinaryName = "/opt/runc"
          SystemdCgroup = false
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia.options]
          SystemdCgroup = false
`
    const after = (await settings(before, { k3s_pause_image: 'new/pause:$1' })) as string
    expect(after).toBe(
      before
        .replace('["cri", "aufs"]', '[ "aufs"]')
        .replace('old/pause:1', 'new/pause:$$1')
        .replace('SystemdCgroup = false', 'SystemdCgroup = true') +
        '\n[plugins."io.containerd.grpc.v1.cri".cni]\n  conf_dir = "/k3s/net.d"\n  bin_dir = "/k3s/cni"\n'.replace(
          /^\n/,
          '\n',
        ),
    )
    expect(await settings(after, { k3s_pause_image: 'new/pause:$1' })).toBe(after)
  })

  it.each(["'", '"'])('of version 3 are found in quotes of the kind %s', async (quote) => {
    const cri = `${quote}io.containerd.cri.v1.runtime${quote}`
    const before = `version = 3
disabled_plugins = [
  ${quote}io.containerd.cri.v1.runtime${quote},
  'io.containerd.snapshotter.v1.zfs'
]
[plugins.${cri}.cni]
  bin_dirs = ['/opt/cni/bin']
[plugins.${cri}.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
  [plugins.${cri}.containerd.runtimes.runc.options]
    SystemdCgroup = false
`
    const after = (await settings(before, { k3s_pause_image: 'p' })) as string
    expect(after).not.toMatch(/disabled_plugins[^\]]*cri\.v1/)
    expect(after).toContain('io.containerd.snapshotter.v1.zfs')
    expect(after).toContain('bin_dirs = ["/k3s/cni"]')
    expect(after).toContain('SystemdCgroup = true')
    expect(after.match(/runtimes\.runc\.options\]/g)).toHaveLength(1)
    expect(after).toContain('[plugins.\'io.containerd.cri.v1.images\'.pinned_images]\n  sandbox = "p"')
    expect(await settings(after, { k3s_pause_image: 'p' })).toBe(after)
  })

  it.each([
    [
      'systemd',
      "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n  SystemdCgroup = true\n",
    ],
    [
      'cgroupfs',
      '[plugins."x".runtimes.nvidia.options]\n  SystemdCgroup = true\n[plugins."x".runtimes.runc.options]\n',
    ],
  ])('tell the driver %s', async (driver, stdout) => {
    const given = { cgroup_answer: { rc: 0, stdout } }
    expect(await value(['cgroup_driver/vars'], 'cgroup_driver_now', given)).toBe(driver)
  })
})

describe('what the k3s of a host is told of its runtime', () => {
  const unit = (words: string) => ({ service: `[Service]\nExecStart=/usr/local/bin/k3s agent ${words}\n` })
  const installed =
    "[Service]\nExecStart=/usr/local/bin/k3s \\\n    agent \\\n\t'--container-runtime-endpoint' \\\n\t'unix:///a' \\\n"

  it.each<[string, Record<string, string>, string]>([
    ['nothing', unit(''), ''],
    ['docker', { 'etc/config.yaml': 'token: x\ndocker: true\n', ...unit('') }, 'uses docker\n'],
    [
      'a socket, in a file that is read later',
      {
        'etc/config.yaml': 'container-runtime-endpoint: unix:///a\n',
        'etc/config.yaml.d/b.yaml': 'container-runtime-endpoint: "unix:///b"\n',
      },
      'uses unix:///b\n',
    ],
    ['docker, by the command', unit('--node-ip 10.0.0.1 --docker'), 'uses docker\n'],
    ['a socket, by the command', unit('--container-runtime-endpoint=unix:///a'), 'uses unix:///a\n'],
    ['a socket, by the installer of k3s', { service: installed }, 'uses unix:///a\n'],
    [
      'how its own containerd counts',
      {
        'data/agent/etc/containerd/config.toml': '[a]\n  SystemdCgroup = true\n[b]\n  SystemdCgroup = true\n',
      },
      'runtime true\n',
    ],
  ])('%s', (_, files, said) => {
    const dir = temporaryFolder(files)
    const words = [`${roles}cgroup_driver/files/look.sh`, `${dir}/etc`, `${dir}/data`, `${dir}/service`]
    for (const { name, argv, env, close } of shells()) {
      const [program = '', ...args] = argv
      const { status, stdout, stderr } = spawnSync(program, [...args, ...words], { encoding: 'utf8', env })
      close()
      expect([status, stdout, stderr], name).toEqual([0, said, ''])
    }
  })
})

it('docker keeps the settings that are there', async () => {
  const text = '{"log-driver":"journald","exec-opts":["native.cgroupdriver=cgroupfs","isolation=x"]}'
  const given = { cgroup_docker_file: { text } }
  expect(await value(['cgroup_driver/vars'], 'cgroup_docker_wanted', given)).toEqual({
    'log-driver': 'journald',
    'exec-opts': ['isolation=x', 'native.cgroupdriver=systemd'],
  })
})

describe("k3s's own containerd", () => {
  const cluster = {
    registries_config_yaml: null,
    container_runtime: 'k3s',
    k3s_release: 'v1.34.2+k3s1',
    k3s_data_dir: '/data',
    k3s_config_dir: '/etc/rancher/k3s',
    k3s_user_config: {},
    k3s_is_first_server: true,
    k3s_nodes: ['h1'],
  }
  const files = async (given: Record<string, unknown>) => {
    const all = { ...cluster, ...given }
    const found = await value(
      ['container_runtime/defaults', 'container_runtime/vars'],
      'container_runtime_files',
      all,
    )
    return Object.fromEntries(
      (found as { dest: string; content: string }[]).map(({ dest, content }) => [dest, content]),
    )
  }

  it.each([
    ['v1.34.2+k3s1', 'config-v3.toml.tmpl'],
    ['v1.32.2+k3s1', 'config-v3.toml.tmpl'],
    ['v1.32.1+k3s1', 'config.toml.tmpl'],
    ['v1.31.6+k3s1', 'config-v3.toml.tmpl'],
    ['v1.31.5+k3s1', 'config.toml.tmpl'],
    ['v1.30.9+k3s1', 'config.toml.tmpl'],
  ])('of %s reads %s', async (release, name) => {
    const made = await files({ k3s_release: release, containerd_config_extra: '[a]\nb = 1' })
    expect(made).toEqual({
      [`/data/agent/etc/containerd/${name}`]: '# Written by tsplay.\n{{ template "base" . }}\n\n[a]\nb = 1\n',
    })
  })

  it('takes snapshotter, pause image and default runtime, but for what the user says himself', async () => {
    const given = { k3s_snapshotter: 'stargz', k3s_pause_image: 'r/pause:3', k3s_default_runtime: 'nvidia' }
    const dropIn = '/etc/rancher/k3s/config.yaml.d/05-tsplay-runtime.yaml'
    expect((await files(given))[dropIn]).toBe(
      '# Written by tsplay.\nsnapshotter: stargz\ndefault-runtime: nvidia\npause-image: r/pause:3\n',
    )
    const own = { ...given, k3s_user_config: { snapshotter: 'native', 'pause-image': 'mine' } }
    expect((await files(own))[dropIn]).toBe('# Written by tsplay.\ndefault-runtime: nvidia\n')
    expect(await files({ ...given, container_runtime: 'docker' })).toEqual({
      [dropIn]: '# Written by tsplay.\npause-image: r/pause:3\n',
    })
  })

  it('gets the RuntimeClass of NVIDIA where k3s does not bring it', async () => {
    const gpu = { nvidia_runtime: true }
    const path = '/data/server/manifests/tsplay-runtime-class.yaml'
    expect((await files({ ...gpu, k3s_release: 'v1.28.9+k3s1' }))[path]).toContain('handler: nvidia')
    expect(await files({ ...gpu, k3s_release: 'v1.29.0+k3s1' })).toEqual({})
    expect(await files({ ...gpu, k3s_release: 'v1.28.9+k3s1', k3s_is_first_server: false })).toEqual({})
  })

  it('loses what the role has written and nobody asks for any longer, and nothing else', async () => {
    const config = '/etc/rancher/k3s'
    const written = [
      `${config}/registries.yaml`,
      `${config}/config.yaml.d/05-tsplay-runtime.yaml`,
      '/data/agent/etc/containerd/config.toml.tmpl',
      '/data/agent/etc/containerd/config-v3.toml.tmpl',
      '/data/server/manifests/tsplay-runtime-class.yaml',
    ]
    const found = [...written, '/data/server/manifests/registries.yaml'].map((path) => ({ path }))
    const unwanted = (given: object) =>
      value(['container_runtime/defaults', 'container_runtime/vars'], 'container_runtime_unwanted', {
        ...cluster,
        container_runtime_found: { files: found },
        ...given,
      })
    expect(await unwanted({})).toEqual(written)
    const asked = {
      registries_config_yaml: 'mirrors: {}',
      containerd_config_extra: '[a]',
      k3s_pause_image: 'p',
    }
    expect(await unwanted(asked)).toEqual([written[2], written[4]])
  })
})

/** A run of the role that would only check, in an inventory that says this. */
const checked = (given: Record<string, unknown>) => {
  const dir = temporaryFolder()
  symlinkSync(roles, join(dir, 'roles'))
  const groups = 'server: { hosts: { h1: { ansible_connection: local } } }\nagent: { hosts: {} }\n'
  const book = '- hosts: server\n  roles: [container_runtime]\n'
  const args = ['--check', '-e', JSON.stringify(given)]
  return play(book, { dir, args, files: { 'inventory.yaml': groups } })
}
const repository = { name: 'r', url: 'https://r.example.com' }

it.each([
  [
    { container_runtime: 'docker', container_runtime_repository: repository, k3s_package_manager: 'apk' },
    'container_runtime_repository is of apt, dnf and yum, and this host has apk: ' +
      'make the repository known there yourself, and leave the variable out for this host',
  ],
  [
    { container_runtime: 'crio', extra_server_args: '--docker' },
    'container_runtime is crio, and k3s is told docker: choose one of them',
  ],
  [
    { cgroup_driver: 'cgroupfs', extra_server_args: '--kubelet-arg=cgroup-driver=systemd' },
    'kubelet-arg says cgroup-driver=systemd, and cgroup_driver is cgroupfs: both must be the same',
  ],
])('what cannot be done is refused before anything is: %j', async (given, said) => {
  const ran = await checked(given)
  expect(ran.exitCode, ran.stderr).toBe(2)
  expect(ran.stdout).toContain(said)
  expect(ran.trace.filter((line) => !line.endsWith(': ok'))).toEqual([
    'the runtime can be had here h1: failed',
  ])
})

it.each(['zypper', 'pacman', 'apk', 'dnf'])('a repository with %s', async (k3s_package_manager) => {
  const given = { container_runtime: 'docker', container_runtime_repository: repository, k3s_package_manager }
  const refused = await value(['k3s_cluster/defaults', 'k3s_cluster/vars'], 'k3s_runtime_refusals', {
    ...given,
    k3s_settings: {},
  })
  expect(refused).toHaveLength(k3s_package_manager === 'dnf' ? 0 : 1)
})

it.each([
  [{ 'kubelet-arg': ['v=2', 'cgroup-driver=cgroupfs'] }, 'cgroupfs'],
  [{ 'kubelet-arg': '--cgroup-driver=systemd' }, 'systemd'],
  [{}, null],
])('the driver that kubelet is told by %j', async (k3s_settings, driver) => {
  const found = await value(['k3s_cluster/defaults', 'k3s_cluster/vars'], 'k3s_kubelet_driver', {
    k3s_settings,
  })
  expect(found).toBe(driver)
})
