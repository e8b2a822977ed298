import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from './errors.js'
import { withLock } from './lock.js'
import { labNames, MACHINE_DIR } from './paths.js'
import { must, run } from './run.js'
import { type LabState, writeState, writeWhole } from './state.js'
import { chooseSubnet, takenRanges } from './subnet.js'
import { raiseSysctls, restoreSysctls } from './sysctl.js'

const LABS = join(MACHINE_DIR, 'labs')

const linkExists = (name: string): boolean => existsSync(`/sys/class/net/${name}`)

const macOf = (link: string): string => readFileSync(`/sys/class/net/${link}/address`, 'utf8').trim()

/** @throws LabError when a link of the lab's name exists that the lab did not make. */
export const refuseForeignBridge = (dir: string, state: LabState | undefined): void => {
  const { bridge } = labNames(dir)
  if (!linkExists(bridge) || (state && macOf(bridge) === state.mac)) return
  const why = state ? 'its address is not the one recorded' : 'there is no record of it'
  throw new LabError(
    `bridge ${bridge} was not made by the lab in ${dir} (${why}): ` +
      `nothing was touched; \`ip link delete ${bridge}\` if it is nobody's, or use another TSPLAY_LAB_DIR`,
  )
}

const rulesOf = (bridge: string, subnet: string): LabState['rules'] => {
  const mark = ['-m', 'comment', '--comment', `tsplay-lab ${bridge}`]
  const all = `${subnet}.0/24`
  return [
    { table: 'nat', chain: 'POSTROUTING', rule: ['-s', all, '!', '-d', all, ...mark, '-j', 'MASQUERADE'] },
    { table: 'filter', chain: 'FORWARD', rule: ['-i', bridge, ...mark, '-j', 'ACCEPT'] },
    { table: 'filter', chain: 'FORWARD', rule: ['-o', bridge, ...mark, '-j', 'ACCEPT'] },
  ]
}

const onMachine = <T>(work: () => Promise<T>): Promise<T> => withLock(join(MACHINE_DIR, 'lock'), 60_000, work)

/** The state of a lab without hosts yet: names, and a subnet that nothing on the machine uses. Written at once. */
export const claimNetwork = (dir: string, token: string): Promise<LabState> =>
  onMachine(async () => {
    const { bridge, mac, seed } = labNames(dir)
    const inUse = (await must('ip', ['-4', '-o', 'addr'])) + (await must('ip', ['-4', 'route']))
    const subnet = chooseSubnet(seed, takenRanges(inUse + otherSubnets(bridge)))
    const state = {
      version: 1 as const,
      bridge,
      mac,
      subnet,
      rules: rulesOf(bridge, subnet),
      token,
      hosts: [],
    }
    writeState(dir, state)
    writeWhole(join(LABS, bridge), `${subnet}.0/24 ${dir}\n`)
    return state
  })

/** Subnets of labs that have claimed one, whether their bridge stands yet or not; records of labs that are gone are dropped. */
const otherSubnets = (bridge: string): string => {
  if (!existsSync(LABS)) return ''
  const lines = readdirSync(LABS)
    .filter((name) => name !== bridge)
    .map((name) => {
      const line = readFileSync(join(LABS, name), 'utf8')
      const gone = !existsSync(join(line.trim().split(' ')[1] ?? '', 'state.json'))
      if (gone) rmSync(join(LABS, name))
      return gone ? '' : (line.split(' ')[0] ?? '')
    })
  return `\n${lines.join('\n')}`
}

/** Makes what is missing of the lab's bridge, forwarding and iptables rules. */
export const networkUp = async (dir: string, state: LabState): Promise<void> => {
  const { bridge, mac, subnet } = state
  await onMachine(async () => {
    writeWhole(join(LABS, bridge), `${subnet}.0/24 ${dir}\n`)
    raiseSysctls()
  })
  if (!linkExists(bridge)) await must('ip', ['link', 'add', 'name', bridge, 'address', mac, 'type', 'bridge'])
  await must('ip', ['address', 'replace', `${subnet}.1/24`, 'dev', bridge])
  await must('ip', ['link', 'set', bridge, 'up'])
  for (const { table, chain, rule } of state.rules) {
    const present = await run('iptables', ['-w', '-t', table, '-C', chain, ...rule])
    if (present.code !== 0) await must('iptables', ['-w', '-t', table, '-I', chain, ...rule])
  }
}

/** The host's end of its network on the controller, as systemd-nspawn names it. */
const linkOf = (machine: string): string => `vb-${machine}`

/** Removes a host's link if it is still there: a killed host's network namespace may outlive it for a moment. */
export const removeLink = async (machine: string): Promise<void> => {
  if (linkExists(linkOf(machine))) await run('ip', ['link', 'delete', linkOf(machine)])
}

/** Removes the lab's rules and bridge; with the machine's last lab, its settings become what they were. */
export const networkDown = async (state: LabState): Promise<void> => {
  for (const { table, chain, rule } of state.rules) await removeRule(table, chain, rule)
  if (linkExists(state.bridge)) await must('ip', ['link', 'delete', state.bridge])
  await onMachine(async () => {
    rmSync(join(LABS, state.bridge), { force: true })
    const others = existsSync(LABS) && otherSubnets(state.bridge).trim() !== ''
    if (!others) restoreSysctls()
  })
  for (const folder of [LABS, MACHINE_DIR]) removeIfEmpty(folder)
}

const removeRule = async (table: string, chain: string, rule: string[]): Promise<void> => {
  const at = ['-w', '-t', table]
  while ((await run('iptables', [...at, '-C', chain, ...rule])).code === 0) {
    await must('iptables', [...at, '-D', chain, ...rule])
  }
}

const removeIfEmpty = (dir: string): void => {
  try {
    rmdirSync(dir)
  } catch {
    // another lab uses it
  }
}
