import { readFileSync } from 'node:fs'

/** The package's version; in the source tree package.json is one folder nearer than in what is built. */
export function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version
    } catch {
      // The other place is the one.
    }
  }
  return 'unknown'
}
