import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Lab } from '../lab.js'

/** A home folder of a test's own, with the lab's known_hosts in it. */
export interface ConfigFolder {
  readonly home: string
  readonly knownHosts: string
  /** Writes a file (mode 0600) and gives its path. */
  write(name: string, text: string): string
  remove(): void
}

export function configFolder(lab: Lab): ConfigFolder {
  const home = mkdtempSync(join(tmpdir(), 'tsplay-lab-home-'))
  const write = (name: string, text: string): string => {
    const path = join(home, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const knownHosts = write('known_hosts', readFileSync(join(lab.dir, 'known_hosts'), 'utf8'))
  return { home, knownHosts, write, remove: () => rmSync(home, { recursive: true, force: true }) }
}
