import { readFileSync, rmSync, statSync } from 'node:fs'
import { LabError } from './errors.js'
import { must, run, waitFor } from './run.js'

/** The mount points in a /proc/self/mountinfo text at or below `dir`, deepest first (proc(5): field 5, octal escapes). */
export const mountsUnder = (mountinfo: string, dir: string): string[] =>
  mountinfo
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal) =>
        String.fromCharCode(parseInt(octal, 8)),
      ),
    )
    .filter((point) => point === dir || point.startsWith(`${dir}/`))
    .reverse()

/** The mount points at or below `dir`, deepest first. */
export const currentMounts = (dir: string): string[] =>
  mountsUnder(readFileSync('/proc/self/mountinfo', 'utf8'), dir)

/** Lays the host's own files over the image: what the host writes lands in `upper` alone. */
export const mountOverlay = async (
  lower: string,
  layers: { upper: string; work: string; merged: string },
): Promise<void> => {
  const { upper, work, merged } = layers
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`
  await must('mount', ['-t', 'overlay', 'tsplay-lab', '-o', options, merged])
}

/** Unmounts everything at or below `dir`. @throws LabError when something stays mounted. */
export const unmountUnder = async (dir: string): Promise<void> => {
  const empty = async (): Promise<boolean> => {
    for (const point of currentMounts(dir)) await run('umount', [point])
    return currentMounts(dir).length === 0
  }
  if (await waitFor(empty, 10_000, 100)) return
  throw new LabError(`${currentMounts(dir)[0]} cannot be unmounted: \`fuser -vm\` tells who uses it`)
}

/** Deletes a folder, never across a mount: everything below is unmounted first, and rm stays on its file system. */
export const removeTree = async (dir: string): Promise<void> => {
  await unmountUnder(dir)
  await must('rm', ['-rf', '--one-file-system', '--', dir], { timeoutMs: 120_000 })
}

/** Removes what a killed systemd-nspawn leaves in /run: its lock on the folder and its propagation folder. */
export const removeNspawnTraces = (machine: string, merged: string): void => {
  const { dev, ino } = statSync(merged, { throwIfNoEntry: false }) ?? { dev: 0, ino: 0 }
  rmSync(`/run/systemd/nspawn/locks/inode-${dev}:${ino}`, { force: true })
  rmSync(`/run/systemd/nspawn/propagate/${machine}`, { recursive: true, force: true })
}
