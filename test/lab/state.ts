import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { LabError } from './errors.js'

const processRef = z.object({ pid: z.int().positive(), start: z.string(), boot: z.string() })

const hostRecord = z.object({
  name: z.string(),
  kind: z.enum(['server', 'agent', 'busybox']),
  address: z.string(),
  /** Name of its systemd-nspawn machine, its control group and (after `vb-`) of its network link. */
  machine: z.string(),
  /** Where its file system is mounted on the controller. */
  merged: z.string(),
  /** The image below its own files, fixed when it is made. */
  image: z.string(),
  supervisor: processRef.optional(),
})

const labState = z.object({
  version: z.literal(1),
  bridge: z.string(),
  /** The bridge's own hardware address: by it a bridge is known to be ours. */
  mac: z.string(),
  /** The first three octets of its /24. */
  subnet: z.string(),
  /** iptables rules: table, chain, and the rule itself. */
  rules: z.array(z.object({ table: z.string(), chain: z.string(), rule: z.array(z.string()) })),
  /** The k3s token of this lab's cluster. */
  token: z.string(),
  hosts: z.array(hostRecord),
})

/** What was made for one host. */
export type HostRecord = z.infer<typeof hostRecord>
/** Everything that `up` made, written before each thing is made: what `down` goes by. */
export type LabState = z.infer<typeof labState>

/** Reads a state file's text. @throws LabError when it is not a state file. */
export const parseState = (text: string, path: string): LabState => {
  const hint = `if the lab is down, delete the file; else restore it`
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new LabError(`${path} is not JSON (${(cause as Error).message}): ${hint}`)
  }
  const parsed = labState.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new LabError(`${path} is not a lab's state (${issue?.path.join('.')}: ${issue?.message}): ${hint}`)
}

const statePath = (dir: string): string => join(dir, 'state.json')

/** The state of the lab in `dir`; undefined when there is no lab. */
export const readState = (dir: string): LabState | undefined =>
  existsSync(statePath(dir)) ? parseState(readFileSync(statePath(dir), 'utf8'), statePath(dir)) : undefined

/** Replaces a file as a whole, so that a crash leaves the old text or the new one. */
export const writeWhole = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, text, { mode })
  renameSync(`${path}.new`, path)
}

/** Writes the state (0600: it holds the token). */
export const writeState = (dir: string, state: LabState): void =>
  writeWhole(statePath(dir), `${JSON.stringify(state, null, 2)}\n`, 0o600)

/** Forgets the lab. */
export const removeState = (dir: string): void => rmSync(statePath(dir), { force: true })

/**
 * Writes one host's record, leaving the others as they stand on disk. Synchronous from read to write: hosts that boot
 * at the same time in one process cannot overwrite each other's record.
 */
export const recordHost = (dir: string, host: HostRecord): void => {
  const state = readState(dir)
  if (!state) throw new LabError(`no lab in ${dir}: run \`npm run lab -- up\` first`)
  const others = state.hosts.filter(({ name }) => name !== host.name)
  writeState(dir, { ...state, hosts: [...others, host].sort(byRoleAndNumber) })
}

const ORDER = { server: 0, agent: 1, busybox: 2 }

const byRoleAndNumber = (a: HostRecord, b: HostRecord): number =>
  ORDER[a.kind] - ORDER[b.kind] || a.name.localeCompare(b.name, 'en', { numeric: true })
