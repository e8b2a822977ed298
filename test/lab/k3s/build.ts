import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The releases that the stand-in is made for: one of each of three neighbouring minors. */
export const standInVersions = ['v1.33.6+k3s1', 'v1.34.2+k3s1', 'v1.35.0+k3s1'] as const

const entry = path.join(path.dirname(fileURLToPath(import.meta.url)), 'src', 'main.ts')
/** Of authorities it needs the cluster's alone: without this each process that talks reads the world's first, half of its start. */
const shebang = '#!/opt/tsplay-lab/node --use-openssl-ca\n'

/** Writes only what differs, through a rename, so that a host that runs the old file keeps it. */
async function place(file: string, content: string | Buffer, mode: number): Promise<void> {
  const old = await fs.readFile(file).catch(() => undefined)
  if (old?.equals(Buffer.from(content))) return
  await fs.mkdir(path.dirname(file), { recursive: true })
  const temporary = `${file}.tmp${process.pid}`
  await fs.writeFile(temporary, content, { mode })
  await fs.chmod(temporary, mode)
  await fs.rename(temporary, file)
}

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex')

/** Not an archive, only a file of that name, for whatever copies and checks it. */
const images = 'tsplay lab stand-in for the k3s airgap images, not a real archive\n'

async function bundle(version: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
    define: { __K3S_VERSION__: JSON.stringify(version) },
  })
  return shebang + (result.outputFiles[0]?.text ?? '')
}

/**
 * Builds the stand-in for every version, or for others, into `<dir>/<version>/`, laid out like a k3s release: the executable `k3s`,
 * an airgap image file, and `sha256sum-amd64.txt`.
 */
export async function buildStandIns(
  dir: string,
  versions: readonly string[] = standInVersions,
): Promise<void> {
  await Promise.all(
    versions.map(async (version) => {
      const binary = await bundle(version)
      const target = (name: string): string => path.join(dir, version, name)
      const archive = 'k3s-airgap-images-amd64.tar.zst'
      await place(target('k3s'), binary, 0o755)
      await place(target(archive), images, 0o644)
      await place(
        target('sha256sum-amd64.txt'),
        `${sha256(images)}  ${archive}\n${sha256(binary)}  k3s\n`,
        0o644,
      )
    }),
  )
}
