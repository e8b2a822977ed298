import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Lab } from '../../test/lab/lab.js'
import type { Access, BenchHost } from './inventory.js'

/** Ten hosts of a lab of their own, with Python for Ansible, and a folder for what a benchmark writes. */
export interface TestBed {
  readonly hosts: readonly BenchHost[]
  /** Root on every host. */
  readonly access: Access
  /** Deleted at the end. */
  readonly folder: string
  /** Writes a file into the folder and gives its path. */
  write(name: string, text: string): string
  /** Runs a shell command as root on a host. @throws Error when it fails */
  onHost(name: string, command: string): Promise<string>
  /** As new: what the host wrote is deleted. */
  fresh(name: string): Promise<void>
  /** Brings up more hosts beside these: three servers, and agents. They stay as long as the others. */
  grow(nodes: number): Promise<void>
  /** The access to ports and addresses that stand for one host: all have its host key. */
  accessAs(name: string): Access
}

/**
 * Brings up what is missing of the lab, gives it to `work`, and takes it down again unless it was up before.
 * TSPLAY_LAB_DIR names another folder for it than `.lab/bench`.
 */
export async function withTestBed<T>(work: (bed: TestBed) => Promise<T>): Promise<T> {
  process.env.TSPLAY_LAB_DIR ??= resolve(import.meta.dirname, '../../.lab/bench')
  process.env.TSPLAY_LAB_PACKAGES ??= 'python3'
  // Loaded here: a benchmark without hosts does not need what the lab needs.
  const { labDown, labUp } = await import('../../test/lab/lab.js')
  const { labDir } = await import('../../test/lab/paths.js')
  const { readState } = await import('../../test/lab/state.js')
  const wasUp = readState(labDir()) !== undefined
  const folder = mkdtempSync(join(tmpdir(), 'tsb-'))
  try {
    return await work(
      await bedOf((nodes) => labUp({ nodes, servers: 3 }, (line) => console.error(`lab: ${line}`)), folder),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
    if (!wasUp) await labDown()
  }
}

async function bedOf(up: (nodes: number) => Promise<Lab>, folder: string): Promise<TestBed> {
  const lab = await up(10)
  const { labFiles } = await import('../../test/lab/paths.js')
  const { key, knownHosts } = labFiles(lab.dir)
  const hosts = lab.hosts.slice(0, 10).map(({ name, address }) => ({ name, address, port: 22 }))
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  return {
    hosts,
    access: { user: 'root', key, knownHosts },
    folder,
    write,
    async onHost(name, command) {
      const { code, stdout, stderr } = await lab.exec(name, command, 'root')
      if (code === 0) return stdout
      throw new Error(`${name}: ${command} ended with ${code}: ${stderr}`)
    },
    fresh: (name) => lab.fresh(name),
    async grow(nodes) {
      await up(nodes)
    },
    accessAs(name) {
      const { address } = hosts.find((host) => host.name === name)!
      const lines = readFileSync(knownHosts, 'utf8').split('\n')
      const own = lines.filter((line) => line.startsWith(`${address},`))
      const any = own.map((line) => `*${line.slice(line.indexOf(' '))}\n`)
      return { user: 'root', key, knownHosts: write('known_hosts', any.join('')) }
    },
  }
}
