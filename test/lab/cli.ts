import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { isRunning } from './host.js'
import {
  hostOf,
  type Lab,
  LabError,
  type LabSize,
  labDown,
  labUp,
  openLab,
  sshArguments,
  stateOf,
} from './lab.js'
import { labDir } from './paths.js'

const USAGE = `usage: npm run lab -- COMMAND
  up [--nodes N] [--servers N] [--busybox N]   bring hosts up (default: 3 servers, 2 agents); running ones stay
  down                  take everything down; the image is kept
  status                the hosts, and which of them run
  fresh HOST            as new: what it wrote is deleted
  cut HOST              pull the plug; it stays down
  boot HOST             boot it again
  ssh HOST [CMD...]     log in, or run a command`

const say = (line: string): void => console.error(`lab: ${line}`)

const number = (value: string | undefined, option: string): number | undefined => {
  if (value === undefined || /^\d+$/.test(value)) return value === undefined ? undefined : Number(value)
  throw new LabError(`--${option} takes a whole number, not ${value}`)
}

const sizeOf = (args: string[]): LabSize => {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { nodes: text, servers: text, busybox: text } })
  return {
    nodes: number(values.nodes, 'nodes'),
    servers: number(values.servers, 'servers'),
    busybox: number(values.busybox, 'busybox'),
  }
}

const up = async (args: string[]): Promise<number> => {
  const began = performance.now()
  const lab = await labUp(sizeOf(args), say)
  say(`${lab.hosts.length} hosts answer after ${((performance.now() - began) / 1000).toFixed(1)} s`)
  say(`inventory: ${lab.inventoryPath}`)
  return 0
}

const down = async (): Promise<number> => {
  say((await labDown()) ? 'down; nothing of it runs any more' : `no lab in ${labDir()}: nothing to take down`)
  return 0
}

const status = (): number => {
  const state = stateOf(labDir())
  console.log(`${labDir()}  bridge ${state.bridge}  subnet ${state.subnet}.0/24`)
  for (const host of state.hosts) {
    const row = [host.name.padEnd(10), host.kind.padEnd(8), host.address.padEnd(15)]
    console.log(`${row.join('  ')}  ${isRunning(host) ? 'running' : 'down'}`)
  }
  return 0
}

const ssh = ([name = '', ...command]: string[]): number => {
  const args = sshArguments(labDir(), hostOf(labDir(), name))
  const { status: code } = spawnSync('ssh', [...args, ...command], { stdio: 'inherit' })
  return code ?? 255
}

const onHost = async (
  act: (lab: Lab, name: string) => Promise<void>,
  [name, ...rest]: string[],
): Promise<number> => {
  if (!name || rest.length > 0) throw new LabError(`give one host\n${USAGE}`)
  await act(openLab(), name)
  return 0
}

const main = async ([command = '', ...args]: string[]): Promise<number> => {
  switch (command) {
    case 'up':
      return up(args)
    case 'down':
      return down()
    case 'status':
      return status()
    case 'ssh':
      return ssh(args)
    case 'fresh':
      return onHost((lab, name) => lab.fresh(name), args)
    case 'cut':
      return onHost((lab, name) => lab.cut(name), args)
    case 'boot':
      return onHost((lab, name) => lab.boot(name), args)
    default:
      throw new LabError(command ? `no command ${command}\n${USAGE}` : USAGE)
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (cause) {
  // A LabError says it all, and so does parseArgs; anything else is a mistake in the lab itself and shows its stack.
  const known = cause instanceof LabError || (cause as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  console.error(`lab: ${known ? (cause as Error).message : (cause as Error).stack}`)
  process.exitCode = 1
}
