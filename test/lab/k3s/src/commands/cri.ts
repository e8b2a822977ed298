import fs from 'node:fs'
import path from 'node:path'
import type { BeatReply } from '../api/heartbeat.js'
import { loadConfig } from '../config/config.js'
import { serverFlags } from '../config/flags.js'
import { hostPath, readText } from '../core/files.js'
import { CommandError } from '../core/log.js'
import { directories } from '../core/start.js'
import { standInNotice, version } from '../core/version.js'
import { renderTable } from '../kubectl/table.js'
import { checkCgroups, driverInConfig } from '../node/cgroup.js'

type Pods = BeatReply['pods']

const socket = '/run/k3s/containerd/containerd.sock'

function requireRuntime(): void {
  if (!fs.existsSync(hostPath(socket)))
    throw new CommandError(
      `FATA[0000] validate service connection: validate CRI v1 runtime API for endpoint "unix://${socket}": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix ${socket}: connect: no such file or directory"`,
    )
}

function runningPods(): Pods {
  return JSON.parse(readText(hostPath('/run/k3s/standin-pods.json')) ?? '[]') as Pods
}

async function systemdCgroup(): Promise<boolean> {
  const { agent } = directories(await loadConfig(serverFlags, []))
  const text = readText(path.join(agent, 'etc', 'containerd', 'config.toml')) ?? ''
  return driverInConfig(text) === 'systemd'
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

function printPods(quiet: boolean, json: boolean): void {
  const list = runningPods()
  const id = (pod: Pods[number]): string => pod.uid.replace(/-/g, '').slice(0, 13)
  if (quiet) process.stdout.write(list.map((pod) => `${id(pod)}\n`).join(''))
  else if (json)
    printJson({
      items: list.map((pod) => ({ id: id(pod), metadata: { ...pod }, state: 'SANDBOX_READY' })),
    })
  else
    process.stdout.write(
      renderTable([
        ['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'],
        ...list.map((pod) => [id(pod), 'now', 'Ready', pod.name, pod.namespace, '0', '(default)']),
      ]),
    )
}

function printContainers(quiet: boolean, json: boolean): void {
  const list = runningPods()
  const id = (pod: Pods[number]): string => pod.uid.replace(/-/g, '').slice(-13)
  if (quiet) process.stdout.write(list.map((pod) => `${id(pod)}\n`).join(''))
  else if (json)
    printJson({
      containers: list.map((pod) => ({
        id: id(pod),
        metadata: { name: pod.name },
        state: 'CONTAINER_RUNNING',
      })),
    })
  else
    process.stdout.write(
      renderTable([
        ['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD', 'NAMESPACE'],
        ...list.map((pod) => [
          id(pod),
          pod.image,
          'now',
          'Running',
          pod.name,
          '0',
          pod.uid.slice(0, 8),
          pod.name,
          pod.namespace,
        ]),
      ]),
    )
}

/** `k3s crictl`: the few commands that operators' checks use. */
export async function crictl(argv: readonly string[]): Promise<void> {
  const words = argv.filter((word) => !word.startsWith('-'))
  const json = /(-o|--output)[= ]json/.test(argv.join(' '))
  const quiet = argv.some((word) => word === '-q' || word === '--quiet')
  if (words[0] === '--version' || argv.includes('--version'))
    return void process.stdout.write(`crictl version ${version}\n`)
  requireRuntime()
  const driver = await systemdCgroup()
  switch (words[0]) {
    case 'info':
      return printJson({
        status: { conditions: [{ type: 'RuntimeReady', status: true, reason: '', message: '' }] },
        config: { containerd: { runtimes: { runc: { options: { SystemdCgroup: driver } } } } },
        note: standInNotice,
      })
    case 'runtime-config':
      return printJson({ linux: { cgroupDriver: driver ? 'SYSTEMD' : 'CGROUPFS' } })
    case 'pods':
      return printPods(quiet, json)
    case 'ps':
      return printContainers(quiet, json)
    case 'images':
      return void process.stdout.write(
        renderTable([
          ['IMAGE', 'TAG', 'IMAGE ID', 'SIZE'],
          ...[...new Set(runningPods().map((pod) => pod.image))].map((image) => [
            image.split(':')[0] ?? '',
            image.split(':')[1] ?? 'latest',
            'sha256:0',
            '1MB',
          ]),
        ]),
      )
    case 'version':
      return void process.stdout.write(
        'Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  2.1.5-k3s1.33\n',
      )
    default:
      throw new CommandError(`crictl of the ${standInNotice}: no command ${JSON.stringify(words[0] ?? '')}`)
  }
}

/** `k3s ctr`: version and lists. */
export function ctr(argv: readonly string[]): void {
  const words = argv.filter(
    (word, i) => !word.startsWith('-') && !/^(-n|--namespace|-a|--address)$/.test(argv[i - 1] ?? ''),
  )
  requireRuntime()
  if (words[0] === 'version')
    process.stdout.write('Client:\n  Version:  2.1.5-k3s1.33\n\nServer:\n  Version:  2.1.5-k3s1.33\n')
  else if (/^(images?|i)$/.test(words[0] ?? ''))
    process.stdout.write(
      ['REF', ...new Set(runningPods().map((pod) => pod.image))].map((line) => `${line}\n`).join(''),
    )
  else if (/^(containers?|c|tasks?|t)$/.test(words[0] ?? ''))
    process.stdout.write(
      ['CONTAINER', ...runningPods().map((pod) => pod.uid)].map((line) => `${line}\n`).join(''),
    )
  else throw new CommandError(`ctr of the ${standInNotice}: no command ${JSON.stringify(words[0] ?? '')}`)
}

/** `k3s check-config`: says what it looks at, and ends well when the memory cgroup is there. */
export function checkConfig(): void {
  checkCgroups()
  process.stdout.write(`${standInNotice}\n- cgroup hierarchy: good\n- memory cgroup: good\nSTATUS: pass\n`)
}
