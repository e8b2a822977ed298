import { EvaluationError } from './compiled.js'

interface Version {
  readonly numbers: readonly number[]
  readonly prerelease: readonly string[]
  /** The N of `+k3sN`; 0 where there is none. */
  readonly build: number
}

/**
 * Compare two versions as k3s numbers its releases: by semver, and then by the number of `+k3sN`, which semver itself
 * would ignore. A leading `v` and missing parts do not matter.
 * @returns -1, 0 or 1
 * @throws EvaluationError if one is no version
 */
export function versionCompare(a: unknown, b: unknown): -1 | 0 | 1 {
  const [x, y] = [parse(a), parse(b)]
  const length = Math.max(x.numbers.length, y.numbers.length)
  for (let i = 0; i < length; i++) {
    const order = sign((x.numbers[i] ?? 0) - (y.numbers[i] ?? 0))
    if (order !== 0) return order
  }
  return comparePrereleases(x.prerelease, y.prerelease) || sign(x.build - y.build)
}

function parse(text: unknown): Version {
  const match =
    typeof text === 'string' &&
    /^v?(\d+(?:\.\d+){0,3})(?:-([0-9A-Za-z.-]+))?(?:[+-](?:k3s|rke2r)(\d+)|\+[0-9A-Za-z.-]+)?$/.exec(
      text.trim(),
    )
  if (!match) throw new EvaluationError(`versionCompare: ${JSON.stringify(text)} is no version`)
  const [, numbers = '', prerelease = '', build = '0'] = match
  return {
    numbers: numbers.split('.').map(Number),
    prerelease: prerelease === '' ? [] : prerelease.split('.'),
    build: Number(build),
  }
}

/** semver 11: a release is newer than its prereleases; numbers compare as numbers and are older than words. */
function comparePrereleases(a: readonly string[], b: readonly string[]): -1 | 0 | 1 {
  if (a.length === 0 || b.length === 0) return sign(b.length === 0 ? (a.length === 0 ? 0 : -1) : 1)
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]]
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1
    const [m, n] = [/^\d+$/.test(x), /^\d+$/.test(y)]
    const order = m && n ? sign(Number(x) - Number(y)) : m !== n ? (m ? -1 : 1) : x < y ? -1 : x > y ? 1 : 0
    if (order !== 0) return order
  }
  return 0
}

function sign(n: number): -1 | 0 | 1 {
  return n < 0 ? -1 : n > 0 ? 1 : 0
}
