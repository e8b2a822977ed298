/** Baked in by the bundler; absent when the sources run unbundled, as in unit tests. */
declare const __K3S_VERSION__: string | undefined

/** The k3s version this binary stands in for, for example `v1.34.2+k3s1`. */
export const version: string = typeof __K3S_VERSION__ === 'string' ? __K3S_VERSION__ : 'v1.34.2+k3s1'

/** What every human-readable place says, so that nobody takes this program for the real one. */
export const standInNotice = 'tsplay lab stand-in for k3s, not the real k3s'

/** Splits `v1.34.2+k3s1` into its numbers: [major, minor, patch, k3s build]. */
export function versionNumbers(text: string): [number, number, number, number] {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:\+k3s(\d+))?/.exec(text)
  if (match === null) return [0, 0, 0, 0]
  return [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4] ?? 0)]
}

/** Negative, zero or positive, as `a` is older than, equal to or newer than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionNumbers(a), versionNumbers(b)]
  for (let i = 0; i < 4; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
