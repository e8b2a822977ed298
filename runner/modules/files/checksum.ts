import type { ProbeHost } from '../module.js'
import { shellScript } from '../script.js'
import { expandHome } from './fragments.js'

/** The digits of a sum in hex, by the algorithm that makes it. */
export const sumLengths = { md5: 32, sha1: 40, sha224: 56, sha256: 64, sha384: 96, sha512: 128 } as const

export type Algorithm = keyof typeof sumLengths

/** Why a file is right: its sum by this algorithm. */
export interface Checksum {
  readonly algorithm: Algorithm
  /** In lower case. */
  readonly hex: string
}

const script = shellScript(
  'probe-checksum',
  'probe',
  ['path', 'base', 'follow', 'program'],
  `${expandHome}fs_expand "$path"
path=$fs_path
if [ -n "$base" ] && [ -d "$path" ]; then path=\${path%/}/$base; fi
[ -f "$path" ] || exit 0
if [ "$follow" = no ] && [ -L "$path" ]; then exit 0; fi
command -v "$program" >/dev/null 2>&1 || { printf '%s\\n' "this host has no $program" >&2; exit 1; }
sum=$("$program" <"$path") || exit 1
printf '%s' "\${sum%% *}"`,
)

/**
 * The sum of a regular file, '' for anything else: for what is asked beside it by `probeFile`, which tells the difference.
 * @param base its name, where the path is a folder
 */
export async function probeChecksum(
  host: ProbeHost,
  {
    path,
    base = '',
    follow = false,
  }: { readonly path: string; readonly base?: string; readonly follow?: boolean },
  algorithm: Algorithm,
): Promise<string> {
  const values = { path, base, follow: follow ? 'yes' : 'no', program: `${algorithm}sum` }
  return (await host.query(script(values))).stdout.toString('utf8')
}
